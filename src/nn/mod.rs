//! Training of networks: what a trainer is asked, what it returns, and which one a task resolves to.
//!
//! In: [`Job`]: samples, labels, seeds, a schedule. Out: [`Trained`], one per seed. Plain slices on both
//! sides; only `torch.rs` sees tch. Knows no tables and no files.

pub mod inversion;
pub mod samples;
#[cfg(feature = "torch")]
mod torch;
mod trainer;

pub use samples::Samples;
pub use trainer::{lanes, resolve, trainer};

use hspipe_ensemble::init::Layer;

/// The SimpleNN family: fully connected layers, tanh after each hidden one, logits out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mlp {
    pub hidden: Vec<usize>,
    pub classes: usize,
}

impl Mlp {
    /// Units per layer, from the inputs to the logits.
    pub fn sizes(&self, inputs: usize) -> Vec<usize> {
        [&[inputs], self.hidden.as_slice(), &[self.classes]].concat()
    }
}

/// When training ends and what is watched on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// All epochs; the radii of the class manifolds after the step of every epoch from `radii_from` on.
    Epochs { epochs: u32, radii_from: Option<u32> },
    /// Until every class has inverted, `max_epochs` at the most.
    Inversion { max_epochs: u32, check_interval: u32, first_epoch: u32 },
}

impl Schedule {
    pub fn max_epochs(&self) -> u32 {
        match *self {
            Schedule::Epochs { epochs, .. } => epochs,
            Schedule::Inversion { max_epochs, .. } => max_epochs,
        }
    }

    /// Whether radii are wanted of the network after the step of `epoch`.
    pub fn wants_radii(&self, epoch: u32) -> bool {
        match *self {
            Schedule::Epochs { radii_from, .. } => radii_from.is_some_and(|from| epoch >= from),
            Schedule::Inversion { check_interval, .. } => epoch.is_multiple_of(check_interval),
        }
    }
}

/// Networks to train on the same samples.
pub struct Job<'a> {
    pub network: &'a Mlp,
    pub samples: &'a Samples,
    /// One label per sample, in 0..classes.
    pub labels: &'a [i32],
    /// The first so many samples are trained on; logits are wanted for all.
    pub train: usize,
    pub learning_rate: f64,
    pub schedule: Schedule,
    /// One network per seed.
    pub seeds: &'a [u32],
}

/// A trained network and what was seen on the way.
#[derive(Clone, Debug)]
pub struct Trained {
    pub layers: Vec<Layer>,
    /// Epochs trained.
    pub epochs: u32,
    /// The mean loss over the training samples before the step of each epoch.
    pub losses: Vec<f64>,
    /// The loss after the last step.
    pub final_loss: f64,
    /// Epoch and one radius per class, as the schedule asks; NaN for a class without samples.
    pub radii: Vec<(u32, Vec<f64>)>,
    /// samples x classes, of the last network.
    pub logits: Vec<f32>,
    /// Only of an inversion search.
    pub inversion: Option<InversionSeen>,
}

/// What an inversion search saw.
#[derive(Clone, Debug)]
pub struct InversionSeen {
    /// The epoch at which each class inverted.
    pub epochs: Vec<Option<u32>>,
    /// samples x classes: each training sample's logits at the inversion of its class; the last network's
    /// if its class has not inverted.
    pub logits: Vec<f32>,
}

#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    #[cfg(feature = "torch")]
    #[error("libtorch failed")]
    Torch(#[from] tch::TchError),
    #[error("the loss is not finite at epoch {epoch}: the learning rate is too large or the data are broken")]
    Diverged { epoch: u32 },
}

/// Trains the networks of jobs. Two trainers may give different bits; which one ran is part of a task's key.
pub trait Trainer: Send + Sync {
    /// One result per seed, in order; a network's bits do not depend on the others.
    fn train(&self, job: &Job) -> Vec<Result<Trained, TrainError>>;
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

/// Energy, -log(sum exp(logits)), by f64.
pub fn energy(logits: &[f32]) -> f32 {
    let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max) as f64;
    let sum: f64 = logits.iter().map(|value| (f64::from(*value) - top).exp()).sum();
    -(top + sum.ln()) as f32
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
