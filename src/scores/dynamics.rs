//! Scores that are a function of a network's training dynamics: what it made of each sample, epoch after epoch.

use crate::tables::Dynamics;

/// Scores are kept in 32 bits.
pub fn singles(values: &[f64]) -> Vec<f32> {
    values.iter().map(|value| *value as f32).collect()
}

/// The mean of p (1 - p) over the epochs, of the label's probability p: its mean less that of its square.
pub fn aleatoric(dynamics: &Dynamics) -> Vec<f32> {
    let spreads = dynamics.probability_mean.iter().zip(&dynamics.probability_std);
    spreads.map(|(mean, std)| (mean - (std * std + mean * mean)) as f32).collect()
}

/// How many epochs the label was predicted after.
pub fn correct(dynamics: &Dynamics) -> Vec<f32> {
    dynamics.correct.iter().map(|epochs| *epochs as f32).collect()
}

/// How often the label was forgotten. What was never learned cannot be, and is the hardest: it counts one more than the
/// sample that was forgotten most often.
pub fn forgetting(dynamics: &Dynamics) -> Vec<f32> {
    let times = dynamics.forgotten.iter().zip(&dynamics.learned);
    or_most(times.map(|(times, learned)| learned.map(|_| *times)))
}

/// The first epoch after which the label was predicted; of a sample of which it never was, one more than of all others.
pub fn learned(dynamics: &Dynamics) -> Vec<f32> {
    or_most(dynamics.learned.iter().copied())
}

/// The values; one more than the largest where there is none.
fn or_most(values: impl Iterator<Item = Option<i32>> + Clone) -> Vec<f32> {
    let most = values.clone().flatten().max().map_or(0, |most| most + 1);
    values.map(|value| value.unwrap_or(most) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three samples: learned at once and never lost; learned late and lost twice; never learned.
    fn dynamics() -> Dynamics {
        Dynamics {
            position: vec![0, 1, 2],
            label: vec![0, 1, 1],
            margin_mean: vec![2.5, 0.25, -1.5],
            probability_mean: vec![0.9, 0.5, 0.1],
            probability_std: vec![0.1, 0.25, 0.05],
            correct: vec![10, 4, 0],
            forgotten: vec![0, 2, 0],
            learned: vec![Some(0), Some(5), None],
        }
    }

    #[test]
    fn what_was_never_learned_is_the_hardest() {
        assert_eq!(forgetting(&dynamics()), [0.0, 2.0, 3.0]);
        assert_eq!(learned(&dynamics()), [0.0, 5.0, 6.0]);
        assert_eq!(correct(&dynamics()), [10.0, 4.0, 0.0]);
    }

    /// numpy: p = [.4, .8]; p.mean(), p.std(), (p * (1 - p)).mean() = 0.6, 0.2, 0.2
    #[test]
    fn the_aleatoric_uncertainty_is_numpys() {
        let two_epochs = Dynamics { probability_mean: vec![0.6], probability_std: vec![0.2], ..dynamics() };
        assert!((aleatoric(&two_epochs)[0] - 0.2).abs() < 1e-7);
    }
}
