//! Computes what a plan lacks: schedules, batches, keeps going past failures, stores each result at
//! once.
//!
//! In: [`Graph`], [`Plan`], [`Store`] and the tasks wanted. Out: the plan brought up to date and a
//! [`RunReport`]. The calling thread decides and owns all state: `scheduler.rs` says what to do,
//! `standings.rs` where each task stands, `batch.rs` who starts next, `away.rs` which tasks go to
//! other machines. A pool of threads computes and writes: `work.rs`.

mod away;
mod batch;
mod report;
mod scheduler;
mod standings;
mod work;

use std::sync::Arc;

use crate::away::{Dispatch, Elsewhere};
use crate::graph::{Graph, TaskId};
use crate::plan::Plan;
use crate::progress::Progress;
use crate::store::Store;

pub use report::{Options, RunError, RunReport};
pub(crate) use work::cannot_store;

/// Computes `tasks` and all that they need.
///
/// # Errors
/// The threads cannot be started, or one is gone. What fails in a task is in the report.
pub fn run(
    graph: &Graph,
    plan: &mut Plan,
    store: &Arc<Store>,
    tasks: &[TaskId],
    options: &Options,
    progress: &mut dyn Progress,
) -> Result<RunReport, RunError> {
    run_away(graph, plan, store, tasks, options, None, progress)
}

/// The same, where tasks that are worth it go to other machines.
///
/// # Errors
/// As [`run`]; and an engine that refuses, or is out of reach for long.
pub fn run_away(
    graph: &Graph,
    plan: &mut Plan,
    store: &Arc<Store>,
    tasks: &[TaskId],
    options: &Options,
    elsewhere: Option<&Elsewhere>,
    progress: &mut dyn Progress,
) -> Result<RunReport, RunError> {
    let threads = options.threads.max(1);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|source| RunError::Threads { threads, source })?;
    let dispatch = elsewhere.map(|elsewhere| Dispatch::new(store, elsewhere, &options.version));
    let needed = graph.closure(tasks);
    scheduler::Scheduler::new(graph, plan, store, &needed, options, dispatch, progress).drive(&pool)
}
