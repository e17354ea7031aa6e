//! export: what was found, for other programs: as CSV, JSON or Parquet, or as a list of files.
//!
//! In: the finished tables of an op. Out: their rows, the worst first, on stdout or in a file. Each export has a file that
//! says which tables it is of and what is made of their rows; what all have in common is here. Computes nothing.

mod axes;
mod hard_samples;
mod issues;

use std::collections::HashSet;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use hspipe_engine::graph::TaskId;
use hspipe_engine::plan::{Plan, TaskState};
use hspipe_engine::value::show;
use hspipe_engine::{Value, names};
use polars::prelude::*;

pub use hard_samples::hard_samples;
pub use issues::issues;

use super::args::{self, ExportFormat, ExportOptions};
use super::error::Hinted;
use super::output;
use super::pipe::say;
use super::project::Project;
use super::remote::warned;
use crate::tables::Frame;
use crate::views::format::{self, Format};
use crate::visible;

/// The tables that an export is of.
struct Source {
    /// The op that makes them, and what it calls them. They have the columns `sample_id` and `source`.
    op: &'static str,
    table: &'static str,
    /// What to say where no stage is of that op, and what to do about it.
    no_stage: [&'static str; 2],
    /// What to say where none is computed.
    none_yet: &'static str,
}

/// A finished task's table.
struct Found {
    task: TaskId,
    table: DataFrame,
}

/// Writes the rows that `rows` makes of each table, as the options say.
fn export(
    args: &args::Args,
    options: &ExportOptions,
    source: &Source,
    rows: impl Fn(&Project, &Found) -> anyhow::Result<DataFrame>,
) -> anyhow::Result<ExitCode> {
    let mut project = Project::open(args, &options.settings)?;
    let _sharing = project.share(options.remote.remote_url.as_deref(), warned)?;
    let tasks = tasks(&project, source, options.dataset.as_deref())?;
    let plan = Plan::make(&project.graph, &project.store, &HashSet::new());
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for task in tasks {
        match read(&project, &plan, task, source.table)? {
            Some(table) => found.push(Found { task, table }),
            None => missing.push(project.graph.name(task)),
        }
    }
    if found.is_empty() {
        return Err(Hinted::new(source.none_yet, "hspipe run hard").into());
    }
    if !missing.is_empty() && !args.quiet {
        say!("note: not computed: {}", missing.join(", "));
    }
    let of: Vec<TaskId> = found.iter().map(|found| found.task).collect();
    let axes = axes::telling(&project, &of);
    let place = Place::of(options, &project)?;
    if place.is_list() && !axes.is_empty() {
        return Err(axes::one_wanted(&project, &of, &axes).into());
    }
    let part = |found: &Found| {
        let rows = rows(&project, found)?.head(Some(options.top.unwrap_or(usize::MAX)));
        axes::before(&project, found.task, &axes, rows)
    };
    place.put(args, &axes::together(found.iter().map(part).collect::<anyhow::Result<_>>()?)?)
}

/// Where rows of samples go, and how they are written.
pub struct Place<'a> {
    file: Option<&'a Path>,
    format: Format,
    /// Whether lines of a list end by NUL.
    null: bool,
}

impl<'a> Place<'a> {
    /// # Errors
    /// The pipeline's own file; an ending of no format; `-0` without a list.
    pub fn of(options: &'a ExportOptions, project: &Project) -> anyhow::Result<Place<'a>> {
        let file = output::file(options.output.as_deref());
        file.map_or(Ok(()), |file| output::keep(file, &[Path::new(&project.spec.file)]))?;
        let place = Place { file, format: format(options, file)?, null: options.null };
        if place.null && !place.is_list() {
            return Err(Hinted::usage(
                "-0 is for a list of samples",
                "leave it out, or say --format indices",
            )
            .into());
        }
        Ok(place)
    }

    /// What people read of samples is a list.
    fn is_list(&self) -> bool {
        self.format == Format::Table
    }

    /// Writes rows with the columns `sample_id` and `source`, and says how many there are.
    pub fn put(&self, args: &args::Args, rows: &DataFrame) -> anyhow::Result<ExitCode> {
        let bytes = match self.is_list() {
            true => indices(rows, self.null)?,
            false => format::write(rows, self.format, usize::MAX)?,
        };
        output::put(&bytes, self.file, self.format)?;
        if let Some(file) = self.file
            && !args.quiet
        {
            say!("{}: {} samples", file.display(), rows.height());
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The tasks that make the tables, of one dataset or of all.
fn tasks(project: &Project, source: &Source, dataset: Option<&str>) -> anyhow::Result<Vec<TaskId>> {
    tasks_of(project, source.op, source.no_stage, dataset)
}

/// The tasks of an op, of one dataset or of all; `no_stage` says what to say where no stage is of that op, and what to do.
pub fn tasks_of(
    project: &Project,
    op: &str,
    no_stage: [&str; 2],
    dataset: Option<&str>,
) -> anyhow::Result<Vec<TaskId>> {
    let stages: Vec<_> = project.graph.stages.iter().filter(|stage| stage.op.name() == op).collect();
    if stages.is_empty() {
        let [what, hint] = no_stage;
        return Err(Hinted::new(format!("{} {what}", project.spec.file), hint).into());
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

fn read(project: &Project, plan: &Plan, task: TaskId, table: &str) -> anyhow::Result<Option<DataFrame>> {
    let TaskState::Cached { outputs, .. } = &plan.states[task] else { return Ok(None) };
    let Some(output) = outputs.iter().find(|output| output.table == table) else { return Ok(None) };
    let bytes = project.store.read(&output.digest).with_context(|| project.graph.name(task))?;
    Ok(Some(Frame::read(table, bytes)?.to_polars()?))
}

fn coordinate<'a>(project: &'a Project, task: TaskId, axis: &str) -> Option<&'a Value> {
    project.graph.coords(task).find(|(name, _)| *name == axis).map(|(_, value)| value)
}

fn format(options: &ExportOptions, file: Option<&Path>) -> Result<Format, Hinted> {
    Ok(match options.format {
        Some(ExportFormat::Indices) => Format::Table,
        Some(ExportFormat::Csv) => Format::Csv,
        Some(ExportFormat::Json) => Format::Json,
        Some(ExportFormat::Parquet) => Format::Parquet,
        None if options.null => Format::Table,
        None => output::format_for(file, Format::Csv)?,
    })
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
