//! What the user can do about an error of a dataset.
//!
//! In: the error. Out: a hint of a line or two. Must not know: how it is printed.

use std::io;
use std::path::Path;

use hspipe_engine::names;

use super::DataError;
use super::known::{Published, published};
use super::picture::{self, PictureError};

impl DataError {
    /// What the user can do about it, in a line or two.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Unknown { name } => {
                let known: Vec<&str> = published().map(|published| published.name).collect();
                if let Some(parts) = parts(name) {
                    return Some(format!("it is several datasets: {}", parts.join(", ")));
                }
                let hint = names::hint(name, known.iter().copied())?;
                if names::nearest(name, &known).is_some() {
                    hint
                } else {
                    format!("{hint}; a path has a `/`, as in ./{name}")
                }
            }
            Self::NotHere { name, .. } => {
                format!("run `hspipe data fetch {name}`, or set HSPIPE_DATA to a folder that holds its files")
            }
            Self::Nothing { .. } => {
                "a path is relative to the folder of pipeline.yaml; a known dataset's name has no `/`".to_owned()
            }
            Self::Unfit { hint, .. } => hint.clone(),
            Self::Incomplete { missing, .. } => format!("put there {} too", missing.join(", ")),
            Self::NeedsCompressed { name, needed, .. } => {
                format!("run `hspipe data fetch {name}`, or put the published {needed} beside it")
            }
            Self::NeedsArchive { name, archive, .. } => {
                format!("run `hspipe data fetch {name}`, or put the published {archive} beside it")
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
            Self::Broken { what: picture::WHAT, source, .. } => {
                let hint = source.downcast_ref::<PictureError>().map(PictureError::hint);
                hint.unwrap_or("save it anew as a PNG or JPEG image of 8 bits, or take it away").to_owned()
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
                "hspipe takes 2 GiB of pixels or numbers from 5 GiB of files at most: use smaller images, or fewer samples"
                    .to_owned()
            }
            Self::NoSamples { .. } => "put images there, or take an empty folder away".to_owned(),
            Self::Changed { .. } => "run again".to_owned(),
            Self::FewSamples { .. } => {
                "every class needs two samples: add some, or take that one away".to_owned()
            }
            Self::Io { source, .. } if source.kind() == io::ErrorKind::InvalidInput => {
                "put a file there, or take it away".to_owned()
            }
            Self::Io { .. } => return None,
        })
    }
}

/// The known dataset among whose files this one lies, in `NAME/raw` or `NAME`: of several whose folder that is, the one
/// that has a file of this name.
fn of_known(path: &Path) -> Option<&'static str> {
    let folders: Vec<_> = path.ancestors().skip(1).take(2).filter_map(Path::file_name).collect();
    let file = path.file_name()?.to_str()?;
    let is_of = |published: &&Published| {
        folders.iter().any(|folder| *folder == published.folder)
            && (published.name == published.folder
                || published.files.iter().any(|known| file.starts_with(known.name)))
    };
    published().find(is_of).map(|published| published.name)
}

/// The known datasets that are parts of what has this name, if any are: those of `EMNIST`.
fn parts(name: &str) -> Option<Vec<&'static str>> {
    let is_part = |published: &&Published| {
        published.folder != published.name && published.folder.eq_ignore_ascii_case(name)
    };
    let parts: Vec<&str> = published().filter(is_part).map(|published| published.name).collect();
    (!parts.is_empty()).then_some(parts)
}

/// The known dataset that publishes this sum.
fn owner(sum: &str) -> Option<&'static Published> {
    published().find(|published| published.files.iter().any(|file| file.sum.to_string() == sum))
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
        assert_eq!(hint("EMNIST-Letters"), "did you mean `EMNIST-letters`?");
        let several = hint("emnist");
        assert!(several.starts_with("it is several datasets: EMNIST-byclass, EMNIST-bymerge"), "{several}");
        assert_eq!(
            hint("ImageNet"),
            "there are: CIFAR10, CIFAR100, EMNIST-balanced, EMNIST-byclass, EMNIST-bymerge, EMNIST-digits, \
             EMNIST-letters, EMNIST-mnist, FashionMNIST, KMNIST, MNIST, QMNIST, USPS; a path has a `/`, as in ./ImageNet"
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
