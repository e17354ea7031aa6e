//! An error as people see it: what, why, and what to do.

use std::error::Error;
use std::process::ExitCode;

use hspipe_engine::SpecError;
use hspipe_engine::away::AwayError;
use hspipe_engine::op::OpError;
use hspipe_engine::run::RunError;

use super::pipe::say;
use super::system;
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
        return hint_of_task(error);
    }
    if let Some(error) = error.downcast_ref::<DataError>() {
        return error.hint().or_else(|| system_hint(error));
    }
    if let Some(error) = error.downcast_ref::<Hinted>() {
        return Some(error.hint.clone());
    }
    if let Some(RunError::Away(error)) = error.downcast_ref::<RunError>() {
        return hint_of_away(error);
    }
    system_hint(error.as_ref())
}

/// The hint of a task's error.
pub fn hint_of_task(error: &OpError) -> Option<String> {
    error.hint.clone().or_else(|| system_hint(error))
}

/// What to do about packs that cannot be sent or followed.
fn hint_of_away(error: &AwayError) -> Option<String> {
    match error {
        AwayError::Engine { executor, .. } => Some(format!(
            "what it is asked stands in executors.yaml; hspipe doctor --on {executor} says more; packs that are on their way go on"
        )),
        AwayError::Cancelled => {
            Some("what is done is kept; the same command sends the rest anew".to_string())
        }
        AwayError::Store(error) => system_hint(error),
    }
}

/// What to do about what the operating system refused, if that is what led to `error`.
fn system_hint(error: &(dyn Error + 'static)) -> Option<String> {
    chain(error).find_map(|error| system::hint(&error.to_string())).map(str::to_string)
}

fn print(error: &(dyn Error + 'static), hint: Option<String>) {
    say!("error: {}", error.to_string().replace('\n', "\n  "));
    for why in causes(error) {
        say!("  why: {}", why.replace('\n', "\n       "));
    }
    if let Some(hint) = hint {
        say!("  hint: {hint}");
    }
}

/// What led to `error`, the nearest cause first, each in plain words and once.
pub fn causes(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut texts: Vec<String> =
        chain(error).map(|error| system::plain(&error.to_string()).into_owned()).collect();
    texts.dedup();
    texts.split_off(1)
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
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
