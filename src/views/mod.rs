//! What people read: `Results/*.parquet` and `Figures/`, written from every finished task.
//!
//! In: the graph, its plan and the store. Out: files. They are views, not tasks: whatever target a run was
//! for, each table holds the rows of all finished tasks of the current parameters, and each figure is one of them.

pub mod aligned;
pub mod catalogue;
pub mod classes;
pub mod difference;
mod doubts;
mod figures;
pub mod file;
mod findings;
mod folder;
pub mod format;
mod judges;
mod ledger;
pub mod published;
pub mod query;
pub mod results;
pub mod shell;
mod stored;
pub mod tables;
pub mod text;
mod verdict;

use std::collections::HashSet;
use std::path::Path;

use anyhow::Context;
use arrow_select::concat::concat_batches;
use hspipe_engine::graph::{Graph, TaskId};
use hspipe_engine::lock::{self, Guard};
use hspipe_engine::plan::Plan;
use hspipe_engine::settings::Settings;
use hspipe_engine::spec::Spec;
use hspipe_engine::store::Store;

use self::classes::Classes;
pub use self::doubts::doubts;
pub use self::findings::findings;
use self::folder::Changes;
pub use self::judges::judges;
use self::ledger::{Ledger, Params};
use self::results::Collected;
pub use self::stored::table;
pub use self::verdict::{verdict, verdict_of};

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
    let _alone = alone(store.root());
    let classes = Classes::of(graph, plan);
    let params: Params =
        settings.iter().map(|(name, setting)| (name.to_string(), setting.value.clone())).collect();
    let (results, pictures) = (root.join("Results"), root.join("Figures"));
    // Whatever cannot be read out of the store is met before the first file changes.
    let (ledger, mut wanted) = (Ledger::read(&results), Vec::new());
    for result in &spec.results {
        let sources = results::sources(result, graph, plan, &classes)?;
        let file = results::wanted(&results, &ledger, result, &sources, graph, store);
        let cannot =
            || format!("cannot write {}", results.join(tables::file_name(&result.name.text)).display());
        wanted.extend(file.with_context(cannot)?);
    }
    let (figures_ledger, figures) =
        (Ledger::read(&pictures), figures::wanted(&pictures, graph, plan, store)?);
    let own: Vec<String> = spec.results.iter().map(|result| tables::file_name(&result.name.text)).collect();
    let changes = folder::update(&results, &ledger, params.clone(), &wanted, &own)?;
    let mut lines = told(
        &results,
        &changes,
        |name| tables::name_of(name).unwrap_or_default(),
        &[
            ("removed, since no task of these parameters has finished", &|name| own.contains(name)),
            ("removed, since no result of the pipeline has such a name", &|name| !own.contains(name)),
        ],
    );
    let changes = folder::update(&pictures, &figures_ledger, params, &figures, &[])?;
    let stem = |name: &str| Path::new(name).with_extension("").display().to_string();
    lines.extend(told(
        &pictures,
        &changes,
        stem,
        &[("removed, since no finished task of these parameters draws them", &|_| true)],
    ));
    Ok(lines)
}

/// Waits until nobody writes Results/ and Figures/, and keeps it so. None where there are no locks.
pub fn alone(cache: &Path) -> Option<Guard> {
    lock::wait(cache, "results")
}

/// Why files were removed, and which of them for that.
type Reason<'a> = (&'a str, &'a dyn Fn(&String) -> bool);

/// A line for each kind of change. `short` is what a file is called.
fn told(folder: &Path, changes: &Changes, short: impl Fn(&str) -> String, removed: &[Reason]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = |what: &str, mut names: Vec<String>| {
        // One name for all formats of a figure.
        names.dedup();
        if !names.is_empty() {
            lines.push(format!("{}: {what}{}", folder.display(), names.join(", ")));
        }
    };
    let all = |names: &[String]| names.iter().map(|name| short(name)).collect::<Vec<String>>();
    line("", all(&changes.written));
    line("not as hspipe had written them, so written anew: ", all(&changes.mended));
    for (why, is_one) in removed {
        let names: Vec<String> = changes.removed.iter().filter(|name| is_one(name)).cloned().collect();
        line(&format!("{why}: "), all(&names));
    }
    line("changed by hand, so kept beside the new ones: ", changes.aside.clone());
    line("out of date, but changed by hand, so left: ", changes.left.clone());
    lines
}

/// Rows of a table that are shown: of the only task, or of each of several.
const MOST_ROWS: usize = 20;
const MOST_ROWS_OF_EACH: usize = 10;

/// The result tables that were asked for and are marked `show`, as text: long ones in part.
pub fn shown(
    root: &Path,
    spec: &Spec,
    graph: &Graph,
    plan: &Plan,
    roots: &[TaskId],
    store: &Store,
) -> anyhow::Result<Vec<String>> {
    let mut texts = Vec::new();
    let classes = Classes::of(graph, plan);
    let roots: HashSet<TaskId> = roots.iter().copied().collect();
    for result in spec.results.iter().filter(|result| result.show) {
        let mut sources = results::sources(result, graph, plan, &classes)?;
        sources.retain(|source| roots.contains(&source.task));
        if !sources.is_empty() {
            let most = if sources.len() == 1 { MOST_ROWS } else { MOST_ROWS_OF_EACH };
            let Collected { rows, of_each } = results::collect(result, &sources, graph, store)?;
            let (mut parts, mut at) = (Vec::with_capacity(sources.len()), 0);
            for all in of_each {
                parts.push(rows.slice(at, all.min(most)));
                at += all;
            }
            let short = concat_batches(&rows.schema(), &parts)?;
            let left_out = rows.num_rows() - short.num_rows();
            let name = &result.name.text;
            let mut text = format!("{name}\n{}", text::table(&short).text());
            if left_out > 0 {
                let file = root.join("Results").join(tables::file_name(name));
                let file = file.strip_prefix(".").unwrap_or(&file);
                text += &format!("... {left_out} more rows in {}\n", file.display());
            }
            texts.push(text);
        }
    }
    Ok(texts)
}
