//! One batch on its way: bound to its inputs, computed, stored.
//!
//! In: [`Job`]s, under their locks. Out: for each its record or its error. Knows no other batches.

use std::sync::{Arc, mpsc};
use std::time::Instant;

use super::report::Options;
use crate::assignment::{Assignment, compute};
use crate::checkpoint::Checkpoint;
use crate::clock::now;
use crate::failure::Failure;
use crate::graph::TaskId;
use crate::lock::Guard;
use crate::op::{BoundTask, Notes, OpError};
use crate::store::{Made, Record, Store, StoreError};

/// What a worker sends to the thread that decides.
pub(super) enum Message {
    /// The op tells people something.
    Note { task: TaskId, line: String },
    /// For each task of its batch the record or the error, and the threads that are free again.
    Done { results: Vec<(TaskId, Result<Record, OpError>)>, threads: usize },
}

/// A task that this process computes.
pub(super) struct Job {
    pub task: TaskId,
    pub assignment: Assignment,
    /// Keeps other processes away until it is done; none where there are no locks.
    pub _guard: Option<Guard>,
    /// Whether it begins at the beginning, whatever earlier runs have kept.
    pub is_forced: bool,
}

/// The work of a batch as a closure for another thread: compute, store each result, send what came
/// of it.
pub(super) fn work(
    store: &Arc<Store>,
    options: &Options,
    batch: Vec<Job>,
    threads: usize,
    send: &mpsc::Sender<Message>,
) -> impl FnOnce() + Send + use<> {
    let op = batch[0].assignment.op.clone();
    let bind = |job: &Job| {
        let key = &job.assignment.key;
        let checkpoint = Checkpoint::new(store, key, batch.len(), options.rhythm.clone());
        if job.is_forced {
            checkpoint.remove();
            Failure::forget(store, key);
        }
        let (task, send) = (job.task, send.clone());
        // The receiver outlives every job; were it gone, there would be nobody to tell.
        let notes = Notes::to(move |line| drop(send.send(Message::Note { task, line: line.to_string() })));
        job.assignment.bind(store, checkpoint, notes)
    };
    let bound: Vec<BoundTask> = batch.iter().map(bind).collect();
    let (store, send) = (store.clone(), send.clone());
    let version = options.version.clone();
    move || {
        let start = Instant::now();
        let results = compute(op.as_ref(), &bound, threads);
        let seconds = start.elapsed().as_secs_f64() / batch.len() as f64;
        let publish = |((job, bound), result): ((Job, &BoundTask), Result<_, OpError>)| {
            let Assignment { key, manifest, .. } = job.assignment;
            let made = Made { by: version.clone(), at: now(), seconds: bound.checkpoint.before() + seconds };
            let stored = result.and_then(|tables| {
                store.publish(key, Arc::unwrap_or_clone(manifest), tables, made).map_err(cannot_store)
            });
            match &stored {
                Ok(_) => bound.checkpoint.tidy(),
                Err(error) if error.is_lasting() => {
                    Failure::keep(&store, &key, error);
                    bound.checkpoint.tidy();
                }
                Err(_) => {}
            }
            (job.task, stored)
        };
        let results = batch.into_iter().zip(&bound).zip(results).map(publish).collect();
        let _ = send.send(Message::Done { results, threads });
    }
}

pub(crate) fn cannot_store(error: StoreError) -> OpError {
    OpError::new("the result cannot be stored").because(error)
}
