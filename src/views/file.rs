//! A file that is written for people: whole or not at all, and as the system's other programs would write it.
//!
//! In: a path and bytes. Out: a new file, as the umask has it; a regular file replaced, its mode and owner kept; anything
//! else, such as a device or a pipe, written through. Links are followed. Knows no formats.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};

/// How the name of a file begins until it is whole; a kill leaves one.
pub const TEMPORARY: &str = ".tmp-";

/// Why a file cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("cannot write {path}")]
    Io { path: PathBuf, source: io::Error },
    #[error("{link} is a link to {target}, which is not there (is the disk mounted?)")]
    LinkToNowhere { link: PathBuf, target: PathBuf },
}

/// Writes `bytes` to `path`, making its folder if need be.
///
/// # Errors
/// What the system refuses; the file is then as it was.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let cannot = |source| FileError::Io { path: path.to_path_buf(), source };
    // To open it asks whether it may be written at all: by rename even a protected file could be replaced.
    match OpenOptions::new().write(true).open(path) {
        Ok(mut file) if !file.metadata().map_err(cannot)?.is_file() => file.write_all(bytes).map_err(cannot),
        Ok(file) => replace(path, file, bytes).map_err(cannot),
        Err(error) if error.kind() == ErrorKind::NotFound => create(path, bytes),
        Err(error) => Err(cannot(error)),
    }
}

/// The first link on the way to `path` that leads to nothing, and where it leads.
pub fn link_to_nowhere(path: &Path) -> Option<(PathBuf, PathBuf)> {
    let mut way: Vec<&Path> = path.ancestors().filter(|part| *part != Path::new("")).collect();
    way.reverse();
    let link = way.into_iter().find(|part| part.is_symlink() && !part.exists())?;
    let target = fs::read_link(link).ok()?;
    Some((link.to_path_buf(), target))
}

fn create(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let mut target = path.to_path_buf();
    if let Some((link, to)) = link_to_nowhere(path) {
        // A file may be made where a link points. Folders may not: they would fill the place where a disk goes.
        target = folder_of(&link).join(&to);
        if link != path || !folder_of(&target).is_dir() || target.is_symlink() {
            return Err(FileError::LinkToNowhere { link, target: to });
        }
    }
    let cannot = |source| FileError::Io { path: path.to_path_buf(), source };
    let folder = folder_of(&target);
    fs::create_dir_all(folder).map_err(cannot)?;
    let file = temporary(folder, bytes).map_err(cannot)?;
    file.persist(&target).map_err(|error| cannot(error.error))?;
    Ok(())
}

/// By rename; where the folder does not allow that, as for a file that is mounted alone, in place.
fn replace(path: &Path, old: File, bytes: &[u8]) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    let metadata = old.metadata()?;
    let refused = [ErrorKind::PermissionDenied, ErrorKind::ReadOnlyFilesystem, ErrorKind::ResourceBusy];
    let replaced = temporary(folder_of(&path), bytes).and_then(|file| {
        keep_owner(file.as_file(), &metadata)?;
        file.as_file().set_permissions(metadata.permissions())?;
        file.persist(&path).map_err(|error| error.error)?;
        Ok(())
    });
    match replaced {
        Err(error) if refused.contains(&error.kind()) => in_place(&path, old, bytes),
        replaced => replaced,
    }
}

/// Over the old bytes, which come back if the new ones do not fit.
fn in_place(path: &Path, mut file: File, bytes: &[u8]) -> io::Result<()> {
    let mut old = Vec::new();
    File::open(path)?.read_to_end(&mut old)?;
    let mut put = |bytes: &[u8]| {
        file.rewind()?;
        file.write_all(bytes)?;
        file.set_len(bytes.len() as u64)?;
        file.sync_all()
    };
    put(bytes).inspect_err(|_| {
        let _ = put(&old);
    })
}

/// The bytes on disk under a temporary name, with the mode of a new file.
fn temporary(folder: &Path, bytes: &[u8]) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."))
}

/// An owner that cannot be kept by a new file is kept by writing in place.
#[cfg(unix)]
fn keep_owner(file: &File, old: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let new = file.metadata()?;
    if (new.uid(), new.gid()) == (old.uid(), old.gid()) {
        return Ok(());
    }
    fchown(file, Some(old.uid()), Some(old.gid()))
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &fs::Metadata) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn modes_are_those_of_any_new_file_or_stay() {
        let folder = tempfile::tempdir().unwrap();
        let (new, plain) = (folder.path().join("in/new"), folder.path().join("plain"));
        write(&new, b"one").unwrap();
        fs::write(&plain, "").unwrap();
        assert_eq!(mode(&new), mode(&plain));
        fs::set_permissions(&new, fs::Permissions::from_mode(0o640)).unwrap();
        let before = fs::metadata(&new).unwrap().ino();
        write(&new, b"two").unwrap();
        assert_eq!((mode(&new), fs::read(&new).unwrap()), (0o640, b"two".to_vec()));
        assert_ne!(fs::metadata(&new).unwrap().ino(), before, "it is replaced as a whole");
    }

    #[test]
    fn links_are_followed() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("there")).unwrap();
        symlink("there/file", at("link")).unwrap();
        for text in ["new", "old"] {
            write(&at("link"), text.as_bytes()).unwrap();
            assert!(at("link").is_symlink());
            assert_eq!(fs::read_to_string(at("there/file")).unwrap(), text);
        }
        symlink("gone/file", at("nowhere")).unwrap();
        symlink("gone", at("folder")).unwrap();
        for name in ["nowhere", "folder/file"] {
            let error = write(&at(name), b"x").unwrap_err().to_string();
            assert!(error.contains("is a link to gone") && error.contains("which is not there"), "{error}");
            assert!(!at("gone").exists());
        }
    }

    #[test]
    fn what_is_no_regular_file_is_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let (null, full) = (folder.path().join("null"), folder.path().join("full"));
        // By links, so that a mistake would replace these and no device.
        symlink("/dev/null", &null).unwrap();
        symlink("/dev/full", &full).unwrap();
        write(&null, b"x").unwrap();
        assert!(fs::metadata(&null).unwrap().file_type().is_char_device());
        let FileError::Io { source, .. } = write(&full, b"x").unwrap_err() else { panic!() };
        assert_eq!(source.kind(), ErrorKind::StorageFull);
        assert!(write(folder.path(), b"x").is_err());
    }

    #[test]
    fn in_place_the_new_bytes_are_all_there_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "a long text").unwrap();
        in_place(&path, OpenOptions::new().write(true).open(&path).unwrap(), b"short").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"short");
    }
}
