//! Training of networks: what a trainer is asked, what it returns, and which one a task resolves to.
//!
//! In: [`Job`]: samples, labels, seeds, a schedule. Out: [`Trained`], one per seed. Plain slices on both
//! sides; only `torch.rs` sees tch. Knows no tables and no files.

#[cfg(feature = "torch")]
mod dynamics;
#[cfg(test)]
mod fixture;
mod native;
pub mod samples;
#[cfg(feature = "torch")]
mod torch;
mod trainer;

pub use hspipe_ensemble::{Dynamics, Inversion, Network, Schedule, Trained};
pub use samples::Samples;
pub use trainer::{capacity, resolve, trainer};

/// Networks to train on the same samples.
pub struct Job<'a> {
    pub network: &'a Network,
    pub samples: &'a Samples,
    /// One label per sample, in 0..classes.
    pub labels: &'a [i32],
    /// The positions of the samples trained on; logits are wanted for all samples.
    pub train: &'a [u32],
    pub learning_rate: f64,
    pub schedule: Schedule,
    /// Whether [`Dynamics`] of the samples trained on are wanted.
    pub dynamics: bool,
    /// One network per seed.
    pub seeds: &'a [u32],
    /// Threads that a trainer may use; they change no bit.
    pub threads: usize,
}

#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    #[cfg(feature = "torch")]
    #[error("libtorch failed")]
    Torch(#[from] tch::TchError),
    #[error("{0}: the learning rate is too large or the data are broken")]
    Diverged(hspipe_ensemble::Diverged),
    #[error("the samples and the network do not fit")]
    Input(#[from] hspipe_ensemble::InputError),
}

/// Trains the networks of jobs. Two trainers may give different bits; which one ran is part of a task's key.
pub trait Trainer: Send + Sync {
    /// One result per seed, in order; a network's bits do not depend on the others.
    fn train(&self, job: &Job) -> Vec<Result<Trained, TrainError>>;
}

impl Job<'_> {
    /// The labels of the samples trained on.
    fn train_labels(&self) -> Vec<i32> {
        self.train.iter().map(|position| self.labels[*position as usize]).collect()
    }
}

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
