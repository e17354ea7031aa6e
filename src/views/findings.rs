//! What was found in data and recordings that need not be read again: a run begins with it, whether or not it reads them.
//!
//! In: the finished tasks of `sources` and `recorded` among those asked for. Out: lines. Decides nothing: the words are the op's.

use hspipe_engine::graph::{Graph, TaskId};
use hspipe_engine::plan::Plan;
use hspipe_engine::store::Store;
use hspipe_engine::value::show;

use super::stored;
use crate::tables::Findings;

/// For each dataset or recording a line of what it is, and one for each thing that a person should know of how it was understood.
///
/// # Errors
/// A table that cannot be read.
pub fn findings(graph: &Graph, plan: &Plan, store: &Store, tasks: &[TaskId]) -> anyhow::Result<Vec<String>> {
    let mut lines = Vec::new();
    let finds = |task: &&TaskId| graph.stage_of(**task).op.outputs().contains(&Findings::SCHEMA.name);
    for task in tasks.iter().filter(finds) {
        if plan.states[*task].outputs().is_none() {
            continue;
        }
        // What is damaged is told where it is needed.
        let Ok(bytes) = stored::table(graph, plan, store, *task, Findings::SCHEMA.name) else { continue };
        let recording = graph.coords(*task).find(|(axis, _)| *axis == "recording");
        let called = recording.map_or_else(|| stored::dataset(graph, *task), |(_, value)| show(value));
        lines.extend(Findings::read(bytes)?.line.iter().map(|line| format!("{called}: {line}")));
    }
    Ok(lines)
}
