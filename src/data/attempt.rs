//! Places that were tried for a dataset's files, and why each did not serve: facts, until they are shown.

use std::fmt;
use std::path::Path;

use super::DataError;

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
    /// The same, with the file that it is about named from `folder` on: to be told after the folder's name.
    pub(super) fn within(mut self, folder: &Path) -> Self {
        if let Why::Wrong(error) = &mut self
            && let DataError::NeedsGz { path, .. }
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

pub(super) fn list(attempts: &[Attempt], separator: &str) -> String {
    let lines: Vec<_> = attempts.iter().map(|a| format!("{}: {}", a.place, a.why)).collect();
    lines.join(separator)
}
