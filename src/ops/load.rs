//! load: a dataset's files -> images, labels, class names. Next: `subset`.
//!
//! Its key holds the checksums of the raw files, never their place: a dataset is the same wherever it lies.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, ParamError, Task};
use serde::{Deserialize, Serialize};

use crate::data::{self, DataError, Dataset, Folders};
use crate::tables::{CLASSES, IMAGES, LABELS, write};

pub struct Load {
    root: PathBuf,
    folders: Folders,
    /// Datasets by what their tasks know of them, which is no path.
    datasets: Mutex<HashMap<(String, Files), Dataset>>,
}

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

impl Load {
    pub fn new(root: &Path, folders: Folders) -> Self {
        Load { root: root.to_path_buf(), folders, datasets: Mutex::default() }
    }

    /// The dataset, and the name that its class names hang on.
    fn resolve(&self, dataset: &str) -> Result<(Dataset, String), DataError> {
        if dataset.contains('/') {
            let path = self.root.join(dataset.strip_prefix("./").unwrap_or(dataset));
            Ok((Dataset::at_path(dataset, path), String::new()))
        } else {
            Ok((data::find(dataset)?, dataset.to_string()))
        }
    }
}

impl Op for Load {
    type Params = Params;
    const NAME: &'static str = "load";
    const VERSION: u32 = 1;
    const INPUTS: &'static [InputDecl] = &[];
    const OUTPUTS: &'static [&'static str] = &["images", "labels", "classes"];

    fn canonical(&self, params: Params) -> Result<Params, ParamError> {
        let refuse = |error: DataError| {
            let hint = error.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
            ParamError::new("dataset", format!("{}{hint}", error.in_one_line()))
        };
        let (dataset, name) = self.resolve(&params.dataset).map_err(refuse)?;
        let files: Files = dataset.identity().map_err(refuse)?.into_iter().collect();
        let mut datasets = self.datasets.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        datasets.insert((name.clone(), files.clone()), dataset);
        Ok(Params { dataset: name, files })
    }

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let dataset = {
            let datasets = self.datasets.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            datasets.get(&(task.params.dataset.clone(), task.params.files.clone())).cloned()
        };
        let dataset = dataset.ok_or_else(|| OpError::new("the dataset was never looked up"))?;
        let images = data::load_or_fetch(&dataset, &self.folders, &mut |_| {})?;
        let (n, classes) = (images.labels.len(), images.classes());
        let width = images.channels * images.height * images.width;
        let ids: Vec<i32> = (0..n as i32).collect();
        let every = |value: usize| vec![value as i32; n];
        let pixels: Vec<Vec<u8>> = images.pixels.chunks(width.max(1)).map(<[u8]>::to_vec).collect();
        let labels: Vec<i32> = images.labels.iter().map(|label| i32::from(*label)).collect();
        Ok(vec![
            (
                "images",
                write(
                    &IMAGES,
                    vec![
                        ids.clone().into(),
                        every(images.channels).into(),
                        every(images.height).into(),
                        every(images.width).into(),
                        pixels.into(),
                    ],
                )?,
            ),
            ("labels", write(&LABELS, vec![ids.into(), labels.into()])?),
            (
                "classes",
                write(
                    &CLASSES,
                    vec![(0..classes as i32).collect::<Vec<_>>().into(), images.class_names.into()],
                )?,
            ),
        ])
    }
}
