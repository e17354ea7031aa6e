//! How much there is to do: networks, time and disk, about.
//!
//! In: [`Graph`], [`Plan`], [`Store`]. Out: [`Expected`] and its sum, [`Estimate`]. What an op says of its cost is corrected by what tasks of
//! the same op took here. Work that tasks share counts once.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use crate::graph::{Graph, TaskId};
use crate::key::Seed;
use crate::op::Cost;
use crate::plan::{Plan, State};
use crate::store::Store;
use crate::value::{Value, canonical};

/// Cached tasks of an op that are asked how long they took, at most.
const ASKED: usize = 20;

/// What all tasks that no record serves will take.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Estimate {
    pub networks: u64,
    /// On one core.
    pub seconds: f64,
    pub bytes: u64,
    /// Whether all of it is from tasks that were computed with this cache.
    pub measured: bool,
}

/// What each task that no record serves will take, about. Work that tasks share is counted with the first of them.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    pub of: BTreeMap<TaskId, Cost>,
    /// Whether all of it is from tasks that were computed with this cache.
    pub measured: bool,
}

impl Expected {
    pub fn total(&self) -> Estimate {
        let mut sum = Estimate { measured: self.measured, ..Estimate::default() };
        for cost in self.of.values() {
            sum.networks += u64::from(cost.networks);
            sum.seconds += cost.seconds;
            sum.bytes += cost.bytes;
        }
        sum
    }
}

/// What `tasks`, which are in the order of computation, and all that they read will take.
pub fn expect(graph: &Graph, plan: &Plan, store: &Store, tasks: &[TaskId]) -> Expected {
    let mut measured: HashMap<&str, Option<Measured>> = HashMap::new();
    let (mut works, mut counted) = (Works::default(), HashSet::new());
    let mut expected = Expected { of: BTreeMap::new(), measured: true };
    for task in tasks.iter().copied() {
        let Some(work) = works.add(graph, plan, task) else { continue };
        let cost = cost(graph, task);
        if cost == Cost::default() || !counted.insert(work) {
            continue;
        }
        let op = graph.stage_of(task).op.name();
        let known = *measured.entry(op).or_insert_with(|| Measured::of(graph, plan, store, op));
        let seconds = cost.seconds * known.map_or(1.0, |known| known.slower);
        let bytes = known.map_or(cost.bytes, |known| known.bytes);
        expected.measured &= known.is_some();
        expected.of.insert(task, Cost { seconds, bytes, ..cost });
    }
    expected
}

/// The work of tasks that are not computed, as numbers that tasks of the same work share. So they are found before what
/// they read is known; a key would cost much more.
#[derive(Default)]
struct Works {
    of: HashMap<TaskId, u64>,
    /// The canonical text of parameters that many tasks share, by its place in memory.
    params: HashMap<*const Value, String>,
}

impl Works {
    /// The work of `task`; none if nothing is to be done. What it reads was added before.
    fn add(&mut self, graph: &Graph, plan: &Plan, task: TaskId) -> Option<u64> {
        if !matches!(plan.states[task], State::ToRun { .. } | State::Depends) {
            return None;
        }
        let node = &graph.tasks[task];
        let mut hasher = DefaultHasher::new();
        graph.stage_of(task).op.name().hash(&mut hasher);
        let params = self.params.entry(Arc::as_ptr(&node.params.value));
        params.or_insert_with(|| canonical(&node.params.value)).hash(&mut hasher);
        if let Some(Seed { root, role, by }) = node.seed.as_deref() {
            (root, role, by.len()).hash(&mut hasher);
            by.iter().for_each(|(axis, value)| (axis, canonical(value)).hash(&mut hasher));
        }
        for input in &node.inputs {
            (&input.name, input.output, input.items.len()).hash(&mut hasher);
            for item in input.items.iter() {
                let (stage, coords) = (graph.stage_of(*item), &graph.tasks[*item].coords);
                input.gathered.iter().for_each(|axis| (&stage.axes[*axis], coords[*axis]).hash(&mut hasher));
                let table = stage.op.outputs()[input.output];
                let made = plan.states[*item].outputs().unwrap_or_default();
                made.iter().find(|made| made.table == table).map(|made| made.digest).hash(&mut hasher);
                self.of.get(item).hash(&mut hasher);
            }
        }
        let work = hasher.finish();
        self.of.insert(task, work);
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
