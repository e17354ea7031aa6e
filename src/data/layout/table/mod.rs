//! Tables: Parquet, CSV or Arrow files, one or a folder of them, with a row for each sample.
//!
//! In: a path, or the files' bytes, and what the user says of the columns. Out: the files, train first, or [`Rows`] of images or
//! of features. `frame` reads columns, whatever the format (`parquet`, `csv`); `roles` says what each column is; `labels`,
//! `pictures` and `numbers` read one kind of column each. Must not know: how an image is decoded.

mod csv;
mod error;
mod frame;
mod labels;
mod numbers;
mod parquet;
mod pictures;
mod pixels;
mod roles;
mod twins;

use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};

use arrow_schema::Schema;

use super::{Content as File, Found, has_ending, set_of, set_of_name};
use crate::data::DataError;
use crate::data::file::unreadable;
use crate::data::labels::Labels;
use crate::data::reading::Reading;
use crate::data::samples::{Content, Rows, Set};

use error::TableError;
use frame::Frame;
use roles::{Kind, Roles};

/// What a good file is.
pub const WHAT: &str = "table";

/// Endings of the files that are read, and those of a folder's files that are looked for first.
const ENDINGS: [&str; 6] = ["parquet", "arrow", "feather", "csv", "tsv", "txt"];
const FORMATS: [&[&str]; 3] = [&["parquet"], &["arrow", "feather"], &["csv", "tsv"]];

/// The file itself, or the files of a folder that has any of one format.
pub fn find(path: &Path) -> Result<Option<Vec<Found>>, DataError> {
    if path.is_file() {
        let is_table = has_ending(path, &ENDINGS);
        return Ok(is_table.then(|| vec![Found { name: name(0, path, ""), path: path.to_owned() }]));
    }
    if !path.is_dir() {
        return Ok(None);
    }
    let cannot = |source| unreadable(path, source);
    let (mut paths, mut has_folders) = (Vec::new(), false);
    for entry in fs::read_dir(path).map_err(cannot)? {
        let inside = entry.map_err(cannot)?.path();
        let is_hidden = inside.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        has_folders |= inside.is_dir() && !is_hidden;
        paths.push(inside);
    }
    for endings in FORMATS {
        // A list beside folders of images is no table of samples.
        if has_folders && endings.contains(&"csv") {
            continue;
        }
        // What is no file is named when it is to be read.
        let mut paths: Vec<PathBuf> =
            paths.iter().filter(|path| !path.is_dir() && has_ending(path, endings)).cloned().collect();
        paths.sort_by_key(|path| (place(path), path.clone()));
        if !paths.is_empty() {
            let found = |(i, path): (usize, PathBuf)| Found { name: name(i, &path, set(&path)), path };
            return Ok(Some(paths.into_iter().enumerate().map(found).collect()));
        }
    }
    Ok(None)
}

/// A file is known by its set and its place in the row: its name says nothing else about the samples.
fn name(place: usize, path: &Path, set: &str) -> String {
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    let slash = if set.is_empty() { "" } else { "/" };
    format!("{set}{slash}{}.{ending}", place + 1)
}

/// The set that a file is of, by the word that its name begins with; empty if that says none.
fn set(path: &Path) -> &'static str {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let word = name.split(|letter: char| !letter.is_alphabetic()).next().unwrap_or_default();
    set_of(word).unwrap_or_default()
}

/// Train first, then what is of no set, then the other sets.
fn place(path: &Path) -> usize {
    match super::SETS.iter().position(|other| *other == set(path)) {
        Some(0) => 0,
        Some(set) => set + 1,
        None => 1,
    }
}

/// Reads the rows of all files in their order.
pub fn rows(files: Vec<File>, reading: &Reading) -> Result<Rows, DataError> {
    let first = files.first().map(|file| file.path.clone()).unwrap_or_default();
    let mut frames = Vec::with_capacity(files.len());
    for file in files {
        frames.push(guarded(&file.path.clone(), || {
            let (set, path) = (set_of_name(&file.name).to_owned(), file.path.clone());
            let frame = Frame::open(file).map_err(|error| error.of(&path))?;
            Ok((path, set, frame))
        })?);
    }
    let schema = frames.first().map(|(.., frame)| frame.schema().clone());
    let Some(schema) = schema else { return Err(DataError::NoSamples { path: first }) };
    let roles = Roles::of(&schema, reading).map_err(|error| error.of(&first))?;
    for (path, _, frame) in &frames[1..] {
        alike(frame, &schema, &roles).map_err(|error| error.of(path))?;
    }
    let mut labels = Labels::default();
    let mut sets: Vec<Set> = Vec::new();
    for (path, set, frame) in &frames {
        let before = labels.len();
        guarded(path, || labels::read(frame, &roles.label, &mut labels).map_err(|error| error.of(path)))?;
        let samples = labels.len() - before;
        match sets.last_mut().filter(|last| last.name == *set) {
            Some(last) => last.samples += samples,
            None => sets.push(Set { name: set.clone(), samples }),
        }
    }
    let parts: Vec<(&Path, &Frame)> = frames.iter().map(|(path, _, frame)| (path.as_path(), frame)).collect();
    let mut notices = roles.notices();
    let (content, texts) = match &roles.kind {
        Kind::Images { column } => {
            let images =
                each(&parts, |parts| pictures::read(parts, column, labels.len(), reading, &mut notices))?;
            let texts = match &roles.text {
                Some(text) => each(&parts, |parts| numbers::texts(parts, text))?,
                None => Vec::new(),
            };
            (Content::Images(images), texts)
        }
        Kind::Features { .. } => {
            each(&parts, |parts| numbers::read(parts, &roles, labels.codes(), &mut notices))?
        }
    };
    Ok(Rows { content, labels, sets, texts, notices })
}

/// Whether a file has the columns that are read, and the same in them as the first file.
fn alike(frame: &Frame, first: &Schema, roles: &Roles) -> Result<(), TableError> {
    for column in roles.read() {
        let kind = |schema: &Schema, at: usize| roles::word(schema.field(at).data_type());
        let found = kind(frame.schema(), frame.column(column)?);
        let wanted = first.index_of(column).map_or(found, |at| kind(first, at));
        if found != wanted {
            return Err(TableError::Unlike { column: column.clone(), found, wanted });
        }
    }
    Ok(())
}

/// Reads files that may be damaged.
fn each<T>(
    parts: &[(&Path, &Frame)],
    read: impl FnOnce(&[(&Path, &Frame)]) -> Result<T, DataError>,
) -> Result<T, DataError> {
    let first = parts.first().map(|(path, _)| *path).unwrap_or(Path::new(""));
    guarded(first, || read(parts))
}

/// At some damage the crate that reads Parquet panics.
fn guarded<T>(path: &Path, read: impl FnOnce() -> Result<T, DataError>) -> Result<T, DataError> {
    panic::catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err(TableError::Damaged.of(path)))
}

#[cfg(test)]
mod tests;
