//! What networks are made of, as parameters say it and as keys have it.

use serde::{Deserialize, Serialize};

/// What networks are made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "network")]
pub enum Architecture {
    /// Fully connected layers, tanh after each hidden one; trained by plain gradient descent.
    SimpleNN {
        /// Units of each hidden layer, at least one layer.
        hidden: Vec<usize>,
    },
    /// ResNet-18 for small images; trained by Adam.
    ResNet,
}
