//! Files that are there whole or not at all.
//!
//! In: a path, and bytes or a value. Out: the file, written under another name, flushed and renamed.
//! Knows no layout: where files lie is [`crate::store`]'s business.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::sealed;
use crate::store::StoreError;

/// What the system refuses, with what was tried.
pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_path_buf();
    move |source| StoreError::Io { action, path, source }
}

/// Writes `value` as a sealed JSON file, whole or not at all.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<(), StoreError> {
    write_whole(path, &json(path, value)?)
}

/// Writes `value` as a sealed JSON file unless there is a file already; whether it did.
pub fn write_json_new(path: &Path, value: &impl Serialize) -> Result<bool, StoreError> {
    match temporary(path, &[&json(path, value)?], Flush::Now)?.persist_noclobber(path) {
        Ok(_) => Ok(true),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(io("write", path)(error.error)),
    }
}

pub(crate) fn json(path: &Path, value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    sealed::seal(value).map_err(|error| StoreError::Io {
        action: "write",
        path: path.to_path_buf(),
        source: error.into(),
    })
}

/// Writes a file so that it is there whole or not at all, making its folder if need be.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    write_parts(path, &[bytes])
}

/// The same of several parts, one behind the other.
pub fn write_parts(path: &Path, parts: &[&[u8]]) -> Result<(), StoreError> {
    place(temporary(path, parts, Flush::Now)?, path)
}

/// Gives a temporary file its name.
pub(crate) fn place(file: tempfile::NamedTempFile, path: &Path) -> Result<(), StoreError> {
    file.persist(path).map_err(|error| io("write", path)(error.error))?;
    Ok(())
}

/// When bytes are to be on the disk.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Flush {
    /// Before the file has its name.
    Now,
    /// When the system likes: they can be had again.
    Later,
}

/// The bytes under a temporary name beside `path`.
pub(crate) fn temporary(
    path: &Path,
    parts: &[&[u8]],
    flush: Flush,
) -> Result<tempfile::NamedTempFile, StoreError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(io("make the folder", folder))?;
    let mut file =
        tempfile::Builder::new().prefix(".tmp-").tempfile_in(folder).map_err(io("write in", folder))?;
    let mut written = parts.iter().try_for_each(|part| file.write_all(part));
    if flush == Flush::Now {
        written = written.and_then(|()| file.as_file().sync_all());
    }
    written.map_err(io("write", path))?;
    readable_by_all(file.as_file()).map_err(io("write", path))?;
    Ok(file)
}

/// Temporary files are private; a cache or a figure may be shared.
#[cfg(unix)]
fn readable_by_all(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable_by_all(_: &File) -> io::Result<()> {
    Ok(())
}
