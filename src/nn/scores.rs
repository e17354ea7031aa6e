//! What is read off a sample's logits.

/// The place of the largest of `logits`; the first of equals.
pub fn argmax(logits: &[f32]) -> usize {
    let mut best = 0;
    for (i, value) in logits.iter().enumerate() {
        if *value > logits[best] {
            best = i;
        }
    }
    best
}

/// The logit of `label` less the largest other one; negative where the network is wrong.
pub fn margin(logits: &[f32], label: usize) -> f32 {
    let others = logits.iter().enumerate().filter(|(class, _)| *class != label);
    logits[label] - others.map(|(_, value)| *value).fold(f32::NEG_INFINITY, f32::max)
}

/// Energy, -log(sum exp(logits)), by f64. The standard library's exp and ln differ between machines.
pub fn energy(logits: &[f32]) -> f32 {
    let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max) as f64;
    let sum: f64 = logits.iter().map(|value| libm::exp(f64::from(*value) - top)).sum();
    -(top + libm::log(sum)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// python: -torch.logsumexp(torch.tensor([1., 3., 2.]), 0) = -3.4076059644, and of two 1000s -1000.6931
    #[test]
    fn scores_of_logits() {
        let logits = [1.0, 3.0, 2.0];
        assert_eq!(argmax(&logits), 1);
        assert_eq!(argmax(&[2.0, 2.0]), 0);
        assert_eq!(margin(&logits, 1), 1.0);
        assert_eq!(margin(&logits, 0), -2.0);
        assert!((energy(&logits) + 3.407_606).abs() < 1e-6);
        assert!((energy(&[1000.0, 1000.0]) + 1000.6931).abs() < 1e-3);
    }
}
