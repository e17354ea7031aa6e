//! What all ops that train share: their parameters, their samples made ready, their tables.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use hspipe_engine::checkpoint::{Checkpoint, Rhythm};
use hspipe_engine::key::Digest;
use hspipe_engine::op::{Capacity, Inputs, OpError, Outputs, Task};

use super::classes::{called, names_of};
use super::content::Content;
use crate::nn::{self, Architecture, Job, Keeper, Parameter, Samples, Schedule, Trained};
use crate::tables::{Classes, History, Member, Normalisation, Radii, Weights};
use crate::tables::{Samples as SamplesTable, TableError};

/// Declares an op's parameters: those of every training, and its own. What does not apply, and what says no more than
/// has always been so, is left out of the key.
macro_rules! training_params {
    ($($(#[$meta:meta])* $name:ident: $type:ty),* $(,)?) => {
        #[derive(serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Params {
            network: String,
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            hidden: Vec<usize>,
            epochs: u32,
            #[serde(deserialize_with = "crate::ops::hyperparameters::rate")]
            learning_rate: Option<f64>,
            #[serde(default, skip_serializing_if = "crate::ops::hyperparameters::BatchSize::is_full")]
            batch_size: crate::ops::hyperparameters::BatchSize,
            trainer: String,
            device: String,
            $($(#[$meta])* $name: $type),*
        }

        impl Params {
            /// Checks the shared parameters and resolves what is `auto`. With the architecture, for further checks.
            fn canonical_training(
                mut self,
            ) -> Result<(Self, crate::nn::Architecture), hspipe_engine::op::ParamError> {
                use crate::ops::hyperparameters as given;
                let architecture = given::architecture(&self.network, &self.hidden)?;
                if architecture == crate::nn::Architecture::ResNet {
                    self.hidden.clear();
                }
                given::check_epochs(self.epochs)?;
                let rate = self.learning_rate.unwrap_or(given::usual_rate(&architecture));
                given::check_rate(rate)?;
                self.learning_rate = Some(rate);
                self.batch_size = self.batch_size.resolve(&architecture)?;
                let batch_size = self.batch_size.samples();
                let choice = crate::nn::resolve(&architecture, batch_size, &self.trainer, &self.device)
                    .map_err(|(param, what)| hspipe_engine::op::ParamError::new(param, what))?;
                (self.trainer, self.device) = (choice.trainer, choice.device);
                Ok((self, architecture))
            }

            /// What training one network costs, given the seconds and the bytes of its tables that a SimpleNN takes with
            /// the default parameters.
            fn typical_cost(&self, seconds: f64, bytes: u64) -> hspipe_engine::op::Cost {
                let longer = f64::from(self.epochs) / 500.0;
                let slower = $crate::ops::training::slower(&self.hidden, &self.trainer, &self.device);
                hspipe_engine::op::Cost { networks: 1, seconds: seconds * longer * slower, bytes }
            }

            /// What the training of one network is told, but for its seed.
            fn recipe(&self, schedule: $crate::nn::Schedule) -> $crate::ops::training::Recipe<'_> {
                let architecture = match self.hidden.is_empty() {
                    true => crate::nn::Architecture::ResNet,
                    false => crate::nn::Architecture::SimpleNN { hidden: self.hidden.clone() },
                };
                let usual = crate::ops::hyperparameters::usual_rate(&architecture);
                $crate::ops::training::Recipe {
                    architecture,
                    learning_rate: self.learning_rate.unwrap_or(usual),
                    batch_size: self.batch_size.samples(),
                    trainer: &self.trainer,
                    device: &self.device,
                    schedule,
                    latent_layer: 1,
                    dynamics: false,
                }
            }
        }
    };
}

pub(super) use training_params;

/// How much longer a network takes than one of the default SimpleNN by the native trainer, about. A ResNet takes 40 ms
/// per sample and step on one core of a CPU; for a GPU this is a guess.
pub fn slower(hidden: &[usize], trainer: &str, device: &str) -> f64 {
    match (hidden.first(), nn::capacity(trainer).networks, device) {
        (Some(units), 2.., _) => *units as f64 / 20.0,
        (Some(units), _, _) => 7.0 * *units as f64 / 20.0,
        (None, _, "cpu") => 200_000.0,
        (None, _, _) => 1_000.0,
    }
}

/// Bytes of a table of weights beyond those of a SimpleNN: a ResNet's 11 million.
pub fn more_weights(hidden: &[usize]) -> u64 {
    if hidden.is_empty() { 83_000_000 } else { 0 }
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

/// Of two datasets at most: more would fill the memory, fewer would decode the samples for every network.
const KEPT: usize = 2;

impl Prepared {
    /// Reads the inputs `images`, `samples`, `normalisation` and `classes`.
    pub fn training(&self, inputs: &Inputs) -> Result<Training, OpError> {
        let table = SamplesTable::read(inputs.one("samples")?.read()?)?;
        let classes = Classes::read(inputs.one("classes")?.read()?)?.class.len();
        let labels = table.label;
        if let Some(label) = labels.iter().find(|label| !(0..classes as i32).contains(label)) {
            return Err(OpError::new(format!("a label is {label}, but there are {classes} classes")));
        }
        if labels.iter().min() == labels.iter().max() {
            return Err(one_class(&labels, inputs));
        }
        let samples = self.samples(inputs, &table.sample_id)?;
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
        let normalisation = Normalisation::read(normalisation.read()?)?;
        let samples = Arc::new(Content::read(inputs)?.normalised(ids, normalisation)?);
        recent.push_front((name, samples.clone()));
        recent.truncate(KEPT);
        Ok(samples)
    }
}

/// A training needs two classes at least.
fn one_class(labels: &[i32], inputs: &Inputs) -> OpError {
    // A name helps, and its absence is no second failure.
    let names = names_of(inputs).unwrap_or_default();
    let name = labels.first().and_then(|label| names.get(*label as usize));
    let what = format!(
        "the {} samples are all of one class{}: there is nothing to tell apart",
        labels.len(),
        name.map(|name| format!(" ({name})")).unwrap_or_default()
    );
    let hint = "is this the right folder? each class has a folder or a label of its own; a larger subset_size may hold more";
    OpError::new(what).hint(hint.to_string())
}

/// How networks are trained: resolved parameters.
pub struct Recipe<'a> {
    pub architecture: Architecture,
    pub learning_rate: f64,
    pub batch_size: Option<usize>,
    pub trainer: &'a str,
    pub device: &'a str,
    pub schedule: Schedule,
    /// 1 for the first hidden layer.
    pub latent_layer: usize,
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

    /// Refuses samples among which a class has none: no network can learn it.
    pub fn has_all_classes(&self, inputs: &Inputs) -> Result<(), OpError> {
        let Some(lacking) = lacking(&self.labels, self.classes, inputs) else { return Ok(()) };
        let what = format!("{lacking} no sample among the {} that are studied", self.labels.len());
        let hint = "set subset_size to all, or larger; or take classes of few samples out of the data";
        Err(OpError::new(what).hint(hint.to_string()))
    }

    /// Trains one network per seed on the samples at the positions `train`.
    pub fn networks(
        &self,
        recipe: &Recipe,
        train: &[u32],
        seeds: &[u32],
        threads: usize,
        kept: &Kept,
    ) -> Vec<Result<Trained, OpError>> {
        let keep = |place: usize, state: Vec<u8>| kept.save(place, &state);
        let job = Job {
            architecture: &recipe.architecture,
            classes: self.classes,
            samples: &self.samples,
            labels: &self.labels,
            train,
            learning_rate: recipe.learning_rate,
            batch_size: recipe.batch_size,
            schedule: recipe.schedule,
            latent_layer: recipe.latent_layer - 1,
            dynamics: recipe.dynamics,
            seeds,
            states: &kept.states(),
            keeper: kept.keeper(&keep),
            threads,
            device: recipe.device,
        };
        match nn::trainer(recipe.trainer) {
            Some(trainer) => trainer.train(&job).into_iter().map(|trained| Ok(trained?)).collect(),
            None => {
                let error = OpError::new(format!("this process has no trainer {}", recipe.trainer));
                seeds.iter().map(|_| Err(error.clone())).collect()
            }
        }
    }
}

/// The checkpoints of networks that are trained together, in the order of their seeds.
pub struct Kept<'a> {
    pub checkpoints: Vec<&'a Checkpoint>,
    /// Whose states they hold, if a task trains several networks one after the other.
    pub attempt: u32,
}

impl Kept<'_> {
    /// The attempt that a task's checkpoint is of, and the state.
    fn load(checkpoint: &Checkpoint) -> Option<(u32, Vec<u8>)> {
        let mut state = checkpoint.load()?;
        let attempt = u32::from_le_bytes(*state.first_chunk()?);
        Some((attempt, state.split_off(size_of::<u32>())))
    }

    /// The attempt that a task goes on with; those before came to nothing.
    pub fn attempt(checkpoint: &Checkpoint) -> u32 {
        Self::load(checkpoint).map_or(0, |(attempt, _)| attempt)
    }

    fn states(&self) -> Vec<Option<Vec<u8>>> {
        let of_attempt =
            |checkpoint: &&Checkpoint| Self::load(checkpoint).filter(|(of, _)| *of == self.attempt);
        self.checkpoints.iter().map(|checkpoint| Some(of_attempt(checkpoint)?.1)).collect()
    }

    fn save(&self, place: usize, state: &[u8]) {
        let attempt = self.attempt.to_le_bytes();
        self.checkpoints.get(place).into_iter().for_each(|checkpoint| checkpoint.save(&[&attempt, state]));
    }

    fn keeper<'a>(&'a self, keep: &'a (dyn Fn(usize, Vec<u8>) + Sync)) -> Option<Keeper<'a>> {
        let Rhythm { every, stop, .. } = &self.checkpoints.first()?.rhythm;
        Some(Keeper { every: *every, stop, keep })
    }
}

/// How many networks the trainer takes at once, and on how many threads.
pub fn capacity(trainer: &str) -> Capacity {
    let best = nn::capacity(trainer);
    Capacity { batch: best.networks, threads: best.threads }
}

/// The classes, of so many, that no label names, as the beginning of an error: `class 3 (zebra) has`. None if each is there.
pub fn lacking(labels: &[i32], classes: usize, inputs: &Inputs) -> Option<String> {
    let mut is_there = vec![false; classes];
    labels.iter().filter_map(|label| usize::try_from(*label).ok()).for_each(|label| is_there[label] = true);
    let absent: Vec<usize> = (0..classes).filter(|class| !is_there[*class]).collect();
    let (word, has) = if absent.len() == 1 { ("class", "has") } else { ("classes", "have") };
    (!absent.is_empty()).then(|| format!("{word} {} {has}", called(&absent, inputs)))
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
        let kept = Kept { checkpoints: tasks.iter().map(|task| task.checkpoint).collect(), attempt: 0 };
        let trained = training.networks(&recipe, &train, &seeds, first.threads, &kept);
        let made = trained.into_iter().zip(seeds).map(|(trained, seed)| tables(&training, &trained?, seed));
        Ok(made.collect())
    };
    all().unwrap_or_else(|error: OpError| tasks.iter().map(|_| Err(error.clone())).collect())
}

/// The tables `member` and `history` of a trained network.
pub fn member_tables(trained: &Trained, seed: u32, attempt: u32) -> Result<Outputs, OpError> {
    let member = Member {
        seed: vec![seed],
        attempt: vec![attempt as i32],
        epochs: vec![trained.epochs as i32],
        final_loss: vec![trained.final_loss],
    };
    let history = History { epoch: (0..trained.losses.len() as i32).collect(), loss: trained.losses.clone() };
    Ok(vec![("member", member.write()?), ("history", history.write()?)])
}

/// The table `weights` of a trained network.
pub fn weights_table(trained: &Trained) -> Result<Vec<u8>, TableError> {
    let of_each = |parameter: &Parameter| parameter.values.len();
    Weights {
        layer: trained.parameters.iter().flat_map(|p| vec![p.layer as i32; of_each(p)]).collect(),
        parameter: trained.parameters.iter().flat_map(|p| vec![p.name; of_each(p)]).collect(),
        index: trained.parameters.iter().flat_map(|p| 0..of_each(p) as i32).collect(),
        value: trained.parameters.iter().flat_map(|p| &p.values).copied().collect(),
    }
    .write()
}

/// The table `radii` of a trained network, without classes that have no samples.
pub fn radii_table(trained: &Trained) -> Result<Vec<u8>, TableError> {
    let mut table = Radii { epoch: vec![], class: vec![], radius: vec![] };
    for (epoch, radii) in &trained.radii {
        for (class, radius) in radii.iter().enumerate().filter(|(_, radius)| !radius.is_nan()) {
            table.epoch.push(*epoch as i32);
            table.class.push(class as i32);
            table.radius.push(*radius);
        }
    }
    table.write()
}
