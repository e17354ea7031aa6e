//! The result tables that a run shows, such as the correlation.
//!
//! In: the pipeline's `results` that are marked `show`. Out: tables. The overlap has a section of its own.

use maud::html;

use super::parts::{count, table};
use super::{Scope, Section};
use crate::views::text;

/// Rows of a table at most.
const MOST: usize = 200;

pub fn section(scope: &Scope) -> anyhow::Result<Option<Section>> {
    let mut tables = Vec::new();
    for result in scope.spec.results.iter().filter(|result| result.show) {
        let stage = result.of.first().and_then(|reference| scope.graph.stage(&reference.stage.text));
        if stage.is_some_and(|stage| stage.op.name() == "overlap") {
            continue;
        }
        let Some(frame) = scope.result(result)? else { continue };
        let shown = frame.batch().slice(0, frame.rows().min(MOST));
        let about = stage.and_then(|stage| stage.about.as_deref()).unwrap_or_default();
        tables.push((&result.name.text, about, text::table(&shown), frame.rows() - shown.num_rows()));
    }
    if tables.is_empty() {
        return Ok(None);
    }
    let body = html! {
        @for (name, about, rows, left_out) in &tables {
            p { b { (name) } @if !about.is_empty() { ": " (about) } }
            (table(name, rows))
            @if *left_out > 0 {
                p.note { (count(*left_out)) " rows more in " code { "Results/" (name) ".parquet" } "." }
            }
        }
    };
    Ok(Some(Section::new("tables", "Result tables", body)))
}
