//! export: hard samples as CSV, as JSON, or as a list of files.
//!
//! In: the finished tables `ranking`. Out: their rows, the hardest first, on stdout or in a file. Computes nothing.

use std::collections::HashSet;
use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float64Type, Int32Type};
use clap::ValueEnum as _;
use hspipe_engine::graph::TaskId;
use hspipe_engine::plan::{Plan, State};
use hspipe_engine::store::write_whole;
use hspipe_engine::value::show;
use hspipe_engine::{Value, names};
use serde_json::Map;

use super::args::{self, ExportFormat};
use super::error::Hinted;
use super::project::Project;
use crate::tables::{Frame, RANKING};

pub fn hard_samples(args: &args::Args, export: &args::HardSamples) -> anyhow::Result<ExitCode> {
    let project = Project::open(args, &export.settings)?;
    let tasks = rankings(&project, export.dataset.as_deref())?;
    let plan = Plan::make(&project.graph, &project.store, &HashSet::new());
    let (mut rankings, mut missing) = (Vec::new(), Vec::new());
    for task in tasks {
        match read(&project, &plan, task)? {
            Some(batch) => rankings.push(Ranking { task, batch }),
            None => missing.push(project.graph.name(task)),
        }
    }
    if rankings.is_empty() {
        let what = "no hard samples have been found yet with these parameters";
        return Err(Hinted::new(what, "hspipe run hard").into());
    }
    if !missing.is_empty() && !args.quiet {
        eprintln!("note: not computed: {}", missing.join(", "));
    }
    let axes = telling(&project, &rankings);
    if export.format == ExportFormat::Indices && !axes.is_empty() {
        return Err(one_wanted(&project, &rankings, &axes).into());
    }
    let mut rows = Vec::new();
    for ranking in &rankings {
        rows.extend(ranking.rows(&project, &axes, export)?);
    }
    let text = match export.format {
        ExportFormat::Csv => csv(&axes, &rows)?,
        ExportFormat::Json => json(&axes, &rows),
        ExportFormat::Indices => indices(&rows),
    };
    match &export.output {
        Some(file) => {
            let folder = file.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
            let name = file.file_name().with_context(|| format!("{} names no file", file.display()))?;
            write_whole(&folder.join(name), &text)?;
            if !args.quiet {
                eprintln!("{}: {} samples", file.display(), rows.len());
            }
        }
        // Who reads may have read enough.
        None => match std::io::stdout().write_all(&text) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => return Err(error.into()),
            _ => {}
        },
    }
    Ok(ExitCode::SUCCESS)
}

/// A finished task's table.
struct Ranking {
    task: TaskId,
    batch: RecordBatch,
}

type Row = Map<String, Value>;

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

fn read(project: &Project, plan: &Plan, task: TaskId) -> anyhow::Result<Option<RecordBatch>> {
    let State::Cached { outputs, .. } = &plan.states[task] else { return Ok(None) };
    let Some(output) = outputs.iter().find(|output| output.table == RANKING.name) else { return Ok(None) };
    let bytes = project.store.read(&output.digest).with_context(|| project.graph.name(task))?;
    Ok(Some(Frame::read(RANKING.name, bytes)?.batch().clone()))
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
    let what = format!("--format indices is of one ranking, and there are {}", rankings.len());
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

impl Ranking {
    /// The rows asked for, with the coordinates on `axes` first.
    fn rows(
        &self,
        project: &Project,
        axes: &[String],
        export: &args::HardSamples,
    ) -> anyhow::Result<Vec<Row>> {
        let mut order: Vec<usize> = (0..self.batch.num_rows()).collect();
        if let Some(strategy) = export.strategy {
            let name =
                strategy.to_possible_value().map(|value| value.get_name().to_string()).unwrap_or_default();
            let shares = self.batch.column_by_name(&name).context("the ranking lacks the strategy")?;
            let shares = shares.as_primitive::<Float64Type>();
            if shares.null_count() > 0 {
                let what =
                    format!("--strategy {name}: {} has none of its sets", project.graph.name(self.task));
                return Err(Hinted::usage(what, "`strategies` says which there are").into());
            }
            order.retain(|row| shares.value(*row) > 0.0);
            // Equals stay in the order of all strategies.
            order.sort_by(|a, b| shares.value(*b).total_cmp(&shares.value(*a)));
        }
        order.truncate(export.top.unwrap_or(usize::MAX));
        let coordinates: Vec<(&String, Value)> = axes
            .iter()
            .map(|axis| (axis, coordinate(project, self.task, axis).cloned().unwrap_or_default()))
            .collect();
        let row = |(place, row): (usize, &usize)| {
            let mut cells: Row =
                coordinates.iter().map(|(axis, value)| (axis.to_string(), value.clone())).collect();
            for (field, column) in self.batch.schema().fields().iter().zip(self.batch.columns()) {
                let value =
                    if field.name() == "rank" { (place + 1).into() } else { cell(column.as_ref(), *row) };
                cells.insert(field.name().clone(), value);
            }
            cells
        };
        Ok(order.iter().enumerate().map(row).collect())
    }
}

fn cell(column: &dyn Array, row: usize) -> Value {
    match column.data_type() {
        _ if column.is_null(row) => Value::Null,
        DataType::Int32 => column.as_primitive::<Int32Type>().value(row).into(),
        DataType::Float64 => column.as_primitive::<Float64Type>().value(row).into(),
        DataType::Utf8 => column.as_string::<i32>().value(row).into(),
        _ => Value::Null,
    }
}

/// The coordinates on `axes`, then the columns of a ranking.
fn columns(axes: &[String]) -> Vec<&str> {
    axes.iter().map(String::as_str).chain(RANKING.columns.iter().map(|column| column.name)).collect()
}

fn csv(axes: &[String], rows: &[Row]) -> anyhow::Result<Vec<u8>> {
    let columns = columns(axes);
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&columns)?;
    for row in rows {
        let text = |column: &&str| match row.get(*column) {
            None | Some(Value::Null) => String::new(),
            Some(value) => show(value),
        };
        writer.write_record(columns.iter().map(text))?;
    }
    Ok(writer.into_inner().map_err(|error| error.into_error())?)
}

/// An array with one object to a line, its names in the order of the columns.
fn json(axes: &[String], rows: &[Row]) -> Vec<u8> {
    let columns = columns(axes);
    let object = |row: &Row| {
        let cell =
            |column: &&str| format!("{}:{}", Value::from(*column), row.get(*column).unwrap_or(&Value::Null));
        columns.iter().map(cell).collect::<Vec<_>>().join(",")
    };
    let lines: Vec<String> = rows.iter().map(|row| format!("{{{}}}", object(row))).collect();
    format!("[\n{}\n]\n", lines.join(",\n")).into_bytes()
}

fn indices(rows: &[Row]) -> Vec<u8> {
    let line = |row: &Row| {
        let source = row.get("source").filter(|source| !source.is_null());
        format!("{}\n", source.or(row.get("sample_id")).map(show).unwrap_or_default())
    };
    rows.iter().map(line).collect::<String>().into_bytes()
}
