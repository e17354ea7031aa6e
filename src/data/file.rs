//! Single files and streams, read with bounds.
//!
//! In: a path, or a stream of which only so much is believed. Out: its bytes or its length, or why
//! not. Must not know: layouts, checksums, datasets.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use super::DataError;

/// Whether a file is gzipped, by its name.
pub(super) fn is_gz(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "gz")
}

/// Opens a file.
pub(super) fn open(path: &Path) -> Result<File, DataError> {
    len(path)?;
    File::open(path).map_err(|source| unreadable(path, source))
}

/// The length of a file. A pipe or a device has none: it may never end, and to open it may block.
pub(super) fn len(path: &Path) -> Result<u64, DataError> {
    let metadata = fs::metadata(path).map_err(|source| unreadable(path, source))?;
    if !metadata.is_file() {
        let what = io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file");
        return Err(unreadable(path, what));
    }
    Ok(metadata.len())
}

pub(super) fn unreadable(path: &Path, source: io::Error) -> DataError {
    DataError::Io { doing: "read", path: path.to_owned(), source }
}

/// A file is longer than it may be; by how much was not looked at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is longer than the {0} bytes it should have")]
pub(super) struct Long(pub u64);

/// Why a stream was not read to its end.
pub(super) enum Unread {
    Io(io::Error),
    TooLong,
}

/// Reads a stream that has `len` bytes at most.
pub(super) fn at_most(len: u64, from: &mut dyn Read) -> Result<Vec<u8>, Unread> {
    let mut bytes = Vec::new();
    // One more byte than there should be tells a longer stream.
    from.take(len.saturating_add(1)).read_to_end(&mut bytes).map_err(Unread::Io)?;
    if bytes.len() as u64 > len { Err(Unread::TooLong) } else { Ok(bytes) }
}
