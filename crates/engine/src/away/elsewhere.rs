//! What a run needs to send tasks away, and why it may fail to.
//!
//! In: words of the command line and of `executors.yaml`, already understood. Out: [`Elsewhere`].

use std::path::PathBuf;

use super::caller::SharedQueue;
use super::queue::{QueueError, Rules};
use crate::estimate::Expected;
use crate::store::StoreError;

/// Where a run may send tasks.
pub struct Elsewhere {
    /// The engine.
    pub queue: SharedQueue,
    /// What goes, and when it is lost.
    pub rules: Rules,
    /// The executor, as the user calls it.
    pub executor: String,
    /// The project's folder, absolute.
    pub root: PathBuf,
    /// The targets as asked, for people.
    pub targets: Vec<String>,
    /// What each task will take.
    pub expected: Expected,
    /// Whether the run ends as soon as everything that can be is on its way.
    pub is_detached: bool,
}

/// Why tasks cannot be sent, or not followed.
#[derive(Debug, thiserror::Error)]
pub enum AwayError {
    /// The engine refuses, or is out of reach for long.
    #[error("executor `{executor}`")]
    Engine {
        /// Its name.
        executor: String,
        /// What it says.
        source: QueueError,
    },
    /// Someone has ended the packs.
    #[error("the packs of this run were cancelled")]
    Cancelled,
    /// The cache cannot be written in.
    #[error("cannot keep what is on its way")]
    Store(#[from] StoreError),
}
