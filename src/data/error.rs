//! What can go wrong between a dataset's name and its images.
//!
//! In: the facts of a failure. Out: an error that says what and why in a line or two. Must not
//! know: how errors are printed, what to do about them.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::Cause;

/// A place that was tried, and why it did not serve.
#[derive(Debug)]
pub struct Attempt {
    /// A folder, an address or a package.
    pub place: String,
    pub why: Why,
}

/// Why a place did not serve. One line, to be told after the place's name.
#[derive(Debug)]
pub enum Why {
    NoFolder,
    NoneOfTheFiles,
    Lacks(Vec<&'static str>),
    /// A file or an archive is there, and something is wrong with it.
    Wrong(Box<DataError>),
    /// What a server or a program said, or what else there is to say.
    Said(String),
}

impl Why {
    /// The same, with the file that it is about named from `folder` on: to be told after the
    /// folder's name.
    pub(super) fn within(mut self, folder: &Path) -> Self {
        if let Why::Wrong(error) = &mut self
            && let DataError::NeedsCompressed { path, .. }
            | DataError::NeedsArchive { path, .. }
            | DataError::WrongSum { path, .. }
            | DataError::Broken { path, .. }
            | DataError::Unpack { path, .. }
            | DataError::Io { path, .. } = error.as_mut()
            && let Ok(inside) = path.strip_prefix(folder)
        {
            *path = inside.to_owned();
        }
        self
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::NoFolder => f.write_str("no such folder"),
            Why::NoneOfTheFiles => f.write_str("has none of the files"),
            Why::Lacks(files) => write!(f, "lacks {}", files.join(", ")),
            Why::Wrong(error) => f.write_str(&error.in_one_line()),
            Why::Said(text) => f.write_str(text),
        }
    }
}

impl From<DataError> for Why {
    fn from(error: DataError) -> Self {
        Why::Wrong(Box::new(error))
    }
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

    /// No folder holds all files of a known dataset.
    #[error("{name} is not on this machine\n{}", list(.tried, "; "))]
    NotHere {
        /// The dataset.
        name: String,
        /// The folders.
        tried: Vec<Attempt>,
    },

    /// There is nothing at the path of a user's dataset.
    #[error("there is no file or folder {}", .path.display())]
    Nothing {
        /// The path.
        path: PathBuf,
    },

    /// The data at a user's path cannot be studied.
    #[error("{}: {why}", .path.display())]
    Unfit {
        /// The file or folder.
        path: PathBuf,
        /// What is there, and what is missing.
        why: String,
        /// What the user can do.
        hint: String,
    },

    /// Some of the files of a user's dataset are there, but not all.
    #[error("{} lacks {}", .path.display(), .missing.join(", "))]
    Incomplete {
        /// The folder.
        path: PathBuf,
        /// Names of files.
        missing: Vec<String>,
    },

    /// The unpacked file is there, but only the sum of the compressed one is published.
    #[error("{} cannot be checked: {name} publishes a checksum of {needed} alone, and that file is not there", .path.display())]
    NeedsCompressed {
        /// The dataset.
        name: String,
        /// The unpacked file.
        path: PathBuf,
        /// The name of the compressed one.
        needed: String,
    },

    /// The unpacked files are there, but only the sum of the archive is published, and it was not hspipe that unpacked it.
    #[error("{} cannot be checked: {name} publishes a checksum of {archive} alone, and hspipe did not unpack the file from it", .path.display())]
    NeedsArchive {
        /// The dataset.
        name: String,
        /// An unpacked file.
        path: PathBuf,
        /// The archive's name.
        archive: &'static str,
    },

    /// No source had all the files. One line for each source.
    #[error("cannot get {name}: no source has all of its files\n  {}", list(.tried, "\n  "))]
    Unobtainable {
        /// The dataset.
        name: String,
        /// The folder the files were to go to.
        destination: PathBuf,
        /// Names of the files, as they are served.
        served: Vec<String>,
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
        /// `sha256:...`, `md5:...`, `md5-gz:...` or `md5-bz2:...`.
        expected: String,
        /// In the same form.
        found: String,
        /// What else is wrong with it, if its structure is no good either.
        #[source]
        broken: Option<Cause>,
    },

    /// A file is not what it should be.
    #[error("{} is not a good {what}", .path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// Such as `IDX file`.
        what: &'static str,
        /// What is wrong with it.
        #[source]
        source: Cause,
    },

    /// A compressed file does not unpack.
    #[error("cannot unpack {}", .path.display())]
    Unpack {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },

    /// Two files or images, each good, do not belong together.
    #[error("{} and {} do not go together: {why}", .one.display(), .other.display())]
    Mismatch {
        /// A file, or a place in one.
        one: PathBuf,
        /// The other.
        other: PathBuf,
        /// The sizes that differ.
        why: String,
        /// What the user can do.
        remedy: &'static str,
    },

    /// Several images of a folder are broken or unlike the others.
    #[error("{} of {images} images cannot be used{}", .faults.len(), some(.faults))]
    Faulty {
        /// One for each, two at least.
        faults: Vec<DataError>,
        /// All that there are.
        images: usize,
    },

    /// More than can be held.
    #[error("{} holds, or claims to hold, {sizes} bytes", .path.display())]
    TooLarge {
        /// The file or folder.
        path: PathBuf,
        /// Such as `60000 x 28 x 28`.
        sizes: String,
    },

    /// No image at all.
    #[error("{} holds no image", .path.display())]
    NoSamples {
        /// The file or folder.
        path: PathBuf,
    },

    /// A class of a user's dataset has one sample.
    #[error("class {} has one sample in {}", class_text(*.class, .name), .path.display())]
    FewSamples {
        /// The file or folder.
        path: PathBuf,
        /// Its number.
        class: usize,
        /// Its name.
        name: String,
    },

    /// A user's files changed after their identity was taken.
    #[error("{} changed while hspipe ran: {name}", .path.display())]
    Changed {
        /// The file or folder that is the dataset.
        path: PathBuf,
        /// The first that changed, as the dataset names it.
        name: String,
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
    /// One error of what is wrong with some of so many images, if anything is.
    pub(super) fn all(mut faults: Vec<DataError>, images: usize) -> Result<(), DataError> {
        match faults.len() {
            0 => Ok(()),
            1 => Err(faults.remove(0)),
            _ => Err(Self::Faulty { faults, images }),
        }
    }

    /// The data at `path` cannot be studied: what there is, and what the user can do.
    pub fn unfit(path: &Path, why: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Unfit { path: path.to_owned(), why: why.into(), hint: hint.into() }
    }

    pub(super) fn unknown(name: &str) -> Self {
        Self::Unknown { name: name.to_owned() }
    }

    /// True if the dataset cannot be had, which blocks only the work that reads it; false if
    /// something that is there is wrong and wants the user's attention.
    pub fn is_absent(&self) -> bool {
        matches!(
            self,
            Self::NotHere { .. }
                | Self::Nothing { .. }
                | Self::NeedsCompressed { .. }
                | Self::NeedsArchive { .. }
                | Self::Unobtainable { .. }
        )
    }

    /// The error and what caused it, in one line.
    pub fn in_one_line(&self) -> String {
        let mut line = self.to_string().replace('\n', ": ");
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            line = format!("{line}: {error}");
            cause = error.source();
        }
        line
    }
}

/// Images that are named one by one.
const NAMED: usize = 10;

/// A line for each of the first, and how many more there are.
fn some(faults: &[DataError]) -> String {
    let named = faults.iter().take(NAMED).map(|fault| format!("\n  {}", fault.in_one_line()));
    let more = match faults.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!("\n  and {more} more"),
    };
    named.chain([more]).collect()
}

fn list(attempts: &[Attempt], separator: &str) -> String {
    let lines: Vec<_> = attempts.iter().map(|a| format!("{}: {}", a.place, a.why)).collect();
    lines.join(separator)
}

/// A class as errors call it: its label, and its name if it has one of its own, as in `3 (zebra)`.
pub fn class_text(class: usize, name: &str) -> String {
    if name == class.to_string() { name.to_owned() } else { format!("{class} ({name})") }
}
