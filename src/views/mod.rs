//! What people read: `Results/*.parquet` and `Figures/`, written from every finished task.
//!
//! In: the graph, its plan and the store. Out: files. They are views, not tasks: whatever target a run was
//! for, each table holds the rows of all finished tasks of the current parameters.

pub mod aligned;
pub mod catalogue;
pub mod difference;
mod figures;
pub mod file;
pub mod format;
pub mod published;
pub mod query;
pub mod results;
pub mod shell;
pub mod text;
pub mod visible;

use std::path::Path;

use anyhow::Context;
use arrow::compute::concat_batches;
use hspipe_engine::graph::{Graph, TaskId};
use hspipe_engine::lock;
use hspipe_engine::plan::Plan;
use hspipe_engine::settings::Settings;
use hspipe_engine::spec::Spec;
use hspipe_engine::store::Store;
use hspipe_engine::value::canonical;

use self::results::Done;

/// Brings Results/ and Figures/ up to date, and returns a line for each kind that has changed.
pub fn write(
    root: &Path,
    spec: &Spec,
    graph: &Graph,
    plan: &Plan,
    store: &Store,
    settings: &Settings,
) -> anyhow::Result<Vec<String>> {
    // Two runs of other parameters must not each write a part of the tables.
    let _alone = lock::wait(store.root(), "results");
    let mut lines = Vec::new();
    let folder = root.join("Results");
    let (mut tables, mut removed) = (Vec::new(), Vec::new());
    for result in &spec.results {
        let sources = results::sources(result, graph, plan)?;
        let file = folder.join(format!("{}.parquet", result.name.text));
        let changed = results::write(&file, result, &sources, graph, store);
        match changed.with_context(|| format!("cannot write {}", file.display()))? {
            Done::Written => tables.push(result.name.text.as_str()),
            Done::Removed => removed.push(result.name.text.as_str()),
            Done::Nothing => {}
        }
    }
    let params = params_text(settings);
    write_if_changed(&folder.join("params.yaml"), params.as_bytes())?;
    if !tables.is_empty() {
        lines.push(format!("{}: {}", folder.display(), tables.join(", ")));
    }
    if !removed.is_empty() {
        let removed = removed.join(", ");
        lines.push(format!(
            "{}: removed, since no task of these parameters has finished: {removed}",
            folder.display()
        ));
    }
    let folder = root.join("Figures");
    let figures = figures::export(&folder, graph, plan, store)?;
    if !figures.is_empty() {
        lines.push(format!("{}: {}", folder.display(), figures.join(", ")));
    }
    Ok(lines)
}

/// Rows of a table that are shown: of the only task, or of each of several.
const MOST_ROWS: usize = 20;
const MOST_ROWS_OF_EACH: usize = 10;

/// The result tables that were asked for and are marked `show`, as text: long ones in part.
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
            let most = if sources.len() == 1 { MOST_ROWS } else { MOST_ROWS_OF_EACH };
            let (mut parts, mut left_out) = (Vec::with_capacity(sources.len()), 0);
            for source in &sources {
                let batch = results::collect(result, std::slice::from_ref(source), graph, store)?;
                let rows = batch.num_rows().min(most);
                left_out += batch.num_rows() - rows;
                parts.push(batch.slice(0, rows));
            }
            let short = concat_batches(&parts[0].schema(), &parts)?;
            let name = &result.name.text;
            let mut text = format!("{name}\n{}", text::table(&short).text());
            if left_out > 0 {
                text += &format!("... {left_out} more rows in Results/{name}.parquet\n");
            }
            texts.push(text);
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
    file::write(path, bytes)?;
    Ok(true)
}
