//! What can go wrong between a dataset's name and its images.
//!
//! In: the facts of a failure. Out: an error that says what and why in a line or two, and a hint of
//! what to do. Must not know: how errors are printed.

use std::io;
use std::path::{Path, PathBuf};

use super::known::{PUBLISHED, Published};
use super::{Cause, layout, picture};

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

    /// What lies at the path of a user's dataset is none of the layouts.
    #[error("{} is no dataset that hspipe can read", .path.display())]
    NoLayout {
        /// The path.
        path: PathBuf,
    },

    /// Some of the files of a user's dataset are there, but not all.
    #[error("{} lacks {}", .path.display(), .missing.join(", "))]
    Incomplete {
        /// The folder.
        path: PathBuf,
        /// Names of files.
        missing: Vec<String>,
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
        /// `sha256:...` or `md5-gz:...`.
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

    /// A gzipped file does not unpack.
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

    /// A class of a user's dataset has one sample, or none.
    #[error("class {} has {} in {}", class_text(*.class, .name), if *.samples == 0 { "no sample" } else { "one sample" }, .path.display())]
    FewSamples {
        /// The file or folder.
        path: PathBuf,
        /// Its label.
        class: usize,
        /// Its name.
        name: String,
        /// 0 or 1.
        samples: usize,
    },

    /// A user's files changed after their identity was taken.
    #[error("{} changed while hspipe ran: {name}", .path.display())]
    Changed {
        /// The file or folder that is the dataset.
        path: PathBuf,
        /// The first that changed, as the dataset names it.
        name: String,
    },

    /// A label below 0, or above the highest that is taken.
    #[error("{}: its label is {number}, and 0 to 65535 are labels", .place.display())]
    Label {
        /// A sample.
        place: PathBuf,
        /// As found.
        number: i128,
    },

    /// More classes than labels can tell apart.
    #[error("{} and so on: {classes} classes, and 65536 are the most", .path.display())]
    TooManyClasses {
        /// The first image.
        path: PathBuf,
        /// How many.
        classes: usize,
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

    pub(super) fn unknown(name: &str) -> Self {
        Self::Unknown { name: name.to_owned() }
    }

    /// True if the dataset cannot be had, which blocks only the work that reads it; false if
    /// something that is there is wrong and wants the user's attention.
    pub fn is_absent(&self) -> bool {
        matches!(
            self,
            Self::NotHere { .. } | Self::Nothing { .. } | Self::NeedsGz { .. } | Self::Unobtainable { .. }
        )
    }

    /// What the user can do about it, in a line or two.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Unknown { name } => {
                let known = hspipe_engine::names::hint(name, PUBLISHED.iter().map(|published| published.name))?;
                match known.starts_with("there are") {
                    true => format!("{known}; a path has a `/`, as in ./{name}"),
                    false => known,
                }
            }
            Self::NotHere { name, .. } => {
                format!("run `hspipe data fetch {name}`, or set HSPIPE_DATA to a folder that holds its files")
            }
            Self::Nothing { .. } => {
                "a path is relative to the folder of pipeline.yaml; a known dataset's name has no `/`".to_owned()
            }
            Self::NoLayout { .. } => format!("it can be {}", layout::kinds()),
            Self::Incomplete { missing, .. } => format!("put there {} too", missing.join(", ")),
            Self::NeedsGz { name, file, .. } => {
                format!("run `hspipe data fetch {name}`, or put the published {file}.gz beside it")
            }
            Self::Unobtainable { destination, served, .. } => format!(
                "copy {} into {} from a machine that has {}",
                served.join(", "),
                destination.display(),
                if served.len() == 1 { "it" } else { "them" }
            ),
            Self::WrongSum { name, found, path, .. } => match owner(found) {
                Some(owner) if owner.name != name => {
                    format!("{} is {1}'s file: move it to a folder {1}/raw", path.display(), owner.name)
                }
                _ => format!("delete it, or run `hspipe data fetch {name}` to have the published one instead"),
            },
            Self::Broken { what: picture::WHAT, .. } => {
                "save it anew as a PNG or JPEG image of 8 bits, or take it away".to_owned()
            }
            Self::Broken { path, .. } | Self::Unpack { path, .. } => match of_known(path) {
                Some(name) => format!("delete it, and run `hspipe data fetch {name}` to have it anew"),
                None => "make it anew, or copy it anew from where it came from".to_owned(),
            },
            Self::Faulty { faults, .. } => {
                let mut hints: Vec<String> = faults.iter().filter_map(Self::hint).collect();
                hints.sort();
                hints.dedup();
                if hints.is_empty() {
                    return None;
                }
                hints.join("; ")
            }
            Self::Mismatch { remedy, .. } => (*remedy).to_owned(),
            Self::TooLarge { .. } => {
                "hspipe takes 2 GiB of pixels from 4 GiB of files at most: use smaller images, or fewer".to_owned()
            }
            Self::NoSamples { .. } => "put images there, or take an empty folder away".to_owned(),
            Self::Label { .. } => "number the classes 0, 1, 2, and so on".to_owned(),
            Self::TooManyClasses { .. } => "each folder is a class: are these the right folders?".to_owned(),
            Self::Changed { .. } => "run again".to_owned(),
            Self::FewSamples { .. } => {
                "every label from 0 to the highest needs two samples: add some, or leave the class out and number \
                 the others without a gap"
                    .to_owned()
            }
            Self::Io { source, .. } if source.kind() == io::ErrorKind::InvalidInput => {
                "put a file there, or take it away".to_owned()
            }
            Self::Io { .. } => return None,
        })
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

    /// Why `folder` does not have the files, in one line that is to follow the folder's name.
    pub(super) fn why_not(&self, folder: &Path) -> String {
        match self {
            Self::NotHere { tried, .. } => tried.iter().map(|attempt| attempt.why.as_str()).collect(),
            _ => self.in_one_line().replace(&format!("{}/", folder.display()), ""),
        }
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

/// The known dataset among whose files this one lies, in `NAME/raw` or `NAME`.
fn of_known(path: &Path) -> Option<&'static str> {
    let folders: Vec<_> = path.ancestors().skip(1).take(2).filter_map(Path::file_name).collect();
    let mut names = PUBLISHED.iter().map(|published| published.name);
    names.find(|name| folders.iter().any(|folder| *folder == *name))
}

/// The known dataset that publishes this sum.
fn owner(sum: &str) -> Option<&'static Published> {
    PUBLISHED.iter().find(|published| published.files.iter().any(|file| file.sum.to_string() == sum))
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
        assert_eq!(
            hint("ImageNet"),
            "there are: CIFAR10, FashionMNIST, KMNIST, MNIST; a path has a `/`, as in ./ImageNet"
        );
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
