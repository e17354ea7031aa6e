//! The parameters of every training, resolved: what enters the key, and what a training takes.
//!
//! In: what `given.rs` resolves. Out: [`Recipe`]: the request that goes to the trainer as it is,
//! and for how long.

use hspipe_engine::op::{Capacity, Cost, ParamError};
use serde::{Deserialize, Serialize};

use crate::nn::{Architecture, Device, LatentLayer, Request, TrainerId};

/// How networks are trained. The other parameters of an op say on what, and what is seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// From 1 to 1,000,000; a search may end before.
    pub epochs: u32,
    #[serde(flatten)]
    pub request: Request,
}

impl Recipe {
    /// How many networks the trainer takes at once, and on how many threads.
    pub fn capacity(&self) -> Capacity {
        let best = self.request.trainer.capacity();
        Capacity { batch: best.networks, threads: best.threads }
    }

    /// The hidden layer that radii are of, in these networks.
    ///
    /// # Errors
    /// They have too few layers.
    pub fn latent_layer(&self, wanted: LatentLayer) -> Result<LatentLayer, ParamError> {
        wanted.of(&self.request.architecture).map_err(|what| ParamError::new("latent_layer", what))
    }

    /// What training one network costs, given the seconds and the bytes of its tables that a
    /// SimpleNN takes with the default parameters.
    pub fn cost(&self, seconds: f64, bytes: u64) -> Cost {
        let longer = f64::from(self.epochs) / 500.0;
        Cost { networks: 1, seconds: seconds * longer * self.slower(), bytes }
    }

    /// The same with a table of its weights. A ResNet has 11 million.
    pub fn cost_with_weights(&self, seconds: f64, bytes: u64) -> Cost {
        let more = match self.request.architecture {
            Architecture::SimpleNN { .. } => 0,
            Architecture::ResNet => 83_000_000,
        };
        self.cost(seconds, bytes + more)
    }

    /// How much longer an epoch takes than one of the default SimpleNN by the native trainer,
    /// about. A ResNet takes 40 ms per sample and step on one core of a CPU; for a GPU this is a
    /// guess.
    fn slower(&self) -> f64 {
        let Request { architecture, trainer, device, .. } = &self.request;
        match (architecture, trainer, device) {
            (Architecture::SimpleNN { hidden }, TrainerId::Native { .. }, _) => width(hidden),
            (Architecture::SimpleNN { hidden }, TrainerId::Tch { .. }, _) => 7.0 * width(hidden),
            (Architecture::ResNet, _, Device::Cpu) => 200_000.0,
            (Architecture::ResNet, _, Device::Cuda { .. }) => 1_000.0,
        }
    }
}

/// Of the first hidden layer, which most of the work is in, in widths of the default one.
fn width(hidden: &[usize]) -> f64 {
    hidden.first().map_or(1.0, |units| *units as f64 / 20.0)
}

#[cfg(test)]
mod tests {
    use hspipe_engine::op::{Parameters, With};
    use serde_json::json;

    use super::*;
    use crate::nn::BatchSize;

    type Params = With<Recipe>;

    /// Keys are made of these texts: a change of one is a change of every key.
    #[test]
    fn a_recipe_enters_the_key_as_what_applies() {
        let native = TrainerId::NATIVE.to_string();
        let given = json!({
            "network": "SimpleNN", "hidden": [20, 20], "epochs": 500, "learning_rate": "auto", "batch_size": "auto",
            "trainer": "auto", "device": "auto",
        });
        let params = Params::read(given).unwrap();
        let value = json!({
            "network": "SimpleNN", "hidden": [20, 20], "epochs": 500, "learning_rate": 0.1, "trainer": native,
            "device": "cpu",
        });
        assert_eq!(params.value().unwrap(), value);
        let again = Params::recorded(&value).unwrap();
        assert_eq!(again.shared, params.shared);
        // Of a machine with what this one lacks.
        let elsewhere = json!({
            "network": "ResNet", "epochs": 100, "learning_rate": 0.001, "batch_size": 128,
            "trainer": "tch 2.13.0 build 0123456789ab resnet 2", "device": "cuda:0 NVIDIA H100 80GB HBM3",
        });
        let recorded = Params::recorded(&elsewhere).unwrap();
        assert_eq!(recorded.value().unwrap(), elsewhere);
        assert_eq!(recorded.shared.request.batch_size, Some(BatchSize::Of(128)));
        assert_eq!(recorded.shared.cost(2.0, 10).seconds.round(), 2.0 * 1_000.0 / 5.0);
        assert_eq!(recorded.shared.cost_with_weights(3.0, 10).bytes, 83_000_010);
    }
}
