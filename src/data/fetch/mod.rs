//! Gets a dataset's files from wherever they can be had.
//!
//! In: a dataset, the folders, and whom to tell of progress. Out: a folder that holds all of its
//! files, each checked before it was put there. Must not know: how a file is checked.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::known::{Archive, Packing, Published};
use super::package::Package;
use super::read::{self, Checked};
use super::source::{complete, files_in, forms};
use super::{Attempt, DataError, Dataset, Folders, Origin, Why, archive, checksum, download, file, unpacked};

/// Makes sure that a [`load`](super::load) will succeed, and returns the folder it will read.
///
/// If the files that a load would take are right, nothing is done. Otherwise the destination
/// (`HSPIPE_DATA` or `data`, then `NAME/raw`) is filled file by file from the other folders and the
/// archives in them, the mirrors and a package, in this order; wrong files in it are replaced, files
/// elsewhere are never touched. Files appear whole or not at all. `say` gets one line per event.
///
/// # Errors
/// [`DataError::Unobtainable`] with one reason per source; [`DataError::Io`] if the destination
/// cannot be written. A dataset at a path has no other source: then whatever is wrong with it.
pub fn fetch(dataset: &Dataset, folders: &Folders, say: &mut dyn FnMut(&str)) -> Result<PathBuf, DataError> {
    let published = match &dataset.origin {
        Origin::Own(own) => return own.load().map(|_| own.path().to_owned()),
        Origin::Published(published) => *published,
    };
    let at_hand = complete(published, folders).and_then(|(files, folder)| {
        read::all(published, &files)?;
        Ok(folder)
    });
    if at_hand.is_ok() {
        return at_hand;
    }

    let destination = folders.destination(published);
    let on_disk = folders.candidates(published).into_iter().map(Source::Folder);
    let archives = folders.archives(published).into_iter().map(Source::Archive);
    let mirrors = published.mirrors.iter().map(|&url| Source::Mirror(url));
    let package = published.package.as_ref().map(Source::Package);
    let files = 0..published.files.len();
    let mut missing: Vec<usize> =
        files.clone().filter(|&file| !is_right(published, file, &destination)).collect();
    if published.checked_archive().is_some() && !missing.is_empty() {
        // The note of their sums is of all of them.
        missing = files.collect();
    }
    let mut tried = Vec::new();
    for source in on_disk.chain(archives).chain(mirrors).chain(package) {
        if missing.is_empty() {
            break;
        }
        if source.is_remote() {
            say(&match (&published.archive, &source) {
                (Some(Archive { name, len, .. }), Source::Mirror(url)) => {
                    format!("trying {url} for {name}, {:.0} MB", *len as f64 / 1e6)
                }
                _ => format!("trying {source}"),
            });
        }
        if let Err(why) = source.supply(published, &mut missing, &destination, say)? {
            say(&format!("{source}: {why}"));
            tried.push(Attempt { place: source.to_string(), why });
        }
    }
    if missing.is_empty() {
        say(&format!("all files are in {}", destination.display()));
        return Ok(destination);
    }
    let (name, served) = (published.name.to_owned(), published.served());
    Err(DataError::Unobtainable { name, destination, served, tried })
}

/// Something that may have some of the files.
#[derive(Debug)]
enum Source<'a> {
    Folder(PathBuf),
    /// An archive of all files on this machine.
    Archive(PathBuf),
    /// An address that the name of a compressed file, or the archive's, is appended to.
    Mirror(&'a str),
    Package(&'a Package),
}

impl fmt::Display for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) | Self::Archive(path) => write!(f, "{}", path.display()),
            Self::Mirror(url) => f.write_str(url),
            Self::Package(package) => write!(f, "{package}"),
        }
    }
}

impl Source<'_> {
    fn is_remote(&self) -> bool {
        matches!(self, Self::Mirror(_) | Self::Package(_))
    }

    /// Puts into `destination` what it can of the missing files and strikes them from the list.
    /// The inner error is why the source fell short, the outer one that nothing can be stored.
    fn supply(
        &self,
        published: &Published,
        missing: &mut Vec<usize>,
        destination: &Path,
        say: &mut dyn FnMut(&str),
    ) -> Result<Result<(), Why>, DataError> {
        match (self, &published.archive) {
            (Self::Folder(folder), _) => supply_from_folder(published, missing, folder, destination),
            (Self::Archive(path), Some(archive)) => {
                let whole = File::open(path)
                    .map_err(|source| file::unreadable(path, source))
                    .and_then(|mut file| archive::check(published, archive, path, &mut file).map(|()| file));
                match whole {
                    Ok(file) => supply_from_archive(published, archive, file, missing, destination),
                    Err(error) => Ok(Err(error.into())),
                }
            }
            (Self::Archive(_), None) => Ok(Err(Why::Said("it is published as single files".to_owned()))),
            (Self::Mirror(url), Some(archive)) => {
                let path = destination.join(archive.name);
                let cannot = |source| DataError::Io { doing: "write", path: path.clone(), source };
                let mut temp = temporary(destination).map_err(cannot)?;
                if let Err(why) = download::archive(published, archive, url, temp.as_file_mut()) {
                    return Ok(Err(why));
                }
                let file = match archive.packing {
                    Packing::TarGz => temp.reopen().map_err(cannot)?,
                    Packing::Zip => {
                        let file = temp.persist(&path).map_err(|error| cannot(error.error))?;
                        say(&format!(
                            "{} stays for the other datasets in it, and may be deleted",
                            path.display()
                        ));
                        file
                    }
                };
                supply_from_archive(published, archive, file, missing, destination)
            }
            (Self::Mirror(url), None) => {
                for file in missing.clone() {
                    // The next file would fail as this one did, only later.
                    match download::file(published, file, url) {
                        Ok(checked) => publish(published, &checked, file, missing, destination)?,
                        Err(why) => return Ok(Err(why)),
                    }
                }
                Ok(Ok(()))
            }
            (Self::Package(package), _) => {
                let cannot = |source| DataError::Io {
                    doing: "create a folder in",
                    path: std::env::temp_dir(),
                    source,
                };
                let mut private = tempfile::Builder::new();
                #[cfg(unix)]
                private.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
                let temp = private.tempdir().map_err(cannot)?;
                match package.unpack(temp.path(), say) {
                    Ok(folder) => supply_from_folder(published, missing, &folder, destination),
                    Err(said) => Ok(Err(Why::Said(said))),
                }
            }
        }
    }
}

/// Of an archive that has been checked.
fn supply_from_archive(
    published: &Published,
    archive: &Archive,
    from: File,
    missing: &mut Vec<usize>,
    destination: &Path,
) -> Result<Result<(), Why>, DataError> {
    let wanted = missing.clone();
    let (mut unstored, mut sums) = (None, Vec::new());
    let name = Path::new(archive.name);
    let unpacked = archive::unpack(published, archive, name, from, &wanted, |file, checked| {
        if unstored.is_none() {
            let known = published.files.get(file).map_or("", |known| known.name);
            sums.push((known, checksum::sha256(&checked.raw)));
            unstored = publish(published, &checked, file, missing, destination).err();
        }
    });
    match (unstored, unpacked) {
        (Some(error), _) => Err(error),
        (None, Err(error)) => Ok(Err(error.into())),
        (None, Ok(())) if missing.is_empty() => {
            if let Some(archive) = published.checked_archive() {
                let path = unpacked::path(published, destination);
                store(unpacked::note(archive, &sums).as_bytes(), &path)?;
            }
            Ok(Ok(()))
        }
        (None, Ok(())) => Ok(Err(Why::Said(format!("{} does not hold all files", archive.name)))),
    }
}

fn supply_from_folder(
    published: &Published,
    missing: &mut Vec<usize>,
    folder: &Path,
    destination: &Path,
) -> Result<Result<(), Why>, DataError> {
    let mut wrong = None;
    for file in missing.clone() {
        for path in forms(published, file, folder) {
            match read::file(published, file, &path) {
                Ok(checked) => {
                    publish(published, &checked, file, missing, destination)?;
                    break;
                }
                Err(error) => wrong = wrong.or(Some(error)),
            }
        }
    }
    if missing.is_empty() {
        return Ok(Ok(()));
    }
    let why = match (wrong, files_in(published, folder)) {
        (Some(error), _) => error.into(),
        (None, Err(why)) => why,
        (None, Ok(_)) => Why::Said("its files changed while they were read".to_owned()),
    };
    Ok(Err(why.within(folder)))
}

/// True if a load that takes this folder would find the file of this index right.
fn is_right(published: &Published, file: usize, folder: &Path) -> bool {
    forms(published, file, folder).first().is_some_and(|path| read::file(published, file, path).is_ok())
}

/// Stores a checked file.
fn publish(
    published: &Published,
    checked: &Checked,
    file: usize,
    missing: &mut Vec<usize>,
    destination: &Path,
) -> Result<(), DataError> {
    let (bytes, ending) = checked.stored();
    let name = published.files.get(file).map_or("", |known| known.name);
    store(bytes, &destination.join(format!("{name}{ending}")))?;
    missing.retain(|&other| other != file);
    Ok(())
}

/// Writes a file under a temporary name, then renames it.
fn store(bytes: &[u8], path: &Path) -> Result<(), DataError> {
    let write = || {
        let mut temp = temporary(path.parent().unwrap_or(Path::new(".")))?;
        temp.write_all(bytes)?;
        temp.as_file().sync_all()?;
        temp.persist(path)?;
        Ok(())
    };
    write().map_err(|source| DataError::Io { doing: "write", path: path.to_owned(), source })
}

/// A temporary file in a folder, which is made if it is not there.
fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".fetch-");
    // Others may read the file, unlike what a temporary file allows by itself.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    builder.tempfile_in(folder)
}

#[cfg(test)]
mod tests;
