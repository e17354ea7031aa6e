//! Why a task will run, or which record serves it.
//!
//! Made from the same manifest as the key, so that the reason cannot disagree with the decision.

use std::sync::Arc;

use crate::failure::Failure;
use crate::graph::{Absence, Graph, TaskId};
use crate::history;
use crate::key::{Change, TaskKey};
use crate::plan::{Plan, TaskState};
use crate::store::{Record, Store};

/// The reason for a task's state.
#[derive(Debug)]
pub enum Reason {
    /// This record serves it.
    Cached(Box<Record>),
    /// No earlier run had this task.
    Never,
    /// These differ from the last run that had it.
    Changed(Vec<Change>),
    /// It failed, and would again.
    Failed(Failure),
    /// Its record says what it made, but a file is gone or damaged.
    Missing {
        /// The record's key.
        key: TaskKey,
    },
    /// A task that it reads will run, and that is why.
    Upstream {
        /// The first such task.
        task: TaskId,
        /// Why it will run.
        reason: Box<Reason>,
    },
    /// Something that it reads has been taken away.
    Absent(Arc<Absence>),
}

/// The reasons of tasks, all looked up in the same runs.
pub struct Why<'a> {
    graph: &'a Graph,
    plan: &'a Plan,
    store: &'a Store,
    runs: Vec<history::RunRecord>,
}

impl<'a> Why<'a> {
    /// For the tasks of `graph`, of which `plan` says how they are.
    pub fn new(graph: &'a Graph, plan: &'a Plan, store: &'a Store) -> Self {
        Why { graph, plan, store, runs: history::newest_first(store).take(100).collect() }
    }

    /// The shortest true reason for the state of `task`.
    pub fn reason(&self, task: TaskId) -> Reason {
        match &self.plan.states[task] {
            TaskState::Absent => match &self.graph.tasks[task].absent {
                Some(absence) => Reason::Absent(absence.clone()),
                None => Reason::Never,
            },
            TaskState::Cached { key, .. } => match self.store.record(key) {
                Some(record) => Reason::Cached(Box::new(record)),
                None => Reason::Missing { key: *key },
            },
            TaskState::Failed { key } => match Failure::load(self.store, key) {
                Some(failure) => Reason::Failed(failure),
                None => Reason::Never,
            },
            TaskState::Depends | TaskState::Blocked => {
                let mut items = self.graph.tasks[task].items();
                match items.find(|item| self.plan.states[*item].outputs().is_none()) {
                    Some(item) => {
                        let reason = match self.reason(item) {
                            Reason::Upstream { task, reason } => {
                                return Reason::Upstream { task, reason };
                            }
                            reason => reason,
                        };
                        Reason::Upstream { task: item, reason: Box::new(reason) }
                    }
                    None => Reason::Never,
                }
            }
            TaskState::ToRun { key, manifest } => {
                if self.store.record(key).is_some() {
                    return Reason::Missing { key: *key };
                }
                let had = |name: String| {
                    let key =
                        |run: &history::RunRecord| run.keys.get(&name).or(run.plain_keys.get(&name)).copied();
                    self.runs.iter().find_map(|run| self.store.record(&key(run)?))
                };
                // A value that is new in a sweep is compared with the last run that had one value,
                // or with the first value of the last sweep.
                let old = had(self.graph.name(task)).or_else(|| had(self.graph.plain_name(task)));
                match old {
                    Some(old) => Reason::Changed(manifest.changes_since(&old.manifest)),
                    None => Reason::Never,
                }
            }
        }
    }
}
