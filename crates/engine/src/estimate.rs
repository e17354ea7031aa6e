//! How much there is to do: networks, time and disk, about.
//!
//! In: [`Graph`], [`Plan`], [`Store`]. Out: [`Estimate`]. What an op says of its cost is corrected by what tasks of
//! the same op took here. Work that tasks share counts once.

use std::collections::{HashMap, HashSet};

use crate::graph::{Graph, TaskId};
use crate::key::Digest;
use crate::op::Cost;
use crate::plan::{Plan, State, manifest};
use crate::store::{Output, Store};

/// Cached tasks of an op that are asked how long they took, at most.
const ASKED: usize = 20;

/// What the tasks that no record serves will take.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Estimate {
    pub networks: u64,
    /// On one core.
    pub seconds: f64,
    pub bytes: u64,
    /// Whether all of it is from tasks that were computed with this cache.
    pub measured: bool,
}

/// The estimate for `tasks`, which are in the order of computation, and all that they read.
pub fn estimate(graph: &Graph, plan: &Plan, store: &Store, tasks: &[TaskId]) -> Estimate {
    let mut measured: HashMap<&str, Option<Measured>> = HashMap::new();
    let (mut expected, mut works) = (Expected::default(), HashSet::new());
    let mut sum = Estimate { measured: true, ..Estimate::default() };
    for task in tasks.iter().copied() {
        let Some(work) = expected.add(graph, plan, task) else { continue };
        let cost = cost(graph, task);
        if cost == Cost::default() || !works.insert(work) {
            continue;
        }
        let op = graph.stage_of(task).op.name();
        let known = *measured.entry(op).or_insert_with(|| Measured::of(graph, plan, store, op));
        sum.networks += u64::from(cost.networks);
        sum.seconds += cost.seconds * known.map_or(1.0, |known| known.slower);
        sum.bytes += known.map_or(cost.bytes, |known| known.bytes);
        sum.measured &= known.is_some();
    }
    sum
}

/// The tables of tasks that are not computed: each is taken to be made by its work alone, so that tasks of the same
/// work are found before anything runs.
#[derive(Default)]
struct Expected(HashMap<TaskId, Vec<Output>>);

impl Expected {
    /// The work of `task`, which all tasks of the same work share; none if nothing is to be done. What it reads was
    /// added before.
    fn add(&mut self, graph: &Graph, plan: &Plan, task: TaskId) -> Option<Digest> {
        let work = match &plan.states[task] {
            State::ToRun { key } => *key,
            State::Depends => {
                let known =
                    |item: TaskId| plan.states[item].outputs().or(self.0.get(&item).map(Vec::as_slice));
                manifest(graph, task, known)?.key()
            }
            State::Cached { .. } | State::Absent => return None,
        };
        let table = |table: &&str| Output {
            table: table.to_string(),
            digest: Digest::of(format!("{work} {table}").as_bytes()),
            bytes: 0,
        };
        self.0.insert(task, graph.stage_of(task).op.outputs().iter().map(table).collect());
        Some(work)
    }
}

fn cost(graph: &Graph, task: TaskId) -> Cost {
    graph.stage_of(task).op.cost(&graph.tasks[task].params)
}

/// What cached tasks of one op took.
#[derive(Clone, Copy)]
struct Measured {
    /// Their time in those that the op gives.
    slower: f64,
    /// Mean bytes per task.
    bytes: u64,
}

impl Measured {
    fn of(graph: &Graph, plan: &Plan, store: &Store, op: &str) -> Option<Measured> {
        let cached = |task: TaskId| match &plan.states[task] {
            State::Cached { key, .. } if graph.stage_of(task).op.name() == op => Some((task, *key)),
            _ => None,
        };
        let cached: Vec<_> = (0..graph.tasks.len()).filter_map(cached).collect();
        let (mut took, mut expected, mut bytes, mut count) = (0.0, 0.0, 0, 0);
        // From all over the graph, since some points take longer than others.
        for &(task, key) in cached.iter().step_by(cached.len().div_ceil(ASKED).max(1)) {
            if let Some(record) = store.record(&key) {
                took += record.made.seconds;
                expected += cost(graph, task).seconds;
                bytes += record.outputs.iter().map(|output| output.bytes).sum::<u64>();
                count += 1;
            }
        }
        (count > 0 && expected > 0.0).then(|| Measured { slower: took / expected, bytes: bytes / count })
    }
}
