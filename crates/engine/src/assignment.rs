//! A task apart from its graph: what computes it, here or on another machine.
//!
//! In: a task of a graph and its manifest, or the manifest alone. Out: what its op is given, and
//! the tables that the op makes. A manifest says all that a result depends on, so inputs and
//! seed come from it alone. Knows neither coordinates nor where results go.

use std::sync::Arc;

use serde::Deserialize;

use crate::checkpoint::Checkpoint;
use crate::graph::{Graph, TaskId};
use crate::key::{Manifest, Seed, TaskKey};
use crate::op::{AnyOp, Bound, BoundTask, Capacity, Inputs, Notes, OpError, Outputs, Table};
use crate::store::Store;
use crate::value::canonical;

/// A task that can be computed.
#[derive(Clone)]
pub(crate) struct Assignment {
    /// The digest of the manifest.
    pub key: TaskKey,
    pub manifest: Arc<Manifest>,
    pub op: Arc<dyn AnyOp>,
    params: Bound,
    seed: Option<Arc<Seed>>,
}

impl Assignment {
    /// A task of a graph, whose manifest is known.
    pub(crate) fn of(graph: &Graph, task: TaskId, key: TaskKey, manifest: Arc<Manifest>) -> Self {
        let node = &graph.tasks[task];
        let (op, params) = (graph.stage_of(task).op.clone(), node.params.clone());
        Assignment { key, manifest, op, params, seed: node.seed.clone() }
    }

    /// The same from its manifest alone.
    ///
    /// # Errors
    /// The op here is not that of the manifest: another version, or the same words come to
    /// something else on this machine.
    pub(crate) fn rebuild(
        key: TaskKey,
        manifest: Arc<Manifest>,
        op: &Arc<dyn AnyOp>,
    ) -> Result<Self, OpError> {
        let Manifest { op: name, version, params, seed, .. } = manifest.as_ref();
        if op.version() != *version {
            let here = op.version();
            let what =
                format!("the task is for version {version} of op `{name}`, and here is version {here}");
            return Err(OpError::new(what));
        }
        if manifest.key() != key {
            return Err(OpError::new(format!("the task `{key}` has another key here: {}", manifest.key())));
        }
        let bound = op.bind(params.clone());
        let bound =
            bound.map_err(|error| OpError::new(format!("op `{name}`: {} {}", error.param, error.what)))?;
        if canonical(&bound.value) != canonical(params) {
            let what = format!("parameters of op `{name}` come to something else on this machine");
            return Err(OpError::new(what));
        }
        let seed = match seed {
            None => None,
            Some(seed) => Some(Arc::new(
                Seed::deserialize(seed)
                    .map_err(|error| OpError::new(format!("the task's seed cannot be read: {error}")))?,
            )),
        };
        Ok(Assignment { key, manifest, op: op.clone(), params: bound, seed })
    }

    /// How its op likes to be called.
    pub(crate) fn capacity(&self) -> Capacity {
        self.op.capacity(&self.params)
    }

    /// As its op is given it.
    pub(crate) fn bind(&self, store: &Arc<Store>, checkpoint: Checkpoint, notes: Notes) -> BoundTask {
        let mut inputs = Inputs::default();
        for (name, tables) in &self.manifest.inputs {
            let table = |table: &crate::key::InputDigest| Table {
                coords: table.coords.clone().into_iter().collect(),
                digest: table.digest,
                store: store.clone(),
            };
            inputs.tables.insert(name.clone(), tables.iter().map(table).collect());
        }
        BoundTask { params: self.params.clone(), seed: self.seed.clone(), inputs, checkpoint, notes }
    }
}

/// What an op makes of a batch, a result per task. A panic, a result too few and a table too few
/// are errors.
pub(crate) fn compute(op: &dyn AnyOp, batch: &[BoundTask], threads: usize) -> Vec<Result<Outputs, OpError>> {
    let call = std::panic::AssertUnwindSafe(|| op.run_batch(batch, threads));
    let mut results = std::panic::catch_unwind(call).unwrap_or_else(|panic| {
        let what = panic.downcast_ref::<String>().map(String::as_str);
        let what = what.or(panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
        let defect = || OpError::new(format!("a defect in op `{}`: {what}", op.name()));
        batch.iter().map(|_| Err(defect())).collect()
    });
    results.resize_with(batch.len(), || Err(OpError::new("the op returned too few results")));
    results.into_iter().map(|result| result.and_then(|tables| complete(op, tables))).collect()
}

/// An op must return every table that it declares.
fn complete(op: &dyn AnyOp, tables: Outputs) -> Result<Outputs, OpError> {
    match op.outputs().iter().find(|name| !tables.iter().any(|(table, _)| table == *name)) {
        Some(name) => Err(OpError::new(format!("a defect in op `{}`: it made no table `{name}`", op.name()))),
        None => Ok(tables),
    }
}
