//! How many samples a step takes: as it is part of a key, and in numbers.

use serde::{Deserialize, Serialize};

/// Samples per step of mini-batch training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum BatchSize {
    /// So many, at least 1.
    Of(usize),
    /// A share of the samples trained on, above 0 and below 1: so an epoch has about 1 / share steps, whatever their
    /// number.
    Share(f64),
}

/// Steps of a share are a multiple of this many samples, as the native trainer takes them.
const MULTIPLE: usize = 8;

/// The least that a share comes to: the gradient of fewer samples is little more than noise.
const LEAST: usize = 16;

impl BatchSize {
    /// Of `n` samples trained on.
    pub fn samples(self, n: usize) -> usize {
        match self {
            BatchSize::Of(size) => size,
            BatchSize::Share(share) => ((share * n as f64) as usize).next_multiple_of(MULTIPLE).max(LEAST),
        }
    }

    /// Whether the native trainer takes such steps.
    pub fn is_native(self) -> bool {
        match self {
            BatchSize::Of(size) => size.is_multiple_of(MULTIPLE),
            BatchSize::Share(_) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_a_multiple_of_eight_samples() {
        let samples = |n: usize| BatchSize::Share(0.01).samples(n);
        assert_eq!([120, 2000, 2001, 20_000, 1_000_000].map(samples), [16, 24, 24, 200, 10_000]);
        assert_eq!((BatchSize::Of(20).samples(7), BatchSize::Of(20).is_native()), (20, false));
    }

    #[test]
    fn keys_have_the_number() {
        let text = |size: BatchSize| serde_json::to_string(&size).unwrap();
        assert_eq!([text(BatchSize::Of(128)), text(BatchSize::Share(0.01))], ["128", "0.01"]);
        assert_eq!(serde_json::from_str::<BatchSize>("128").unwrap(), BatchSize::Of(128));
    }
}
