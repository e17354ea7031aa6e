//! export: hard samples as CSV, JSON or Parquet, or as a list of files.
//!
//! In: the finished tables `ranking`. Out: their rows, the hardest first, on stdout or in a file. Computes nothing.

use std::collections::HashSet;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use hspipe_engine::graph::TaskId;
use hspipe_engine::plan::{Plan, TaskState};
use hspipe_engine::value::show;
use hspipe_engine::{Value, names};
use polars::prelude::*;

use super::args::{self, ExportFormat};
use super::error::Hinted;
use super::output;
use super::pipe::say;
use super::project::Project;
use crate::tables::{self, Frame};
use crate::views::format::{self, Format};
use crate::visible;

pub fn hard_samples(args: &args::Args, export: &args::HardSamples) -> anyhow::Result<ExitCode> {
    let project = Project::open(args, &export.settings)?;
    let tasks = rankings(&project, export.dataset.as_deref())?;
    let plan = Plan::make(&project.graph, &project.store, &HashSet::new());
    let (mut rankings, mut missing) = (Vec::new(), Vec::new());
    for task in tasks {
        match read(&project, &plan, task)? {
            Some(table) => rankings.push(Ranking { task, table }),
            None => missing.push(project.graph.name(task)),
        }
    }
    if rankings.is_empty() {
        let what = "no hard samples have been found yet with these parameters";
        return Err(Hinted::new(what, "hspipe run hard").into());
    }
    if !missing.is_empty() && !args.quiet {
        say!("note: not computed: {}", missing.join(", "));
    }
    let axes = telling(&project, &rankings);
    let file = output::file(export.output.as_deref());
    file.map_or(Ok(()), |file| output::keep(file, &[Path::new(&project.spec.file)]))?;
    let format = match export.format {
        Some(ExportFormat::Indices) => Format::Table,
        Some(ExportFormat::Csv) => Format::Csv,
        Some(ExportFormat::Json) => Format::Json,
        Some(ExportFormat::Parquet) => Format::Parquet,
        None if export.null => Format::Table,
        None => output::format_for(file, Format::Csv)?,
    };
    // What people read of hard samples is a list.
    let is_list = format == Format::Table;
    if export.null && !is_list {
        return Err(
            Hinted::usage("-0 is for a list of samples", "leave it out, or say --format indices").into()
        );
    }
    if is_list && !axes.is_empty() {
        return Err(one_wanted(&project, &rankings, &axes).into());
    }
    let axes: Vec<(String, Kind)> =
        axes.into_iter().map(|axis| (axis.clone(), Kind::of(&project, &rankings, &axis))).collect();
    let parts = rankings.into_iter().map(|ranking| ranking.rows(&project, &axes, export));
    let rows = together(parts.collect::<Result<_, _>>()?)?;
    let bytes =
        if is_list { indices(&rows, export.null)? } else { format::write(&rows, format, usize::MAX)? };
    output::put(&bytes, file, format)?;
    if let Some(file) = file
        && !args.quiet
    {
        say!("{}: {} samples", file.display(), rows.height());
    }
    Ok(ExitCode::SUCCESS)
}

/// A finished task's table.
struct Ranking {
    task: TaskId,
    table: DataFrame,
}

/// The tasks that rank, of one dataset or of all.
fn rankings(project: &Project, dataset: Option<&str>) -> anyhow::Result<Vec<TaskId>> {
    let graph = &project.graph;
    let stages: Vec<_> = graph.stages.iter().filter(|stage| stage.op.name() == "rank").collect();
    if stages.is_empty() {
        let what = format!("{} has no stage that ranks hard samples", project.spec.file);
        let hint = "`hspipe init my-project` writes a pipeline that has one: copy `sources`, `mistakes` and `ranking`";
        return Err(Hinted::new(what, hint).into());
    }
    let tasks: Vec<TaskId> = stages.iter().flat_map(|stage| stage.tasks.clone()).collect();
    let Some(wanted) = dataset else { return Ok(tasks) };
    let of = |task: &TaskId| coordinate(project, *task, "dataset").map(show).unwrap_or_default();
    let chosen: Vec<TaskId> = tasks.iter().copied().filter(|task| of(task) == wanted).collect();
    if chosen.is_empty() {
        let known: Vec<String> = tasks.iter().map(of).collect();
        let hint = names::hint(wanted, known.iter().map(String::as_str))
            .unwrap_or_else(|| format!("there are: {}", known.join(", ")));
        return Err(Hinted::usage(format!("--dataset {wanted}: it is not among the datasets"), hint).into());
    }
    Ok(chosen)
}

fn read(project: &Project, plan: &Plan, task: TaskId) -> anyhow::Result<Option<DataFrame>> {
    let TaskState::Cached { outputs, .. } = &plan.states[task] else { return Ok(None) };
    let Some(output) = outputs.iter().find(|output| output.table == tables::Ranking::SCHEMA.name) else {
        return Ok(None);
    };
    let bytes = project.store.read(&output.digest).with_context(|| project.graph.name(task))?;
    Ok(Some(Frame::read(tables::Ranking::SCHEMA.name, bytes)?.to_polars()?))
}

fn coordinate<'a>(project: &'a Project, task: TaskId, axis: &str) -> Option<&'a Value> {
    project.graph.coords(task).find(|(name, _)| *name == axis).map(|(_, value)| value)
}

/// The axes on which the rankings differ.
fn telling(project: &Project, rankings: &[Ranking]) -> Vec<String> {
    let Some(first) = rankings.first() else { return Vec::new() };
    let differs = |axis: &str, value: &Value| {
        rankings.iter().any(|ranking| coordinate(project, ranking.task, axis) != Some(value))
    };
    let axes = project.graph.coords(first.task).filter(|(axis, value)| differs(axis, value));
    axes.map(|(axis, _)| axis.to_string()).collect()
}

/// A list without columns can be of one ranking only.
fn one_wanted(project: &Project, rankings: &[Ranking], axes: &[String]) -> Hinted {
    let what = format!("a list of samples is of one ranking, and there are {}", rankings.len());
    let options: Vec<String> = axes
        .iter()
        .map(|axis| {
            let value = rankings.first().and_then(|ranking| coordinate(project, ranking.task, axis));
            let value = value.map(show).unwrap_or_default();
            if axis == "dataset" { format!("--dataset {value}") } else { format!("--set {axis}={value}") }
        })
        .collect();
    Hinted::usage(what, format!("choose one, such as {}", options.join(" ")))
}

/// What the values of an axis have in common.
#[derive(Clone, Copy)]
enum Kind {
    Whole,
    Number,
    Text,
}

impl Kind {
    fn of(project: &Project, rankings: &[Ranking], axis: &str) -> Kind {
        let all = |is: fn(&Value) -> bool| {
            rankings.iter().all(|ranking| coordinate(project, ranking.task, axis).is_some_and(is))
        };
        match (all(|value| value.as_i64().is_some()), all(Value::is_number)) {
            (true, _) => Kind::Whole,
            (false, true) => Kind::Number,
            _ => Kind::Text,
        }
    }
}

impl Ranking {
    /// The rows asked for, ranked anew, with the coordinates on `axes` first.
    fn rows(
        self,
        project: &Project,
        axes: &[(String, Kind)],
        export: &args::HardSamples,
    ) -> anyhow::Result<DataFrame> {
        let mut rows = self.table.clone().lazy();
        if let Some(name) = &export.strategy {
            if self.table.column(name).map_or(true, |shares| shares.null_count() > 0) {
                let what =
                    format!("--strategy {name}: {} has none of its sets", project.graph.name(self.task));
                return Err(Hinted::usage(what, "`strategies` says which there are").into());
            }
            // Equals stay in the order of all strategies.
            let order = SortMultipleOptions::default().with_order_descending(true).with_maintain_order(true);
            rows = rows.filter(col(name.as_str()).gt(lit(0.0))).sort([name.as_str()], order);
        }
        let mut rows = rows.collect()?.head(Some(export.top.unwrap_or(usize::MAX)));
        let ranks: Vec<i32> = (1..=rows.height() as i32).collect();
        rows.with_column(Column::new("rank".into(), ranks))?;
        for (axis, kind) in axes.iter().rev() {
            let value = coordinate(project, self.task, axis).cloned().unwrap_or_default();
            let (name, n) = (axis.as_str().into(), rows.height());
            let column = match kind {
                Kind::Whole => Column::new(name, vec![value.as_i64(); n]),
                Kind::Number => Column::new(name, vec![value.as_f64(); n]),
                Kind::Text => Column::new(name, vec![show(&value); n]),
            };
            rows.insert_column(0, column)?;
        }
        Ok(rows)
    }
}

/// One below the other. Rankings may be by different strategies; a share that one lacks is null there.
fn together(parts: Vec<DataFrame>) -> anyhow::Result<DataFrame> {
    let mut columns: Vec<(PlSmallStr, DataType)> = Vec::new();
    for column in parts.iter().flat_map(DataFrame::columns) {
        if !columns.iter().any(|(name, _)| name == column.name()) {
            columns.push((column.name().clone(), column.dtype().clone()));
        }
    }
    let whole = |part: DataFrame| {
        let rows = part.height();
        let of = |(name, kind): &(PlSmallStr, DataType)| {
            part.column(name).cloned().unwrap_or_else(|_| Column::full_null(name.clone(), rows, kind))
        };
        DataFrame::new(rows, columns.iter().map(of).collect())
    };
    let mut parts = parts.into_iter().map(whole);
    let mut all = parts.next().context("there is no ranking")??;
    for part in parts {
        all.vstack_mut(&part?)?;
    }
    Ok(all)
}

/// A line for each sample: its file, or else its number. With `null` a NUL ends each, which no name holds.
fn indices(rows: &DataFrame, null: bool) -> anyhow::Result<Vec<u8>> {
    let (sources, ids) = (rows.column("source")?.str()?, rows.column("sample_id")?.i32()?);
    if let Some(broken) = sources.iter().flatten().find(|source| !null && source.contains(['\n', '\r'])) {
        let what =
            format!("the name {} has a line break, and would be two lines of a list", visible::name(broken));
        return Err(Hinted::new(
            what,
            "-0 ends each name by a NUL, as `xargs -0` reads them; or --format csv",
        )
        .into());
    }
    let end = if null { '\0' } else { '\n' };
    let line = |(source, id): (Option<&str>, Option<i32>)| match (source, id) {
        (Some(source), _) => format!("{source}{end}"),
        (None, id) => format!("{}{end}", id.unwrap_or_default()),
    };
    Ok(sources.iter().zip(ids.iter()).map(line).collect::<String>().into_bytes())
}
