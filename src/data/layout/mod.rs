//! How a dataset may lie in files: one layout per file or folder of this folder.
//!
//! In: a path, or the bytes of a dataset's files, and what the user says of them. Out: which files belong to it, or
//! [`Rows`]. A layout is two functions: `find` looks at names and says which files there are, `rows` turns their bytes
//! into samples and labels and does no I/O. To add one, write its file, and name it in [`Layout`] and the `match`es
//! below it. What fits none is described by `unknown`. Must not know: checksums, the network, tables of results.

pub mod arrays;
pub mod cifar;
mod class_folders;
pub mod idx;
pub mod qmnist;
mod table;
mod unknown;
pub mod usps;

use std::fs;
use std::path::{Path, PathBuf};

use super::file::unreadable;
use super::reading::Reading;
use super::samples::{Content as Samples, Rows};
use super::{Cause, DataError, Sums, checksum, picture};

use cifar::Cifar;

pub use arrays::npy;
pub use table::list_at;

/// The layouts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Four IDX files.
    Idx,
    /// Four IDX files of QMNIST.
    Qmnist,
    /// CIFAR-10's binary files.
    Cifar,
    /// CIFAR-100's.
    Cifar100,
    /// The two files of USPS.
    Usps,
    /// NumPy's arrays.
    Arrays,
    /// Parquet, CSV or Arrow files.
    Table,
    /// Class folders of images.
    ClassFolders,
}

/// In the order in which they are looked for.
const ALL: [Layout; 8] = [
    Layout::Idx,
    Layout::Qmnist,
    Layout::Cifar,
    Layout::Cifar100,
    Layout::Usps,
    Layout::Arrays,
    Layout::Table,
    Layout::ClassFolders,
];

/// The parts that a dataset may have, in the order in which they are joined.
const SETS: [&str; 3] = ["train", "val", "test"];

/// The part that a word stands for, in capitals or not.
fn set_of(word: &str) -> Option<&'static str> {
    Some(match word.to_lowercase().as_str() {
        "train" | "training" => SETS[0],
        "val" | "valid" | "validation" => SETS[1],
        "test" | "testing" => SETS[2],
        _ => return None,
    })
}

/// The part in the name of a file, as in `train/1.parquet`; empty if it has none.
fn set_of_name(name: &str) -> &'static str {
    name.split_once('/').and_then(|(first, _)| set_of(first)).unwrap_or_default()
}

/// How many folders one may have to enter to be at the data.
const WRAPPERS: usize = 3;

/// What programs that look at folders, or pack them, leave behind. Hidden files are passed over too.
const LITTER: [&str; 5] = ["Thumbs.db", "desktop.ini", "__MACOSX", "lost+found", "@eaDir"];

/// What is in a folder, in the order of the names, less what says nothing of the data.
pub fn inside(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let cannot = |source| unreadable(folder, source);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !name.starts_with('.') && !LITTER.contains(&name.as_ref()) {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

/// A file of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What it is to the dataset, wherever it lies.
    pub name: String,
    pub path: PathBuf,
}

/// A file's bytes, unpacked.
#[derive(Debug, Clone)]
pub struct Content {
    pub name: String,
    /// Where they came from, for errors.
    pub path: PathBuf,
    pub bytes: Vec<u8>,
}

impl Content {
    /// The error that this file is not `what` it should be.
    fn broken(&self, what: &'static str, error: impl Into<Cause>) -> DataError {
        DataError::Broken { path: self.path.clone(), what, source: error.into() }
    }
}

/// What lies at a path.
#[derive(Debug)]
pub struct Place {
    pub layout: Layout,
    /// In the order in which they are joined.
    pub files: Vec<Found>,
    /// The folder below the path that the files are in, if all else there is nothing; empty if they are at the path itself.
    pub below: PathBuf,
}

/// The layout of what lies at `path`, or in the only folder there.
///
/// # Errors
/// [`DataError::Nothing`] if there is nothing, [`DataError::Unfit`] if it is nothing known,
/// [`DataError::Incomplete`] if only some of the files are there.
pub fn find(path: &Path) -> Result<Place, DataError> {
    let mut below = PathBuf::new();
    loop {
        let at = path.join(&below);
        let at = if below.as_os_str().is_empty() { path } else { &at };
        for layout in ALL {
            if let Some(mut files) = layout.find(at)? {
                if layout == Layout::ClassFolders && !below.as_os_str().is_empty() {
                    // The name of such a file is its path below the dataset's folder.
                    let folder = below.display();
                    files.iter_mut().for_each(|file| file.name = format!("{folder}/{}", file.name));
                }
                return Ok(Place { layout, files, below });
            }
        }
        match unknown::only_folder(at)? {
            Some(only) if below.components().count() < WRAPPERS => below.push(only),
            _ => break,
        }
    }
    if path.exists() {
        Err(unknown::describe(path)?)
    } else {
        Err(DataError::Nothing { path: path.to_owned() })
    }
}

impl Layout {
    /// What lies at a path, in words.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Idx => "a folder with four IDX files named as MNIST's",
            Self::Qmnist => "a folder with the four IDX files of QMNIST",
            Self::Cifar => "a folder with the six binary files of CIFAR-10",
            Self::Cifar100 => "a folder with the two binary files of CIFAR-100",
            Self::Usps => "a folder with the two files of USPS",
            Self::Arrays => "a .npz file, or a folder of .npy files, with samples and labels",
            Self::Table => "a .parquet, .csv, .tsv or .arrow file, or a folder of them",
            Self::ClassFolders => "a folder of class folders of images",
        }
    }

    pub fn find(self, path: &Path) -> Result<Option<Vec<Found>>, DataError> {
        match self {
            Self::Idx => idx::find(path),
            Self::Qmnist => qmnist::find(path),
            Self::Cifar => Cifar::Ten.find(path),
            Self::Cifar100 => Cifar::Hundred.find(path),
            Self::Usps => usps::find(path),
            Self::Arrays => arrays::find(path),
            Self::Table => table::find(path),
            Self::ClassFolders => class_folders::find(path),
        }
    }

    /// The samples in the files of the dataset.
    pub fn rows(self, files: Vec<Content>, reading: &Reading) -> Result<Rows, DataError> {
        match self {
            Self::Idx => idx::rows(files),
            Self::Qmnist => qmnist::rows(files),
            Self::Cifar => Cifar::Ten.rows(files),
            Self::Cifar100 => Cifar::Hundred.rows(files),
            Self::Usps => usps::rows(files),
            Self::Arrays => arrays::rows(files, reading),
            Self::Table => table::rows(files, reading),
            Self::ClassFolders => class_folders::rows(files, reading),
        }
    }

    /// The keys of a dataset's map that this layout looks at, of samples that are this.
    pub fn keys(self, content: &Samples) -> &'static [&'static str] {
        match (self, content) {
            (Self::Idx | Self::Qmnist | Self::Cifar | Self::Cifar100 | Self::Usps, _) => &[],
            (Self::Arrays, Samples::Images(_)) => &["image", "label"],
            (Self::Arrays, Samples::Features(_)) => &["image", "label", "missing"],
            (Self::Table, Samples::Images(_)) => {
                &["image", "label", "text", "features", "resize", "background", "colour"]
            }
            (Self::Table, Samples::Features(_)) => &["label", "text", "features", "missing"],
            (Self::ClassFolders, _) => &["resize", "background", "colour"],
        }
    }

    /// What enters a key, of the sums of the files in their order: these, or one sum where there is a
    /// file for every image.
    pub fn identity(self, sums: Sums) -> Sums {
        match self {
            Self::ClassFolders => {
                let lines: String = sums.iter().map(|(name, sum)| format!("{sum} {name}\n")).collect();
                vec![("class folders".to_owned(), checksum::sha256(lines.as_bytes()).to_string())]
            }
            _ => sums,
        }
    }

    /// Whether the files, in their order, are the samples.
    pub fn has_a_file_per_sample(self) -> bool {
        self == Self::ClassFolders
    }

    /// The length that the compressed file of this index must not exceed once it is unpacked, by the header with which
    /// it begins. Only IDX files, those of USPS and tables are ever compressed.
    pub fn unpacked_len(self, file: usize, header: &[u8]) -> Result<u64, Cause> {
        match self {
            Self::Usps => Ok(usps::MAX_LEN),
            Self::Table => Ok(idx::MAX_LEN),
            Self::Qmnist => qmnist::file_len(file, header),
            _ => Ok(idx::file_len(file, header)?),
        }
    }

    /// What is wrong by itself with the file of this index, whose labels must be below `classes`.
    pub fn check_file(self, file: usize, bytes: &[u8], classes: usize) -> Result<(), Cause> {
        match self {
            Self::Idx => idx::check_file(file, bytes, classes),
            Self::Qmnist => qmnist::check_file(file, bytes, classes),
            Self::Cifar => Cifar::Ten.check_file(bytes, classes),
            Self::Cifar100 => Cifar::Hundred.check_file(bytes, classes),
            Self::Usps => usps::check_file(bytes, classes),
            // No published dataset has one of these.
            Self::Arrays | Self::Table | Self::ClassFolders => Ok(()),
        }
    }

    /// What a good file is, as errors call it.
    pub fn what(self) -> &'static str {
        match self {
            Self::Idx => idx::WHAT,
            Self::Qmnist => qmnist::WHAT,
            Self::Cifar | Self::Cifar100 => cifar::WHAT,
            Self::Usps => usps::WHAT,
            Self::Arrays => arrays::WHAT,
            Self::Table => table::WHAT,
            Self::ClassFolders => picture::WHAT,
        }
    }
}

/// The files of these names in a folder that has any of them, each with the first ending that is
/// there.
fn named_files(folder: &Path, names: &[&str], endings: &[&str]) -> Result<Option<Vec<Found>>, DataError> {
    let mut files = Vec::with_capacity(names.len());
    let mut missing = Vec::new();
    for name in names {
        let mut forms = endings.iter().map(|ending| folder.join(format!("{name}{ending}")));
        match forms.find(|path| path.is_file()) {
            Some(path) => files.push(Found { name: (*name).to_owned(), path }),
            None => missing.push((*name).to_owned()),
        }
    }
    if files.is_empty() {
        return Ok(None);
    }
    if !missing.is_empty() {
        return Err(DataError::Incomplete { path: folder.to_owned(), missing });
    }
    Ok(Some(files))
}

/// Whether a file's name has one of these endings, in capitals or not.
fn has_ending(path: &Path, endings: &[&str]) -> bool {
    let own = path.extension().and_then(|ending| ending.to_str());
    own.is_some_and(|own| endings.iter().any(|ending| own.eq_ignore_ascii_case(ending)))
}

#[cfg(test)]
pub mod tests {
    use super::Content;

    pub fn content(name: &str, bytes: Vec<u8>) -> Content {
        Content { name: name.to_owned(), path: name.into(), bytes }
    }
}
