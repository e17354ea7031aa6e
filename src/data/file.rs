//! Single files and streams, read with bounds.
//!
//! In: a path, or a stream of which only so much is believed. Out: its bytes or its length, or why
//! not. Must not know: layouts, checksums, datasets.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::Path;

use bzip2::read::MultiBzDecoder;
use flate2::read::MultiGzDecoder;

use super::DataError;

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Compression {
    None,
    Gzip,
    Bzip2,
}

impl Compression {
    /// By the ending of the file's name, in capitals or not.
    pub fn of(path: &Path) -> Compression {
        let is = |ending: &str| path.extension().is_some_and(|own| own.eq_ignore_ascii_case(ending));
        match () {
            () if is("gz") => Self::Gzip,
            () if is("bz2") => Self::Bzip2,
            () => Self::None,
        }
    }

    /// The ending of such a file's name, with its point.
    pub fn ending(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Gzip => ".gz",
            Self::Bzip2 => ".bz2",
        }
    }

    /// The bytes of the file unpacked.
    pub fn unpacked<'a>(self, from: impl Read + 'a) -> Box<dyn Read + 'a> {
        match self {
            Self::None => Box::new(from),
            Self::Gzip => Box::new(MultiGzDecoder::new(BufReader::new(from))),
            Self::Bzip2 => Box::new(MultiBzDecoder::new(from)),
        }
    }
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
