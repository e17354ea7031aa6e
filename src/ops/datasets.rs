//! The datasets that tasks name, shared by the ops that read them: `load` and `sources`.
//!
//! In: a dataset as written in pipeline.yaml. Out: what of it enters a key, which is never its place, the
//! [`Dataset`] itself, what is known of it once it has been read, and what figures call it. A user's own files are read
//! once for all ops. Must not know what is made of a dataset.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use hspipe_engine::Value;
use hspipe_engine::op::{OpError, ParamError};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::data::{self, Class, Content, DataError, Dataset, Folders, Reading, Samples, Set};

/// File name to checksum.
type Files = BTreeMap<String, String>;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// A known dataset's name; or the path of any that can be read, which has a `/`; or a map of a path and of how to read
    /// it. The path is no part of the key: such a dataset is what its files hold.
    dataset: Written,
    /// Filled in by hspipe.
    #[serde(default)]
    files: Files,
    /// Filled in by hspipe, from the map.
    #[serde(default, skip_serializing_if = "Reading::is_empty")]
    reading: Reading,
}

/// A dataset as it is written in pipeline.yaml.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Written {
    /// A name, or a path.
    Text(String),
    /// What is called by a name of its own, or else by its path.
    Map { name: Option<String>, path: String, reading: Reading },
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let mut map = match value {
            Value::String(text) => return Ok(Written::Text(text)),
            Value::Object(map) => map,
            _ => return Err(D::Error::custom("must be a name, a path, or a map with a path")),
        };
        let mut text = |key: &str| match map.remove(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(D::Error::custom(format!("`{key}` must be a text"))),
        };
        let (name, path) = (text("name")?, text("path")?);
        if name.as_ref().is_some_and(|name| name.trim().is_empty() || is_path(name)) {
            return Err(D::Error::custom("`name` must have letters, and no `/`: that makes a path"));
        }
        let path = path.ok_or_else(|| D::Error::custom("a map needs a `path`"))?;
        let reading = Reading::deserialize(Value::Object(map)).map_err(D::Error::custom)?;
        Ok(Written::Map { name, path, reading })
    }
}

impl Serialize for Written {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.called())
    }
}

impl Written {
    /// What the dataset is called in coordinates and tables.
    fn called(&self) -> &str {
        match self {
            Written::Text(text) => text,
            Written::Map { name, path, .. } => name.as_ref().unwrap_or(path),
        }
    }
}

pub struct Datasets {
    root: PathBuf,
    folders: Folders,
    found: Mutex<Found>,
}

#[derive(Default)]
struct Found {
    /// By what they are called, so that each is looked up once.
    written: HashMap<String, (Written, Dataset)>,
    /// By what their tasks know of them, which is no path.
    known: HashMap<Known, Dataset>,
    /// Of those that have been read.
    described: HashMap<Known, Arc<Description>>,
}

/// What a task knows of its dataset.
type Known = (String, Files, Reading);

/// What is known of a dataset that has been read, beside its samples.
#[derive(Debug)]
pub struct Description {
    /// What was found, in one line, then what a person should know of how it was understood.
    pub findings: Vec<String>,
    pub classes: Vec<Class>,
    /// One per sample.
    pub labels: Vec<u16>,
    pub sets: Vec<Set>,
    /// The place of each sample in its set.
    pub rows: Vec<u32>,
    /// The file of each sample, if each has one.
    pub files: Vec<String>,
    /// The names of features; none of images.
    pub features: Vec<String>,
    /// A text for each sample, if there are texts.
    pub texts: Vec<String>,
}

impl Description {
    fn of(samples: &Samples, files: Vec<String>) -> Description {
        let Samples { content, labels, classes, sets, rows, texts, notices } = samples;
        let features = match content {
            Content::Images(_) => Vec::new(),
            Content::Features(features) => features.names.clone(),
        };
        Description {
            findings: [samples.summary()].iter().chain(notices).cloned().collect(),
            classes: classes.clone(),
            labels: labels.clone(),
            sets: sets.clone(),
            rows: rows.clone(),
            files,
            features,
            texts: texts.clone(),
        }
    }
}

impl Datasets {
    pub fn new(root: &Path) -> Self {
        Datasets { root: root.to_path_buf(), folders: Folders::from_env(root), found: Mutex::default() }
    }

    /// What the dataset is called in a key, and what its files hold.
    pub fn canonical(&self, params: Params) -> Result<Params, ParamError> {
        let refuse = |error: DataError| {
            let hint = error.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
            ParamError::new("dataset", format!("{}{hint}", error.in_one_line()))
        };
        let mut found = self.found();
        let written = params.dataset;
        let dataset = match found.written.get(written.called()) {
            Some((same, dataset)) if *same == written => dataset.clone(),
            _ => self.look_up(&written).map_err(refuse)?,
        };
        let files: Files = dataset.identity().map_err(refuse)?.into_iter().collect();
        // The class names of a known dataset hang on its name.
        let (name, reading) = match &written {
            Written::Text(text) if !is_path(text) => (text.clone(), Reading::default()),
            Written::Text(_) => (String::new(), Reading::default()),
            Written::Map { reading, .. } => (String::new(), reading.clone()),
        };
        found.written.insert(written.called().to_owned(), (written, dataset.clone()));
        found.known.insert((name.clone(), files.clone(), reading.clone()), dataset);
        Ok(Params { dataset: Written::Text(name), files, reading })
    }

    fn look_up(&self, written: &Written) -> Result<Dataset, DataError> {
        match written {
            Written::Map { name, path, reading } => {
                let name = name.as_ref().unwrap_or(path);
                Ok(Dataset::at_path(name, place_of(&self.root, path), reading.clone()))
            }
            Written::Text(text) => match path(&self.root, text) {
                Some(path) => Ok(Dataset::at_path(text, path, Reading::default())),
                None => data::find(text),
            },
        }
    }

    /// Reads the dataset of parameters that are canonical; a known one is fetched if it is not here. `say` hears of that.
    pub fn load(&self, params: &Params, say: &mut dyn FnMut(&str)) -> Result<Samples, OpError> {
        let known = params.known();
        let dataset = self.found().known.get(&known).cloned();
        let dataset = dataset.ok_or_else(|| OpError::new("the dataset was never looked up"))?;
        let samples = data::load_or_fetch(&dataset, &self.folders, say)?;
        let description = Arc::new(Description::of(&samples, dataset.sources()?));
        self.found().described.insert(known, description);
        Ok(samples)
    }

    /// What is known of a dataset; it is read if that has not been done.
    pub fn described(&self, params: &Params, say: &mut dyn FnMut(&str)) -> Result<Arc<Description>, OpError> {
        let known = params.known();
        let described = || self.found().described.get(&known).cloned();
        if let Some(description) = described() {
            return Ok(description);
        }
        self.load(params, say)?;
        described().ok_or_else(|| OpError::new("the dataset was never looked up"))
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

impl Params {
    fn known(&self) -> Known {
        (self.dataset.called().to_owned(), self.files.clone(), self.reading.clone())
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

/// Where a dataset lies that is written as a path or as a map with one, as seen from where `root` is; none of one that is
/// written by its name.
pub fn path_of(root: &Path, written: &Value) -> Option<PathBuf> {
    match written {
        Value::Object(map) => {
            let path = map.get("path").and_then(Value::as_str)?;
            Some(place_of(root, path))
        }
        written => path(root, written.as_str()?),
    }
}

/// Where a dataset lies that is written as a path.
fn path(root: &Path, written: &str) -> Option<PathBuf> {
    is_path(written).then(|| place_of(root, written))
}

/// Where a path lies that is written in a project in the folder `root`.
pub fn place_of(root: &Path, written: &str) -> PathBuf {
    place(root, written, std::env::home_dir())
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
    fn a_map_says_how_to_read_what_is_at_a_path() {
        let read = |text: &str| serde_json::from_str::<Written>(text).map_err(|error| error.to_string());
        let cards = read(r#"{"path": "./x", "name": "cards", "label": "suit", "resize": [8, 9]}"#).unwrap();
        let Written::Map { reading, .. } = &cards else { panic!("it is a map") };
        assert_eq!(
            (cards.called(), reading.label.as_deref(), reading.resize),
            ("cards", Some("suit"), Some([8, 9]))
        );
        assert_eq!(read(r#"{"path": "./x"}"#).unwrap().called(), "./x");
        assert_eq!(read(r#""./x""#), Ok(Written::Text("./x".into())));
        assert!(read(r#"{"label": "y"}"#).unwrap_err().contains("needs a `path`"));
        assert!(read(r#"{"path": "./x", "lable": "y"}"#).unwrap_err().contains("unknown field `lable`"));
        assert!(read(r#"{"path": "./x", "resize": [0, 9]}"#).unwrap_err().contains("each from 1 to 4096"));
        assert!(read("7").unwrap_err().contains("a name, a path, or a map"));
        // What keys of datasets without a map have always held.
        let params = Params {
            dataset: Written::Text("MNIST".into()),
            files: Files::new(),
            reading: Reading::default(),
        };
        assert_eq!(serde_json::to_string(&params).unwrap(), r#"{"dataset":"MNIST","files":{}}"#);
    }

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
