//! recorded: a training that was recorded elsewhere -> what `fit` and `folds` say of the samples. Next: `recorded_samples`,
//! `scores`, `identify`.
//!
//! Networks that have learned from the samples fill the tables that `fit` makes, those that have not fill those of `folds`; the
//! others are empty, and scores that read them are left out. `judged` has what the label is judged by, the mean probabilities over
//! the epochs: at the end, networks know wrong labels by heart that they have learned from, and are too sure of others.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use hspipe_engine::Value;
use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, ParamError, Table, Task, optional};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::datasets::place_of;
use super::training::{dynamics_of, fit_scores, logits_of};
use crate::data::DataError;
use crate::nn;
use crate::recording::{Data, Place, Recording, Wanted};
use crate::tables::{self, Classes, Findings, Labels};

/// File name to checksum.
type Files = BTreeMap<String, String>;

pub struct Recorded {
    root: PathBuf,
    found: Mutex<Found>,
}

#[derive(Default)]
struct Found {
    /// By path, so that each is looked up once.
    at: HashMap<PathBuf, Arc<Place>>,
    /// By what their files hold.
    known: HashMap<Files, Arc<Place>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// A path, or a map of one and of what is said of it. The path is no part of the key: a recording is what its files hold.
    recording: Written,
    /// Filled in by hspipe.
    #[serde(default)]
    files: Files,
    /// Filled in by hspipe, from the map.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    out_of_sample: Option<bool>,
    /// After how many epochs a network has learned little, at least 1.
    early_epochs: u32,
}

/// A recording as it is written in pipeline.yaml.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Written {
    pub path: String,
    pub name: Option<String>,
    /// Whether its networks have not learned from the samples; none leaves it to the recording.
    pub out_of_sample: Option<bool>,
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Map {
            path: String,
            name: Option<String>,
            out_of_sample: Option<bool>,
        }
        match Value::deserialize(deserializer)? {
            Value::String(path) => Ok(Written { path, ..Written::default() }),
            map @ Value::Object(_) => {
                let Map { path, name, out_of_sample } = Map::deserialize(map).map_err(D::Error::custom)?;
                Ok(Written { path, name, out_of_sample })
            }
            _ => Err(D::Error::custom("must be a path, or a map with a path")),
        }
    }
}

impl Serialize for Written {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name.as_ref().unwrap_or(&self.path))
    }
}

impl Recorded {
    /// For a project in the folder `root`.
    pub fn new(root: &Path) -> Self {
        Recorded { root: root.to_path_buf(), found: Mutex::default() }
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn look_up(&self, path: &Path) -> Result<(Files, Arc<Place>), DataError> {
        let known = self.found().at.get(path).cloned();
        let place = match known {
            Some(place) => place,
            None => Arc::new(Place::find(path)?),
        };
        Ok((place.identity()?.into_iter().collect(), place))
    }
}

impl Op for Recorded {
    type Params = Params;
    const NAME: &'static str = "recorded";
    const VERSION: u32 = 1;
    /// Of the data, if they are there: what classes are called, labels that a recording may not have, and what was found.
    const INPUTS: &'static [InputDecl] = &[optional("labels"), optional("classes"), optional("findings")];
    const OUTPUTS: &'static [&'static str] = &[
        "labels",
        "classes",
        "findings",
        "scores",
        "logits",
        "dynamics",
        "early_scores",
        "early_logits",
        "held_out",
        "held_out_dynamics",
        "judged",
    ];
    const LOCAL: bool = true;

    fn canonical(&self, params: Params) -> Result<Params, ParamError> {
        if params.early_epochs == 0 {
            return Err(ParamError::new("early_epochs", "must be at least 1, not 0"));
        }
        let path = place_of(&self.root, &params.recording.path);
        let (files, place) = self.look_up(&path).map_err(|error| {
            let hint = error.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
            ParamError::new("recording", format!("{}{hint}", error.in_one_line()))
        })?;
        let mut found = self.found();
        found.at.insert(path, place.clone());
        found.known.insert(files.clone(), place);
        let out_of_sample = params.recording.out_of_sample;
        Ok(Params { recording: Written::default(), files, out_of_sample, ..params })
    }

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let known = self.found().known.get(&task.params.files).cloned();
        let place = known.ok_or_else(|| OpError::new("the recording was never looked up"))?;
        let labels = task.inputs.optional("labels").map(Table::read).transpose()?;
        let labels = labels.map(Labels::read).transpose()?.map(|labels| labels.label);
        let names = task.inputs.optional("classes").map(Table::read).transpose()?;
        let names = names.map(Classes::read).transpose()?.map(|classes| classes.name.to_vec());
        let said = task.inputs.optional("findings").map(Table::read).transpose()?;
        let said = said.map(Findings::read).transpose()?.map(|found| found.line.to_vec()).unwrap_or_default();
        let data = labels.as_ref().zip(names.as_ref());
        let data = data.map(|(labels, names)| Data { labels, names, findings: &said });
        let Params { early_epochs, out_of_sample, .. } = *task.params;
        let recording = place.read(&Wanted { early_epochs, out_of_sample, data })?;
        let findings = || [recording.summary()].into_iter().chain(recording.notices.iter().cloned());
        findings().for_each(|line| task.notes.tell(&line));
        tables(&recording, findings().collect())
    }
}

fn tables(recording: &Recording, findings: Vec<String>) -> Result<Outputs, OpError> {
    let Recording { ids, keys, labels, logits, early, probabilities, classes, .. } = recording;
    let width = classes.len();
    let table = tables::RecordedLabels {
        sample_id: ids.clone(),
        label: labels.clone(),
        key: (0..ids.len()).map(|at| keys.get(at).cloned()).collect(),
    };
    let names =
        Classes { class: (0..width as i32).collect(), name: classes.iter().map(String::as_str).collect() };
    // Of no samples a table is empty.
    let (learned, held_out) =
        if recording.is_out_of_sample { (&[][..], &labels[..]) } else { (&labels[..], &[][..]) };
    let numbers = |of: &[i32], numbers: &[f32]| logits_of(of, numbers[..of.len() * width].to_vec(), width);
    let scores = |of: &[i32], logits: &[f32]| fit_scores(of, &logits[..of.len() * width], width);
    let dynamics = |of: &[i32]| match of {
        [] => dynamics_of(&nn::Dynamics::default(), of, 1),
        _ => dynamics_of(&recording.dynamics, of, recording.epochs),
    };
    // Logits whose softmax the probabilities are.
    let judged: Vec<f32> = probabilities.iter().map(|mean| libm::log(*mean) as f32).collect();
    Ok(vec![
        ("labels", table.write()?),
        ("classes", names.write()?),
        ("findings", Findings { line: findings.iter().map(String::as_str).collect() }.write()?),
        ("scores", scores(learned, logits).write()?),
        ("logits", numbers(learned, logits).write()?),
        ("dynamics", dynamics(learned).write()?),
        ("early_scores", scores(learned, early).write()?),
        ("early_logits", numbers(learned, early).write()?),
        ("held_out", numbers(held_out, logits).write()?),
        ("held_out_dynamics", dynamics(held_out).write()?),
        ("judged", numbers(labels, &judged).write()?),
    ])
}
