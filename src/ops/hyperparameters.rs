//! The parameters that say what networks are made of and how they are trained, with their ranges.
//!
//! In: words and numbers as they are set. Out: the same, checked, with every `auto` resolved. Knows no samples.

use hspipe_engine::op::ParamError;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::nn::Architecture;

/// Samples per step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BatchSize {
    Auto,
    /// All samples in one step.
    #[default]
    Full,
    Of(usize),
}

/// Of a ResNet, where nothing else is asked for: 20,000 samples at once need about 90 GB.
const MINI_BATCH: usize = 128;

impl BatchSize {
    pub fn is_full(&self) -> bool {
        *self == BatchSize::Full
    }

    /// Samples per step; none for all.
    pub fn samples(self) -> Option<usize> {
        match self {
            BatchSize::Of(samples) => Some(samples),
            BatchSize::Auto | BatchSize::Full => None,
        }
    }

    pub fn resolve(self, architecture: &Architecture) -> Result<Self, ParamError> {
        match (self, architecture) {
            (BatchSize::Of(0), _) => Err(ParamError::new("batch_size", "must be at least 1")),
            (BatchSize::Auto, Architecture::SimpleNN { .. }) => Ok(BatchSize::Full),
            (BatchSize::Auto, Architecture::ResNet) => Ok(BatchSize::Of(MINI_BATCH)),
            (given, _) => Ok(given),
        }
    }
}

/// A number or a word.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Number(f64),
    Word(String),
}

impl<'de> Deserialize<'de> for BatchSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Written::deserialize(deserializer)? {
            Written::Number(n) if n >= 0.0 && n.fract() == 0.0 => Ok(BatchSize::Of(n as usize)),
            Written::Word(word) if word == "auto" => Ok(BatchSize::Auto),
            Written::Word(word) if word == "full" => Ok(BatchSize::Full),
            _ => Err(serde::de::Error::custom("must be auto, full, or a whole number from 1")),
        }
    }
}

impl Serialize for BatchSize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            BatchSize::Auto => serializer.serialize_str("auto"),
            BatchSize::Full => serializer.serialize_str("full"),
            BatchSize::Of(samples) => serializer.serialize_u64(*samples as u64),
        }
    }
}

/// The step's size, or `auto`: none until it is resolved.
pub fn rate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    match Written::deserialize(deserializer)? {
        Written::Number(rate) => Ok(Some(rate)),
        Written::Word(word) if word == "auto" => Ok(None),
        Written::Word(_) => Err(serde::de::Error::custom("must be auto or a number above 0")),
    }
}

/// Of a SimpleNN, whose steps are plain gradient descent, and of a ResNet, whose steps are Adam's: the paper's.
pub fn usual_rate(architecture: &Architecture) -> f64 {
    match architecture {
        Architecture::SimpleNN { .. } => 0.1,
        Architecture::ResNet => 0.001,
    }
}

pub fn check_rate(rate: f64) -> Result<(), ParamError> {
    match rate > 0.0 && rate.is_finite() {
        true => Ok(()),
        false => Err(ParamError::new("learning_rate", format!("must be auto or above 0, not {rate}"))),
    }
}

pub fn architecture(network: &str, hidden: &[usize]) -> Result<Architecture, ParamError> {
    match network {
        "SimpleNN" if hidden.is_empty() || hidden.iter().any(|units| !(1..=4096).contains(units)) => {
            Err(ParamError::new("hidden", "must list at least one layer, each of 1 to 4096 units"))
        }
        "SimpleNN" => Ok(Architecture::SimpleNN { hidden: hidden.to_vec() }),
        "ResNet" => Ok(Architecture::ResNet),
        _ => Err(ParamError::new(
            "network",
            format!("`{network}` is not a network: there are SimpleNN and ResNet"),
        )),
    }
}

pub fn check_epochs(epochs: u32) -> Result<(), ParamError> {
    match epochs {
        1..=1_000_000 => Ok(()),
        _ => Err(ParamError::new("epochs", format!("must be from 1 to 1000000, not {epochs}"))),
    }
}

/// The hidden layer that radii are of, 1 for the first. A ResNet's are of its stem, whatever the layer.
pub fn resolve_latent_layer(layer: usize, architecture: &Architecture) -> Result<usize, ParamError> {
    match architecture {
        Architecture::ResNet => Ok(1),
        Architecture::SimpleNN { hidden } if (1..=hidden.len()).contains(&layer) => Ok(layer),
        Architecture::SimpleNN { hidden } => {
            let what =
                format!("must be from 1 to {}, the number of hidden layers, not {layer}", hidden.len());
            Err(ParamError::new("latent_layer", what))
        }
    }
}

/// For parameters that the key leaves out where they say what has always been so.
pub fn first_layer() -> usize {
    1
}

pub fn is_first_layer(layer: &usize) -> bool {
    *layer == first_layer()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_size_is_a_word_or_a_number() {
        let read = |text: &str| serde_json::from_str::<BatchSize>(text).ok();
        assert_eq!(read("\"auto\""), Some(BatchSize::Auto));
        assert_eq!(read("\"full\""), Some(BatchSize::Full));
        assert_eq!(read("64"), Some(BatchSize::Of(64)));
        assert_eq!([read("-1"), read("1.5"), read("\"half\"")], [None; 3]);
        let auto = |architecture| BatchSize::Auto.resolve(&architecture).unwrap().samples();
        assert_eq!(auto(Architecture::SimpleNN { hidden: vec![2] }), None);
        assert_eq!(auto(Architecture::ResNet), Some(128));
        assert!(BatchSize::Of(0).resolve(&Architecture::ResNet).is_err());
    }
}
