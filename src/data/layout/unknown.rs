//! What fits no layout, in words.
//!
//! In: a path. Out: the folder to look into instead, or an error that says what is there, and a hint that fits it.
//! Looks at names alone.

use std::collections::BTreeMap;
use std::path::Path;

use super::{ALL, Layout};
use crate::data::DataError;

/// Kinds of files that are named; of the others it is said how many they are.
const NAMED: usize = 5;

/// What is in a folder: the names of folders, and how many files there are of each ending.
#[derive(Default)]
struct Inside {
    folders: Vec<String>,
    files: BTreeMap<String, usize>,
}

impl Inside {
    fn of(folder: &Path) -> Result<Inside, DataError> {
        let mut inside = Inside::default();
        for path in super::inside(folder)? {
            if path.is_dir() {
                let name = path.file_name().unwrap_or_default();
                inside.folders.push(name.to_string_lossy().into_owned());
            } else {
                let ending =
                    path.extension().map(|ending| format!(".{}", ending.to_string_lossy().to_lowercase()));
                *inside.files.entry(ending.unwrap_or_default()).or_default() += 1;
            }
        }
        Ok(inside)
    }

    /// Such as `2 folders (a, b), 3 .txt files`.
    fn text(&self) -> String {
        let mut parts = Vec::new();
        match self.folders.as_slice() {
            [] => {}
            [only] => parts.push(format!("a folder {only}")),
            folders => {
                let named: Vec<&str> = folders.iter().take(NAMED).map(String::as_str).collect();
                let more = if folders.len() > NAMED { ", ..." } else { "" };
                parts.push(format!("{} folders ({}{more})", folders.len(), named.join(", ")));
            }
        }
        let mut kinds: Vec<(&String, &usize)> = self.files.iter().collect();
        kinds.sort_by_key(|(ending, count)| (std::cmp::Reverse(**count), (*ending).clone()));
        for (ending, count) in kinds.iter().take(NAMED) {
            let of = if ending.is_empty() {
                "files without an ending".to_owned()
            } else {
                format!("{ending} files")
            };
            parts.push(format!("{count} {of}"));
        }
        if kinds.len() > NAMED {
            parts.push("and others".to_owned());
        }
        if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") }
    }

    fn has(&self, endings: &[&str]) -> bool {
        self.files.keys().any(|ending| endings.contains(&ending.as_str()))
    }
}

/// The one folder in a folder.
pub fn only_folder(path: &Path) -> Result<Option<String>, DataError> {
    if !path.is_dir() {
        return Ok(None);
    }
    let mut folders = Inside::of(path)?.folders;
    Ok(folders.pop().filter(|_| folders.is_empty()))
}

/// The error of what lies there.
pub fn describe(path: &Path) -> Result<DataError, DataError> {
    if !path.is_dir() {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        let why = match &ending {
            Some(ending) => format!("a file that ends in .{ending} is no dataset that hspipe can read"),
            None => "a file without an ending is no dataset that hspipe can read".to_owned(),
        };
        let is = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
        return Ok(DataError::unfit(path, why, of_file(is)));
    }
    let inside = Inside::of(path)?;
    let why = format!("nothing in it is a dataset that hspipe can read: there is {}", inside.text());
    Ok(DataError::unfit(path, why, of_folder(&inside)))
}

/// Endings of images, whether or not they are read.
const IMAGES: [&str; 12] =
    [".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".heic", ".ppm", ".pgm", ".svg"];

fn of_file(is: impl Fn(&[&str]) -> bool) -> String {
    let hint = if is(&[".zip", ".tar", ".tar.gz", ".tgz", ".7z", ".rar", ".tar.bz2", ".tar.xz"]) {
        "unpack it, and name the folder"
    } else if is(&IMAGES) {
        "name the folder of the class folders, not an image"
    } else if is(&[".pkl", ".pickle", ".pt", ".pth"]) {
        "pickles are programs, and not read: save arrays by numpy.savez(path, X=X, y=y)"
    } else if is(&[
        ".h5",
        ".hdf5",
        ".mat",
        ".xlsx",
        ".xls",
        ".json",
        ".jsonl",
        ".arff",
        ".tfrecord",
        ".sqlite",
        ".db",
    ]) {
        "turn it into Parquet, CSV or .npz: with pandas, read it and call df.to_parquet(path)"
    } else {
        return usual();
    };
    hint.to_owned()
}

fn of_folder(inside: &Inside) -> String {
    let hint = if inside.has(&IMAGES) {
        "put each image into a folder of its class, as in cat/1.png and dog/7.png, and name the folder of these"
    } else if inside.has(&[".zip", ".gz", ".tgz", ".tar", ".bz2", ".xz"]) {
        "unpack what is packed"
    } else if inside.has(&[".bin"]) {
        "of CIFAR-10 the six binary files are read, under their names data_batch_1.bin to test_batch.bin"
    } else if inside.folders.len() > 1 {
        "name the folder that has the data"
    } else {
        return usual();
    };
    hint.to_owned()
}

fn usual() -> String {
    format!("it can be {}", ALL.map(Layout::kind).join("; "))
}
