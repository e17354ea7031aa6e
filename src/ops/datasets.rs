//! The datasets that tasks name, shared by the ops that read them: `load` and `sources`.
//!
//! In: a dataset as written in pipeline.yaml. Out: what of it enters a key, which is never its place, and the
//! [`Dataset`] itself. A user's own files are read once for all ops. Must not know what is made of a dataset.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use hspipe_engine::op::{OpError, ParamError};
use serde::{Deserialize, Serialize};

use crate::data::{self, DataError, Dataset};

/// File name to checksum.
type Files = BTreeMap<String, String>;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// A known dataset's name, or the path of any that can be read, which has a `/`. The path is no part of
    /// the key: such a dataset is what its files hold.
    dataset: String,
    /// Filled in by hspipe.
    #[serde(default)]
    files: Files,
}

pub struct Datasets {
    root: PathBuf,
    found: Mutex<Found>,
}

#[derive(Default)]
struct Found {
    /// By what is written, so that each is looked up once.
    written: HashMap<String, Dataset>,
    /// By what their tasks know of them, which is no path.
    known: HashMap<(String, Files), Dataset>,
}

impl Datasets {
    pub fn new(root: &Path) -> Self {
        Datasets { root: root.to_path_buf(), found: Mutex::default() }
    }

    /// What the dataset is called in a key, and what its files hold.
    pub fn canonical(&self, params: Params) -> Result<Params, ParamError> {
        let refuse = |error: DataError| {
            let hint = error.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
            ParamError::new("dataset", format!("{}{hint}", error.in_one_line()))
        };
        let mut found = self.found();
        let written = params.dataset;
        let dataset = match found.written.get(&written) {
            Some(dataset) => dataset.clone(),
            None => self.look_up(&written).map_err(refuse)?,
        };
        let files: Files = dataset.identity().map_err(refuse)?.into_iter().collect();
        // The class names of a known dataset hang on its name.
        let name = if written.contains('/') { String::new() } else { written.clone() };
        found.written.insert(written, dataset.clone());
        found.known.insert((name.clone(), files.clone()), dataset);
        Ok(Params { dataset: name, files })
    }

    fn look_up(&self, written: &str) -> Result<Dataset, DataError> {
        match written.contains('/') {
            true => {
                let path = self.root.join(written.strip_prefix("./").unwrap_or(written));
                Ok(Dataset::at_path(written, path))
            }
            false => data::find(written),
        }
    }

    /// The dataset of parameters that are canonical.
    pub fn get(&self, params: &Params) -> Result<Dataset, OpError> {
        let dataset = self.found().known.get(&(params.dataset.clone(), params.files.clone())).cloned();
        dataset.ok_or_else(|| OpError::new("the dataset was never looked up"))
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
