//! Hit or miss, for every task of a graph.
//!
//! In: [`Graph`] and [`Store`]. Out: [`Plan`]. Below a miss the inputs' digests are unknown, so a task is
//! cached, to run, or depends: it is decided when what it reads is done.

use std::collections::{BTreeMap, HashSet};

use rayon::prelude::*;

use crate::graph::{Graph, TaskId};
use crate::key::{InputDigest, Key, Manifest};
use crate::op::AnyOp;
use crate::store::{Output, Record, Store};

/// What is known of a task before it runs.
#[derive(Clone, Debug)]
pub enum State {
    /// A record serves it.
    Cached { key: Key, outputs: Vec<Output> },
    /// Its inputs are known and no record serves it.
    ToRun { key: Key },
    /// Something that it reads is not computed yet.
    Depends,
    /// Something that it reads has been taken away; see [`crate::graph::Task::absent`].
    Absent,
}

impl State {
    pub fn outputs(&self) -> Option<&[Output]> {
        match self {
            State::Cached { outputs, .. } => Some(outputs),
            _ => None,
        }
    }
}

/// The state of every task of a graph.
#[derive(Clone)]
pub struct Plan {
    pub states: Vec<State>,
}

/// How many tasks are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub cached: usize,
    pub to_run: usize,
    pub depends: usize,
    pub absent: usize,
}

impl Counts {
    pub fn all(&self) -> usize {
        self.cached + self.to_run + self.depends
    }
}

impl Plan {
    /// Looks up every task. The tasks of the stages in `force` count as never computed.
    pub fn make(graph: &Graph, store: &Store, force: &HashSet<String>) -> Plan {
        let mut states: Vec<State> = Vec::with_capacity(graph.tasks.len());
        // A stage reads earlier ones only, so its tasks can be looked up side by side.
        for stage in &graph.stages {
            let forced = force.contains(&stage.name);
            let state = |task: TaskId| {
                if graph.tasks[task].absent.is_some() {
                    return State::Absent;
                }
                let Some(manifest) = manifest(graph, task, |input| states[input].outputs()) else {
                    return State::Depends;
                };
                let key = manifest.key();
                match served(store, stage.op.as_ref(), &key) {
                    Some(record) if !forced => State::Cached { key, outputs: record.outputs },
                    _ => State::ToRun { key },
                }
            };
            let of_stage: Vec<State> = stage.tasks.clone().into_par_iter().map(state).collect();
            states.extend(of_stage);
        }
        Plan { states }
    }

    pub fn count(&self, tasks: impl IntoIterator<Item = TaskId>) -> Counts {
        let mut counts = Counts::default();
        for task in tasks {
            match self.states[task] {
                State::Cached { .. } => counts.cached += 1,
                State::ToRun { .. } => counts.to_run += 1,
                State::Depends => counts.depends += 1,
                State::Absent => counts.absent += 1,
            }
        }
        counts
    }

    /// The manifest of a task, if the outputs of all that it reads are known.
    pub fn manifest(&self, graph: &Graph, task: TaskId) -> Option<Manifest> {
        manifest(graph, task, |input| self.states[input].outputs())
    }
}

/// The record that serves a task of `op`: whole, and with every table that the op makes.
pub fn served(store: &Store, op: &dyn AnyOp, key: &Key) -> Option<Record> {
    let has = |record: &Record, table: &str| record.outputs.iter().any(|output| output.table == table);
    store.lookup(key).filter(|record| op.outputs().iter().all(|table| has(record, table)))
}

/// The manifest of `task`, given the outputs of the tasks that it reads; `None` if some are unknown.
pub fn manifest<'a>(
    graph: &Graph,
    task: TaskId,
    outputs: impl Fn(TaskId) -> Option<&'a [Output]>,
) -> Option<Manifest> {
    let node = &graph.tasks[task];
    let mut inputs: BTreeMap<String, Vec<InputDigest>> = BTreeMap::new();
    for input in &node.inputs {
        let tables = inputs.entry(input.name.to_string()).or_default();
        for item in input.items.iter() {
            let table = graph.stage_of(*item).op.outputs()[input.output];
            let output = outputs(*item)?.iter().find(|output| output.table == table)?;
            let coords = graph.gathered_coords(input, *item).into_iter().collect();
            tables.push(InputDigest { coords, digest: output.digest });
        }
    }
    let op = &graph.stages[node.stage].op;
    let manifest = Manifest {
        op: op.name().to_string(),
        version: op.version(),
        params: node.params.value.as_ref().clone(),
        seed: None,
        inputs,
    };
    Some(manifest.with_seed(node.seed.as_deref()))
}
