//! Scores that are a function of a sample's logits, by f64: the standard library's exp and ln differ between machines,
//! those of libm do not.

/// Energy, -log(sum exp(logits)), of a sample's logits.
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
    fn energy_is_pytorchs() {
        assert!((energy(&[1.0, 3.0, 2.0]) + 3.407_606).abs() < 1e-6);
        assert!((energy(&[1000.0, 1000.0]) + 1000.6931).abs() < 1e-3);
    }
}
