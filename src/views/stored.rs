//! The tables of finished tasks, as they lie in the store.
//!
//! In: a task that has finished, and a table's name. Out: the table's bytes. Must not know what is in them.

use anyhow::Context;
use hspipe_engine::graph::{Graph, TaskId};
use hspipe_engine::plan::Plan;
use hspipe_engine::store::Store;
use hspipe_engine::value::show;

/// The bytes of a task's table.
///
/// # Errors
/// The task has not finished, or has no such table; the store does not have its bytes, or other ones.
pub fn table(graph: &Graph, plan: &Plan, store: &Store, task: TaskId, name: &str) -> anyhow::Result<Vec<u8>> {
    let outputs = plan.states[task].outputs().unwrap_or_default();
    let output = outputs.iter().find(|output| output.table == name).context("a table is missing")?;
    store.read(&output.digest).with_context(|| graph.name(task))
}

/// What the dataset of a task is called; empty if it is of none.
pub fn dataset(graph: &Graph, task: TaskId) -> String {
    let dataset = graph.coords(task).find(|(axis, _)| *axis == "dataset");
    dataset.map(|(_, value)| show(value)).unwrap_or_default()
}
