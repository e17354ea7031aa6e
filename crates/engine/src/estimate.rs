//! How much there is to do: networks, time and disk, about.
//!
//! In: [`Graph`], [`Plan`], [`Store`]. Out: [`Estimate`]. What an op says of its cost is corrected by what tasks of
//! the same op took here. Work that two tasks share is known only once their inputs are, so it may count twice.

use std::collections::{HashMap, HashSet};

use crate::graph::{Graph, TaskId};
use crate::op::Cost;
use crate::plan::{Plan, State};
use crate::store::Store;

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

/// The estimate for `tasks`.
pub fn estimate(graph: &Graph, plan: &Plan, store: &Store, tasks: &[TaskId]) -> Estimate {
    let mut measured: HashMap<&str, Option<Measured>> = HashMap::new();
    let mut keys = HashSet::new();
    let mut sum = Estimate { measured: true, ..Estimate::default() };
    for task in tasks.iter().copied() {
        let is_open = match &plan.states[task] {
            State::ToRun { key } => keys.insert(*key),
            State::Depends => true,
            State::Cached { .. } | State::Absent => false,
        };
        let cost = cost(graph, task);
        if !is_open || cost == Cost::default() {
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
