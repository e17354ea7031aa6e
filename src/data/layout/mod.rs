//! How a dataset may lie in files: one layout per file of this folder.
//!
//! In: a path, or the bytes of a dataset's files. Out: which files belong to it, or [`Samples`]. A
//! layout is two functions: `find` looks at names and says which files there are, `images` turns
//! their bytes into samples and does no I/O. To add one, write its file, and name it in [`Layout`]
//! and the `match`es below it. Must not know: checksums, the network, tables.

pub mod cifar;
mod class_folders;
pub mod idx;
pub mod npy;
mod npz;
mod parquet;
pub mod qmnist;

use std::path::{Path, PathBuf};

use super::images::Images;
use super::samples::Samples;
use super::{Cause, DataError, Sums, checksum, picture};

/// The layouts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Four IDX files.
    Idx,
    /// Four IDX files of QMNIST.
    Qmnist,
    /// CIFAR-10's binary files.
    Cifar,
    /// NumPy's archive in MedMNIST's layout.
    Npz,
    /// Parquet files with images and labels.
    Parquet,
    /// Class folders of images.
    ClassFolders,
}

/// In the order in which they are looked for.
const ALL: [Layout; 6] =
    [Layout::Idx, Layout::Qmnist, Layout::Cifar, Layout::Npz, Layout::Parquet, Layout::ClassFolders];

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

/// The layout of what lies at `path`, and its files in the order in which they are joined.
///
/// # Errors
/// [`DataError::Nothing`] if there is nothing, [`DataError::NoLayout`] if it is nothing known,
/// [`DataError::Incomplete`] if only some of the files are there.
pub fn find(path: &Path) -> Result<(Layout, Vec<Found>), DataError> {
    for layout in ALL {
        if let Some(files) = layout.find(path)? {
            return Ok((layout, files));
        }
    }
    if path.exists() {
        Err(DataError::NoLayout { path: path.to_owned() })
    } else {
        Err(DataError::Nothing { path: path.to_owned() })
    }
}

/// What can be read, in words.
pub fn kinds() -> String {
    ALL.map(Layout::kind).join("; ")
}

impl Layout {
    /// What lies at a path, in words.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Idx => "a folder with four IDX files named as MNIST's",
            Self::Qmnist => "a folder with the four IDX files of QMNIST",
            Self::Cifar => "a folder with the six binary files of CIFAR-10",
            Self::Npz => "a .npz file in MedMNIST's layout",
            Self::Parquet => "a .parquet file, or a folder of them",
            Self::ClassFolders => "a folder of class folders of PNG or JPEG images",
        }
    }

    fn find(self, path: &Path) -> Result<Option<Vec<Found>>, DataError> {
        match self {
            Self::Idx => idx::find(path),
            Self::Qmnist => qmnist::find(path),
            Self::Cifar => cifar::find(path),
            Self::Npz => Ok(npz::find(path)),
            Self::Parquet => parquet::find(path),
            Self::ClassFolders => class_folders::find(path),
        }
    }

    /// The samples in the files of the dataset.
    pub fn samples(self, files: Vec<Content>) -> Result<Samples, DataError> {
        Ok(Samples::Images(self.images(files)?))
    }

    /// The images in the files of a dataset that has images.
    pub fn images(self, files: Vec<Content>) -> Result<Images, DataError> {
        match self {
            Self::Idx => idx::images(files),
            Self::Qmnist => qmnist::images(files),
            Self::Cifar => cifar::images(files),
            Self::Npz => npz::images(files),
            Self::Parquet => parquet::images(files),
            Self::ClassFolders => class_folders::images(files),
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

    /// The length of the unpacked file of this index, by the header with which it begins. Only IDX
    /// files are ever packed.
    pub fn packed_len(self, file: usize, header: &[u8]) -> Result<u64, Cause> {
        match self {
            Self::Qmnist => qmnist::file_len(file, header),
            _ => Ok(idx::file_len(file, header)?),
        }
    }

    /// What is wrong by itself with the file of this index, whose labels must be below `classes`.
    pub fn check_file(self, file: usize, bytes: &[u8], classes: usize) -> Result<(), Cause> {
        match self {
            Self::Idx => idx::check_file(file, bytes, classes),
            Self::Qmnist => qmnist::check_file(file, bytes, classes),
            Self::Cifar => cifar::check_file(bytes, classes),
            // No published dataset has one of these.
            Self::Npz | Self::Parquet | Self::ClassFolders => Ok(()),
        }
    }

    /// What a good file is, as errors call it.
    pub fn what(self) -> &'static str {
        match self {
            Self::Idx => idx::WHAT,
            Self::Qmnist => qmnist::WHAT,
            Self::Cifar => cifar::WHAT,
            Self::Npz => npz::WHAT,
            Self::Parquet => parquet::WHAT,
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

/// A number as a label; `place` names the sample in errors.
fn label(number: i128, place: &Path) -> Result<u16, DataError> {
    u16::try_from(number).map_err(|_| DataError::Label { place: place.to_owned(), number })
}

#[cfg(test)]
pub mod tests {
    use super::Content;

    pub fn content(name: &str, bytes: Vec<u8>) -> Content {
        Content { name: name.to_owned(), path: name.into(), bytes }
    }
}
