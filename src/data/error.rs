//! What can go wrong between a dataset's name and its images.
//!
//! In: the facts of a failure. Out: an error that says what and why in a line or two, and a hint of
//! what to do. Must not know: how errors are printed.

use std::io;
use std::path::{Path, PathBuf};

use super::idx::IdxError;
use super::{FILES, known};

/// A place that was tried, and why it did not serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// A folder, an address or a package.
    pub place: String,
    /// One line.
    pub why: String,
}

/// Why a dataset cannot be read or had. `Display` says what and why; see also [`DataError::hint`].
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// No dataset of this name is known.
    #[error("there is no dataset `{name}`")]
    Unknown {
        /// As asked for.
        name: String,
    },

    /// No folder holds all four files.
    #[error("{name} is not on this machine\n{}", list(.tried, "; "))]
    NotHere {
        /// The dataset.
        name: String,
        /// The folders.
        tried: Vec<Attempt>,
        /// True if `hspipe data fetch` may help.
        fetchable: bool,
    },

    /// The unpacked file is there, but only the sum of the gzipped one is published.
    #[error("{} cannot be checked: {name} publishes a checksum of {file}.gz alone, and that file is not there", .path.display())]
    NeedsGz {
        /// The dataset.
        name: String,
        /// The unpacked file.
        path: PathBuf,
        /// Its name in the list of files.
        file: &'static str,
    },

    /// No source had all the files. One line for each source.
    #[error("cannot get {name}: no source has all of its files\n  {}", list(.tried, "\n  "))]
    Unobtainable {
        /// The dataset.
        name: String,
        /// The folder the files were to go to.
        destination: PathBuf,
        /// Every source, in the order tried.
        tried: Vec<Attempt>,
    },

    /// A file is not what was published.
    #[error("{} is not {name}'s file\nexpected {expected}, found {found}", .path.display())]
    WrongSum {
        /// The dataset.
        name: String,
        /// A path, or the address it came from.
        path: PathBuf,
        /// `sha256:...` or `md5-gz:...`.
        expected: String,
        /// In the same form.
        found: String,
        /// What else is wrong with it, if it is no good IDX file either.
        #[source]
        broken: Option<Box<IdxError>>,
    },

    /// A file is no good IDX file.
    #[error("{} is not the IDX file of {name} it should be", .path.display())]
    Broken {
        /// The dataset.
        name: String,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: Box<IdxError>,
    },

    /// A gzipped file does not unpack.
    #[error("cannot unpack {}", .path.display())]
    Unpack {
        /// The dataset.
        name: String,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },

    /// Two files, each good, do not belong together.
    #[error("{} and {} do not go together: {why}", .one.display(), .other.display())]
    Mismatch {
        /// A file.
        one: PathBuf,
        /// The other.
        other: PathBuf,
        /// The sizes that differ.
        why: String,
    },

    /// A file or folder cannot be read or written.
    #[error("cannot {doing} {}", .path.display())]
    Io {
        /// A verb.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl DataError {
    pub(super) fn unknown(name: &str) -> Self {
        Self::Unknown { name: name.to_owned() }
    }

    /// True if the dataset cannot be had, which blocks only the work that reads it; false if
    /// something that is there is wrong and wants the user's attention.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::NotHere { .. } | Self::NeedsGz { .. } | Self::Unobtainable { .. })
    }

    /// What the user can do about it, in a line or two.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Unknown { name } => {
                return hspipe_engine::names::hint(name, known().iter().map(|dataset| dataset.name()));
            }
            Self::NotHere { name, fetchable: true, .. } => {
                format!("run `hspipe data fetch {name}`, or set HSPIPE_DATA to a folder that holds its files")
            }
            Self::NotHere { .. } => format!("put there {}, gzipped or not", FILES.join(", ")),
            Self::NeedsGz { name, file, .. } => {
                format!("run `hspipe data fetch {name}`, or put the published {file}.gz beside it")
            }
            Self::Unobtainable { destination, .. } => {
                let files: Vec<_> = FILES.iter().map(|file| format!("{file}.gz")).collect();
                format!(
                    "copy {} into {} from a machine that has them",
                    files.join(", "),
                    destination.display()
                )
            }
            Self::WrongSum { name, found, path, .. } => match owner(found) {
                Some(owner) if owner != name => {
                    format!("{} is {owner}'s file: move it to a folder {owner}/raw", path.display())
                }
                _ => again(name),
            },
            Self::Broken { name, .. } | Self::Unpack { name, .. } => again(name),
            Self::Mismatch { .. } => "the four files must come from one dataset".to_owned(),
            Self::Io { .. } => return None,
        })
    }

    /// The error and what caused it, in one line.
    pub(super) fn in_one_line(&self) -> String {
        let mut line = self.to_string().replace('\n', ": ");
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            line = format!("{line}: {error}");
            cause = error.source();
        }
        line
    }

    /// Why `folder` does not have the files, in one line that is to follow the folder's name.
    pub(super) fn why_not(&self, folder: &Path) -> String {
        match self {
            Self::NotHere { tried, .. } => tried.iter().map(|attempt| attempt.why.as_str()).collect(),
            _ => self.in_one_line().replace(&format!("{}/", folder.display()), ""),
        }
    }
}

fn list(attempts: &[Attempt], separator: &str) -> String {
    let lines: Vec<_> = attempts.iter().map(|a| format!("{}: {}", a.place, a.why)).collect();
    lines.join(separator)
}

/// The known dataset that publishes this sum.
fn owner(sum: &str) -> Option<&'static str> {
    let publishes =
        |d: &super::Dataset| (0..FILES.len()).any(|i| d.sum(i).is_some_and(|s| s.to_string() == sum));
    known().iter().find(|d| publishes(d)).map(|d| d.name())
}

/// The remedy for a bad file.
fn again(name: &str) -> String {
    if known().iter().any(|d| d.name() == name) {
        format!("delete it, or run `hspipe data fetch {name}` to have the published one instead")
    } else {
        "replace it; if it was changed on purpose, run again".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_in_a_name_finds_the_nearest() {
        let hint = |name| DataError::unknown(name).hint().unwrap();
        assert_eq!(hint("mnist"), "did you mean `MNIST`?");
        assert_eq!(hint("fashion-mnist"), "did you mean `FashionMNIST`?");
        assert_eq!(hint("minst"), "did you mean `MNIST`?");
        assert_eq!(hint("KMINST"), "did you mean `KMNIST`?");
        assert_eq!(hint("ImageNet"), "there are: FashionMNIST, KMNIST, MNIST");
    }

    #[test]
    fn a_file_of_another_dataset_is_recognised() {
        let error = DataError::WrongSum {
            name: "FashionMNIST".into(),
            path: "x/t10k-labels-idx1-ubyte".into(),
            expected: String::new(),
            found: "sha256:ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2".into(),
            broken: None,
        };
        assert!(error.hint().unwrap().contains("is MNIST's file"));
    }
}
