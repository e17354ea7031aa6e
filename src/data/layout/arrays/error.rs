//! What is wrong with an archive or a folder of arrays, and what to do about it.

use std::path::Path;

use zip::result::ZipError;

use super::WHAT;
use super::npy::NpyError;
use crate::data::DataError;
use crate::data::labels::LabelError;

/// What is wrong with arrays.
#[derive(Debug, thiserror::Error)]
pub enum ArrayError {
    /// No zip archive, or a damaged one.
    #[error("it is no good zip archive")]
    Zip(#[from] ZipError),
    /// An array is no good.
    #[error("array {0}: {1}")]
    Array(String, NpyError),
    /// No two arrays are samples and their labels.
    #[error("no two of its arrays are samples and labels: it has {0}")]
    NoPair(String),
    /// An array that the user names, or that goes with another, is not there.
    #[error("it has no array {wanted}: it has {found}")]
    Missing {
        /// Its name.
        wanted: String,
        /// All that there are.
        found: String,
    },
    /// Samples and labels are not equally many.
    #[error("{samples} has {held} samples, {labels} has {named} labels")]
    Count {
        /// The name of the array.
        samples: String,
        /// How many.
        held: u64,
        /// The name of the array.
        labels: String,
        /// How many.
        named: u64,
    },
    /// Labels that are no list.
    #[error("array {0} is {1}: each sample may have several labels (multi-label), and one is needed")]
    MultiLabel(String, String),
    /// Images whose channels may be the second or the last axis.
    #[error("array {0} is {1}: its channels may be the second axis or the last one")]
    Channels(String, String),
    /// Pixels of different scales.
    #[error("{0} has pixels from 0 to 1, and {1} has some up to {2}")]
    Scales(String, String, f64),
    /// An array of objects where numbers or texts are needed.
    #[error("array {name} holds objects of Python ({kind}), which are programs and not read")]
    Objects {
        /// Of the array.
        name: String,
        /// Its type.
        kind: String,
    },
    /// Samples of a shape that is neither features nor images.
    #[error("array {name} is {found}: N x features, N x H x W, N x H x W x 3 or N x 3 x H x W are needed")]
    Shape {
        /// Of the array.
        name: String,
        /// Its shape.
        found: String,
    },
    /// Arrays of samples that do not go together.
    #[error("{one} and {other} have samples of other sizes: {first} and {second}")]
    Sizes {
        /// The name of an array.
        one: String,
        /// The name of another.
        other: String,
        /// Sizes.
        first: String,
        /// Sizes.
        second: String,
    },
    /// Samples that are texts.
    #[error("array {0} has texts: numbers are needed")]
    Texts(String),
    /// Pixels that are no numbers.
    #[error("array {0} has pixels that are no finite numbers")]
    NotFinite(String),
    /// A label that is none.
    #[error("array {0}: {1}")]
    Label(String, LabelError),
}

impl ArrayError {
    /// The error that this is of the file at `path`.
    pub fn of(self, path: &Path) -> DataError {
        match self.hint() {
            Some(hint) => DataError::unfit(path, self.to_string(), hint),
            None => DataError::Broken { path: path.to_owned(), what: WHAT, source: Box::new(self) },
        }
    }

    /// What the user can do; none about damage.
    fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Zip(_) => return None,
            Self::Array(_, error) => return error.hint(),
            Self::NoPair(_) => {
                "name the two: {path: ..., image: NAME, label: NAME} under datasets; names that are known are train_images and \
                 train_labels (val_, test_), x_train and y_train (x_test, y_test), X and y"
            }
            Self::Missing { .. } => "name an array that is there, or save the one that is missing",
            Self::Count { .. } => "each sample needs one label, in the same order",
            Self::MultiLabel(..) => {
                "hspipe studies data of one label per sample: of one-hot labels save y.argmax(1), else the samples that have one"
            }
            Self::Channels(..) => {
                "save it with 1 or 3 channels as the last axis, by X.transpose(0, 2, 3, 1) if they are the second"
            }
            Self::Scales(..) => "save all sets on one scale",
            Self::Objects { .. } => "save it as numbers or as texts, such as array.astype(str)",
            Self::Shape { .. } => "save an array of one of these shapes, such as X.reshape(len(X), -1)",
            Self::Sizes { .. } => "samples of all sets need one shape",
            Self::Texts(_) => "turn texts into embeddings first",
            Self::NotFinite(_) => "mend the values, or take the samples away",
            Self::Label(_, error) => error.hint(),
        })
    }
}
