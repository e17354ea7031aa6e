//! What all ops that train share: their parameters, their samples made ready, their tables.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use hspipe_engine::key::Digest;
use hspipe_engine::op::{Capacity, Inputs, OpError, Outputs, ParamError, Task};

use crate::nn::{self, Job, Network, Samples, Schedule, Trained};
use crate::tables::{Frame, HISTORY, MEMBER, RADII, WEIGHTS, write};

/// Declares an op's parameters: those of every training, and its own.
macro_rules! training_params {
    ($($(#[$meta:meta])* $name:ident: $type:ty),* $(,)?) => {
        #[derive(serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Params {
            network: String,
            hidden: Vec<usize>,
            epochs: u32,
            learning_rate: f64,
            trainer: String,
            device: String,
            $($(#[$meta])* $name: $type),*
        }

        impl Params {
            /// Checks the shared parameters and resolves the trainer.
            fn canonical_training(mut self) -> Result<Self, hspipe_engine::op::ParamError> {
                $crate::ops::training::check(&self.network, &self.hidden, self.epochs, self.learning_rate)?;
                let choice = $crate::nn::resolve(&self.trainer, &self.device)
                    .map_err(|(param, what)| hspipe_engine::op::ParamError::new(param, what))?;
                (self.trainer, self.device) = (choice.trainer, choice.device);
                Ok(self)
            }

            /// What training one network costs, given what it takes with the default parameters: seconds, and bytes
            /// of its tables.
            fn typical_cost(&self, seconds: f64, bytes: u64) -> hspipe_engine::op::Cost {
                let longer = f64::from(self.epochs) / 500.0 * self.hidden[0] as f64 / 20.0;
                let slower = if $crate::nn::capacity(&self.trainer).0 == 1 { $crate::ops::training::LONE } else { 1.0 };
                hspipe_engine::op::Cost { networks: 1, seconds: seconds * longer * slower, bytes }
            }

            /// What the training of one network is told, but for its seed.
            fn recipe(&self, schedule: $crate::nn::Schedule) -> $crate::ops::training::Recipe<'_> {
                $crate::ops::training::Recipe {
                    trainer: &self.trainer,
                    hidden: &self.hidden,
                    learning_rate: self.learning_rate,
                    schedule,
                    dynamics: false,
                }
            }
        }
    };
}

pub(super) use training_params;

/// How much longer a trainer takes that trains one network after the other.
pub const LONE: f64 = 7.0;

/// Ranges of the shared parameters.
pub fn check(network: &str, hidden: &[usize], epochs: u32, learning_rate: f64) -> Result<(), ParamError> {
    if network != "SimpleNN" {
        let what = format!("`{network}` is not a network of this version: there is SimpleNN");
        return Err(ParamError::new("network", what));
    }
    if hidden.is_empty() || hidden.iter().any(|units| !(1..=4096).contains(units)) {
        return Err(ParamError::new("hidden", "must list at least one layer, each of 1 to 4096 units"));
    }
    if !(1..=1_000_000).contains(&epochs) {
        return Err(ParamError::new("epochs", format!("must be from 1 to 1000000, not {epochs}")));
    }
    if !(learning_rate > 0.0 && learning_rate.is_finite()) {
        return Err(ParamError::new("learning_rate", format!("must be above 0, not {learning_rate}")));
    }
    Ok(())
}

/// Samples, labels and number of classes that a training reads.
pub struct Training {
    pub samples: Arc<Samples>,
    pub labels: Vec<i32>,
    pub classes: usize,
}

/// Samples made ready, kept for the next task that wants the same ones.
#[derive(Default)]
pub struct Prepared {
    recent: Mutex<VecDeque<(Digest, Arc<Samples>)>>,
}

/// Of two datasets at most: more would fill the memory, fewer would decode the images for every network.
const KEPT: usize = 2;

impl Prepared {
    /// Reads the inputs `images`, `samples`, `normalisation` and `classes`.
    pub fn training(&self, inputs: &Inputs) -> Result<Training, OpError> {
        let table = Frame::read("samples", inputs.one("samples")?.read()?)?;
        let classes = Frame::read("classes", inputs.one("classes")?.read()?)?.rows();
        let labels = table.i32("label")?.to_vec();
        if let Some(label) = labels.iter().find(|label| !(0..classes as i32).contains(label)) {
            return Err(OpError::new(format!("a label is {label}, but there are {classes} classes")));
        }
        let samples = self.samples(inputs, table.i32("sample_id")?)?;
        Ok(Training { samples, labels, classes })
    }

    fn samples(&self, inputs: &Inputs, ids: &[i32]) -> Result<Arc<Samples>, OpError> {
        let (images, normalisation) = (inputs.one("images")?, inputs.one("normalisation")?);
        let mut name = [images.digest.0, normalisation.digest.0].concat();
        name.extend(ids.iter().flat_map(|id| id.to_le_bytes()));
        let name = Digest::of(&name);
        // The lock is held while decoding, so that threads which want the same samples wait for them.
        let mut recent = self.recent.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some((_, samples)) = recent.iter().find(|(kept, _)| *kept == name) {
            return Ok(samples.clone());
        }
        let images = Frame::read("images", images.read()?)?;
        let area = |name| Ok::<_, OpError>(images.i32(name)?.first().copied().unwrap_or(0) as usize);
        let area = area("height")? * area("width")?;
        let pixels = images.binary("pixels")?;
        let mut chosen = Vec::new();
        for id in ids {
            chosen.extend_from_slice(pixels.value(*id as usize));
        }
        let normalisation = Frame::read("normalisation", normalisation.read()?)?;
        let (mean, variance) = (normalisation.f64("mean")?.to_vec(), normalisation.f64("variance")?.to_vec());
        let samples = Arc::new(Samples::new(chosen, area, mean, variance));
        recent.push_front((name, samples.clone()));
        recent.truncate(KEPT);
        Ok(samples)
    }
}

/// How networks are trained.
pub struct Recipe<'a> {
    pub trainer: &'a str,
    pub hidden: &'a [usize],
    pub learning_rate: f64,
    pub schedule: Schedule,
    pub dynamics: bool,
}

impl Training {
    /// The positions of the first `n` samples.
    pub fn first(n: usize) -> Vec<u32> {
        (0..n as u32).collect()
    }

    /// The positions of all samples.
    pub fn all(&self) -> Vec<u32> {
        Self::first(self.labels.len())
    }

    /// Trains one network per seed on the samples at the positions `train`.
    pub fn networks(
        &self,
        recipe: &Recipe,
        train: &[u32],
        seeds: &[u32],
        threads: usize,
    ) -> Vec<Result<Trained, OpError>> {
        let network = Network { hidden: recipe.hidden.to_vec(), classes: self.classes };
        let job = Job {
            network: &network,
            samples: &self.samples,
            labels: &self.labels,
            train,
            learning_rate: recipe.learning_rate,
            schedule: recipe.schedule,
            dynamics: recipe.dynamics,
            seeds,
            threads,
        };
        nn::trainer(recipe.trainer).train(&job).into_iter().map(|trained| Ok(trained?)).collect()
    }
}

/// How many networks the trainer takes at once, and on how many threads.
pub fn capacity(trainer: &str) -> Capacity {
    let (batch, threads) = nn::capacity(trainer);
    Capacity { batch, threads }
}

/// Trains one network per task and makes its tables. `recipe` gives the recipe and the positions of the samples
/// that are trained on. The tasks differ only in their seeds, so what holds for the first one
/// holds for all.
pub fn run_batch<'a, P>(
    prepared: &Prepared,
    tasks: &[Task<'a, P>],
    recipe: impl FnOnce(&Training) -> Result<(Recipe<'a>, Vec<u32>), OpError>,
    tables: impl Fn(&Training, &Trained, u32) -> Result<Outputs, OpError>,
) -> Vec<Result<Outputs, OpError>> {
    let Some(first) = tasks.first() else { return Vec::new() };
    let all = || {
        let training = prepared.training(first.inputs)?;
        let (recipe, train) = recipe(&training)?;
        let seeds = tasks.iter().map(|task| task.draw_seed(0)).collect::<Result<Vec<u32>, _>>()?;
        let trained = training.networks(&recipe, &train, &seeds, first.threads);
        let made = trained.into_iter().zip(seeds).map(|(trained, seed)| tables(&training, &trained?, seed));
        Ok(made.collect())
    };
    all().unwrap_or_else(|error: OpError| tasks.iter().map(|_| Err(error.clone())).collect())
}

/// The tables `member` and `history` of a trained network.
pub fn member_tables(trained: &Trained, seed: u32, attempt: u32) -> Result<Outputs, OpError> {
    let member = vec![
        vec![seed].into(),
        vec![attempt as i32].into(),
        vec![trained.epochs as i32].into(),
        vec![trained.final_loss].into(),
    ];
    let epochs: Vec<i32> = (0..trained.losses.len() as i32).collect();
    let history = vec![epochs.into(), trained.losses.clone().into()];
    Ok(vec![("member", write(&MEMBER, member)?), ("history", write(&HISTORY, history)?)])
}

/// The table `weights` of a trained network.
pub fn weights_table(trained: &Trained) -> Result<Vec<u8>, OpError> {
    let (mut layers, mut parameters, mut indices, mut values) = (vec![], vec![], vec![], vec![]);
    for (layer, weights) in trained.layers.iter().enumerate() {
        for (parameter, content) in [("weight", &weights.weight), ("bias", &weights.bias)] {
            layers.extend(vec![layer as i32; content.len()]);
            parameters.extend(vec![parameter.to_string(); content.len()]);
            indices.extend(0..content.len() as i32);
            values.extend_from_slice(content);
        }
    }
    Ok(write(&WEIGHTS, vec![layers.into(), parameters.into(), indices.into(), values.into()])?)
}

/// The table `radii` of a trained network, without classes that have no samples.
pub fn radii_table(trained: &Trained) -> Result<Vec<u8>, OpError> {
    let (mut epochs, mut classes, mut values) = (vec![], vec![], vec![]);
    for (epoch, radii) in &trained.radii {
        for (class, radius) in radii.iter().enumerate().filter(|(_, radius)| !radius.is_nan()) {
            epochs.push(*epoch as i32);
            classes.push(class as i32);
            values.push(*radius);
        }
    }
    Ok(write(&RADII, vec![epochs.into(), classes.into(), values.into()])?)
}
