//! Scores that are a function of a sample's logits, by f64: the standard library's exp and ln differ between machines,
//! those of libm do not.

/// Energy, -log(sum exp(logits)), of a sample's logits.
pub fn energy(logits: &[f32]) -> f32 {
    let (top, log_sum) = log_sum(logits);
    -(top + log_sum) as f32
}

/// Cross-entropy, -log softmax(logits)[label].
pub fn loss(logits: &[f32], label: usize) -> f32 {
    -log_probability(logits, label) as f32
}

/// The probability softmax(logits)[label].
pub fn probability(logits: &[f32], label: usize) -> f32 {
    libm::exp(log_probability(logits, label)) as f32
}

/// softmax(logits).
pub fn probabilities(logits: &[f32]) -> impl Iterator<Item = f64> {
    let (top, log_sum) = log_sum(logits);
    logits.iter().map(move |logit| libm::exp(f64::from(*logit) - top - log_sum))
}

/// The Euclidean length of softmax(logits) - onehot(label): EL2N, of the error's L2 norm.
pub fn el2n(logits: &[f32], label: usize) -> f32 {
    let error = |(class, probability): (usize, f64)| probability - f64::from(u8::from(class == label));
    probabilities(logits).enumerate().map(|at| error(at).powi(2)).sum::<f64>().sqrt() as f32
}

/// The label's probability less the largest other one; negative where the network is wrong.
pub fn probability_margin(logits: &[f32], label: usize) -> f32 {
    let others = logits.iter().enumerate().filter(|(class, _)| *class != label);
    let rival = others.map(|(_, logit)| f64::from(*logit)).fold(f64::NEG_INFINITY, f64::max);
    let (top, log_sum) = log_sum(logits);
    let probability = |logit: f64| libm::exp(logit - top - log_sum);
    (probability(f64::from(logits[label])) - probability(rival)) as f32
}

/// Entropy in nats, -sum p log p, of p = softmax(logits).
pub fn entropy(logits: &[f32]) -> f32 {
    let (top, log_sum) = log_sum(logits);
    let logs = logits.iter().map(|value| f64::from(*value) - top - log_sum);
    -logs.map(|log| libm::exp(log) * log).sum::<f64>() as f32
}

fn log_probability(logits: &[f32], label: usize) -> f64 {
    let (top, log_sum) = log_sum(logits);
    f64::from(logits[label]) - top - log_sum
}

/// The largest of the logits, and log(sum exp(logits - largest)).
fn log_sum(logits: &[f32]) -> (f64, f64) {
    let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max) as f64;
    let sum: f64 = logits.iter().map(|value| libm::exp(f64::from(*value) - top)).sum();
    (top, libm::log(sum))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// python: -torch.logsumexp(torch.tensor([1., 3., 2.]), 0) = -3.4076059644, and of two 1000s -1000.6931
    #[test]
    fn energy_is_pytorchs() {
        assert!((energy(&[1.0, 3.0, 2.0]) + 3.407_606).abs() < 1e-6);
        assert!((energy(&[1000.0, 1000.0]) + 1000.6931).abs() < 1e-3);
    }

    /// numpy: z = [1, 3, 2]; -log(exp(z - 3) / exp(z - 3).sum()) = [2.40760596 0.40760596 1.40760596]
    #[test]
    fn loss_is_numpys() {
        for (label, numpys) in [2.40760596, 0.40760596, 1.40760596].into_iter().enumerate() {
            assert!((f64::from(loss(&[1.0, 3.0, 2.0], label)) - numpys).abs() < 1e-7);
        }
    }

    /// numpy: z = [1, 3, 2]; p = exp(z) / exp(z).sum() = [0.09003057 0.66524096 0.24472847]; 0.66524096 - 0.24472847 and
    /// 0.09003057 - 0.66524096
    #[test]
    fn probabilities_and_their_margins_are_numpys() {
        assert!((probability(&[1.0, 3.0, 2.0], 2) - 0.24472847).abs() < 1e-7);
        assert!((probability_margin(&[1.0, 3.0, 2.0], 1) - 0.420_512_5).abs() < 1e-7);
        assert!((probability_margin(&[1.0, 3.0, 2.0], 0) + 0.575_210_4).abs() < 1e-7);
    }

    /// numpy: z = [1, 3, 2]; p = exp(z) / exp(z).sum(); norm(p - eye(3)[0]) = 1.15346518, norm(p - eye(3)[1]) = 0.42433612
    #[test]
    fn el2n_is_numpys() {
        assert!((el2n(&[1.0, 3.0, 2.0], 0) - 1.153_465_2).abs() < 1e-6);
        assert!((el2n(&[1.0, 3.0, 2.0], 1) - 0.424_336_1).abs() < 1e-6);
    }

    /// numpy: p = exp(z - z.max()); p /= p.sum(); -(p * log(p)).sum() = 0.8323955818 of [1, 3, 2],
    /// 2.9007676693e-12 of [30, 0]
    #[test]
    fn entropy_is_numpys() {
        assert!((f64::from(entropy(&[1.0, 3.0, 2.0])) - 0.8323955818).abs() < 1e-7);
        assert!((f64::from(entropy(&[30.0, 0.0])) - 2.900_767_669e-12).abs() < 1e-18);
    }
}
