//! Every sample and what may be wrong with it, the most suspect label first: the rows of `issues`, under the names that
//! cleanlab and tools that read files of pictures have for their columns.

use std::fs;
use std::path::{self, Path};
use std::process::ExitCode;

use polars::prelude::*;

use super::{Found, Source, export};
use crate::cli::args;
use crate::cli::project::{self, Project};
use crate::ops;
use crate::scores::Score;
use crate::tables::Issues;

const ISSUES: Source = Source {
    op: "issues",
    table: Issues::SCHEMA.name,
    no_stage: [
        "has no stage that finds wrong labels",
        "`hspipe init my-project` writes a pipeline that has one: copy `issues` and what it reads",
    ],
    none_yet: "no labels have been judged yet with these parameters",
};

pub fn issues(args: &args::Args, words: &args::Issues) -> anyhow::Result<ExitCode> {
    let root = project::root(args);
    export(args, &words.options, &ISSUES, |project, found| {
        rows(project, found, &root, words.only_label_issues)
    })
}

/// The rows of all samples, or of those whose label is called wrong.
fn rows(project: &Project, found: &Found, root: &Path, only_label_issues: bool) -> anyhow::Result<DataFrame> {
    let mut table = found.table.clone();
    table.with_column(files(project, found, root)?)?;
    table.with_column(quality(project, found)?)?;
    let rows = if only_label_issues { table.lazy().filter(col("label_issue")) } else { table.lazy() };
    let columns = [
        col("rank"),
        col("sample_id"),
        col("filepath"),
        col("label_issue").alias("is_label_issue"),
        col("label_score"),
        col("class_name").alias("given_label"),
        col("suggested_name").alias("predicted_label"),
        col("class_probability").alias("given_probability"),
        col("suggested_probability").alias("predicted_probability"),
        col("ambiguous").alias("is_ambiguous"),
        col("unusual").alias("is_unusual"),
        col("typicality"),
        col("duplicate_of"),
        col("near_duplicate_of"),
        col("class").alias("given_class"),
        col("suggested").alias("predicted_class"),
        col("split"),
        col("row"),
        col("source"),
    ];
    Ok(rows.select(columns).collect()?)
}

/// The file of each sample, from the root of the file system: FiftyOne takes no other path to a file outside its folder.
/// Null where a file holds many samples.
fn files(project: &Project, found: &Found, root: &Path) -> anyhow::Result<Column> {
    let written = project.graph.meaning(found.task, "dataset");
    let folder = written.and_then(|written| ops::dataset_path(root, written));
    let folder = folder.map(|folder| fs::canonicalize(&folder).or_else(|_| path::absolute(&folder)));
    let folder = folder.transpose()?;
    let file = |source: Option<&str>| Some(folder.as_ref()?.join(source?).display().to_string());
    let files: Vec<Option<String>> = found.table.column("source")?.str()?.iter().map(file).collect();
    Ok(Column::new("filepath".into(), files))
}

/// From 0 for the most suspect label to 1. A score with another range or another hard end would be read wrongly by who
/// knows cleanlab's: the place in its order stands for it, as a share.
fn quality(project: &Project, found: &Found) -> anyhow::Result<Column> {
    let params = &project.graph.tasks[found.task].params.value;
    let rank_by = params.get("rank_by").and_then(|name| Score::find(name.as_str()?));
    if rank_by.is_some_and(|score| score.is_quality) {
        return Ok(found.table.column("label_score")?.clone());
    }
    let (ranks, samples) = (found.table.column("rank")?.i32()?, found.table.height() as f64);
    let shares: Vec<Option<f64>> = ranks.iter().map(|rank| Some(f64::from(rank?) / samples)).collect();
    Ok(Column::new("label_score".into(), shares))
}
