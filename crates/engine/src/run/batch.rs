//! Which tasks start next, and together.
//!
//! In: what can start, and how many threads are free. Out: a [`Batch`]. Decides nothing else and
//! changes nothing.

use crate::graph::{Graph, StageId, TaskId};
use crate::key::BatchGroup;
use crate::op::Capacity;
use crate::plan::Plan;

use super::standings::{Standings, Turn};

/// Tasks that one call of their op computes, and the threads for it.
#[derive(Debug, PartialEq)]
pub(super) struct Batch {
    pub tasks: Vec<TaskId>,
    pub threads: usize,
}

impl Batch {
    /// The first tasks in the queue, as many of one group as their op takes at once, or fewer where
    /// full batches would leave threads idle. They get the free threads that they can use and that
    /// no other batch needs. A group that may grow soon is passed over.
    pub(super) fn next(graph: &Graph, plan: &Plan, standings: &Standings, free: usize) -> Option<Batch> {
        let queue = standings.queue();
        let mut held: Vec<BatchGroup> = Vec::new();
        loop {
            let (first, group) = queue.iter().find(|(_, group)| !held.contains(group))?;
            let stage = graph.tasks[first.task].stage;
            let Capacity { batch, threads } = capacity(graph, first.task);
            let most = batch.min((queue.len() * threads).div_ceil(free)).max(1);
            let end = Turn { task: TaskId::MAX, ..*first };
            let same_group = queue.range(*first..end).filter(|(_, other)| *other == group);
            let tasks: Vec<TaskId> = same_group.map(|(turn, _)| turn.task).take(most).collect();
            if tasks.len() < most && may_grow(graph, plan, standings, stage) {
                held.push(*group);
                continue;
            }
            let batches_left = (queue.len() - tasks.len()).div_ceil(most);
            return Some(Batch { tasks, threads: free.div_ceil(batches_left + 1).min(threads.max(1)) });
        }
    }
}

/// How the task's op likes to be called.
pub(super) fn capacity(graph: &Graph, task: TaskId) -> Capacity {
    graph.stage_of(task).op.capacity(&graph.tasks[task].params)
}

/// Whether a task of `stage` waits for nothing but tasks that run now, and so may soon join a
/// batch.
fn may_grow(graph: &Graph, plan: &Plan, standings: &Standings, stage: StageId) -> bool {
    let joins_soon = |reader: TaskId| {
        let is_unknown = |item: &TaskId| {
            let state = &plan.states[*item];
            state.outputs().is_none() && !state.is_lost()
        };
        let reader = &graph.tasks[reader];
        let mut unknown = reader.items().filter(is_unknown);
        reader.stage == stage && unknown.all(|item| standings.is_running(item))
    };
    standings.readers_of_running().any(joins_soon)
}
