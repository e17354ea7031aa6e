//! How networks are trained: the part of a training that is the same for all networks of a task,
//! and of its key.
//!
//! In: parameters, each `auto` resolved. Out: [`Request`], which goes to the trainer as it is.
//! Knows no samples and not what is watched.

use serde::{Deserialize, Serialize};

use super::{Architecture, Device, TrainerId};

/// How networks are trained. What enters the key is what this is serialised to: what does not
/// apply, and a full batch, is left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    #[serde(flatten)]
    pub architecture: Architecture,
    /// Above 0.
    pub learning_rate: f64,
    /// Samples per step, drawn anew without replacement in each epoch; none for all samples in one
    /// step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_size: Option<usize>,
    pub trainer: TrainerId,
    pub device: Device,
}
