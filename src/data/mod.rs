//! The datasets: what they are called, which files they consist of, and how to get their samples.
//!
//! In: a dataset's name or path, how to read it, the folders to look in, and the network if asked. Out: all samples
//! with labels, those for training first, and what is to be said of them; what is published has had its checksums
//! compared before a byte is handed on. Next: `ops::load` stores them as tables. Must not know: tables, torch, stages,
//! the cache.
//!
//! `known` lists the published datasets; `source`, `fetch`, `download`, `package` and `archive` find or get their
//! files, `read` and `unpacked` check them. `own` reads what lies at a path. `layout` makes samples of either's files:
//! a new kind of dataset is a new file there. `file` and `checksum` are what all of them stand on, and `raw` hands files
//! out to what is no dataset.

mod archive;
mod checksum;
mod download;
mod error;
mod features;
mod fetch;
mod file;
mod hint;
mod images;
mod known;
mod labels;
mod layout;
mod minus_one;
mod own;
mod package;
mod picture;
mod raw;
mod read;
mod reading;
mod samples;
mod some;
mod source;
mod unpacked;

use std::path::PathBuf;

pub use error::{Attempt, DataError, Why, class_text};
pub use features::{CONSTANT, Features};
pub use fetch::fetch;
pub use images::Images;
pub use labels::Class;
pub use layout::{list_at, npy};
pub use raw::{Arrays, array_files, bytes, checksum, checksum_of, inside, is_table};
pub use reading::{Colour, MAX_SIDE, Missing, Reading};
pub use samples::{Content, Samples, Set, Unseen, leaves_out};
pub use some::some;
pub use source::{Folders, Whereabouts, locate};

use known::{Published, published};
use own::Own;

/// What is wrong with the bytes of a file.
type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What files contain: pairs of a name and a checksum.
type Sums = Vec<(String, String)>;

/// A dataset: one of [`known`], or one that lies at a path ([`Dataset::at_path`]).
#[derive(Debug, Clone)]
pub struct Dataset {
    origin: Origin,
}

#[derive(Debug, Clone)]
enum Origin {
    Published(&'static Published),
    Own(Box<Own>),
}

/// The datasets that hspipe can fetch by itself.
pub fn known() -> impl Iterator<Item = Dataset> {
    published().map(Dataset::published)
}

/// The known dataset of exactly this name.
///
/// # Errors
/// [`DataError::Unknown`], with the nearest known name where one is near.
pub fn find(name: &str) -> Result<Dataset, DataError> {
    known().find(|dataset| dataset.name() == name).ok_or_else(|| DataError::unknown(name))
}

impl Dataset {
    /// A dataset without published checksums: whatever `layout` knows at this path. Reads nothing
    /// yet. `name` is what errors call it.
    pub fn at_path(name: impl Into<String>, path: impl Into<PathBuf>, reading: Reading) -> Self {
        Self { origin: Origin::Own(Box::new(Own::new(name.into(), path.into(), reading))) }
    }

    /// Reads a dataset that lies at a path.
    ///
    /// # Errors
    /// Those of [`load`]. Absent if it is a known one: those need [`load`].
    pub fn read(&self) -> Result<Samples, DataError> {
        match &self.origin {
            Origin::Published(_) => Err(DataError::unknown(self.name())),
            Origin::Own(own) => own.load(),
        }
    }

    /// Reads what lies at a path for networks that have not learned from it and know these classes: fewer samples than a
    /// dataset needs will do, and labels may be missing.
    ///
    /// # Errors
    /// As [`Dataset::read`].
    pub fn read_unseen(&self, classes: &[String]) -> Result<Unseen, DataError> {
        match &self.origin {
            Origin::Published(_) => Err(DataError::unknown(self.name())),
            Origin::Own(own) => own.unseen(classes),
        }
    }

    fn published(published: &'static Published) -> Self {
        Self { origin: Origin::Published(published) }
    }

    /// As written in pipeline.yaml and in the tables.
    pub fn name(&self) -> &str {
        match &self.origin {
            Origin::Published(published) => published.name,
            Origin::Own(own) => own.name(),
        }
    }

    /// What the files contain, as pairs of file name and `sha256:...` or `md5:...` (of the file unpacked)
    /// or `md5-gz:...` (of the gzipped file), `md5-bz2:...` or `md5-zip:...` (of the archive that it is in). Independent of where the files lie and whether they are
    /// gzipped, so this is what enters a cache key.
    ///
    /// Published sums need no I/O. Those of a dataset at a path are computed once; from then on
    /// [`load`] refuses files that have changed since. After a load they describe what was loaded.
    ///
    /// # Errors
    /// Only for a dataset at a path: what [`load`] says of files that are absent or unreadable.
    pub fn identity(&self) -> Result<Vec<(String, String)>, DataError> {
        match &self.origin {
            Origin::Published(published) => {
                Ok(published.files.iter().map(|file| (file.name.to_owned(), file.sum.to_string())).collect())
            }
            Origin::Own(own) => own.identity(),
        }
    }

    /// The file of each sample, as `train/cat/1.png`, in the order of the samples; nothing where files
    /// hold many samples. They are the files that [`Dataset::identity`] describes.
    ///
    /// # Errors
    /// Those of `identity`.
    pub fn sources(&self) -> Result<Vec<String>, DataError> {
        match &self.origin {
            Origin::Published(_) => Ok(Vec::new()),
            Origin::Own(own) => own.sources(),
        }
    }
}

/// Whether a notice says that values were read by the range of all of them: then the same value in other data is read as
/// another number.
pub fn is_relative(notice: &str) -> bool {
    notice.starts_with(features::TAKEN) || notice.starts_with(layout::arrays::RANGE)
}

/// Reads a dataset that is on this machine; never downloads.
///
/// # Errors
/// Absent ([`DataError::is_absent`]) if no folder holds all files of a known dataset. Otherwise the
/// error names the file that has a wrong sum, is broken, does not go with the others, or cannot be
/// read. Only the first folder that holds all files is read.
pub fn load(dataset: &Dataset, folders: &Folders) -> Result<Samples, DataError> {
    match &dataset.origin {
        Origin::Published(published) => {
            let (files, _) = source::complete(published, folders)?;
            read::all(published, &files)
        }
        Origin::Own(own) => own.load(),
    }
}

/// [`load`], and if a known dataset is absent, [`fetch`] and then load.
///
/// # Errors
/// Those of the two. A file with a wrong sum is reported, not replaced: only `fetch` replaces.
pub fn load_or_fetch(
    dataset: &Dataset,
    folders: &Folders,
    say: &mut dyn FnMut(&str),
) -> Result<Samples, DataError> {
    match load(dataset, folders) {
        Err(error) if error.is_absent() => {
            fetch(dataset, folders, say)?;
            load(dataset, folders)
        }
        other => other,
    }
}
