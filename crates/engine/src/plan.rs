//! Hit or miss, for every task of a graph.
//!
//! In: [`Graph`] and [`Store`]. Out: [`Plan`]. Below a miss the inputs' digests are unknown, so a
//! task is cached, to run, or depends: it is decided when what it reads is done. What an earlier
//! run has seen fail for good is not run again.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use rayon::prelude::*;

use crate::failure::Failure;
use crate::graph::{ById, Graph, TaskId};
use crate::key::{InputDigest, Manifest, TaskKey};
use crate::op::AnyOp;
use crate::store::{Output, Record, Store};

/// What is known of a task before it runs.
#[derive(Clone, Debug)]
pub enum TaskState {
    /// A record serves it.
    Cached {
        /// The record's key.
        key: TaskKey,
        /// The tables that it has made.
        outputs: Vec<Output>,
    },
    /// Its inputs are known and no record serves it.
    ToRun {
        /// The key under which its record will be stored.
        key: TaskKey,
        /// What the key is the digest of.
        manifest: Arc<Manifest>,
    },
    /// Something that it reads is not computed yet.
    Depends,
    /// It failed, and would again; see [`crate::failure`].
    Failed {
        /// The key under which its failure is kept.
        key: TaskKey,
    },
    /// It cannot do without something that failed for good.
    Blocked,
    /// Something that it reads has been taken away; see [`crate::graph::Task::absent`].
    Absent,
}

impl TaskState {
    /// The tables that it has made; none if it is not cached.
    pub fn outputs(&self) -> Option<&[Output]> {
        match self {
            TaskState::Cached { outputs, .. } => Some(outputs),
            _ => None,
        }
    }

    /// Whether it failed for good, or reads what did.
    pub fn is_lost(&self) -> bool {
        matches!(self, TaskState::Failed { .. } | TaskState::Blocked)
    }

    fn made(&self) -> Made<'_> {
        match self {
            TaskState::Cached { outputs, .. } => Made::Tables(outputs),
            TaskState::Failed { .. } | TaskState::Blocked => Made::Never,
            TaskState::ToRun { .. } | TaskState::Depends | TaskState::Absent => Made::NotYet,
        }
    }
}

/// What a task has made, for those that read it.
pub enum Made<'a> {
    /// These.
    Tables(&'a [Output]),
    /// It is not computed yet.
    NotYet,
    /// It failed for good, or reads what did.
    Never,
}

/// Why a task has no manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// Something that it reads is not made yet.
    NotYet,
    /// Something that it cannot do without will never be made.
    Never,
}

/// The state of every task of a graph.
#[derive(Clone)]
pub struct Plan {
    /// What is known of each.
    pub states: ById<TaskId, TaskState>,
}

/// How many tasks are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// A record serves them.
    pub cached: usize,
    /// Their inputs are known and no record serves them.
    pub to_run: usize,
    /// Something that they read is not computed yet.
    pub depends: usize,
    /// Failed for good.
    pub failed: usize,
    /// In want of what failed.
    pub blocked: usize,
    /// Something that they read has been taken away.
    pub absent: usize,
}

impl Counts {
    /// All that can be: those that are absent do not count.
    pub fn all(&self) -> usize {
        self.cached + self.to_run + self.depends + self.failed + self.blocked
    }
}

impl Plan {
    /// Looks up every task. The tasks of the stages in `force` count as never computed.
    pub fn make(graph: &Graph, store: &Store, force: &HashSet<String>) -> Plan {
        let mut states: ById<TaskId, TaskState> = ById::with_capacity(graph.tasks.len());
        let failures = Failure::keys(store);
        // A stage reads earlier ones only, so its tasks can be looked up side by side.
        for stage in &graph.stages {
            let forced = force.contains(&stage.name);
            let state = |task: TaskId| {
                if graph.tasks[task].absent.is_some() {
                    return TaskState::Absent;
                }
                let manifest = match manifest(graph, task, |input| states[input].made()) {
                    Ok(manifest) => manifest,
                    Err(Lack::NotYet) => return TaskState::Depends,
                    Err(Lack::Never) => return TaskState::Blocked,
                };
                let key = manifest.key();
                if !forced {
                    if let Some(record) = served(store, stage.op.as_ref(), &key) {
                        return TaskState::Cached { key, outputs: record.outputs };
                    }
                    if failures.contains(&key) && Failure::load(store, &key).is_some() {
                        return TaskState::Failed { key };
                    }
                }
                TaskState::ToRun { key, manifest: Arc::new(manifest) }
            };
            let tasks: Vec<TaskId> = stage.tasks.clone().collect();
            let of_stage: Vec<TaskState> = tasks.into_par_iter().map(state).collect();
            states.extend(of_stage);
        }
        Plan { states }
    }

    /// How many of `tasks` are in which state.
    pub fn count(&self, tasks: impl IntoIterator<Item = TaskId>) -> Counts {
        let mut counts = Counts::default();
        for task in tasks {
            match self.states[task] {
                TaskState::Cached { .. } => counts.cached += 1,
                TaskState::ToRun { .. } => counts.to_run += 1,
                TaskState::Depends => counts.depends += 1,
                TaskState::Failed { .. } => counts.failed += 1,
                TaskState::Blocked => counts.blocked += 1,
                TaskState::Absent => counts.absent += 1,
            }
        }
        counts
    }

    /// The key and the manifest of a task that is to run. One that depends is to run as soon as
    /// what it reads is there.
    pub fn resolve(&mut self, graph: &Graph, task: TaskId) -> Option<(TaskKey, Arc<Manifest>)> {
        if let TaskState::Depends = self.states[task] {
            let manifest = self.manifest(graph, task)?;
            self.states[task] = TaskState::ToRun { key: manifest.key(), manifest: Arc::new(manifest) };
        }
        match &self.states[task] {
            TaskState::ToRun { key, manifest } => Some((*key, manifest.clone())),
            _ => None,
        }
    }

    /// The manifest of a task, if what all that it reads has made is known.
    pub fn manifest(&self, graph: &Graph, task: TaskId) -> Option<Manifest> {
        manifest(graph, task, |input| self.states[input].made()).ok()
    }
}

/// The record that serves a task of `op`: whole, and with every table that the op makes.
pub fn served(store: &Store, op: &dyn AnyOp, key: &TaskKey) -> Option<Record> {
    let has = |record: &Record, table: &str| record.outputs.iter().any(|output| output.table == table);
    store.lookup(key).filter(|record| op.outputs().iter().all(|table| has(record, table)))
}

/// The manifest of `task`, given what the tasks that it reads have made.
///
/// # Errors
/// It has none yet, or will never have one.
pub fn manifest<'a>(
    graph: &Graph,
    task: TaskId,
    made: impl Fn(TaskId) -> Made<'a>,
) -> Result<Manifest, Lack> {
    let node = &graph.tasks[task];
    let op = &graph.stages[node.stage].op;
    let mut inputs: BTreeMap<String, Vec<InputDigest>> = BTreeMap::new();
    let mut is_complete = true;
    for input in &node.inputs {
        let mut tables = Vec::with_capacity(input.items.len());
        let mut lost = 0;
        for item in input.items.iter() {
            let table = graph.stage_of(*item).op.outputs()[input.output];
            let output = match made(*item) {
                Made::Tables(outputs) => outputs.iter().find(|output| output.table == table),
                Made::NotYet => None,
                Made::Never => {
                    lost += 1;
                    continue;
                }
            };
            let Some(output) = output else {
                is_complete = false;
                continue;
            };
            let coords = graph.gathered_coords(input, *item).into_iter().collect();
            tables.push(InputDigest { coords, digest: output.digest });
        }
        let does_without = input.arity(op.as_ref()).does_without(lost < input.items.len());
        if lost > 0 && !does_without {
            return Err(Lack::Never);
        }
        inputs.insert(input.name.to_string(), tables);
    }
    if !is_complete {
        return Err(Lack::NotYet);
    }
    let manifest = Manifest {
        op: op.name().to_string(),
        version: op.version(),
        params: node.params.value.as_ref().clone(),
        seed: None,
        inputs,
    };
    Ok(manifest.with_seed(node.seed.as_deref()))
}
