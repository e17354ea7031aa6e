//! What was found in the data of datasets that need not be read again: a run begins with it, whether or not it reads them.
//!
//! In: the finished tasks of `sources` among those asked for. Out: lines. Decides nothing: the words are the op's.

use hspipe_engine::graph::{Graph, TaskId};
use hspipe_engine::plan::Plan;
use hspipe_engine::store::Store;

use super::stored;
use crate::tables::Findings;

/// For each dataset a line of what it is, and one for each thing that a person should know of how it was understood.
///
/// # Errors
/// A table that cannot be read.
pub fn findings(graph: &Graph, plan: &Plan, store: &Store, tasks: &[TaskId]) -> anyhow::Result<Vec<String>> {
    let mut lines = Vec::new();
    for task in tasks.iter().filter(|task| graph.stage_of(**task).op.name() == "sources") {
        if plan.states[*task].outputs().is_none() {
            continue;
        }
        // What is damaged is told where it is needed.
        let Ok(bytes) = stored::table(graph, plan, store, *task, Findings::SCHEMA.name) else { continue };
        let dataset = stored::dataset(graph, *task);
        lines.extend(Findings::read(bytes)?.line.iter().map(|line| format!("{dataset}: {line}")));
    }
    Ok(lines)
}
