//! What is wrong with a table, and what to do about it.

use std::path::Path;

use arrow_schema::ArrowError;
use parquet::errors::ParquetError;

use super::WHAT;
use crate::data::DataError;
use crate::data::labels::LabelError;

/// What is wrong with a table.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// No Parquet, or a damaged file, or one packed in a way that is not read.
    #[error("it cannot be read as Parquet")]
    Parquet(#[from] ParquetError),
    /// As above, or of Arrow.
    #[error("it cannot be read as {0}")]
    Arrow(&'static str, #[source] ArrowError),
    /// As above, and its reader did not expect it.
    #[error("it is damaged")]
    Damaged,
    /// A line of a CSV file that is not like the others.
    #[error("{0}")]
    Csv(String),
    /// A CSV file whose first line has values.
    #[error("its first line has no names of columns: it begins with {0}")]
    NoHeader(String),
    /// Two columns of one name.
    #[error("it has two columns that are called `{0}`")]
    Twice(String),
    /// A column that is something else in another file.
    #[error("column `{column}` holds {found}, and {wanted} in the first file")]
    Unlike {
        /// Its name.
        column: String,
        /// What it is here.
        found: &'static str,
        /// What it is there.
        wanted: &'static str,
    },
    /// A text in another coding.
    #[error("it is no text in UTF-8: {0}")]
    Coding(String),
    /// A column is missing.
    #[error("it has no column {wanted}; its columns are {found}")]
    Missing {
        /// Names that would do.
        wanted: String,
        /// Names that there are.
        found: String,
        /// What the user can write.
        hint: String,
    },
    /// A column has another type.
    #[error("column `{column}` is {found}: {wanted} are needed")]
    Type {
        /// Its name.
        column: String,
        /// Its type.
        found: String,
        /// Types.
        wanted: &'static str,
        /// What the user can do.
        hint: &'static str,
    },
    /// A column that would fill the memory.
    #[error("column `{column}` claims {bytes} bytes, packed into {packed}")]
    Bomb {
        /// Its name.
        column: String,
        /// Of a row group.
        bytes: i64,
        /// In the file.
        packed: i64,
    },
    /// Images that are somewhere else.
    #[error("column `{column}` holds paths of images, as {path:?}, and not their bytes")]
    Paths {
        /// Its name.
        column: String,
        /// The first.
        path: String,
    },
    /// A row without an image.
    #[error("row {row} has no image")]
    Null {
        /// From 0.
        row: usize,
    },
    /// Lists of different lengths.
    #[error("column `{column}` has {found} numbers in row {row}, and {wanted} in row 0")]
    Ragged {
        /// Its name.
        column: String,
        /// From 0.
        row: usize,
        /// Numbers.
        found: usize,
        /// Numbers.
        wanted: usize,
    },
    /// A label that is none.
    #[error("column `{0}`: {1}")]
    Label(String, LabelError),
    /// Nothing to learn from.
    #[error("it has no column of numbers or of images beside {0}")]
    NoFeatures(String),
}

impl TableError {
    /// The error that this is of the file at `path`.
    pub fn of(self, path: &Path) -> DataError {
        match self.hint() {
            Some(hint) => DataError::unfit(path, self.to_string(), hint),
            None => DataError::Broken { path: path.to_owned(), what: WHAT, source: Box::new(self) },
        }
    }

    /// What the user can do; none about damage.
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Parquet(_) | Self::Arrow(..) | Self::Damaged | Self::Bomb { .. } => return None,
            Self::Csv(_) => "each line needs as many values as the first; a value with a comma needs quotes",
            Self::Twice(_) => "give each column a name of its own",
            Self::Unlike { .. } => "write the column the same way in all files",
            Self::Coding(_) => "save it as UTF-8, as with iconv -t UTF-8 or df.to_csv(path, index=False)",
            Self::NoHeader(_) => "put a line of names first, such as label,x1,x2",
            Self::Missing { hint, .. } => hint,
            Self::Type { hint, .. } => hint,
            Self::Paths { .. } => {
                "put the bytes of the images into the column (Hugging Face: `embed_external_files`, or \
                 `push_to_hub`), or make class folders of the images"
            }
            Self::Null { .. } => "take the row away, or give it an image",
            Self::Ragged { .. } => "each row needs as many numbers",
            Self::Label(_, error) => error.hint(),
            Self::NoFeatures(_) => {
                "hspipe learns from numbers, categories and images; turn texts into embeddings first"
            }
        };
        Some(hint.to_owned())
    }
}
