//! Tables: Parquet, CSV or Arrow files, one or a folder of them, with a row for each sample.
//!
//! In: a path, or the files' bytes, and what the user says of the columns. Out: the files, train first, or [`Rows`] of
//! images or of features. `frame` reads columns, whatever the format (`parquet`, `csv`); `roles` says what each column
//! is; `labels`, `pictures` and `numbers` read one kind of column each. Must not know: how an image is decoded.

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

use std::path::{Path, PathBuf};

use arrow_schema::Schema;

use super::{Content as File, Found, has_ending, inside, set_of, set_of_name};
use crate::caught::caught;
use crate::data::DataError;
use crate::data::file::Compression;
use crate::data::labels::Labels;
use crate::data::reading::Reading;
use crate::data::samples::{Content, Rows, Set};

use error::TableError;
use frame::Frame;
pub use numbers::list_at;
use roles::{Kind, Roles};

/// What a good file is.
pub const WHAT: &str = "table";

/// Endings of the files that are read, and those of a folder's files that are looked for first.
const ENDINGS: [&str; 6] = ["parquet", "arrow", "feather", "csv", "tsv", "txt"];
const FORMATS: [&[&str]; 3] = [&["parquet"], &["arrow", "feather"], &["csv", "tsv"]];

/// The file itself, or the files of a folder that has any of one format.
pub fn find(path: &Path) -> Result<Option<Vec<Found>>, DataError> {
    if path.is_file() {
        let is_table = has_ending(unpacked(path), &ENDINGS);
        return Ok(is_table.then(|| vec![Found { name: name(0, path, ""), path: path.to_owned() }]));
    }
    if !path.is_dir() {
        return Ok(None);
    }
    let (paths, folders) = parts(path)?;
    if let Some(tables) = tables_of(&paths, !folders.is_empty()) {
        return Ok(Some(numbered(tables.into_iter().map(|path| (set(&path), path)).collect())));
    }
    // A folder for each split, as `train/0000.parquet`.
    let splits: Vec<(&'static str, &PathBuf)> = folders
        .iter()
        .filter_map(|folder| Some((set_of(&folder.file_name()?.to_string_lossy())?, folder)))
        .collect();
    if splits.is_empty() || splits.len() < folders.len() {
        return Ok(None);
    }
    let mut found = Vec::new();
    for (split, folder) in splits {
        let (paths, _) = parts(folder)?;
        let Some(tables) = tables_of(&paths, false) else { return Ok(None) };
        found.extend(tables.into_iter().map(|path| (split, path)));
    }
    Ok(Some(numbered(found)))
}

/// The files and the folders in a folder, without what Hugging Face has computed of a dataset and keeps beside it.
fn parts(folder: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), DataError> {
    let is_cache = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("cache-") && name.ends_with(".arrow")
    };
    let paths = inside(folder)?.into_iter().filter(|path| !is_cache(path));
    Ok(paths.partition(|path| !path.is_dir()))
}

/// The tables of the first format that there is any of; gzipped ones only where all are, as they may be the others packed. A
/// list beside folders is no table of samples.
fn tables_of(paths: &[PathBuf], has_folders: bool) -> Option<Vec<PathBuf>> {
    let formats = FORMATS.iter().filter(|endings| !has_folders || !endings.contains(&"csv"));
    formats.into_iter().find_map(|endings| {
        // What is no file is named when it is to be read.
        let of = |name: fn(&Path) -> &Path| -> Vec<PathBuf> {
            paths.iter().filter(|path| has_ending(name(path), endings)).cloned().collect()
        };
        [of(|path| path), of(unpacked)].into_iter().find(|tables| !tables.is_empty())
    })
}

/// The name of a file less the ending that says that it is gzipped: `x.csv` of `x.csv.gz`.
fn unpacked(path: &Path) -> &Path {
    match Compression::of(path) {
        Compression::Gzip => Path::new(path.file_stem().unwrap_or_default()),
        Compression::None | Compression::Bzip2 => path,
    }
}

/// Tables and their splits, train first.
fn numbered(mut tables: Vec<(&'static str, PathBuf)>) -> Vec<Found> {
    tables.sort_by_key(|(set, path)| (place(set), path.clone()));
    let found = |(i, (set, path)): (usize, (&str, PathBuf))| Found { name: name(i, &path, set), path };
    tables.into_iter().enumerate().map(found).collect()
}

/// A file is known by its set and its place in the row: its name says nothing else about the samples.
fn name(place: usize, path: &Path, set: &str) -> String {
    let ending = unpacked(path).extension().unwrap_or_default().to_string_lossy().to_lowercase();
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
fn place(set: &str) -> usize {
    match super::SETS.iter().position(|other| *other == set) {
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
    let mut left_out = Vec::new();
    if let Some(label) =
        roles::label_of_any(frames.iter().map(|(.., frame): &(_, _, Frame)| frame.schema().as_ref()), reading)
    {
        // What is to be predicted has no labels yet.
        let (labelled, others): (Vec<_>, Vec<_>) =
            frames.into_iter().partition(|(.., frame)| frame.schema().index_of(&label).is_ok());
        frames = labelled;
        left_out.extend(
            others
                .iter()
                .map(|(path, ..)| format!("{} has no column `{label}`, and is left out", path.display())),
        );
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
        Set::count(&mut sets, set, labels.len() - before);
    }
    let parts: Vec<(&Path, &Frame)> = frames.iter().map(|(path, _, frame)| (path.as_path(), frame)).collect();
    let mut notices = roles.notices();
    notices.extend(frames.iter().filter_map(|(path, _, frame)| match frame.comments() {
        0 => None,
        1 => {
            Some(format!("the first line of {}, which begins with #, is taken for a comment", path.display()))
        }
        lines => Some(format!(
            "the first {lines} lines of {}, which begin with #, are taken for comments",
            path.display()
        )),
    }));
    notices.extend(left_out);
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
    caught(read).unwrap_or_else(|| Err(TableError::Damaged.of(path)))
}

#[cfg(test)]
mod tests;
