//! The datasets that tasks name, shared by the ops that read them: `load` and `sources`.
//!
//! In: a dataset as written in pipeline.yaml. Out: what of it enters a key, which is never its place, the
//! [`Dataset`] itself, and what figures call it. A user's own files are read once for all ops. Must not know what is
//! made of a dataset.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use hspipe_engine::Value;
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
        let name = if is_path(&written) { String::new() } else { written.clone() };
        found.written.insert(written, dataset.clone());
        found.known.insert((name.clone(), files.clone()), dataset);
        Ok(Params { dataset: name, files })
    }

    fn look_up(&self, written: &str) -> Result<Dataset, DataError> {
        match path(&self.root, written) {
            Some(path) => Ok(Dataset::at_path(written, path)),
            None => data::find(written),
        }
    }

    /// The dataset of parameters that are canonical.
    pub fn get(&self, params: &Params) -> Result<Dataset, OpError> {
        let dataset = self.found().known.get(&(params.dataset.clone(), params.files.clone())).cloned();
        dataset.ok_or_else(|| OpError::new("the dataset was never looked up"))
    }

    /// The [`label`] of a dataset among all that were looked up. What draws comes after all loads.
    pub fn label(&self, written: &str) -> String {
        let found = self.found();
        label(written, found.written.keys().map(String::as_str))
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Whether a dataset is written as the path of its files, and not as a name.
fn is_path(written: &str) -> bool {
    written.contains('/')
}

/// Whether a coordinate says where data lie: the same data at another path are drawn from, and trained on, alike.
pub fn is_place(axis: &str, value: &Value) -> bool {
    axis == "dataset" && value.as_str().is_some_and(is_path)
}

/// Where a dataset lies that is written as a path, as seen from where `root` is; none of one that is written by its name.
pub fn path(root: &Path, written: &str) -> Option<PathBuf> {
    is_path(written).then(|| place(root, written, std::env::home_dir()))
}

/// The path that is written, as seen from `root`; `~/` is the user's home.
fn place(root: &Path, written: &str, home: Option<PathBuf>) -> PathBuf {
    let written = Path::new(written);
    let path = match (written.strip_prefix("~"), home) {
        (Ok(below), Some(home)) => home.join(below),
        _ => written.to_path_buf(),
    };
    // Without what says nothing, such as the first part of `./images`.
    let parts = path.components().filter(|part| *part != Component::CurDir);
    root.join(parts.collect::<PathBuf>())
}

/// What figures call a dataset among `others`: its name, or the shortest end of its path that none of them has.
pub fn label<'a>(written: &str, others: impl Iterator<Item = &'a str>) -> String {
    let own = parts(written);
    let others: Vec<Vec<&OsStr>> = others.map(parts).filter(|other| *other != own).collect();
    let mut end = own.as_slice();
    for length in 1..=own.len() {
        end = &own[own.len() - length..];
        let is_name = end.iter().any(|part| *part != ".." && *part != ".");
        if is_name && !others.iter().any(|other| other.ends_with(end)) {
            break;
        }
    }
    end.iter().collect::<PathBuf>().display().to_string()
}

/// The parts of a path, `.` before one that is relative, so that it is not taken for a name; a name is one part.
fn parts(written: &str) -> Vec<&OsStr> {
    let parts = Path::new(written).components().filter(|part| *part != Component::CurDir);
    let parts: Vec<&OsStr> = parts.map(Component::as_os_str).collect();
    let is_below = is_path(written) && parts.first().is_none_or(|first| *first != ".." && *first != "/");
    is_below.then_some(OsStr::new(".")).into_iter().chain(parts).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_as_a_path() {
        let place = |written: &str| place(Path::new("/p"), written, Some("/home/me".into()));
        for written in ["./tiny", "./tiny/", "././tiny", ".//tiny", "tiny/."] {
            assert_eq!(place(written), Path::new("/p/tiny"), "{written}");
        }
        assert_eq!(place("../p/tiny"), Path::new("/p/../p/tiny"));
        assert_eq!(place("//data/x/"), Path::new("/data/x"));
        assert_eq!(place("~/x"), Path::new("/home/me/x"));
        assert_eq!(place("./~x/y"), Path::new("/p/~x/y"));
    }

    #[test]
    fn a_label_is_the_shortest_that_tells_datasets_apart() {
        let label = |written: &str, others: &[&str]| label(written, others.iter().copied().chain([written]));
        assert_eq!(label("MNIST", &["KMNIST", "./MNIST"]), "MNIST");
        assert_eq!(label("./MNIST", &["MNIST"]), "./MNIST");
        for alone in ["./tiny", "./tiny/", "././tiny", ".//tiny", "../p/tiny/.", "/data/tiny"] {
            assert_eq!(label(alone, &["../other"]), "tiny");
            assert_eq!(label(alone, &[&format!("{alone}/")]), "tiny", "it is the same path");
        }
        assert_eq!(label("../a/images", &["../b/images", "../c/a"]), "a/images");
        assert_eq!(label("./images", &["../images"]), "./images");
        assert_eq!(label("../images", &["./images"]), "../images");
        assert_eq!(label("/images", &["../images"]), "/images");
        assert_eq!(label("../x/..", &[]), "x/..");
    }

    #[test]
    fn only_a_path_is_a_place() {
        let dataset = |written: &str| is_place("dataset", &written.into());
        assert!(dataset("./MNIST") && dataset("/data/x") && !dataset("MNIST"));
        assert!(!is_place("train_fraction", &"1/7".into()) && !is_place("dataset", &7.into()));
    }
}
