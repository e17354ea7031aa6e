//! Training of networks: what a trainer is asked and returns, and which one a task resolves to.
//!
//! In: [`Job`]: samples, labels, seeds, a [`Request`] and a [`Course`]. Out: [`Trained`], one per
//! seed. Plain slices on both sides; only the program hspipe-torch sees tch. Knows no tables, no
//! files.

mod architecture;
mod batch;
mod course;
mod device;
pub mod dynamics;
mod libtorch;
mod logits;
mod machine;
mod native;
mod request;
pub mod samples;
mod trainer;

use std::sync::atomic::AtomicBool;
use std::time::Duration;

pub use architecture::Architecture;
pub use batch::BatchSize;
pub use course::{Course, LatentLayer};
pub use device::{Device, WantedDevice};
use hspipe_ensemble::Unfinished;
pub use hspipe_ensemble::{Dynamics, Inversion, Schedule};
pub use libtorch::{
    Libtorch, VERSION as LIBTORCH_VERSION, allow_set_up as allow_libtorch_set_up, forbid as forbid_libtorch,
    get as libtorch, how_to_install as how_to_install_libtorch, program as torch_program, provide,
    remedy as libtorch_remedy, stand_in as torch_stand_in,
};
pub use logits::{argmax, margin};
pub use request::Request;
pub use samples::Samples;
pub use trainer::{Capacity, TrainerId, WantedTrainer, resolve};

/// Networks to train on the same samples.
pub struct Job<'a> {
    pub request: &'a Request,
    pub course: Course,
    pub classes: usize,
    pub samples: &'a Samples,
    /// One label per sample, in 0..classes.
    pub labels: &'a [i32],
    /// The positions of the samples trained on; logits are wanted for all samples.
    pub train: &'a [u32],
    /// One network per seed.
    pub seeds: &'a [u32],
    /// For each seed which of the samples trained on its own network learns from, true for each that it does; an empty
    /// slice if each learns from all. Dynamics are then of all of them in either case, and radii
    /// cannot be wanted.
    pub bags: &'a [Vec<bool>],
    /// Where the network of each seed goes on, as a [`Keeper`] was given it; an empty slice, or
    /// none for a seed, if it begins. Bytes that mean nothing to the trainer count as none.
    pub states: &'a [Option<Vec<u8>>],
    /// Who keeps the states of networks in training, if they are wanted.
    pub keeper: Option<Keeper<'a>>,
    /// Threads that a trainer may use; they change no bit.
    pub threads: usize,
}

/// Who keeps states, so that a training that is cut off goes on with the same bits.
#[derive(Clone, Copy)]
pub struct Keeper<'a> {
    /// The time from one state of a network to the next; zero for one after each step.
    pub every: Duration,
    /// Set when training is to end as soon as it can, its state kept.
    pub stop: &'a AtomicBool,
    /// Takes the state of the network whose seed stands at this place of the job's.
    pub keep: &'a (dyn Fn(usize, Vec<u8>) + Sync),
}

/// A trained network and what was seen on the way.
#[derive(Clone, Debug)]
pub struct Trained {
    /// In the order in which the network draws them.
    pub parameters: Vec<Parameter>,
    /// Epochs trained.
    pub epochs: u32,
    /// The mean loss over the training samples: before the step of each epoch, or with mini-batches
    /// each before its own.
    pub losses: Vec<f64>,
    /// The loss of the trained network on the training samples.
    pub final_loss: f64,
    /// Epoch and one radius per class, as the schedule asks; NaN for a class without samples.
    pub radii: Vec<(u32, Vec<f64>)>,
    /// samples x classes, of the trained network.
    pub logits: Vec<f32>,
    /// If the job wants them.
    pub dynamics: Option<Dynamics>,
    /// Only of an inversion search.
    pub inversion: Option<Inversion>,
}

/// Numbers that a layer has learnt.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Layers are counted from 0, convolutions and batch norms each on their own.
    pub layer: usize,
    /// As PyTorch calls it: `weight`, `bias`, `running_mean`, `running_var`.
    pub name: &'static str,
    /// Row-major, as PyTorch has them.
    pub values: Vec<f32>,
}

#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    #[error("libtorch failed")]
    Torch(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the loss is not finite at epoch {epoch}: the learning rate is too large or the data are broken")]
    Diverged { epoch: u32 },
    /// The job's [`Keeper`] has its state.
    #[error("stopped")]
    Stopped,
    #[error("the samples and the network do not fit")]
    Input(#[from] hspipe_ensemble::InputError),
    #[error("a ResNet learns from images, and these samples are features: a SimpleNN learns from them")]
    NoImages,
    #[error("the trainer {0} cannot train such networks")]
    Trainer(&'static str),
}

impl From<Unfinished> for TrainError {
    fn from(unfinished: Unfinished) -> Self {
        match unfinished {
            Unfinished::Diverged { epoch } => TrainError::Diverged { epoch },
            Unfinished::Stopped => TrainError::Stopped,
        }
    }
}

/// Trains the networks of jobs. Two trainers may give different bits; which one ran is part of a
/// task's key.
pub trait Trainer: Send + Sync {
    /// One result per seed, in order; a network's bits do not depend on the others.
    fn train(&self, job: &Job) -> Vec<Result<Trained, TrainError>>;
}

impl Job<'_> {
    /// The labels of the samples trained on.
    pub fn train_labels(&self) -> Vec<i32> {
        self.train.iter().map(|position| self.labels[*position as usize]).collect()
    }
}
