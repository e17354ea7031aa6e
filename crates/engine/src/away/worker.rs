//! A pack, computed: what a job on another machine does.
//!
//! In: the folder of a run's packs, a number, the ops. Out: lines in the pack's ledger. Plans
//! nothing, takes no locks, writes neither history nor results, and asks the cache for inputs alone.

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, mpsc};
use std::time::{Duration, Instant};

use super::folder::{Errand, Folder, Pack};
use super::ledger::{Ledger, Line, Tail, node};
use crate::assignment::{Assignment, compute};
use crate::checkpoint::{Checkpoint, Rhythm};
use crate::clock::now;
use crate::key::TaskKey;
use crate::op::{BoundTask, Notes, OpError, Registry};
use crate::store::{Made, Store};

/// How long a pack that was announced may take to be seen here.
const LATE: Duration = Duration::from_secs(90);

/// How often what was done is made to last, and seen by other machines.
const EVERY: Duration = Duration::from_secs(1);

/// What became of a pack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Worked {
    /// Tasks that this attempt has computed.
    pub computed: usize,
    /// Those whose op failed.
    pub failed: usize,
    /// Those that earlier attempts had computed.
    pub before: usize,
    /// Those that are left, since the attempt was told to end.
    pub left: usize,
}

/// Why a pack was not worked on.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// Its tasks have gone into other packs.
    #[error("pack {0} was given up: others work on its tasks")]
    Closed(usize),
    /// There is no such pack.
    #[error("there is no pack {number} in {folder}, or it is damaged")]
    NoPack {
        /// Its number.
        number: usize,
        /// Where it was looked for.
        folder: String,
    },
    /// Nothing can be written beside it.
    #[error("cannot write down what is done")]
    Ledger(#[source] std::io::Error),
    /// This program is not the one that the pack is for.
    #[error("{0}")]
    Refused(String),
    /// The system gives no threads.
    #[error("cannot start {0} threads")]
    Threads(usize, #[source] rayon::ThreadPoolBuildError),
}

/// What a worker is given beside its pack.
pub struct Worker<'a> {
    /// The ops that it has.
    pub ops: &'a Registry,
    /// Where inputs lie, and states of tasks that were cut off.
    pub store: &'a Arc<Store>,
    /// hspipe's version.
    pub version: &'a str,
    /// When states are kept, and the end before all is done.
    pub rhythm: Rhythm,
    /// Is told what happens, for the log.
    pub tell: &'a (dyn Fn(Step) + Sync),
}

/// What a worker does.
pub enum Step<'a> {
    /// It begins with a pack.
    Begun {
        /// Its number.
        pack: usize,
        /// This machine.
        node: &'a str,
        /// How many tasks are to be computed.
        tasks: usize,
        /// How many earlier attempts have done.
        before: usize,
    },
    /// It computes these together.
    Started {
        /// Their names.
        names: &'a [&'a str],
    },
    /// A task is computed.
    Done {
        /// Its name.
        name: &'a str,
        /// Wall time, its share if it was one of a batch.
        seconds: f64,
    },
    /// A task failed.
    Failed {
        /// Its name.
        name: &'a str,
        /// Why.
        error: &'a OpError,
    },
}

impl Worker<'_> {
    /// Computes the pack of that number, as far as no earlier attempt has.
    ///
    /// # Errors
    /// The pack cannot be had or is not for this program. What fails in a task stands in the ledger.
    pub fn work(&self, folder: &Folder, number: usize) -> Result<Worked, WorkError> {
        let pack = await_pack(folder, number)?;
        // Before anything is written: an op that needs libtorch makes another program of this one.
        let batches = self.batches(folder, number, &pack);
        let mut ledger = Ledger::create(folder, number).map_err(WorkError::Ledger)?;
        ledger
            .tell(&Line::Begun { node: node().to_string(), pid: std::process::id(), at: now() })
            .map_err(WorkError::Ledger)?;
        let batches = batches.inspect_err(|error| {
            let _ = ledger.tell(&Line::Refused { what: error.to_string() });
        });
        let (batches, before) = batches?;
        let tasks = pack.tasks.len() - before;
        (self.tell)(Step::Begun { pack: number, node: &node(), tasks, before });
        let worked = Worked { before, ..Worked::default() };
        let desk = Desk { worker: self, ledger: Mutex::new(ledger), worked: Mutex::new(worked) };
        let left = desk.compute(batches, pack.threads.max(1))?;
        let is_stopped = left > 0;
        let mut ledger = lock(&desk.ledger);
        ledger.tell(&Line::Ended { is_stopped }).map_err(WorkError::Ledger)?;
        ledger.sync().map_err(WorkError::Ledger)?;
        Ok(Worked { left, ..*lock(&desk.worked) })
    }

    /// What is left of a pack, as batches of their ops; and how many tasks are done.
    fn batches(
        &self,
        folder: &Folder,
        number: usize,
        pack: &Pack,
    ) -> Result<(VecDeque<Batch>, usize), WorkError> {
        if pack.hspipe != self.version {
            let (theirs, ours) = (&pack.hspipe, self.version);
            return Err(WorkError::Refused(format!(
                "the pack is of hspipe {theirs}, and here is hspipe {ours}"
            )));
        }
        let done = self.settled(folder, number);
        let mut batches: VecDeque<Batch> = VecDeque::new();
        for errand in pack.tasks.iter().filter(|errand| !done.contains(&errand.key)) {
            let Errand { name, key, manifest, .. } = errand;
            let op = self.ops.get(&manifest.op);
            let op = op.ok_or_else(|| {
                WorkError::Refused(format!("{name}: there is no op `{}` here", manifest.op))
            })?;
            let assignment = Assignment::rebuild(*key, Arc::new(manifest.clone()), op);
            let assignment = assignment.map_err(|error| WorkError::Refused(format!("{name}: {error}")))?;
            let group = manifest.batch_group();
            match batches
                .iter_mut()
                .find(|batch| batch.group == group && batch.tasks.len() < batch.capacity.batch)
            {
                Some(batch) => batch.tasks.push((name.clone(), assignment)),
                None => {
                    let capacity = assignment.capacity();
                    batches.push_back(Batch { group, capacity, tasks: vec![(name.clone(), assignment)] });
                }
            }
        }
        Ok((batches, done.len()))
    }

    /// The tasks of a pack that earlier attempts have settled.
    fn settled(&self, folder: &Folder, number: usize) -> HashSet<TaskKey> {
        let attempts = folder.attempts().into_iter().filter(|(of, _)| *of == number);
        attempts.flat_map(|(_, attempt)| Tail::new(folder, number, &attempt).settled(self.store)).collect()
    }
}

/// The pack, which may not be seen here at once.
fn await_pack(folder: &Folder, number: usize) -> Result<Pack, WorkError> {
    let start = Instant::now();
    loop {
        if let Some(pack) = folder.packs().contains(&number).then(|| folder.pack(number)).flatten() {
            return Ok(pack);
        }
        if folder.closed().contains(&number) {
            return Err(WorkError::Closed(number));
        }
        if start.elapsed() > LATE {
            return Err(WorkError::NoPack { number, folder: folder.path().display().to_string() });
        }
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// Tasks that one call of their op computes.
struct Batch {
    group: crate::key::BatchGroup,
    capacity: crate::op::Capacity,
    /// Each with its name.
    tasks: Vec<(String, Assignment)>,
}

/// Where the threads of a worker meet.
struct Desk<'a> {
    worker: &'a Worker<'a>,
    ledger: Mutex<Ledger>,
    worked: Mutex<Worked>,
}

impl Desk<'_> {
    /// Computes all batches on so many threads, or as many as can be before the end. Returns how many
    /// tasks are left.
    fn compute(&self, mut batches: VecDeque<Batch>, threads: usize) -> Result<usize, WorkError> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|error| WorkError::Threads(threads, error))?;
        let (send, receive) = mpsc::channel();
        let (mut free, mut running, mut left) = (threads, 0, 0);
        pool.in_place_scope(|scope| {
            loop {
                while free > 0
                    && !self.is_stopped()
                    && let Some(batch) = batches.pop_front()
                {
                    let mine = free.div_ceil(batches.len() + 1).min(batch.capacity.threads.max(1));
                    let send = send.clone();
                    scope.spawn(move |_| {
                        let stopped = self.batch(&batch.tasks, mine);
                        let _ = send.send((mine, stopped));
                    });
                    free -= mine;
                    running += 1;
                }
                if running == 0 {
                    break;
                }
                match receive.recv_timeout(EVERY) {
                    Ok((threads, stopped)) => {
                        free += threads;
                        running -= 1;
                        left += stopped;
                    }
                    // A failure to write is found by the next line, which fails.
                    Err(_) => drop(lock(&self.ledger).sync()),
                }
            }
        });
        Ok(left + batches.iter().map(|batch| batch.tasks.len()).sum::<usize>())
    }

    fn is_stopped(&self) -> bool {
        self.worker.rhythm.stop.load(Ordering::Relaxed)
    }

    /// Computes one batch and writes down what came of it. Returns how many tasks were cut off.
    fn batch(&self, tasks: &[(String, Assignment)], threads: usize) -> usize {
        let Worker { store, version, rhythm, tell, .. } = self.worker;
        let names: Vec<&str> = tasks.iter().map(|(name, _)| name.as_str()).collect();
        tell(Step::Started { names: &names });
        let keys = tasks.iter().map(|(_, task)| task.key).collect();
        let _ = lock(&self.ledger).tell(&Line::Started { keys });
        let (send, notes) = mpsc::channel::<(TaskKey, String)>();
        let bind = |(_, task): &(String, Assignment)| {
            let (key, send) = (task.key, send.clone());
            let checkpoint = Checkpoint::new(store, &key, tasks.len(), rhythm.clone());
            let tell = Notes::to(move |text| drop(send.send((key, text.to_string()))));
            task.bind(store, checkpoint, tell)
        };
        let bound: Vec<BoundTask> = tasks.iter().map(bind).collect();
        let start = Instant::now();
        let results = compute(tasks[0].1.op.as_ref(), &bound, threads);
        let seconds = start.elapsed().as_secs_f64() / tasks.len() as f64;
        for (key, text) in notes.try_iter() {
            let _ = lock(&self.ledger).tell(&Line::Note { key, text });
        }
        let mut stopped = 0;
        for (((name, task), bound), result) in tasks.iter().zip(&bound).zip(results) {
            let checkpoint = &bound.checkpoint;
            let made = Made { by: version.to_string(), at: now(), seconds: checkpoint.before() + seconds };
            let result = result.and_then(|tables| lock(&self.ledger).done(store, task.key, tables, made));
            match result {
                Ok(()) => {
                    tell(Step::Done { name, seconds });
                    lock(&self.worked).computed += 1;
                    checkpoint.tidy();
                }
                Err(error) if error.is_stop() => stopped += 1,
                Err(error) => {
                    tell(Step::Failed { name, error: &error });
                    self.failed(task.key, &error);
                }
            }
        }
        stopped
    }

    /// Where this cannot be written either, the task has no line, and is tried again elsewhere.
    fn failed(&self, key: TaskKey, error: &OpError) {
        lock(&self.worked).failed += 1;
        let _ = lock(&self.ledger).tell(&Line::Failed { key, error: error.into() });
    }
}

/// The guarded value. A thread that panicked has left whole lines behind.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
