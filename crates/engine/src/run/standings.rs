//! Where each task of a run stands, and every way in which it may move on.
//!
//! In: what has become of a task. Out: whom it concerns, and who can start.
//! [`Standing::may_become`] lists the ways; all else here only keeps count. Knows neither ops nor
//! files: what is to be done is for [`super::scheduler`] to say.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use crate::graph::{StageId, TaskId};
use crate::key::{BatchGroup, TaskKey};

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// So many of the tasks that it reads are not done.
    Waiting {
        left: usize,
    },
    /// It can start.
    Queued,
    /// Another process computes it.
    Elsewhere,
    /// It is with an engine that runs jobs on other machines.
    Away,
    /// A worker computes it.
    Running,
    /// It is the same work as a task that is queued, elsewhere or running, and takes that one's
    /// result.
    Twin,
    /// Its tables are stored.
    Done,
    Failed,
    /// It cannot do without something that failed.
    Blocked,
    /// The run ended while it was computed; a later one goes on with it.
    Stopped,
}

use Standing::{Away, Blocked, Done, Elsewhere, Failed, Queued, Running, Stopped, Twin, Waiting};

impl Standing {
    /// Every transition that there is.
    fn may_become(self, next: Standing) -> bool {
        match (self, next) {
            (Waiting { left }, Waiting { left: fewer }) => fewer + 1 == left,
            // What it reads is there. Earlier runs may have found its result, or that it fails.
            (Waiting { left: 0 }, Queued | Twin | Done | Failed) => true,
            (Waiting { .. }, Blocked) => true,
            // Another process may be at it, or be done with it.
            (Queued, Running | Elsewhere | Away | Done) | (Elsewhere, Queued) => true,
            (Running, Done | Failed | Stopped) | (Away, Done | Failed) => true,
            (Twin, Done | Blocked) => true,
            _ => false,
        }
    }

    /// Whether the run is done with it, for better or worse.
    fn is_settled(self) -> bool {
        matches!(self, Done | Failed | Blocked)
    }
}

/// When a task's turn is among those that can start. Ops that take many tasks at once wait for the
/// others, so that their batches fill; then the most downstream stage goes first, so that results
/// come early; within a stage as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Turn {
    pub is_batched: bool,
    pub stage: Reverse<StageId>,
    pub task: TaskId,
}

/// Tasks of one standing in the order of their turns.
type Lane = BTreeMap<Turn, BatchGroup>;

struct Row {
    standing: Standing,
    turn: Turn,
    /// The tasks that wait for it.
    readers: Vec<TaskId>,
}

/// Work under way: a task that is queued, elsewhere or running, and its twins.
#[derive(Default)]
struct Work {
    twins: Vec<TaskId>,
    /// Whether it is to be computed whatever earlier runs have kept.
    is_forced: bool,
}

/// The standing of every task of a run that no record serves.
#[derive(Default)]
pub(super) struct Standings {
    rows: BTreeMap<TaskId, Row>,
    queued: Lane,
    elsewhere: Lane,
    running: Lane,
    away: Lane,
    works: HashMap<TaskKey, Work>,
}

impl Standings {
    /// Adds a task that comes after those of its run that it reads, `upstream`, each of which is
    /// given once.
    pub(super) fn add(&mut self, turn: Turn, upstream: &[TaskId]) {
        self.insert(turn, Waiting { left: upstream.len() });
        for item in upstream {
            if let Some(row) = self.rows.get_mut(item) {
                row.readers.push(turn.task);
            }
        }
    }

    /// Adds a task of which an earlier run has found that it fails, or that it is blocked.
    pub(super) fn add_lost(&mut self, turn: Turn, has_failed: bool) {
        self.insert(turn, if has_failed { Failed } else { Blocked });
    }

    fn insert(&mut self, turn: Turn, standing: Standing) {
        self.rows.insert(turn.task, Row { standing, turn, readers: Vec::new() });
    }

    /// All tasks in their order.
    pub(super) fn tasks(&self) -> Vec<TaskId> {
        self.rows.keys().copied().collect()
    }

    /// The tasks with which the run is not done.
    pub(super) fn unsettled(&self) -> Vec<TaskId> {
        let open = self.rows.iter().filter(|(_, row)| !row.standing.is_settled());
        open.map(|(task, _)| *task).collect()
    }

    /// Whether all that the task reads is there and nothing has been decided yet.
    pub(super) fn is_ready(&self, task: TaskId) -> bool {
        self.rows.get(&task).is_some_and(|row| row.standing == Waiting { left: 0 })
    }

    /// The tasks that can start.
    pub(super) fn queue(&self) -> &BTreeMap<Turn, BatchGroup> {
        &self.queued
    }

    /// How many tasks other processes compute.
    pub(super) fn elsewhere(&self) -> usize {
        self.elsewhere.len()
    }

    /// Whether a worker computes this task.
    pub(super) fn is_running(&self, task: TaskId) -> bool {
        self.rows.get(&task).is_some_and(|row| row.standing == Running)
    }

    /// Whether no worker computes anything.
    pub(super) fn is_idle(&self) -> bool {
        self.running.is_empty()
    }

    /// The tasks that wait for one that runs.
    pub(super) fn readers_of_running(&self) -> impl Iterator<Item = TaskId> {
        self.running.keys().filter_map(|turn| self.rows.get(&turn.task)).flat_map(|row| &row.readers).copied()
    }

    /// One of the tasks that `task` reads is done; whether `task` is ready now.
    pub(super) fn one_less(&mut self, task: TaskId) -> bool {
        let Some(Waiting { left: left @ 1.. }) = self.rows.get(&task).map(|row| row.standing) else {
            return false;
        };
        self.go(task, Waiting { left: left - 1 }, None);
        left == 1
    }

    /// Makes a ready task the twin of one with the same key, if one is under way; whether it did.
    pub(super) fn join(&mut self, task: TaskId, key: &TaskKey, is_forced: bool) -> bool {
        let Some(work) = self.works.get_mut(key) else { return false };
        work.is_forced |= is_forced;
        work.twins.push(task);
        self.go(task, Twin, None)
    }

    /// A ready task is to be computed.
    pub(super) fn enqueue(&mut self, task: TaskId, key: TaskKey, group: BatchGroup, is_forced: bool) {
        if self.go(task, Queued, Some(group)) {
            self.works.insert(key, Work { is_forced, ..Work::default() });
        }
    }

    /// Whether work under way is to be computed whatever earlier runs have kept.
    pub(super) fn is_forced(&self, key: &TaskKey) -> bool {
        self.works.get(key).is_some_and(|work| work.is_forced)
    }

    /// A worker takes a queued task.
    pub(super) fn start(&mut self, task: TaskId) {
        self.go(task, Running, None);
    }

    /// A queued task goes to an engine.
    pub(super) fn send_away(&mut self, task: TaskId) {
        self.go(task, Away, None);
    }

    /// The tasks that are with an engine.
    pub(super) fn away(&self) -> impl Iterator<Item = TaskId> {
        self.away.keys().map(|turn| turn.task)
    }

    /// Another process computes a queued task.
    pub(super) fn put_off(&mut self, task: TaskId) {
        self.go(task, Elsewhere, None);
    }

    /// What other processes compute is looked at again.
    pub(super) fn put_back(&mut self) {
        for turn in self.elsewhere.keys().copied().collect::<Vec<_>>() {
            self.go(turn.task, Queued, None);
        }
    }

    /// The run ends before a running task is done.
    pub(super) fn stop(&mut self, task: TaskId) {
        self.go(task, Stopped, None);
    }

    /// A task is done: the tasks that wait for it.
    pub(super) fn complete(&mut self, task: TaskId) -> Vec<TaskId> {
        self.go(task, Done, None);
        self.take_readers(task)
    }

    /// A task has failed: the tasks that wait for it.
    pub(super) fn fail(&mut self, task: TaskId) -> Vec<TaskId> {
        self.go(task, Failed, None);
        self.take_readers(task)
    }

    /// A task lacks what it reads: the tasks that wait for it, unless it was known to be blocked.
    pub(super) fn block(&mut self, task: TaskId) -> Option<Vec<TaskId>> {
        self.go(task, Blocked, None).then(|| self.take_readers(task))
    }

    /// Takes work off the list of what is under way. Returns the tasks that wait for its result.
    pub(super) fn take_twins(&mut self, key: &TaskKey) -> Vec<TaskId> {
        self.works.remove(key).map_or(Vec::new(), |work| work.twins)
    }

    fn take_readers(&mut self, task: TaskId) -> Vec<TaskId> {
        self.rows.get_mut(&task).map_or(Vec::new(), |row| std::mem::take(&mut row.readers))
    }

    /// Moves a task on, if it may become that. The group is its lane's, or the one given to a task
    /// that had none.
    fn go(&mut self, task: TaskId, next: Standing, group: Option<BatchGroup>) -> bool {
        let Some(row) = self.rows.get_mut(&task) else { return false };
        let (old, turn) = (row.standing, row.turn);
        if !old.may_become(next) {
            return false;
        }
        row.standing = next;
        let group = self.lane(old).and_then(|lane| lane.remove(&turn)).or(group);
        if let (Some(lane), Some(group)) = (self.lane(next), group) {
            lane.insert(turn, group);
        }
        true
    }

    /// The lane in which the tasks of a standing are kept.
    fn lane(&mut self, standing: Standing) -> Option<&mut Lane> {
        match standing {
            Queued => Some(&mut self.queued),
            Elsewhere => Some(&mut self.elsewhere),
            Running => Some(&mut self.running),
            Away => Some(&mut self.away),
            Waiting { .. } | Twin | Done | Failed | Blocked | Stopped => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Id;
    use crate::key::Manifest;

    fn manifest(op: &str) -> Manifest {
        Manifest { op: op.into(), version: 1, params: 0.into(), seed: None, inputs: BTreeMap::new() }
    }

    fn turn(task: usize) -> Turn {
        Turn { is_batched: false, stage: Reverse(StageId::at(task)), task: TaskId::at(task) }
    }

    /// Tasks that read each other like this, all of whose inputs are in the run.
    fn standings(reads: &[&[usize]]) -> Standings {
        let mut standings = Standings::default();
        for (task, upstream) in reads.iter().enumerate() {
            standings.add(turn(task), &upstream.iter().map(|item| TaskId::at(*item)).collect::<Vec<_>>());
        }
        standings
    }

    fn enqueue(standings: &mut Standings, task: usize, op: &str) {
        standings.enqueue(TaskId::at(task), manifest(op).key(), manifest(op).batch_group(), false);
    }

    #[test]
    fn these_are_the_transitions() {
        let all =
            [Waiting { left: 0 }, Queued, Elsewhere, Away, Running, Twin, Done, Failed, Blocked, Stopped];
        let next = |from: Standing| all.into_iter().filter(|next| from.may_become(*next)).collect::<Vec<_>>();
        assert_eq!(next(Waiting { left: 1 }), [Waiting { left: 0 }, Blocked]);
        assert_eq!(next(Waiting { left: 2 }), [Blocked]);
        assert_eq!(next(Waiting { left: 0 }), [Queued, Twin, Done, Failed, Blocked]);
        assert_eq!(next(Queued), [Elsewhere, Away, Running, Done]);
        assert_eq!(next(Elsewhere), [Queued]);
        assert_eq!(next(Running), [Done, Failed, Stopped]);
        assert_eq!(next(Away), [Done, Failed]);
        assert_eq!(next(Twin), [Done, Blocked]);
        for end in [Done, Failed, Blocked, Stopped] {
            assert_eq!(next(end), []);
        }
    }

    #[test]
    fn a_task_is_ready_once_and_when_all_that_it_reads_is_done() {
        let mut standings = standings(&[&[], &[], &[0, 1]]);
        let [a, b, reader] = [0, 1, 2].map(TaskId::at);
        assert!(standings.is_ready(a) && !standings.is_ready(reader));
        assert_eq!(standings.complete(a), [reader]);
        assert!(!standings.one_less(reader));
        assert_eq!(standings.complete(b), [reader]);
        assert!(standings.one_less(reader) && standings.is_ready(reader));
        assert!(!standings.one_less(reader), "it waits for nothing");
        enqueue(&mut standings, 2, "reader");
        assert!(!standings.is_ready(reader));
        assert_eq!(standings.unsettled(), [reader]);
    }

    #[test]
    fn what_can_start_is_in_the_queue_in_the_order_of_turns() {
        let mut standings = standings(&[&[], &[], &[]]);
        for task in [0, 1, 2] {
            enqueue(&mut standings, task, &task.to_string());
        }
        let queue = |standings: &Standings| -> Vec<usize> {
            standings.queue().keys().map(|turn| turn.task.index()).collect()
        };
        assert_eq!(queue(&standings), [2, 1, 0], "the most downstream stage first");
        standings.start(TaskId::at(2));
        standings.put_off(TaskId::at(1));
        assert_eq!((queue(&standings), standings.elsewhere()), (vec![0], 1));
        standings.put_back();
        assert_eq!((queue(&standings), standings.elsewhere()), (vec![1, 0], 0));
        assert!(standings.is_running(TaskId::at(2)) && !standings.is_idle());
        standings.stop(TaskId::at(2));
        assert!(standings.is_idle());
        assert_eq!(standings.unsettled().len(), 3);
    }

    #[test]
    fn the_same_work_is_queued_once_and_what_failed_blocks() {
        let mut standings = standings(&[&[], &[], &[0]]);
        let [task, twin, reader] = [0, 1, 2].map(TaskId::at);
        let key = manifest("same").key();
        assert!(!standings.join(task, &key, false), "nothing is under way");
        enqueue(&mut standings, 0, "same");
        assert!(standings.join(twin, &key, true) && standings.is_forced(&key));
        assert_eq!(standings.queue().len(), 1);
        standings.start(task);
        assert_eq!(standings.fail(task), [reader]);
        assert_eq!(standings.take_twins(&key), [twin]);
        assert_eq!(standings.block(twin), Some(Vec::new()));
        assert_eq!(standings.block(reader), Some(Vec::new()));
        assert_eq!(standings.block(reader), None, "it was told already");
        assert_eq!(standings.unsettled(), []);
    }
}
