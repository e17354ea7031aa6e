//! How much there is to do: networks, time and disk, about.
//!
//! In: [`Graph`], [`Plan`], [`Store`]. Out: [`Expected`] and its sum, [`Estimate`]. What an op says
//! of its cost is corrected by what tasks of the same op took here: cached ones of this graph or,
//! after a parameter has changed, those of the last runs. Work that tasks share counts once.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use crate::graph::{Graph, TaskId};
use crate::history::{self, RunRecord};
use crate::key::{Seed, TaskKey};
use crate::op::{AnyOp, Cost};
use crate::plan::{Plan, TaskState};
use crate::store::Store;
use crate::value::{Value, canonical};

/// Tasks of an op that are asked how long they took, at most.
const ASKED: usize = 20;

/// Earlier runs in which such tasks are looked for.
const RUNS: usize = 3;

/// What all tasks that no record serves will take.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Estimate {
    /// Networks that are trained.
    pub networks: u64,
    /// On one core.
    pub seconds: f64,
    /// Of the tables that are made.
    pub bytes: u64,
    /// Whether all of it is from tasks that were computed with this cache.
    pub measured: bool,
}

/// What each task that no record serves will take, about. Work that tasks share is counted with the
/// first of them.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// Tasks that cost something.
    pub of: BTreeMap<TaskId, Cost>,
    /// Whether all of it is from tasks that were computed with this cache.
    pub measured: bool,
}

impl Expected {
    /// The sum over all tasks.
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
    let mut past = Past {
        graph,
        plan,
        store,
        unread: Box::new(history::newest_first(store).take(RUNS)),
        runs: Vec::new(),
        measured: HashMap::new(),
    };
    let (mut works, mut counted) = (Works::default(), HashSet::new());
    let mut expected = Expected { of: BTreeMap::new(), measured: true };
    for task in tasks.iter().copied() {
        let Some(work) = works.add(graph, plan, task) else { continue };
        let cost = cost(graph, task);
        if cost == Cost::default() || !counted.insert(work) {
            continue;
        }
        let known = past.measured(graph.stage_of(task).op.as_ref());
        let seconds = cost.seconds * known.map_or(1.0, |known| known.slower);
        let bytes = known.map_or(cost.bytes, |known| known.bytes);
        expected.measured &= known.is_some();
        expected.of.insert(task, Cost { seconds, bytes, ..cost });
    }
    expected
}

/// A number for the work of each task that is to be computed; tasks that are the same work share
/// it. It is known before the digests of what a task reads are, and costs much less than a key.
#[derive(Default)]
struct Works {
    of: HashMap<TaskId, u64>,
    /// The canonical text of parameters that many tasks share, by its place in memory.
    params: HashMap<*const Value, String>,
}

impl Works {
    /// The work of `task`; none if nothing is to be done. What it reads was added before.
    fn add(&mut self, graph: &Graph, plan: &Plan, task: TaskId) -> Option<u64> {
        if !matches!(plan.states[task], TaskState::ToRun { .. } | TaskState::Depends) {
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

/// What tasks of one op took.
#[derive(Clone, Copy)]
struct Measured {
    /// Their time in those that the op gives.
    slower: f64,
    /// Mean bytes per task.
    bytes: u64,
}

/// Looks up what tasks took.
struct Past<'a> {
    graph: &'a Graph,
    plan: &'a Plan,
    store: &'a Store,
    /// The last runs: those that were not needed yet, and those that were.
    unread: Box<dyn Iterator<Item = RunRecord>>,
    runs: Vec<RunRecord>,
    /// What was found, by op.
    measured: HashMap<String, Option<Measured>>,
}

impl Past<'_> {
    fn measured(&mut self, op: &dyn AnyOp) -> Option<Measured> {
        if let Some(known) = self.measured.get(op.name()) {
            return *known;
        }
        let known = self.judge(op, &self.cached(op)).or_else(|| self.in_last_runs(op));
        self.measured.insert(op.name().to_string(), known);
        known
    }

    /// The keys of this graph's cached tasks of `op`.
    fn cached(&self, op: &dyn AnyOp) -> Vec<TaskKey> {
        let stages = self.graph.stages.iter().filter(|stage| stage.op.name() == op.name());
        let key = |task: TaskId| match &self.plan.states[task] {
            TaskState::Cached { key, .. } => Some(*key),
            _ => None,
        };
        stages.flat_map(|stage| stage.tasks.clone()).filter_map(key).collect()
    }

    /// By the last run that had tasks of `op` whose records are still there.
    fn in_last_runs(&mut self, op: &dyn AnyOp) -> Option<Measured> {
        for place in 0.. {
            if place == self.runs.len() {
                self.runs.push(self.unread.next()?);
            }
            if let Some(known) = self.judge(op, &self.of_run(op, &self.runs[place])) {
                return Some(known);
            }
        }
        None
    }

    /// The keys of the tasks of `op` in `run`.
    fn of_run(&self, op: &dyn AnyOp, run: &RunRecord) -> Vec<TaskKey> {
        let mut is_of_op: HashMap<&str, bool> = HashMap::new();
        let mut keys = Vec::new();
        for (task, key) in &run.keys {
            let stage = history::stage_of(task);
            if !is_of_op.contains_key(stage)
                && let Some(record) = self.store.record(key)
            {
                is_of_op.insert(stage, record.manifest.op == op.name());
            }
            if is_of_op.get(stage).is_some_and(|is_one| *is_one) {
                keys.push(*key);
            }
        }
        keys
    }

    /// What the tasks of these keys took, against what the op says of their parameters.
    fn judge(&self, op: &dyn AnyOp, keys: &[TaskKey]) -> Option<Measured> {
        let (mut took, mut expected, mut bytes, mut count) = (0.0, 0.0, 0, 0);
        // From all over them, since some points take longer than others.
        for key in keys.iter().step_by(keys.len().div_ceil(ASKED).max(1)) {
            let Some(record) = self.store.record(key) else { continue };
            let Some(cost) = op.cost_recorded(&record.manifest.params) else { continue };
            took += record.made.seconds;
            expected += cost.seconds;
            bytes += record.outputs.iter().map(|output| output.bytes).sum::<u64>();
            count += 1;
        }
        (count > 0 && expected > 0.0).then(|| Measured { slower: took / expected, bytes: bytes / count })
    }
}
