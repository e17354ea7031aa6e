//! The course of a training: when it ends, and what is watched. Each op asks for its own.

use std::num::NonZeroUsize;

use hspipe_ensemble::Schedule;
use serde::{Deserialize, Serialize};

use super::Architecture;

/// When a training ends, and what is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Course {
    pub schedule: Schedule,
    /// Whose radii the schedule asks for.
    pub latent_layer: LatentLayer,
    /// Whether [`Dynamics`](super::Dynamics) of the samples trained on are wanted.
    pub dynamics: bool,
}

impl Course {
    /// To the end of the schedule, by the radii of the first hidden layer, without dynamics.
    pub fn of(schedule: Schedule) -> Self {
        Course { schedule, latent_layer: LatentLayer::default(), dynamics: false }
    }
}

/// The hidden layer of a SimpleNN whose activations the radii are of, written from 1 for the first.
/// Of a ResNet they are of its stem, whatever the layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "usize", into = "usize")]
pub struct LatentLayer(NonZeroUsize);

impl Default for LatentLayer {
    fn default() -> Self {
        LatentLayer(NonZeroUsize::MIN)
    }
}

impl LatentLayer {
    /// Whether it is the first, as it is where nothing else is asked for.
    pub fn is_first(&self) -> bool {
        *self == Self::default()
    }

    /// Its place in a list of layers.
    pub fn index(self) -> usize {
        self.0.get() - 1
    }

    /// The layer that it comes to in such networks.
    ///
    /// # Errors
    /// They have too few layers.
    pub fn of(self, architecture: &Architecture) -> Result<Self, String> {
        match architecture {
            Architecture::ResNet => Ok(Self::default()),
            Architecture::SimpleNN { hidden } if self.index() < hidden.len() => Ok(self),
            Architecture::SimpleNN { hidden } => {
                let layers = hidden.len();
                Err(format!("must be from 1 to {layers}, the number of hidden layers, not {}", self.0))
            }
        }
    }
}

impl TryFrom<usize> for LatentLayer {
    type Error = &'static str;

    fn try_from(number: usize) -> Result<Self, Self::Error> {
        NonZeroUsize::new(number).map(LatentLayer).ok_or("must be at least 1, not 0")
    }
}

impl From<LatentLayer> for usize {
    fn from(layer: LatentLayer) -> usize {
        layer.0.get()
    }
}
