//! Computes what a plan lacks: schedules, batches, keeps going past failures, stores each result at once.
//!
//! In: [`Graph`], [`Plan`], [`Store`] and the tasks wanted. Out: the plan brought up to date and a
//! [`Report`]. The calling thread decides and owns all state; a pool of threads computes and writes.

mod work;

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use crate::checkpoint::Rhythm;
use crate::failure::Failure;
use crate::graph::{Graph, StageId, TaskId};
use crate::key::{BatchGroup, TaskKey};
use crate::lock::{self, Attempt};
use crate::op::{Arity, Capacity, OpError};
use crate::plan::{Plan, State, served};
use crate::progress::{Event, Progress};
use crate::store::{Record, Store};

pub(crate) use work::bind;
use work::{Message, Ready};

/// How to run. None of this enters a key.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub threads: usize,
    /// Start nothing new after the first failure.
    pub fail_fast: bool,
    /// Compute the tasks of these stages even where a record would serve.
    pub force: HashSet<String>,
    /// hspipe's version, for the records.
    pub version: String,
    /// When states of tasks that take long are kept; and the run's end before it is done.
    pub rhythm: Rhythm,
}

/// What became of the tasks that were wanted.
#[derive(Debug, Default)]
pub struct Report {
    pub computed: Vec<TaskId>,
    /// Found once their inputs were known, or the same work as another task.
    pub reused: Vec<TaskId>,
    pub failed: Vec<(TaskId, OpError)>,
    /// They read, directly or not, something that failed.
    pub blocked: Vec<TaskId>,
    /// Left over after a failure under `fail_fast`, or after a stop.
    pub not_started: Vec<TaskId>,
}

impl Report {
    /// This report with what an earlier attempt had done already.
    pub fn after(mut self, earlier: Report) -> Report {
        self.computed.extend(earlier.computed);
        self.reused.extend(earlier.reused);
        self
    }

    pub fn is_complete(&self) -> bool {
        self.failed.is_empty() && self.blocked.is_empty() && self.not_started.is_empty()
    }
}

#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("cannot start {threads} threads")]
    Threads { threads: usize, source: rayon::ThreadPoolBuildError },
    #[error("a worker thread is gone")]
    Worker,
}

/// Computes `tasks` and all that they need.
pub fn run(
    graph: &Graph,
    plan: &mut Plan,
    store: &Arc<Store>,
    tasks: &[TaskId],
    options: &Options,
    progress: &mut dyn Progress,
) -> Result<Report, RunError> {
    let threads = options.threads.max(1);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|source| RunError::Threads { threads, source })?;
    let mut scheduler = Scheduler::new(graph, plan, store, graph.closure(tasks), options, progress);
    scheduler.drive(&pool)?;
    Ok(scheduler.report)
}

/// How often work that another process does is looked at.
const PAUSE: Duration = Duration::from_millis(200);

/// Order in the queue. Ops that take many tasks at once wait for the others, so that their batches fill;
/// then the most downstream stage goes first, so that results come early; within a stage as written.
type Place = (bool, Reverse<StageId>, TaskId);

struct Scheduler<'a> {
    graph: &'a Graph,
    plan: &'a mut Plan,
    store: &'a Arc<Store>,
    options: &'a Options,
    progress: &'a mut dyn Progress,
    /// The tasks that no record serves.
    open: Vec<TaskId>,
    /// For each of them that may be computed, how many such tasks it reads.
    waiting: HashMap<TaskId, usize>,
    /// The same the other way: the tasks that wait for it.
    readers: HashMap<TaskId, Vec<TaskId>>,
    queue: BTreeMap<Place, Ready>,
    /// Queued tasks that another process computes.
    elsewhere: BTreeMap<Place, Ready>,
    /// Whether it has been said that there are no locks.
    warned: bool,
    running: HashSet<TaskId>,
    /// Tasks being computed or queued by key, with others that are the same work.
    same_work: HashMap<TaskKey, Vec<TaskId>>,
    /// Of these, what is to be computed whatever earlier runs have kept.
    forced: HashSet<TaskKey>,
    report: Report,
}

impl<'a> Scheduler<'a> {
    fn new(
        graph: &'a Graph,
        plan: &'a mut Plan,
        store: &'a Arc<Store>,
        needed: Vec<TaskId>,
        options: &'a Options,
        progress: &'a mut dyn Progress,
    ) -> Self {
        let is_to_do = |task: &TaskId| matches!(plan.states[*task], State::ToRun { .. } | State::Depends);
        let is_open = |task: &TaskId| is_to_do(task) || plan.states[*task].is_lost();
        let open: Vec<TaskId> = needed.into_iter().filter(is_open).collect();
        let (mut waiting, mut readers) = (HashMap::new(), HashMap::<TaskId, Vec<TaskId>>::new());
        for task in open.iter().filter(|task| is_to_do(task)) {
            let items = graph.tasks[*task].inputs.iter().flat_map(|input| input.items.iter());
            let upstream: HashSet<TaskId> = items.copied().filter(is_to_do).collect();
            for item in &upstream {
                readers.entry(*item).or_default().push(*task);
            }
            waiting.insert(*task, upstream.len());
        }
        Scheduler {
            graph,
            plan,
            store,
            options,
            progress,
            open,
            waiting,
            readers,
            queue: BTreeMap::new(),
            elsewhere: BTreeMap::new(),
            warned: false,
            running: HashSet::new(),
            same_work: HashMap::new(),
            forced: HashSet::new(),
            report: Report::default(),
        }
    }

    fn drive(&mut self, pool: &rayon::ThreadPool) -> Result<(), RunError> {
        self.progress.event(Event::Begin { tasks: &self.open });
        let (send, receive) = mpsc::channel::<Message>();
        for task in self.open.clone() {
            match self.plan.states[task] {
                State::Failed { key } => self.tell_known_failure(task, &key),
                State::Blocked => self.tell_blocked(task),
                _ => {}
            }
            // One that reads a failure which is known already waits no longer.
            if self.waiting.get(&task) == Some(&0) {
                self.ready(task);
            }
        }
        let mut free = pool.current_num_threads();
        loop {
            while free > 0
                && let Some((batch, threads)) = self.next_batch(free)
            {
                let batch = self.lock(batch);
                if batch.is_empty() {
                    continue;
                }
                let tasks: Vec<TaskId> = batch.iter().map(|ready| ready.task).collect();
                self.progress.event(Event::Started { tasks: &tasks });
                self.running.extend(tasks);
                pool.spawn(work::work(self.graph, self.store, self.options, batch, threads, &send));
                free -= threads;
            }
            if self.running.is_empty() && (self.elsewhere.is_empty() || self.is_stopped()) {
                break;
            }
            let received = match self.elsewhere.is_empty() {
                true => receive.recv().map_err(|_| RunError::Worker)?,
                false => match receive.recv_timeout(PAUSE) {
                    Ok(received) => received,
                    Err(mpsc::RecvTimeoutError::Timeout) => {
                        self.queue.append(&mut self.elsewhere);
                        continue;
                    }
                    Err(mpsc::RecvTimeoutError::Disconnected) => return Err(RunError::Worker),
                },
            };
            match received {
                Message::Note { task, line } => self.progress.event(Event::Note { task, line: &line }),
                Message::Done { results, threads } => {
                    free += threads;
                    for (task, result) in results {
                        self.running.remove(&task);
                        self.finish(task, result);
                    }
                }
            }
        }
        let settled: HashSet<TaskId> = self.report.failed.iter().map(|(task, _)| *task).collect();
        let blocked: HashSet<TaskId> = self.report.blocked.iter().copied().collect();
        let is_left = |task: &TaskId| {
            self.plan.states[*task].outputs().is_none() && !settled.contains(task) && !blocked.contains(task)
        };
        self.report.not_started = self.open.iter().copied().filter(is_left).collect();
        self.progress.event(Event::End);
        Ok(())
    }

    /// A task whose inputs are all known: served by a record, the same as other work, or queued.
    fn ready(&mut self, task: TaskId) {
        let Some(manifest) = self.plan.manifest(self.graph, task) else {
            let error = OpError::new("what this task reads is gone from the cache");
            return self.finish(task, Err(error.hint("run again".to_string())));
        };
        let key = manifest.key();
        let stage = self.graph.stage_of(task);
        let is_forced = self.options.force.contains(&stage.name);
        if is_forced {
            self.forced.insert(key);
        }
        if let Some(others) = self.same_work.get_mut(&key) {
            others.push(task);
            return;
        }
        if !is_forced {
            if let Some(record) = served(self.store, stage.op.as_ref(), &key) {
                return self.complete(task, &record, None);
            }
            if let Some(failure) = Failure::load(self.store, &key) {
                return self.finish(task, Err(failure.error(&stage.name)));
            }
        }
        let group = manifest.batch_group();
        self.same_work.insert(key, Vec::new());
        let place = self.place(task);
        self.queue.insert(place, Ready { task, key, manifest, group, guard: None, is_forced });
    }

    /// The first tasks in the queue that can start, as many of a kind as their op takes at once, and the
    /// threads for them: all that are free and of use if there is nothing else to do with them. Where full batches
    /// would leave threads idle, batches are smaller.
    fn next_batch(&mut self, free: usize) -> Option<(Vec<Ready>, usize)> {
        if self.is_stopped() || self.options.fail_fast && !self.report.failed.is_empty() {
            return None;
        }
        let mut held: Vec<BatchGroup> = Vec::new();
        loop {
            let mut waiting = self.queue.iter();
            let (place, first) = waiting.find(|(_, ready)| !held.contains(&ready.group))?;
            let stage = self.graph.tasks[first.task].stage;
            let params = &self.graph.tasks[first.task].params;
            let Capacity { batch, threads } = self.graph.stages[stage].op.capacity(params);
            let most = batch.min((self.queue.len() * threads).div_ceil(free)).max(1);
            let end = (place.0, place.1, TaskId::MAX);
            let same_group = self.queue.range(*place..end).filter(|(_, ready)| ready.group == first.group);
            let chosen: Vec<Place> = same_group.map(|(place, _)| *place).take(most).collect();
            if chosen.len() < most && self.may_grow(stage) {
                held.push(first.group);
                continue;
            }
            let batch: Vec<Ready> = chosen.iter().filter_map(|place| self.queue.remove(place)).collect();
            let batches_left = self.queue.len().div_ceil(most);
            return Some((batch, free.div_ceil(batches_left + 1).min(threads.max(1))));
        }
    }

    /// Whether the run is to end before it is done.
    fn is_stopped(&self) -> bool {
        self.options.rhythm.stop.load(Ordering::Relaxed)
    }

    /// Those of a batch that no other process computes, now or just before.
    fn lock(&mut self, batch: Vec<Ready>) -> Vec<Ready> {
        let mut mine = Vec::with_capacity(batch.len());
        let waited_for = self.elsewhere.len();
        for mut ready in batch {
            match lock::attempt(self.store.root(), &ready.key.hex()) {
                Attempt::Held(guard) => ready.guard = Some(guard),
                Attempt::Busy => {
                    let place = self.place(ready.task);
                    self.elsewhere.insert(place, ready);
                    continue;
                }
                Attempt::Impossible(error) => {
                    if !std::mem::replace(&mut self.warned, true) {
                        self.progress.event(Event::NoLocks { error: &error });
                    }
                }
            }
            ready.is_forced = self.forced.contains(&ready.key);
            // Another process may have been done with it after it was queued.
            let op = self.graph.stage_of(ready.task).op.as_ref();
            match served(self.store, op, &ready.key).filter(|_| !ready.is_forced) {
                Some(record) => self.settle(ready.task, &record, None),
                None => mine.push(ready),
            }
        }
        if self.elsewhere.len() > waited_for {
            self.progress.event(Event::Waiting { tasks: self.elsewhere.len() });
        }
        mine
    }

    fn place(&self, task: TaskId) -> Place {
        let node = &self.graph.tasks[task];
        let batched = self.graph.stages[node.stage].op.capacity(&node.params).batch > 1;
        (batched, Reverse(node.stage), task)
    }

    /// Whether a task of `stage` waits for nothing but tasks that run now, and so may soon join a batch.
    fn may_grow(&self, stage: StageId) -> bool {
        let readers = self.running.iter().filter_map(|task| self.readers.get(task)).flatten();
        let joins_soon = |reader: &TaskId| {
            let inputs = self.graph.tasks[*reader].inputs.iter().flat_map(|input| input.items.iter());
            let is_unknown = |item: &&TaskId| {
                let state = &self.plan.states[**item];
                state.outputs().is_none() && !state.is_lost()
            };
            let mut unknown = inputs.filter(is_unknown);
            self.graph.tasks[*reader].stage == stage && unknown.all(|item| self.running.contains(item))
        };
        readers.into_iter().any(joins_soon)
    }

    fn finish(&mut self, task: TaskId, result: Result<Record, OpError>) {
        match result {
            Ok(record) => {
                self.settle(task, &record, Some(record.made.seconds));
            }
            Err(error) if error.is_stop() => {}
            Err(error) => {
                self.progress.event(Event::Failed { task, error: &error });
                let key = self.plan.manifest(self.graph, task).map(|manifest| manifest.key());
                let others = key.and_then(|key| self.same_work.remove(&key)).unwrap_or_default();
                let is_lasting = error.is_lasting();
                self.report.failed.push((task, error));
                if let Some(key) = key.filter(|_| is_lasting) {
                    self.plan.states[task] = State::Failed { key };
                }
                self.go_on_without(task, is_lasting);
                for other in others {
                    self.block(other, is_lasting);
                }
            }
        }
    }

    /// A queued task that this process has computed in so many seconds, or another one; and the same work of others.
    fn settle(&mut self, task: TaskId, record: &Record, seconds: Option<f64>) {
        let others = self.same_work.remove(&record.key).unwrap_or_default();
        self.complete(task, record, seconds);
        for other in others {
            self.complete(other, record, None);
        }
    }

    /// Marks `task` as done and looks at the tasks that waited for it. `seconds` is `None` if it was reused.
    fn complete(&mut self, task: TaskId, record: &Record, seconds: Option<f64>) {
        self.plan.states[task] = State::Cached { key: record.key, outputs: record.outputs.clone() };
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
        for reader in self.readers.remove(&task).unwrap_or_default() {
            self.wait_for_one_less(reader);
        }
    }

    /// One that an earlier run has seen fail.
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
        if self.waiting.remove(&task).is_some() {
            if for_good {
                self.plan.states[task] = State::Blocked;
            }
            self.tell_blocked(task);
            self.go_on_without(task, for_good);
        }
    }

    /// Blocks the readers of a task that came to nothing, but for those that do without what is lost for good.
    fn go_on_without(&mut self, task: TaskId, for_good: bool) {
        for reader in self.readers.remove(&task).unwrap_or_default() {
            match for_good && self.does_without(reader, task) {
                true => self.wait_for_one_less(reader),
                false => self.block(reader, for_good),
            }
        }
    }

    fn does_without(&self, reader: TaskId, lost: TaskId) -> bool {
        let op = self.graph.stage_of(reader).op.as_ref();
        let is_left = |item: &TaskId| !self.plan.states[*item].is_lost();
        let mut inputs = self.graph.tasks[reader].inputs.iter().filter(|input| input.items.contains(&lost));
        inputs.all(|input| input.arity(op) == Arity::Available && input.items.iter().any(is_left))
    }

    fn wait_for_one_less(&mut self, reader: TaskId) {
        if let Some(left) = self.waiting.get_mut(&reader) {
            *left -= 1;
            if *left == 0 {
                self.ready(reader);
            }
        }
    }
}
