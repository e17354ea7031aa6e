//! What is wrong with a pipeline as written, where, and what to do.

use std::fmt;

/// A place in `pipeline.yaml`, both counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loc {
    /// The line, from 1.
    pub line: usize,
    /// The character in its line, from 1.
    pub column: usize,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A place in the pipeline file.
    File(Loc),
    /// Words of the command line, as given: `--set runs=x`.
    CommandLine(String),
}

/// A mistake of the user's in `pipeline.yaml`, `--set`, `--profile` or a target's name.
#[derive(Clone, Debug)]
pub struct SpecError {
    /// The pipeline file as the user named it.
    pub file: String,
    /// Where the mistake was written.
    pub origin: Origin,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl SpecError {
    /// An error at `origin`; the file's name is added by [`SpecError::in_file`] on the way up.
    pub fn new(origin: impl Into<Origin>, what: impl Into<String>) -> Self {
        SpecError { file: String::new(), origin: origin.into(), what: what.into(), hint: None }
    }

    /// Adds what to do about it.
    pub fn hint(mut self, hint: impl Into<Option<String>>) -> Self {
        self.hint = hint.into();
        self
    }

    /// Adds the file's name, unless it has one.
    pub fn in_file(mut self, file: &str) -> Self {
        if self.file.is_empty() {
            self.file = file.to_string();
        }
        self
    }
}

impl From<Loc> for Origin {
    fn from(loc: Loc) -> Self {
        Origin::File(loc)
    }
}

impl From<&Origin> for Origin {
    fn from(origin: &Origin) -> Self {
        origin.clone()
    }
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Origin::File(Loc { line, column }) => {
                write!(f, "{}:{line}:{column}: {}", self.file, self.what)
            }
            Origin::CommandLine(words) => write!(f, "{words}: {}", self.what),
        }
    }
}

impl std::error::Error for SpecError {}
