//! The parameters of every training as they are set: checked, and each `auto` resolved.
//!
//! In: what pipeline.yaml or the command line says. Out: [`Recipe`]. Knows no samples.

use hspipe_engine::op::{ParamError, Shared};
use serde::{Deserialize, Deserializer};

use super::Recipe;
use crate::nn::{self, Architecture, Request, WantedDevice, WantedTrainer};

/// As set. Each field is a parameter that every op declares that trains.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    network: Network,
    /// Units of each hidden layer of a SimpleNN.
    #[serde(default)]
    hidden: Vec<usize>,
    epochs: u32,
    /// None for `auto`.
    #[serde(deserialize_with = "rate")]
    learning_rate: Option<f64>,
    #[serde(default)]
    batch_size: BatchSize,
    trainer: WantedTrainer,
    device: WantedDevice,
}

#[derive(Deserialize)]
enum Network {
    SimpleNN,
    ResNet,
}

/// Samples per step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum BatchSize {
    Auto,
    /// All samples in one step.
    #[default]
    Full,
    Of(usize),
}

/// Of a ResNet, where nothing else is asked for: 20,000 samples at once need about 90 GB.
const MINI_BATCH: usize = 128;

impl Shared for Recipe {
    type Given = Given;

    fn resolve(given: Given) -> Result<Self, ParamError> {
        let epochs = given.epochs;
        let architecture = given.network.of(given.hidden)?;
        if !(1..=1_000_000).contains(&epochs) {
            return Err(ParamError::new("epochs", format!("must be from 1 to 1000000, not {epochs}")));
        }
        let learning_rate = given.learning_rate.unwrap_or(usual_rate(&architecture));
        if !(learning_rate > 0.0 && learning_rate.is_finite()) {
            let what = format!("must be auto or above 0, not {learning_rate}");
            return Err(ParamError::new("learning_rate", what));
        }
        let batch_size = given.batch_size.resolve(&architecture)?;
        let (trainer, device) = nn::resolve(&architecture, batch_size, &given.trainer, &given.device)
            .map_err(|(param, what)| ParamError::new(param, what))?;
        let request = Request { architecture, learning_rate, batch_size, trainer, device };
        Ok(Recipe { epochs, request })
    }
}

impl Network {
    /// Of a ResNet's hidden layers nothing is asked.
    fn of(self, hidden: Vec<usize>) -> Result<Architecture, ParamError> {
        match self {
            Network::ResNet => Ok(Architecture::ResNet),
            Network::SimpleNN
                if hidden.is_empty() || hidden.iter().any(|units| !(1..=4096).contains(units)) =>
            {
                Err(ParamError::new("hidden", "must list at least one layer, each of 1 to 4096 units"))
            }
            Network::SimpleNN => Ok(Architecture::SimpleNN { hidden }),
        }
    }
}

/// Of a SimpleNN, whose steps are plain gradient descent, and of a ResNet, whose steps are Adam's:
/// the paper's.
fn usual_rate(architecture: &Architecture) -> f64 {
    match architecture {
        Architecture::SimpleNN { .. } => 0.1,
        Architecture::ResNet => 0.001,
    }
}

impl BatchSize {
    /// Samples per step; none for all.
    fn resolve(self, architecture: &Architecture) -> Result<Option<usize>, ParamError> {
        match (self, architecture) {
            (BatchSize::Of(0), _) => Err(ParamError::new("batch_size", "must be at least 1")),
            (BatchSize::Of(samples), _) => Ok(Some(samples)),
            (BatchSize::Auto, Architecture::ResNet) => Ok(Some(MINI_BATCH)),
            (BatchSize::Auto, Architecture::SimpleNN { .. }) | (BatchSize::Full, _) => Ok(None),
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

/// The step's size; none for `auto`.
fn rate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    match Written::deserialize(deserializer)? {
        Written::Number(rate) => Ok(Some(rate)),
        Written::Word(word) if word == "auto" => Ok(None),
        Written::Word(_) => Err(serde::de::Error::custom("must be auto or a number above 0")),
    }
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
        let auto = |architecture| BatchSize::Auto.resolve(&architecture).unwrap();
        assert_eq!(auto(Architecture::SimpleNN { hidden: vec![2] }), None);
        assert_eq!(auto(Architecture::ResNet), Some(128));
        assert!(BatchSize::Of(0).resolve(&Architecture::ResNet).is_err());
    }
}
