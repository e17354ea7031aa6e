//! The hard samples, the hardest first: the rows of `ranking`, or of one strategy alone.

use std::process::ExitCode;

use polars::prelude::*;

use super::{Found, Source, export};
use crate::cli::args;
use crate::cli::error::Hinted;
use crate::cli::project::Project;
use crate::tables::Ranking;

const RANKINGS: Source = Source {
    op: "rank",
    table: Ranking::SCHEMA.name,
    no_stage: [
        "has no stage that ranks hard samples",
        "`hspipe init my-project` writes a pipeline that has one: copy `sources`, `mistakes` and `ranking`",
    ],
    none_yet: "no hard samples have been found yet with these parameters",
};

pub fn hard_samples(args: &args::Args, words: &args::HardSamples) -> anyhow::Result<ExitCode> {
    export(args, &words.options, &RANKINGS, |project, found| rows(project, found, words.strategy.as_deref()))
}

/// The rows of a ranking; with a strategy those that it calls hard, ranked anew.
fn rows(project: &Project, found: &Found, strategy: Option<&str>) -> anyhow::Result<DataFrame> {
    let Some(name) = strategy else { return Ok(found.table.clone()) };
    if found.table.column(name).map_or(true, |shares| shares.null_count() > 0) {
        let what = format!("--strategy {name}: {} has none of its sets", project.graph.name(found.task));
        return Err(Hinted::usage(what, "`strategies` says which there are").into());
    }
    // Equals stay in the order of all strategies.
    let order = SortMultipleOptions::default().with_order_descending(true).with_maintain_order(true);
    let mut rows = found.table.clone().lazy().filter(col(name).gt(lit(0.0))).sort([name], order).collect()?;
    let ranks: Vec<i32> = (1..=rows.height() as i32).collect();
    rows.with_column(Column::new("rank".into(), ranks))?;
    Ok(rows)
}
