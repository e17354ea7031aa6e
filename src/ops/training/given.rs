//! The parameters of every training as they are set: checked, and each `auto` resolved.
//!
//! In: what pipeline.yaml or the command line says. Out: [`Recipe`]. Knows no samples.

use hspipe_engine::op::{ParamError, Shared};
use serde::{Deserialize, Deserializer};

use super::Recipe;
use crate::nn::{self, Architecture, BatchSize, Request, WantedDevice, WantedTrainer};

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
    /// What stays of a step in the next one.
    #[serde(default)]
    momentum: f64,
    #[serde(default)]
    batch_size: GivenBatch,
    trainer: WantedTrainer,
    device: WantedDevice,
}

#[derive(Deserialize)]
enum Network {
    SimpleNN,
    ResNet,
}

/// Samples per step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum GivenBatch {
    Auto,
    /// All samples in one step.
    #[default]
    Full,
    Size(BatchSize),
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
        let momentum = momentum(given.momentum, &architecture)?;
        let batch_size = given.batch_size.resolve(&architecture)?;
        let (trainer, device) = nn::resolve(&architecture, batch_size, &given.trainer, &given.device)
            .map_err(|(param, what)| ParamError::new(param, what))?;
        let request = Request { architecture, learning_rate, momentum, batch_size, trainer, device };
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

/// Of a SimpleNN, whose steps are gradient descent, and of a ResNet, whose steps are Adam's:
/// the paper's.
fn usual_rate(architecture: &Architecture) -> f64 {
    match architecture {
        Architecture::SimpleNN { .. } => 0.1,
        Architecture::ResNet => 0.001,
    }
}

/// Adam, which a ResNet's steps are, has a momentum of its own, and is asked for no other.
fn momentum(momentum: f64, architecture: &Architecture) -> Result<f64, ParamError> {
    match architecture {
        _ if !(0.0..1.0).contains(&momentum) => {
            Err(ParamError::new("momentum", format!("must be from 0 to below 1, not {momentum}")))
        }
        Architecture::SimpleNN { .. } => Ok(momentum),
        Architecture::ResNet => Ok(0.0),
    }
}

impl GivenBatch {
    /// Samples per step; none for all.
    fn resolve(self, architecture: &Architecture) -> Result<Option<BatchSize>, ParamError> {
        match (self, architecture) {
            (GivenBatch::Size(BatchSize::Of(0)), _) => Err(ParamError::new("batch_size", "must be above 0")),
            (GivenBatch::Size(size), _) => Ok(Some(size)),
            (GivenBatch::Auto, Architecture::ResNet) => Ok(Some(BatchSize::Of(MINI_BATCH))),
            (GivenBatch::Auto, Architecture::SimpleNN { .. }) | (GivenBatch::Full, _) => Ok(None),
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

impl<'de> Deserialize<'de> for GivenBatch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Written::deserialize(deserializer)? {
            Written::Number(n) if n >= 0.0 && n.fract() == 0.0 => {
                Ok(GivenBatch::Size(BatchSize::Of(n as usize)))
            }
            Written::Number(n) if n > 0.0 && n < 1.0 => Ok(GivenBatch::Size(BatchSize::Share(n))),
            Written::Word(word) if word == "auto" => Ok(GivenBatch::Auto),
            Written::Word(word) if word == "full" => Ok(GivenBatch::Full),
            _ => Err(serde::de::Error::custom(
                "must be auto, full, a whole number from 1, or a share of the samples, below 1",
            )),
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
        let read = |text: &str| serde_json::from_str::<GivenBatch>(text).ok();
        assert_eq!(read("\"auto\""), Some(GivenBatch::Auto));
        assert_eq!(read("\"full\""), Some(GivenBatch::Full));
        assert_eq!(read("64"), Some(GivenBatch::Size(BatchSize::Of(64))));
        assert_eq!(read("0.01"), Some(GivenBatch::Size(BatchSize::Share(0.01))));
        assert_eq!([read("-1"), read("1.5"), read("\"half\"")], [None; 3]);
        let auto = |architecture| GivenBatch::Auto.resolve(&architecture).unwrap();
        assert_eq!(auto(Architecture::SimpleNN { hidden: vec![2] }), None);
        assert_eq!(auto(Architecture::ResNet), Some(BatchSize::Of(128)));
        assert!(GivenBatch::Size(BatchSize::Of(0)).resolve(&Architecture::ResNet).is_err());
    }
}
