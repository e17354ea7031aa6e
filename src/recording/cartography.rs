//! What dataset cartography writes (Swayamdipta et al. 2020, github.com/allenai/cartography): JSON Lines, a file per epoch.
//!
//! In: a folder with `dynamics_epoch_0.jsonl` and so on, or one with such a folder, `training_dynamics`. Out: a row per line,
//! as `{"guid": 17, "logits_epoch_0": [1.5, -2.0], "gold": 1}`. Must not know: what the rows say together.

use std::path::Path;

use serde_json::Value;

use super::files::Files;
use super::format::{Classes, Format, Head, Key, Take};
use crate::data::DataError;

const WHAT: &str = "file of training dynamics";
const FOLDER: &str = "training_dynamics";

/// The files of all epochs, in order.
pub fn find(path: &Path) -> Result<Option<Files>, DataError> {
    for folder in [path.to_owned(), path.join(FOLDER)] {
        if !folder.is_dir() {
            continue;
        }
        let files = Files::of_folder(&folder, |name| epoch_of(name).is_some())?;
        let mut files: Vec<_> = files.iter().map(|(name, path)| (name.to_owned(), path.to_owned())).collect();
        files.sort_by_key(|(name, _)| epoch_of(name));
        if !files.is_empty() {
            return Ok(Some(Files::new(files)));
        }
    }
    Ok(None)
}

fn epoch_of(name: &str) -> Option<u32> {
    name.strip_prefix("dynamics_epoch_")?.strip_suffix(".jsonl")?.parse().ok()
}

pub struct Cartography<'a> {
    files: &'a Files,
    head: Head,
}

impl<'a> Cartography<'a> {
    pub fn open(files: &'a Files) -> Result<Cartography<'a>, DataError> {
        let epochs = files.iter().filter_map(|(name, _)| epoch_of(name)).collect();
        let head = Head {
            classes: Classes::Counted(None),
            samples: None,
            out_of_sample: Some(false),
            epochs,
            outputs: None,
            notices: Vec::new(),
        };
        Ok(Cartography { files, head })
    }
}

impl Format for Cartography<'_> {
    fn head(&self) -> &Head {
        &self.head
    }

    fn rows(&mut self, epoch: usize, take: &mut Take) -> Result<(), DataError> {
        let path = self.files.path(epoch);
        let broken = |line: usize, what: String| DataError::Broken {
            path: path.to_owned(),
            what: WHAT,
            source: format!("line {}: {what}", line + 1).into(),
        };
        let bytes = self.files.bytes(epoch)?;
        let name = format!("logits_epoch_{}", self.head.epochs[epoch]);
        let lines = bytes.split(|byte| *byte == b'\n').enumerate();
        for (at, line) in lines.filter(|(_, line)| !line.trim_ascii().is_empty()) {
            let line: Value = serde_json::from_slice(line).map_err(|error| broken(at, error.to_string()))?;
            let key = match &line["guid"] {
                Value::String(text) => Key::Text(text.clone()),
                number => {
                    let number = number.as_u64();
                    Key::Number(
                        number
                            .ok_or_else(|| broken(at, "`guid` is no text and no number from 0".to_owned()))?,
                    )
                }
            };
            let gold = line["gold"].as_i64();
            let gold = gold.ok_or_else(|| broken(at, "`gold` is no number of a class".to_owned()))?;
            let logits = line[&name].as_array().and_then(|logits| numbers(logits));
            let logits = logits.ok_or_else(|| broken(at, format!("`{name}` is no list of numbers")))?;
            take(key, Some(gold), &logits)?;
        }
        Ok(())
    }
}

fn numbers(values: &[Value]) -> Option<Vec<f32>> {
    values.iter().map(|value| value.as_f64().map(|value| value as f32)).collect()
}
