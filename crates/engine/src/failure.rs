//! Failures that last: errors that another try of the task would only find again.
//!
//! In: a task's key and the op's error, see [`OpError::lasting`]. Out: that error to later runs,
//! which then need not compute. Kept beside the checkpoints and collected with them. No part of any
//! result.

use std::collections::HashSet;
use std::fs;

use serde::{Deserialize, Serialize};

use crate::clock::now;
use crate::key::TaskKey;
use crate::op::OpError;
use crate::sealed;
use crate::store::{Store, write_json};

/// What is remembered of a failed task.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Failure {
    /// The task's key.
    pub key: TaskKey,
    /// What went wrong.
    pub what: String,
    /// What the user can do.
    pub hint: Option<String>,
    /// Seconds since 1970, UTC.
    pub at: u64,
    /// Which build of the program failed; one that is mended may not.
    #[serde(default)]
    pub build: String,
}

impl Failure {
    /// The failure that an earlier run has kept of the task with `key`; one that is damaged
    /// or of another build counts as none.
    pub fn load(store: &Store, key: &TaskKey) -> Option<Failure> {
        let failure: Failure = sealed::open(&fs::read(store.failure_path(key)).ok()?)?;
        (failure.key == *key && failure.build == store.build()).then_some(failure)
    }

    /// The keys of all tasks of which a failure may be kept: by the names of the files, which are
    /// not read, since most of these failures are not asked for.
    pub fn keys(store: &Store) -> HashSet<TaskKey> {
        let files = fs::read_dir(store.failures()).into_iter().flatten().flatten();
        files
            .filter_map(|file| TaskKey::from_hex(file.file_name().to_str()?.strip_suffix(".failed")?))
            .collect()
    }

    /// Keeps an error. Where it cannot be written, the next run finds the same again.
    pub(crate) fn keep(store: &Store, key: &TaskKey, error: &OpError) {
        let (what, hint, build) = (error.what.clone(), error.hint.clone(), store.build().to_string());
        let failure = Failure { key: *key, what, hint, at: now(), build };
        let _ = write_json(&store.failure_path(key), &failure);
    }

    /// Removes the failure of a task that is tried again: if that try is cut off, the next run
    /// shall go on with it.
    pub(crate) fn forget(store: &Store, key: &TaskKey) {
        let _ = fs::remove_file(store.failure_path(key));
    }

    /// The error for a task of `stage` in a later run.
    pub fn error(self, stage: &str) -> OpError {
        let again = format!("an earlier run found this, and `--force {stage}` tries again");
        let hint = self.hint.map_or(again.clone(), |hint| format!("{hint}; {again}"));
        OpError::new(self.what).hint(hint).lasting()
    }
}
