//! A gzipped tar archive that holds all files of a published dataset.
//!
//! In: the archive's bytes as a stream. Out: its members, unpacked, of an archive whose checksum is
//! the published one. Must not know: where the archive comes from, what is in the files.

use std::io::{self, Read};
use std::path::Path;

use flate2::read::GzDecoder;

use super::DataError;
use super::checksum::md5;
use super::file::{self, Unread};
use super::known::{Archive, Published};
use super::read::{self, Checked};

/// Reads a whole archive. Never holds more than it should have.
///
/// # Errors
/// [`DataError::WrongSum`], or that it cannot be read; `path` names it.
pub(super) fn whole(
    published: &Published,
    archive: &Archive,
    path: &Path,
    mut from: impl Read,
) -> Result<Vec<u8>, DataError> {
    let wrong = |found| DataError::WrongSum {
        name: published.name.to_owned(),
        path: path.to_owned(),
        expected: format!("md5:{}", archive.md5),
        found,
        broken: None,
    };
    let bytes = file::at_most(archive.len, &mut from).map_err(|error| match error {
        Unread::Io(source) => file::unreadable(path, source),
        Unread::TooLong => wrong(format!("more than its {} bytes", archive.len)),
    })?;
    let found = md5(&bytes);
    if found == archive.md5 { Ok(bytes) } else { Err(wrong(format!("md5:{found} of {} bytes", bytes.len()))) }
}

/// Hands over each file whose index is in `wanted`, checked, in the order of the archive.
///
/// # Errors
/// [`DataError::Unpack`], or what a file's own check says.
pub(super) fn unpack(
    published: &Published,
    archive: &Archive,
    path: &Path,
    bytes: &[u8],
    wanted: &[usize],
    mut take: impl FnMut(usize, Checked),
) -> Result<(), DataError> {
    let cannot = |source: io::Error| DataError::Unpack { path: path.to_owned(), source };
    let folder = Path::new(archive.folder);
    let mut members = tar::Archive::new(GzDecoder::new(bytes));
    for member in members.entries().map_err(cannot)? {
        let member = member.map_err(cannot)?;
        let inside = member.path().map_err(cannot)?.into_owned();
        let index = published.files.iter().position(|file| folder.join(file.name) == inside);
        if let Some(index) = index.filter(|index| wanted.contains(index)) {
            take(index, read::stream(published, index, &path.join(&inside), member, false)?);
        }
    }
    Ok(())
}
