//! Files as they lie, for what is no dataset and yet in the same formats: recordings of trainings.
//!
//! In: a path. Out: names and paths of files, their bytes and checksums, and NumPy's arrays. Must not know: what is made of
//! them.

use std::path::{Path, PathBuf};

use super::checksum::sha256;
use super::layout::arrays::{self, Array, ArrayError, Header, Source};
use super::layout::{self, Found, Layout};
use super::{DataError, read};

/// What is in a folder, in the order of the names, less hidden files and what programs leave behind.
///
/// # Errors
/// It cannot be listed.
pub fn inside(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    layout::inside(folder)
}

/// `sha256:...` of a file, unpacked if its name ends in .gz.
///
/// # Errors
/// It is no regular file, or cannot be read.
pub fn checksum(path: &Path) -> Result<String, DataError> {
    Ok(read::digest(path)?.to_string())
}

/// The same of bytes.
pub fn checksum_of(bytes: &[u8]) -> String {
    sha256(bytes).to_string()
}

/// All bytes of a file.
///
/// # Errors
/// It is no regular file, or cannot be read.
pub fn bytes(path: &Path) -> Result<Vec<u8>, DataError> {
    super::file::len(path)?;
    std::fs::read(path).map_err(|source| super::file::unreadable(path, source))
}

/// Whether there are tables at a path.
///
/// # Errors
/// A folder that cannot be listed.
pub fn is_table(path: &Path) -> Result<bool, DataError> {
    Ok(Layout::Table.find(path)?.is_some())
}

/// NumPy's arrays at a path: one archive, called `npz`, or files of one array each, called as the arrays are; none if there
/// are none.
///
/// # Errors
/// A folder that cannot be listed.
pub fn array_files(path: &Path) -> Result<Option<Vec<(String, PathBuf)>>, DataError> {
    let named = |files: Vec<Found>| files.into_iter().map(|file| (file.name, file.path)).collect();
    Ok(arrays::find(path)?.map(named))
}

/// Arrays in an archive, or in files of their own.
pub struct Arrays {
    path: PathBuf,
    source: Source,
}

impl Arrays {
    /// Of the names, paths and bytes of [`array_files`]; errors name `path`.
    ///
    /// # Errors
    /// No archive.
    pub fn open(path: &Path, files: Vec<(String, PathBuf, Vec<u8>)>) -> Result<Arrays, DataError> {
        let files = files.into_iter().map(|(name, path, bytes)| layout::Content { name, path, bytes });
        let source = Source::of(files.collect()).map_err(|error| error.of(path))?;
        Ok(Arrays { path: path.to_owned(), source })
    }

    /// Name and header of each array that holds numbers or texts.
    ///
    /// # Errors
    /// A header that is none.
    pub fn headers(&mut self) -> Result<Vec<(String, Header)>, DataError> {
        self.source.headers().map(|(headers, _)| headers).map_err(|error| self.error(error))
    }

    /// The array of this name.
    ///
    /// # Errors
    /// It is not there, or damaged.
    pub fn array(&mut self, name: &str) -> Result<Array, DataError> {
        self.source.array(name).map_err(|error| self.error(error))
    }

    fn error(&self, error: ArrayError) -> DataError {
        error.of(&self.path)
    }
}
