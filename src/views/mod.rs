//! What people read: `Results/*.parquet` and `Figures/`, written from every finished task.
//!
//! In: the graph, its plan and the store. Out: files. They are views, not tasks: whatever target a run was
//! for, each table holds the rows of all finished tasks of the current parameters.

pub mod aligned;
pub mod difference;
mod figures;
pub mod published;
pub mod results;
pub mod text;

use std::path::Path;

use anyhow::Context;
use hspipe_engine::graph::{Graph, TaskId};
use hspipe_engine::plan::Plan;
use hspipe_engine::settings::Settings;
use hspipe_engine::spec::Spec;
use hspipe_engine::store::{Store, write_whole};
use hspipe_engine::value::canonical;

/// Brings Results/ and Figures/ up to date, and returns a line for each kind that has changed.
pub fn write(
    root: &Path,
    spec: &Spec,
    graph: &Graph,
    plan: &Plan,
    store: &Store,
    settings: &Settings,
) -> anyhow::Result<Vec<String>> {
    let mut lines = Vec::new();
    let folder = root.join("Results");
    let mut tables = Vec::new();
    for result in &spec.results {
        let sources = results::sources(result, graph, plan)?;
        let file = folder.join(format!("{}.parquet", result.name.text));
        let changed = results::write(&file, result, &sources, graph, store);
        if changed.with_context(|| format!("cannot write {}", file.display()))? {
            tables.push(result.name.text.as_str());
        }
    }
    let params = params_text(settings);
    write_if_changed(&folder.join("params.yaml"), params.as_bytes())?;
    if !tables.is_empty() {
        lines.push(format!("{}: {}", folder.display(), tables.join(", ")));
    }
    let folder = root.join("Figures");
    let figures = figures::export(&folder, graph, plan, store)?;
    if !figures.is_empty() {
        lines.push(format!("{}: {}", folder.display(), figures.join(", ")));
    }
    Ok(lines)
}

/// The result tables that were asked for and are marked `show`, as text.
pub fn shown(
    spec: &Spec,
    graph: &Graph,
    plan: &Plan,
    roots: &[TaskId],
    store: &Store,
) -> anyhow::Result<Vec<String>> {
    let mut texts = Vec::new();
    for result in spec.results.iter().filter(|result| result.show) {
        let mut sources = results::sources(result, graph, plan)?;
        sources.retain(|source| roots.contains(&source.task));
        if !sources.is_empty() {
            let batch = results::collect(result, &sources, graph, store)?;
            texts.push(format!("{}\n{}", result.name.text, text::table(&batch).text()));
        }
    }
    Ok(texts)
}

fn params_text(settings: &Settings) -> String {
    let mut text = String::from("# The parameters that these tables are for.\n");
    for (name, setting) in settings.iter() {
        text += &format!("{name}: {}\n", canonical(&setting.value));
    }
    text
}

/// Writes a file unless it holds these bytes already; whether it did.
fn write_if_changed(path: &Path, bytes: &[u8]) -> anyhow::Result<bool> {
    if std::fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(false);
    }
    write_whole(path, bytes)?;
    Ok(true)
}
