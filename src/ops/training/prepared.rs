//! The samples of a training, made ready: decoded once for all tasks that want the same ones.
//!
//! In: the tables `images`, `samples`, `normalisation` and `classes`. Out: [`Training`]. Knows no networks.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use hspipe_engine::key::Digest;
use hspipe_engine::op::{Inputs, OpError};

use crate::nn::Samples;
use crate::ops::classes::{called, names_of};
use crate::ops::content::Content;
use crate::tables::{Classes, Normalisation, Samples as SamplesTable};

/// Samples, labels and number of classes that a training reads.
pub struct Training {
    pub samples: Arc<Samples>,
    pub labels: Vec<i32>,
    pub classes: usize,
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
}

/// The classes, of so many, that no label names, as the beginning of an error: `class 3 (zebra) has`. None if each is there.
pub fn lacking(labels: &[i32], classes: usize, inputs: &Inputs) -> Option<String> {
    let mut is_there = vec![false; classes];
    labels.iter().filter_map(|label| usize::try_from(*label).ok()).for_each(|label| is_there[label] = true);
    let absent: Vec<usize> = (0..classes).filter(|class| !is_there[*class]).collect();
    let (word, has) = if absent.len() == 1 { ("class", "has") } else { ("classes", "have") };
    (!absent.is_empty()).then(|| format!("{word} {} {has}", called(&absent, inputs)))
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
