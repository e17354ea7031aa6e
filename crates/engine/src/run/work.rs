//! One batch on its way: bound to its inputs, computed, stored.
//!
//! In: [`Job`]s, under their locks. Out: for each its record or its error. Knows no other batches.

use std::sync::{Arc, mpsc};
use std::time::Instant;

use super::report::Options;
use crate::checkpoint::Checkpoint;
use crate::clock::now;
use crate::failure::Failure;
use crate::graph::{Graph, TaskId};
use crate::key::{InputDigest, Manifest, TaskKey};
use crate::lock::Guard;
use crate::op::{AnyOp, BoundTask, Inputs, Notes, OpError, Outputs, Table};
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
    pub key: TaskKey,
    pub manifest: Arc<Manifest>,
    /// Keeps other processes away until it is done; none where there are no locks.
    pub _guard: Option<Guard>,
    /// Whether it begins at the beginning, whatever earlier runs have kept.
    pub is_forced: bool,
}

/// The work of a batch as a closure for another thread: compute, store each result, send what came
/// of it.
pub(super) fn work(
    graph: &Graph,
    store: &Arc<Store>,
    options: &Options,
    batch: Vec<Job>,
    threads: usize,
    send: &mpsc::Sender<Message>,
) -> impl FnOnce() + Send + use<> {
    let op = graph.stage_of(batch[0].task).op.clone();
    let bind = |job: &Job| {
        let checkpoint = Checkpoint::new(store, &job.key, batch.len(), options.rhythm.clone());
        if job.is_forced {
            checkpoint.remove();
            Failure::forget(store, &job.key);
        }
        let (task, send) = (job.task, send.clone());
        // The receiver outlives every job; were it gone, there would be nobody to tell.
        let notes = Notes::to(move |line| drop(send.send(Message::Note { task, line: line.to_string() })));
        bind(graph, store, task, &job.manifest, checkpoint, notes)
    };
    let bound: Vec<BoundTask> = batch.iter().map(bind).collect();
    let (store, send) = (store.clone(), send.clone());
    let version = options.version.clone();
    move || {
        let start = Instant::now();
        let compute = std::panic::AssertUnwindSafe(|| op.run_batch(&bound, threads));
        let mut results = std::panic::catch_unwind(compute).unwrap_or_else(|panic| {
            let what = panic.downcast_ref::<String>().map(String::as_str);
            let what = what.or(panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
            batch
                .iter()
                .map(|_| Err(OpError::new(format!("a defect in op `{}`: {what}", op.name()))))
                .collect()
        });
        results.resize_with(batch.len(), || Err(OpError::new("the op returned too few results")));
        let seconds = start.elapsed().as_secs_f64() / batch.len() as f64;
        let publish = |((job, bound), result): ((Job, &BoundTask), Result<_, OpError>)| {
            let seconds = bound.checkpoint.before() + seconds;
            let made = Made { by: version.clone(), at: now(), seconds };
            let stored = result.and_then(|tables| complete(op.as_ref(), tables)).and_then(|tables| {
                store.publish(job.key, Arc::unwrap_or_clone(job.manifest), tables, made).map_err(cannot_store)
            });
            match &stored {
                Ok(_) => bound.checkpoint.remove(),
                Err(error) if error.is_lasting() => {
                    Failure::keep(&store, &job.key, error);
                    bound.checkpoint.remove();
                }
                Err(_) => {}
            }
            (job.task, stored)
        };
        let results = batch.into_iter().zip(&bound).zip(results).map(publish).collect();
        let _ = send.send(Message::Done { results, threads });
    }
}

/// A task as its op is given it.
pub(crate) fn bind(
    graph: &Graph,
    store: &Arc<Store>,
    task: TaskId,
    manifest: &Manifest,
    checkpoint: Checkpoint,
    notes: Notes,
) -> BoundTask {
    let node = &graph.tasks[task];
    let mut inputs = Inputs::default();
    for input in &node.inputs {
        // In the order of the items, less those that the task does without.
        let mut digests = manifest.inputs[input.name.as_ref()].iter().peekable();
        let table = |item: &TaskId| {
            let mut coords = graph.gathered_coords(input, *item);
            // By the axes' names, as in the key: the order in which a stage writes them must not reach an op.
            coords.sort_by(|a, b| a.0.cmp(&b.0));
            let is_of = |table: &&InputDigest| table.coords == coords.iter().cloned().collect();
            let digest = digests.next_if(is_of)?.digest;
            Some(Table { coords, digest, store: store.clone() })
        };
        inputs.tables.insert(input.name.to_string(), input.items.iter().filter_map(table).collect());
    }
    BoundTask { params: node.params.clone(), seed: node.seed.clone(), inputs, checkpoint, notes }
}

/// An op must return every table that it declares.
fn complete(op: &dyn AnyOp, tables: Outputs) -> Result<Outputs, OpError> {
    match op.outputs().iter().find(|name| !tables.iter().any(|(table, _)| table == *name)) {
        Some(name) => Err(OpError::new(format!("a defect in op `{}`: it made no table `{name}`", op.name()))),
        None => Ok(tables),
    }
}

fn cannot_store(error: StoreError) -> OpError {
    OpError::new("the result cannot be stored").because(error)
}
