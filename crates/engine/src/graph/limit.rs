//! How many tasks a stage may have: what makes points and what makes sweeps must both hold it.

use crate::error::SpecError;
use crate::spec::StageSpec;

/// A guard against a slip such as `runs=1000000000`, far above any real study.
pub(super) const MOST_TASKS: usize = 10_000_000;

/// The error for a stage that has more.
pub(super) fn too_many(stage: &StageSpec) -> SpecError {
    let what = format!("stage `{}` has more than {MOST_TASKS} tasks", stage.name.text);
    SpecError::new(stage.name.at, what)
}
