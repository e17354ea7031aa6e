//! An error as people see it: what, why, and what to do.

use std::error::Error;
use std::process::ExitCode;

use hspipe_engine::SpecError;
use hspipe_engine::op::OpError;

use super::pipe::say;
use crate::data::DataError;

/// Prints an error to stderr, and gives its [`code`].
pub fn report(error: &anyhow::Error) -> ExitCode {
    print(error.as_ref(), hint(error));
    code(error)
}

/// 2 for a mistake in words or in pipeline.yaml, else 1.
pub fn code(error: &anyhow::Error) -> ExitCode {
    let is_usage = error.is::<SpecError>() || error.downcast_ref::<Hinted>().is_some_and(|error| error.usage);
    ExitCode::from(if is_usage { 2 } else { 1 })
}

/// What to do.
pub fn hint(error: &anyhow::Error) -> Option<String> {
    if let Some(error) = error.downcast_ref::<SpecError>() {
        return error.hint.clone();
    }
    if let Some(error) = error.downcast_ref::<OpError>() {
        return error.hint.clone();
    }
    if let Some(error) = error.downcast_ref::<DataError>() {
        return error.hint();
    }
    error.downcast_ref::<Hinted>().map(|error| error.hint.clone())
}

fn print(error: &(dyn Error + 'static), hint: Option<String>) {
    say!("error: {error}");
    for why in causes(error) {
        say!("  why: {}", why.replace('\n', "\n       "));
    }
    if let Some(hint) = hint {
        say!("  hint: {hint}");
    }
}

/// What led to `error`, the nearest cause first.
pub fn causes(error: &(dyn Error + 'static)) -> Vec<String> {
    std::iter::successors(error.source(), |cause| (*cause).source()).map(ToString::to_string).collect()
}

/// An error of the command line's own with a hint.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Hinted {
    pub what: String,
    pub hint: String,
    /// Whether the words were wrong, and not what was found.
    usage: bool,
}

impl Hinted {
    pub fn new(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Hinted { what: what.into(), hint: hint.into(), usage: false }
    }

    /// A mistake in the words.
    pub fn usage(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Hinted { usage: true, ..Hinted::new(what, hint) }
    }
}
