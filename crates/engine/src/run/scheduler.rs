//! What is done next, and what follows from what has been done.
//!
//! In: the plan, and what workers send. Out: batches for workers, events, and in the end the
//! [`RunReport`]. Where a task stands is in [`Standings`], what is known of its result in the
//! [`Plan`].

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use super::batch::{Batch, capacity};
use super::report::{Options, RunError, RunReport};
use super::standings::{Standings, Turn};
use super::work::{self, Job, Message};
use crate::assignment::Assignment;
use crate::away::Dispatch;
use crate::failure::Failure;
use crate::graph::{Graph, TaskId};
use crate::key::TaskKey;
use crate::lock::{self, Attempt};
use crate::op::OpError;
use crate::plan::{Plan, TaskState, served};
use crate::progress::{Event, Progress};
use crate::store::{Record, Store};

/// How often work that another process does is looked at.
const PAUSE: Duration = Duration::from_millis(200);

/// The thread that decides.
pub(super) struct Scheduler<'a> {
    pub(super) graph: &'a Graph,
    pub(super) plan: &'a mut Plan,
    pub(super) store: &'a Arc<Store>,
    pub(super) options: &'a Options,
    pub(super) progress: &'a mut dyn Progress,
    pub(super) standings: Standings,
    /// What goes to other machines, if anything does.
    pub(super) dispatch: Option<Dispatch<'a>>,
    /// The tasks that have gone there.
    pub(super) away: HashMap<TaskKey, TaskId>,
    /// Whether tasks were queued that have not been thought of as ones to send.
    pub(super) is_unsorted: bool,
    /// Whether it has been said that there are no locks.
    has_warned: bool,
    pub(super) report: RunReport,
}

impl<'a> Scheduler<'a> {
    /// For a run that needs the tasks `needed`, which are in the order of computation.
    pub(super) fn new(
        graph: &'a Graph,
        plan: &'a mut Plan,
        store: &'a Arc<Store>,
        needed: &[TaskId],
        options: &'a Options,
        dispatch: Option<Dispatch<'a>>,
        progress: &'a mut dyn Progress,
    ) -> Self {
        let is_to_do =
            |task: &TaskId| matches!(plan.states[*task], TaskState::ToRun { .. } | TaskState::Depends);
        let mut standings = Standings::default();
        for task in needed.iter().copied() {
            let turn = Turn {
                is_batched: capacity(graph, task).batch > 1,
                stage: Reverse(graph.tasks[task].stage),
                task,
            };
            match plan.states[task] {
                TaskState::ToRun { .. } | TaskState::Depends => {
                    let upstream: HashSet<TaskId> = graph.tasks[task].items().filter(is_to_do).collect();
                    standings.add(turn, &Vec::from_iter(upstream));
                }
                TaskState::Failed { .. } => standings.add_lost(turn, true),
                TaskState::Blocked => standings.add_lost(turn, false),
                TaskState::Cached { .. } | TaskState::Absent => {}
            }
        }
        let report = RunReport::default();
        Scheduler {
            graph,
            plan,
            store,
            options,
            progress,
            standings,
            dispatch,
            away: HashMap::new(),
            is_unsorted: true,
            has_warned: false,
            report,
        }
    }

    /// Runs until nothing is left to do or nothing more can be done.
    pub(super) fn drive(mut self, pool: &rayon::ThreadPool) -> Result<RunReport, RunError> {
        let open = self.standings.tasks();
        self.progress.event(Event::Begin { tasks: &open });
        for task in &open {
            match self.plan.states[*task] {
                TaskState::Failed { key } => self.tell_known_failure(*task, &key),
                TaskState::Blocked => self.tell_blocked(*task),
                _ => {}
            }
        }
        for task in open {
            if self.standings.is_ready(task) {
                self.ready(task);
            }
        }
        let (send, receive) = mpsc::channel::<Message>();
        let mut free = pool.current_num_threads();
        loop {
            self.send_away();
            while free > 0
                && let Some(batch) = self.next_batch(free)
            {
                let jobs = self.claim(batch.tasks);
                if jobs.is_empty() {
                    continue;
                }
                let tasks: Vec<TaskId> = jobs.iter().map(|job| job.task).collect();
                self.progress.event(Event::Started { tasks: &tasks });
                tasks.into_iter().for_each(|task| self.standings.start(task));
                pool.spawn(work::work(self.store, self.options, jobs, batch.threads, &send));
                free -= batch.threads;
            }
            if self.is_over()? {
                break;
            }
            match self.receive(&receive)? {
                Some(Message::Note { task, line }) => self.progress.event(Event::Note { task, line: &line }),
                Some(Message::Done { results, threads }) => {
                    free += threads;
                    results.into_iter().for_each(|(task, result)| self.finish(task, result));
                }
                None => self.standings.put_back(),
            }
            self.hear_from_away()?;
        }
        self.report.not_started = self.standings.unsettled();
        self.report.away.1 = self.standings.away().collect();
        if let Some(dispatch) = self.dispatch.take() {
            self.report.away.0 = dispatch.on_their_way();
            dispatch.close(!self.report.failed.is_empty());
        }
        self.progress.event(Event::End);
        Ok(self.report)
    }

    /// What a worker says next; none if it is time to look at what other processes do.
    fn receive(&self, from: &mpsc::Receiver<Message>) -> Result<Option<Message>, RunError> {
        if self.standings.elsewhere() == 0 && self.standings.away().next().is_none() {
            return from.recv().map(Some).map_err(|_| RunError::Worker);
        }
        match from.recv_timeout(PAUSE) {
            Ok(message) => Ok(Some(message)),
            Err(mpsc::RecvTimeoutError::Timeout) => Ok(None),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(RunError::Worker),
        }
    }

    /// A task whose inputs are all known: served by a record, the same as other work, or queued.
    fn ready(&mut self, task: TaskId) {
        let Some((key, manifest)) = self.plan.resolve(self.graph, task) else {
            let error = OpError::new("what this task reads is gone from the cache");
            return self.fail(task, None, error.hint("run again".to_string()));
        };
        let stage = self.graph.stage_of(task);
        let is_forced = self.options.force.contains(&stage.name);
        if self.standings.join(task, &key, is_forced) {
            return;
        }
        if !is_forced {
            if let Some(record) = served(self.store, stage.op.as_ref(), &key) {
                return self.complete(task, &record, None);
            }
            if let Some(failure) = Failure::load(self.store, &key) {
                return self.fail(task, Some(key), failure.error(&stage.name));
            }
        }
        self.standings.enqueue(task, key, manifest.batch_group(), is_forced);
        self.is_unsorted = true;
        if !is_forced && self.dispatch.as_ref().is_some_and(|dispatch| dispatch.carries(&key)) {
            self.standings.send_away(task);
            self.away.insert(key, task);
        }
    }

    /// Whether nothing is left to do here, or nothing more is to be done.
    fn is_over(&mut self) -> Result<bool, RunError> {
        if !self.standings.is_idle() {
            return Ok(false);
        }
        let is_away = self.standings.away().next().is_some();
        if self.is_stopped() || self.standings.elsewhere() == 0 && !is_away {
            return Ok(true);
        }
        let Some(dispatch) = self.dispatch.as_mut().filter(|dispatch| is_away && dispatch.is_detached())
        else {
            return Ok(false);
        };
        dispatch.send_all()?;
        Ok(true)
    }

    fn next_batch(&self, free: usize) -> Option<Batch> {
        if self.is_stopped() || self.options.fail_fast && !self.report.failed.is_empty() {
            return None;
        }
        Batch::next(self.graph, self.plan, &self.standings, free)
    }

    /// Whether the run is to end before it is done.
    pub(super) fn is_stopped(&self) -> bool {
        self.options.rhythm.stop.load(Ordering::Relaxed)
    }

    /// Locks those of a batch that no other process computes, now or just before.
    fn claim(&mut self, batch: Vec<TaskId>) -> Vec<Job> {
        let mut jobs = Vec::with_capacity(batch.len());
        let waited_for = self.standings.elsewhere();
        for task in batch {
            let Some((key, manifest)) = self.plan.resolve(self.graph, task) else { continue };
            let guard = match lock::attempt(self.store.root(), &key.hex()) {
                Attempt::Held(guard) => Some(guard),
                Attempt::Busy => {
                    self.standings.put_off(task);
                    continue;
                }
                Attempt::Impossible(error) => {
                    if !std::mem::replace(&mut self.has_warned, true) {
                        self.progress.event(Event::NoLocks { error: &error });
                    }
                    None
                }
            };
            let is_forced = self.standings.is_forced(&key);
            // Another process may have been done with it after it was queued.
            let op = self.graph.stage_of(task).op.as_ref();
            match served(self.store, op, &key).filter(|_| !is_forced) {
                Some(record) => self.settle(task, &record, None),
                None => {
                    let assignment = Assignment::of(self.graph, task, key, manifest);
                    jobs.push(Job { task, assignment, _guard: guard, is_forced });
                }
            }
        }
        if self.standings.elsewhere() > waited_for {
            self.progress.event(Event::Waiting { tasks: self.standings.elsewhere() });
        }
        jobs
    }

    /// What a worker has made of a task.
    fn finish(&mut self, task: TaskId, result: Result<Record, OpError>) {
        match result {
            Ok(record) => self.settle(task, &record, Some(record.made.seconds)),
            Err(error) if error.is_stop() => self.standings.stop(task),
            Err(error) => {
                let key = self.plan.resolve(self.graph, task).map(|(key, _)| key);
                self.fail(task, key, error);
            }
        }
    }

    /// A queued or running task that this process has computed in so many seconds, or another one;
    /// and its twins.
    pub(super) fn settle(&mut self, task: TaskId, record: &Record, seconds: Option<f64>) {
        let twins = self.standings.take_twins(&record.key);
        self.complete(task, record, seconds);
        for twin in twins {
            self.complete(twin, record, None);
        }
    }

    /// Marks `task` as done and looks at the tasks that waited for it. `seconds` is `None` if it
    /// was reused.
    fn complete(&mut self, task: TaskId, record: &Record, seconds: Option<f64>) {
        self.plan.states[task] = TaskState::Cached { key: record.key, outputs: record.outputs.clone() };
        match seconds {
            Some(seconds) => {
                self.report.computed.push(task);
                self.progress.event(Event::Computed { task, seconds });
            }
            None => {
                self.report.reused.push(task);
                self.progress.event(Event::Reused { task });
            }
        }
        for reader in self.standings.complete(task) {
            self.wait_for_one_less(reader);
        }
    }

    /// Marks `task`, whose key may be unknown, as failed, and goes on without it.
    pub(super) fn fail(&mut self, task: TaskId, key: Option<TaskKey>, error: OpError) {
        self.progress.event(Event::Failed { task, error: &error });
        let twins = key.map_or(Vec::new(), |key| self.standings.take_twins(&key));
        let is_lasting = error.is_lasting();
        self.report.failed.push((task, error));
        if let Some(key) = key.filter(|_| is_lasting) {
            self.plan.states[task] = TaskState::Failed { key };
        }
        let readers = self.standings.fail(task);
        self.go_on_without(task, readers, is_lasting);
        for twin in twins {
            self.block(twin, is_lasting);
        }
    }

    /// A failure that an earlier run has found.
    fn tell_known_failure(&mut self, task: TaskId, key: &TaskKey) {
        let error = match Failure::load(self.store, key) {
            Some(failure) => failure.error(&self.graph.stage_of(task).name),
            None => OpError::new("what is known of its failure is gone").hint("run again".to_string()),
        };
        self.progress.event(Event::Failed { task, error: &error });
        self.report.failed.push((task, error));
    }

    fn tell_blocked(&mut self, task: TaskId) {
        self.report.blocked.push(task);
        self.progress.event(Event::Blocked { task });
    }

    /// A task that reads what failed, `for_good` or not, and cannot do without.
    fn block(&mut self, task: TaskId, for_good: bool) {
        let Some(readers) = self.standings.block(task) else { return };
        if for_good {
            self.plan.states[task] = TaskState::Blocked;
        }
        self.tell_blocked(task);
        self.go_on_without(task, readers, for_good);
    }

    /// Blocks the readers of a task that came to nothing, but for those that do without what is
    /// lost for good.
    fn go_on_without(&mut self, task: TaskId, readers: Vec<TaskId>, for_good: bool) {
        for reader in readers {
            if for_good && self.does_without(reader, task) {
                self.wait_for_one_less(reader);
            } else {
                self.block(reader, for_good);
            }
        }
    }

    fn does_without(&self, reader: TaskId, lost: TaskId) -> bool {
        let op = self.graph.stage_of(reader).op.as_ref();
        let is_left = |item: &TaskId| !self.plan.states[*item].is_lost();
        let mut inputs = self.graph.tasks[reader].inputs.iter().filter(|input| input.items.contains(&lost));
        inputs.all(|input| input.arity(op).does_without(input.items.iter().any(is_left)))
    }

    fn wait_for_one_less(&mut self, reader: TaskId) {
        if self.standings.one_less(reader) {
            self.ready(reader);
        }
    }
}
