//! Pictures out of the store: every finished task's table `figure`, as files below Figures/.

use std::path::{Component, Path};

use anyhow::{Context, bail};
use hspipe_engine::graph::Graph;
use hspipe_engine::plan::Plan;
use hspipe_engine::store::Store;

use super::write_if_changed;
use crate::tables::{FIGURE, Frame};

/// Writes the pictures that have changed; returns their names without endings.
pub fn export(folder: &Path, graph: &Graph, plan: &Plan, store: &Store) -> anyhow::Result<Vec<String>> {
    let mut changed = Vec::new();
    for (task, state) in plan.states.iter().enumerate() {
        let outputs = state.outputs().unwrap_or_default();
        let Some(output) = outputs.iter().find(|output| output.table == FIGURE.name) else { continue };
        // A damaged picture is set aside by reading it, and drawn anew by the next run.
        let bytes =
            store.read(&output.digest).with_context(|| format!("{} cannot be shown", graph.name(task)))?;
        let table = Frame::read(FIGURE.name, bytes)?;
        let contents = table.binary("content")?;
        for (i, file) in table.text("file")?.into_iter().enumerate() {
            let path = Path::new(file);
            if !path.components().all(|part| matches!(part, Component::Normal(_))) {
                bail!("{} would write outside {}: {file}", graph.name(task), folder.display());
            }
            if write_if_changed(&folder.join(path), contents.value(i))? {
                let name = path.with_extension("").display().to_string();
                if !changed.contains(&name) {
                    changed.push(name);
                }
            }
        }
    }
    Ok(changed)
}
