//! Trainings that were recorded elsewhere: what networks made of each sample, epoch after epoch.
//!
//! In: a path. Out: what its files contain, for keys, and a [`Recording`]. A format is a file here: `shards` is hspipe's
//! own, written by the Python package; `cartography`, `arrays` and `table` are what others write. `course` follows the
//! samples over the epochs, whatever the format; `outputs` tells what their numbers are, and `compare` holds them against the
//! data. Next: `ops::recorded` makes tables of it. Must not know: stages, hspipe's own tables.

mod arrays;
mod cartography;
mod compare;
mod course;
mod files;
mod format;
mod outputs;
mod shards;
mod table;

use std::path::{Path, PathBuf};

use crate::data::{DataError, Dataset};
use crate::nn::{Dynamics, argmax};

use compare::kappa;
use course::Course;
use files::Files;
use format::Format;
pub use outputs::Outputs;

/// What networks made of the samples.
#[derive(Debug)]
pub struct Recording {
    /// What the classes are called, in the order of the logits; their numbers if nothing names them.
    pub classes: Vec<String>,
    /// Whether the recording names them.
    pub has_names: bool,
    /// The samples: their places in the data, ascending; or from 0, in the order of their `keys`.
    pub ids: Vec<i32>,
    /// What the samples are called where that is no number; else empty.
    pub keys: Vec<String>,
    /// The class of each.
    pub labels: Vec<i32>,
    /// How many epochs count.
    pub epochs: u32,
    /// After the last epoch, samples x classes.
    pub logits: Vec<f32>,
    /// After `early_epochs`, samples x classes.
    pub early: Vec<f32>,
    /// The mean over the epochs, samples x classes.
    pub probabilities: Vec<f64>,
    pub dynamics: Dynamics,
    pub outputs: Outputs,
    /// Whether the networks have learned from other samples than those that they judge.
    pub is_out_of_sample: bool,
    /// What a person should know of how the recording was understood.
    pub notices: Vec<String>,
}

/// How to read a recording.
#[derive(Debug, Default)]
pub struct Wanted<'a> {
    /// At least 1.
    pub early_epochs: u32,
    /// What the user says; none leaves it to the recording.
    pub out_of_sample: Option<bool>,
    /// The data that it is of, if they are there.
    pub data: Option<Data<'a>>,
}

/// What is known of the data that a recording is of.
#[derive(Debug, Clone, Copy)]
pub struct Data<'a> {
    /// The classes of the samples, by their places; they count for a recording that has none.
    pub labels: &'a [i32],
    /// What the classes are called.
    pub names: &'a [String],
    /// What was said of the data.
    pub findings: &'a [String],
}

/// What lies at a path.
#[derive(Debug)]
pub struct Place {
    path: PathBuf,
    kind: Kind,
}

/// The formats, in the order in which they are looked for, with the files of each.
#[derive(Debug)]
enum Kind {
    Shards(Files),
    Cartography(Files),
    Arrays(Files),
    /// It is read as a dataset is, and known by what a dataset is known by.
    Table(Box<Dataset>),
}

impl Place {
    /// Looks what lies at a path; reads nothing yet.
    ///
    /// # Errors
    /// Nothing, or nothing that is a recording.
    pub fn find(path: &Path) -> Result<Place, DataError> {
        if !path.exists() {
            return Err(DataError::Nothing { path: path.to_owned() });
        }
        let kind = if let Some(files) = shards::find(path)? {
            Kind::Shards(files)
        } else if let Some(files) = cartography::find(path)? {
            Kind::Cartography(files)
        } else if let Some(files) = arrays::find(path)? {
            Kind::Arrays(files)
        } else if let Some(dataset) = table::find(path)? {
            Kind::Table(Box::new(dataset))
        } else {
            let why = "there is no recording: no recording.json, no dynamics_epoch_N.jsonl, no .npz or .npy, no table";
            let hint = "name the folder that hspipe.Recorder was given, or what docs/own-models.md lists";
            return Err(DataError::unfit(path, why, hint));
        };
        Ok(Place { path: path.to_owned(), kind })
    }

    /// What the files contain, as pairs of a name and `sha256:...`; computed once, then remembered.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn identity(&self) -> Result<Vec<(String, String)>, DataError> {
        let mut sums = match &self.kind {
            Kind::Shards(files) | Kind::Cartography(files) | Kind::Arrays(files) => files.sums()?.to_vec(),
            Kind::Table(dataset) => dataset.identity()?,
        };
        sums.push(("recording".to_owned(), VERSION.to_owned()));
        Ok(sums)
    }

    /// Reads all epochs, one after the other.
    ///
    /// # Errors
    /// What cannot be read, does not fit together, or is no number; files that have changed since their identity was taken.
    pub fn read(&self, wanted: &Wanted) -> Result<Recording, DataError> {
        let mut format: Box<dyn Format> = match &self.kind {
            Kind::Shards(files) => Box::new(shards::Shards::open(files)?),
            Kind::Cartography(files) => Box::new(cartography::Cartography::open(files)?),
            Kind::Arrays(files) => Box::new(arrays::Arrays::open(&self.path, files)?),
            Kind::Table(dataset) => Box::new(table::Table::open(&self.path, dataset)?),
        };
        let head = format.head();
        let (epochs, notices) = (head.epochs.clone(), head.notices.clone());
        let (samples, said) = (head.samples, wanted.out_of_sample.or(head.out_of_sample));
        let mut course = Course::new(&self.path, head, wanted.early_epochs);
        let mut has_labels = true;
        for (at, epoch) in epochs.iter().enumerate() {
            format.rows(at, &mut |key, label, row| {
                let given = |place: usize| {
                    wanted.data.and_then(|data| data.labels.get(place)).map(|label| i64::from(*label))
                };
                has_labels &= label.is_some();
                let label = label.or_else(|| key.number().and_then(given));
                course.take(*epoch, key, label, row)
            })?;
            course.end_epoch(*epoch)?;
        }
        let of_data = wanted.data.map(|data| data.labels.len() as u64);
        if !has_labels && of_data != samples {
            let (own, others) = (samples.unwrap_or_default(), of_data.unwrap_or_default());
            let why = format!("it has {own} samples without labels, and the data have {others}");
            return Err(DataError::unfit(&self.path, why, "put the labels beside it, in an array `labels`"));
        }
        let mut recording = course.finish(&epochs)?;
        recording.notices.splice(0..0, notices);
        recording.notices.extend(recording.disagreement());
        // One table of probabilities is what others compute out of sample; several epochs are of a training.
        let is_table = recording.epochs == 1 && recording.outputs == Outputs::Probabilities;
        recording.is_out_of_sample = said.unwrap_or(is_table);
        if said.is_none() && is_table {
            recording.notices.push(
                "probabilities of one epoch are taken to be of networks that have not learned from these samples; if they \
                 have, write {path: ..., out_of_sample: false} for it, rank_by: aum and strategies: [aum, label_probability]"
                    .to_owned(),
            );
        }
        if let Some(data) = wanted.data {
            recording.compare(&self.path, data)?;
        }
        Ok(recording)
    }
}

/// The version of what is made of files. It counts up when the same files give another recording.
const VERSION: &str = "1";

/// Outputs that agree less than this with the labels, beyond chance, are hardly of these samples and classes.
const AGREE: f64 = 0.2;

impl Recording {
    /// What to say where the most probable class is hardly ever the label.
    fn disagreement(&self) -> Option<String> {
        let tops: Vec<i32> =
            self.probabilities.chunks(self.classes.len()).map(|row| argmax(row) as i32).collect();
        if kappa(&tops, &self.labels) >= AGREE {
            return None;
        }
        let right = tops.iter().zip(&self.labels).filter(|(top, label)| top == label).count();
        Some(format!(
            "look out: the most probable class is the label of {right} of {} samples alone: are outputs in the order of the \
             classes, and samples in that of the labels?",
            tops.len()
        ))
    }

    /// What was found, in one line.
    pub fn summary(&self) -> String {
        let epochs = if self.epochs == 1 { "1 epoch".to_owned() } else { format!("{} epochs", self.epochs) };
        let outputs = match self.outputs {
            Outputs::Logits => "logits",
            Outputs::Probabilities => "probabilities",
        };
        let seen = if self.is_out_of_sample { "have not" } else { "have" };
        format!(
            "{epochs} of {} samples, {} classes; {outputs} of networks that {seen} learned from them",
            self.ids.len(),
            self.classes.len()
        )
    }
}
