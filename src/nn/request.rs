//! How networks are trained: the part of a training that is the same for all networks of a task,
//! and of its key.
//!
//! In: parameters, each `auto` resolved. Out: [`Request`], which goes to the trainer as it is.
//! Knows no samples and not what is watched.

use serde::{Deserialize, Serialize};

use super::{Architecture, BatchSize, Device, TrainerId};

/// How networks are trained. What enters the key is what this is serialised to: what does not
/// apply, a full batch and no momentum are left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    #[serde(flatten)]
    pub architecture: Architecture,
    /// Above 0.
    pub learning_rate: f64,
    /// What stays of a step in the next one (Nesterov's), in 0..1; 0 for plain gradient descent.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub momentum: f64,
    /// Samples per step; none for all samples in one. libtorch draws them anew without replacement in
    /// each epoch; the native trainer draws the order of batches, each of samples that stand side by
    /// side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_size: Option<BatchSize>,
    pub trainer: TrainerId,
    pub device: Device,
}

fn is_zero(momentum: &f64) -> bool {
    *momentum == 0.0
}
