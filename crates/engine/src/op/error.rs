//! What an op says when it cannot: a task that failed, a parameter that is refused.

use std::fmt;
use std::sync::Arc;

use crate::names;
use crate::store::StoreError;

/// Why a task failed, and what the user can do.
#[derive(Clone, Debug)]
pub struct OpError {
    /// What went wrong.
    pub what: String,
    /// What the user can do.
    pub hint: Option<String>,
    stopped: bool,
    lasting: bool,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl OpError {
    /// An error without a hint and a cause, which may pass.
    pub fn new(what: impl Into<String>) -> Self {
        OpError { what: what.into(), hint: None, stopped: false, lasting: false, source: None }
    }

    /// The run is to end, and the task's [`crate::checkpoint::Checkpoint`] has its state: no
    /// failure.
    pub fn stopped() -> Self {
        OpError { stopped: true, ..OpError::new("stopped") }
    }

    /// Whether the run is to end, which is not a failure: see [`OpError::stopped`].
    pub fn is_stop(&self) -> bool {
        self.stopped
    }

    /// Adds what the user can do.
    pub fn hint(mut self, hint: impl Into<Option<String>>) -> Self {
        self.hint = hint.into();
        self
    }

    /// Another try of the same task would only find the same: it is kept, see [`crate::failure`].
    pub fn lasting(self) -> Self {
        OpError { lasting: true, ..self }
    }

    /// Whether another try would find the same, see [`OpError::lasting`].
    pub fn is_lasting(&self) -> bool {
        self.lasting
    }

    /// Whether an object was to be read that is damaged or gone, and can be computed again.
    pub fn is_damage(&self) -> bool {
        let cause = self.source.as_deref().and_then(|source| source.downcast_ref::<StoreError>());
        cause.is_some_and(StoreError::is_loss)
    }

    /// Keeps the error that led to this one.
    pub fn because(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }
}

/// The message leaves out the cause, which [`std::error::Error::source`] gives.
impl fmt::Display for OpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for OpError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<StoreError> for OpError {
    fn from(error: StoreError) -> Self {
        OpError::new("a stored table cannot be read").because(error)
    }
}

/// A parameter out of range.
#[derive(Clone, Debug)]
pub struct ParamError {
    /// Its name, with dots before parts.
    pub param: String,
    /// What is wrong with its value.
    pub what: String,
}

impl ParamError {
    /// An error of the parameter `param`.
    pub fn new(param: impl Into<String>, what: impl Into<String>) -> Self {
        ParamError { param: param.into(), what: what.into() }
    }

    /// A value of another type than the op declares.
    pub(super) fn of_type(error: serde_path_to_error::Error<serde_json::Error>) -> Self {
        let param = error.path().to_string();
        ParamError { param, what: in_words(error.into_inner().to_string()) }
    }
}

/// serde's message on a value of another type, with the type in words. For a word that is not one
/// of a list, the nearest one.
fn in_words(what: String) -> String {
    let unknown = what.strip_prefix("unknown variant `").and_then(|rest| rest.split_once("`, expected "));
    if let Some((wrong, valid)) = unknown {
        let hint = names::hint(wrong, valid.split('`').skip(1).step_by(2)).unwrap_or_default();
        return format!("there is no `{wrong}` ({hint})");
    }
    let words = [
        ("u32", "a whole number from 0 to 4294967295"),
        ("u64", "a whole number from 0"),
        ("usize", "a whole number from 0"),
        ("f64", "a number"),
        ("a boolean", "true or false"),
        ("a sequence", "a list"),
        ("a string", "a text"),
    ];
    let found = what.rsplit_once("expected ").and_then(|(found, kind)| {
        let (_, word) = words.iter().find(|(name, _)| *name == kind)?;
        Some(format!("{found}expected {word}"))
    });
    found.unwrap_or(what)
}
