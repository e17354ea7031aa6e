//! What a run is asked, and what it answers.

use std::collections::HashSet;

use crate::checkpoint::Rhythm;
use crate::graph::TaskId;
use crate::op::OpError;

/// How to run. None of this enters a key.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// At least one is used.
    pub threads: usize,
    /// Start nothing new after the first failure.
    pub fail_fast: bool,
    /// Compute the tasks of these stages even where a record would serve.
    pub force: HashSet<String>,
    /// hspipe's version, for the records.
    pub version: String,
    /// When states of tasks that take long are kept; and the run's end before it is done.
    pub rhythm: Rhythm,
}

/// What became of the tasks that were wanted.
#[derive(Debug, Default)]
pub struct RunReport {
    /// Computed in this run.
    pub computed: Vec<TaskId>,
    /// Found once their inputs were known, or the same work as another task.
    pub reused: Vec<TaskId>,
    /// Failed, in this run or for good in an earlier one.
    pub failed: Vec<(TaskId, OpError)>,
    /// They read, directly or not, something that failed.
    pub blocked: Vec<TaskId>,
    /// Left over after a failure under `fail_fast`, or after a stop.
    pub not_started: Vec<TaskId>,
    /// Of these, tasks that other machines go on with, and in how many packs.
    pub away: (usize, Vec<TaskId>),
}

impl RunReport {
    /// This report with what an earlier attempt had done already.
    pub fn after(mut self, earlier: RunReport) -> RunReport {
        self.computed.extend(earlier.computed);
        self.reused.extend(earlier.reused);
        self
    }

    /// Whether every task that was wanted is done.
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty() && self.blocked.is_empty() && self.not_started.is_empty()
    }
}

/// Why a run could not be carried through.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The system gives no more threads.
    #[error("cannot start {threads} threads")]
    Threads {
        /// How many were wanted.
        threads: usize,
        /// What the system says.
        source: rayon::ThreadPoolBuildError,
    },
    /// Tasks cannot be sent to other machines, or not followed there.
    #[error(transparent)]
    Away(#[from] crate::away::AwayError),
    /// A worker thread ended without an answer.
    #[error("a worker thread is gone")]
    Worker,
}
