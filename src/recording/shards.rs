//! What the Python package's `Recorder` writes: a folder with `recording.json` and Parquet files, each of rows of one epoch.
//!
//! In: the folder. Out: its rows: columns `sample`, `label` and `logits`, in the order in which they were written. Files are
//! called `epoch-00003-00000.parquet`, by epoch and then by a running number. Must not know: what the rows say together.

use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use serde::Deserialize;

use super::Outputs;
use super::files::Files;
use super::format::{self, Format, Head, Key, Take};
use crate::data::{DataError, list_at};
use crate::tables::Parts;

const HEADER: &str = "recording.json";
const WHAT: &str = "recording";

#[derive(Deserialize)]
struct Header {
    format: String,
    version: u32,
    samples: u64,
    classes: Classes,
    #[serde(default)]
    out_of_sample: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Classes {
    Named(Vec<String>),
    Counted(usize),
}

/// The header, then the shards in the order of epochs and numbers.
pub fn find(path: &Path) -> Result<Option<Files>, DataError> {
    if !path.is_dir() || !path.join(HEADER).is_file() {
        return Ok(None);
    }
    let is_one = |name: &str| name == HEADER || epoch_of(name).is_some();
    let mut files: Vec<_> = Files::of_folder(path, is_one)?
        .iter()
        .map(|(name, path)| (name.to_owned(), path.to_owned()))
        .collect();
    files.sort_by_key(|(name, _)| (name != HEADER, epoch_of(name), number_of(name), name.clone()));
    Ok(Some(Files::new(files)))
}

/// The epoch of a shard of this name, which may have more digits than others.
fn epoch_of(name: &str) -> Option<u32> {
    name.strip_suffix(".parquet")?.strip_prefix("epoch-")?.split('-').next()?.parse().ok()
}

/// The running number of a shard of this name: later ones win, whichever process has written them.
fn number_of(name: &str) -> Option<u32> {
    name.strip_suffix(".parquet")?.rsplit('-').next()?.parse().ok()
}

pub struct Shards<'a> {
    files: &'a Files,
    head: Head,
    /// The epoch of each file; none of the header.
    epochs: Vec<Option<u32>>,
}

impl<'a> Shards<'a> {
    pub fn open(files: &'a Files) -> Result<Shards<'a>, DataError> {
        let broken = |source| DataError::Broken { path: files.path(0).to_owned(), what: WHAT, source };
        let header: Header =
            serde_json::from_slice(&files.bytes(0)?).map_err(|error| broken(error.into()))?;
        if header.format != "hspipe recording" || header.version != 1 {
            let why = format!(
                "it is a {} of version {}, and a recording of version 1 is read",
                header.format, header.version
            );
            return Err(DataError::unfit(files.path(0), why, "take an hspipe as new as the Python package"));
        }
        let epochs: Vec<Option<u32>> = files.iter().map(|(name, _)| epoch_of(name)).collect();
        let mut numbers: Vec<u32> = epochs.iter().flatten().copied().collect();
        numbers.dedup();
        let classes = match header.classes {
            Classes::Named(names) => format::Classes::Named(names),
            Classes::Counted(count) => format::Classes::Counted(Some(count)),
        };
        let head = Head {
            classes,
            samples: Some(header.samples),
            // What is in sample is so by the recorder's silence, not by a word of the user's.
            out_of_sample: Some(header.out_of_sample),
            epochs: numbers,
            outputs: Some(Outputs::Logits),
            notices: Vec::new(),
        };
        Ok(Shards { files, head, epochs })
    }
}

impl Format for Shards<'_> {
    fn head(&self) -> &Head {
        &self.head
    }

    fn rows(&mut self, epoch: usize, take: &mut Take) -> Result<(), DataError> {
        let epoch = Some(self.head.epochs[epoch]);
        for at in (0..self.epochs.len()).filter(|at| self.epochs[*at] == epoch) {
            let path = self.files.path(at);
            let broken = |source| DataError::Broken { path: path.to_owned(), what: WHAT, source };
            let parts = Parts::read(WHAT, self.files.bytes(at)?).map_err(|error| broken(error.into()))?;
            for part in parts {
                let part = part.map_err(|error| broken(error.into()))?;
                let rows = Rows::of(part.batch()).ok_or_else(|| {
                    broken("it needs the columns `sample` (int64, from 0), `label` (int32) and `logits` (lists of float32)".into())
                })?;
                rows.each(take)?;
            }
        }
        Ok(())
    }
}

/// Some rows of a shard.
struct Rows {
    samples: Vec<u64>,
    labels: Vec<i32>,
    logits: ArrayRef,
}

impl Rows {
    /// None if it has other columns, or nulls.
    fn of(batch: &RecordBatch) -> Option<Rows> {
        let column = |name: &str| batch.column_by_name(name).filter(|column| column.null_count() == 0);
        let samples = column("sample")?.as_primitive_opt::<Int64Type>()?.values();
        Some(Rows {
            samples: samples.iter().map(|sample| u64::try_from(*sample).ok()).collect::<Option<_>>()?,
            labels: column("label")?.as_primitive_opt::<Int32Type>()?.values().to_vec(),
            logits: column("logits")
                .filter(|column| list_at(column, 0).is_some() || column.is_empty())?
                .clone(),
        })
    }

    fn each(&self, take: &mut Take) -> Result<(), DataError> {
        for (at, (sample, label)) in self.samples.iter().zip(&self.labels).enumerate() {
            let list = list_at(&self.logits, at);
            let row = list.as_ref().and_then(|list| list.as_primitive_opt::<Float32Type>());
            let row = row.filter(|row| row.null_count() == 0).map_or(&[][..], |row| row.values());
            take(Key::Number(*sample), Some(i64::from(*label)), row)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rank 1 wrote before a kill, and one process alone after it.
    #[test]
    fn what_was_written_last_comes_last_whoever_wrote_it() {
        let folder = tempfile::tempdir().unwrap();
        let names = [
            "epoch-00000-00002.parquet",
            "epoch-00000-r1-00001.parquet",
            "epoch-00000-00000.parquet",
            "epoch-100000-00000.parquet",
            "epoch-00002-00000.parquet",
            "notes.txt",
            HEADER,
        ];
        names.iter().for_each(|name| std::fs::write(folder.path().join(name), "").unwrap());
        let found = find(folder.path()).unwrap().unwrap();
        let order: Vec<&str> = found.iter().map(|(name, _)| name).collect();
        assert_eq!(order, [names[6], names[2], names[1], names[0], names[4], names[3]]);
    }
}
