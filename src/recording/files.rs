//! The files of a recording: read whole, and the same each time.
//!
//! In: names and paths. Out: bytes, and their checksums. Must not know: what is in them.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::data::{self, DataError};

/// Files, in an order that their names give.
#[derive(Debug)]
pub struct Files {
    /// The name of each, whatever folder it lies in, and its path.
    named: Vec<(String, PathBuf)>,
    sums: OnceLock<Vec<(String, String)>>,
}

impl Files {
    pub fn new(named: Vec<(String, PathBuf)>) -> Files {
        Files { named, sums: OnceLock::new() }
    }

    /// Those of a folder whose names are wanted, in the order of the names.
    pub fn of_folder(folder: &Path, is_wanted: impl Fn(&str) -> bool) -> Result<Files, DataError> {
        let paths = data::inside(folder)?.into_iter();
        let named = paths.filter_map(|path| Some((path.file_name()?.to_str()?.to_owned(), path)));
        Ok(Files::new(named.filter(|(name, _)| is_wanted(name)).collect()))
    }

    /// Names and paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Path)> {
        self.named.iter().map(|(name, path)| (name.as_str(), path.as_path()))
    }

    /// The checksum of each file, with its name.
    pub fn sums(&self) -> Result<&[(String, String)], DataError> {
        if let Some(sums) = self.sums.get() {
            return Ok(sums);
        }
        let sum = |(name, path): &(String, PathBuf)| Ok((name.clone(), data::checksum(path)?));
        let sums = self.named.iter().map(sum).collect::<Result<Vec<_>, DataError>>()?;
        Ok(self.sums.get_or_init(|| sums))
    }

    /// The bytes of a file, which are those that its checksum was taken of.
    ///
    /// # Errors
    /// It cannot be read, or has changed.
    pub fn bytes(&self, at: usize) -> Result<Vec<u8>, DataError> {
        let (name, path) = &self.named[at];
        let bytes = data::bytes(path)?;
        match data::checksum_of(&bytes) == self.sums()?[at].1 {
            true => Ok(bytes),
            false => Err(DataError::Changed { path: path.clone(), name: name.clone() }),
        }
    }

    /// The file at a place, for errors.
    pub fn path(&self, at: usize) -> &Path {
        &self.named[at].1
    }
}
