//! Who has judged the labels of a dataset: networks that have not learned from its samples, or others.
//!
//! In: a finished task of `issues`. Out: words. Decides nothing: what networks have learned from is what a recording says.

use hspipe_engine::graph::{Graph, TaskId};
use hspipe_engine::plan::Plan;
use hspipe_engine::store::Store;

use super::stored;
use crate::tables::Dynamics;

/// By whom samples were judged, to be told after "samples were judged".
///
/// # Errors
/// A table that cannot be read.
pub fn judges(graph: &Graph, plan: &Plan, store: &Store, task: TaskId) -> anyhow::Result<&'static str> {
    let read = graph.tasks[task].inputs.iter().flat_map(|input| input.items.iter().copied());
    for recorded in read.filter(|item| graph.stage_of(*item).op.name() == "recorded") {
        // The smallest of the tables that are empty where networks have learned from the samples.
        let held_out = Dynamics::read(stored::table(graph, plan, store, recorded, "held_out_dynamics")?)?;
        if held_out.label.is_empty() {
            return Ok("by the mean over the epochs of networks that have learned from them");
        }
    }
    Ok("by networks that had not seen them")
}
