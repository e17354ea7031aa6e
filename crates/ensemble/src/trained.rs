//! What training returns of one network.
//!
//! In: what a group has seen. Out: plain vectors. Knows no samples.

use crate::dynamics::Dynamics;
use crate::init::Layer;

/// A trained network and what was seen on the way.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trained {
    /// From the inputs to the logits.
    pub layers: Vec<Layer>,
    /// Epochs trained.
    pub epochs: u32,
    /// The mean loss over the training samples before the step of each epoch.
    pub losses: Vec<f64>,
    /// The loss after the last step.
    pub final_loss: f64,
    /// Epoch and one radius per class, as the schedule asks; NaN for a class without samples.
    pub radii: Vec<(u32, Vec<f64>)>,
    /// samples to evaluate x classes, of the last network.
    pub logits: Vec<f32>,
    /// If the job wants them.
    pub dynamics: Option<Dynamics>,
    /// Only of an inversion search.
    pub inversion: Option<Inversion>,
}

/// What an inversion search saw.
#[derive(Clone, Debug, PartialEq)]
pub struct Inversion {
    /// The epoch at which each class inverted.
    pub epochs: Vec<Option<u32>>,
    /// training samples x classes: each sample's logits at the inversion of its class; the last network's if
    /// its class has not inverted.
    pub logits: Vec<f32>,
}

/// Why a network was not trained to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfinished {
    /// The loss was not finite before the step of this epoch.
    Diverged {
        /// From 0.
        epoch: u32,
    },
    /// Its [`Keeper`] wanted an end, and has its state.
    Stopped,
}

impl std::fmt::Display for Unfinished {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            Unfinished::Diverged { epoch } => write!(f, "the loss is not finite at epoch {epoch}"),
            Unfinished::Stopped => f.write_str("stopped"),
        }
    }
}

impl std::error::Error for Unfinished {}
