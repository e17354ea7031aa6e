//! What tells several tables from each other, when their rows become one table.
//!
//! In: tasks with their rows. Out: the rows one below the other, the coordinates on which the tasks differ before them.
//! Must not know what the rows say.

use anyhow::Context;
use hspipe_engine::Value;
use hspipe_engine::graph::TaskId;
use hspipe_engine::value::show;
use polars::prelude::*;

use super::coordinate;
use crate::cli::error::Hinted;
use crate::cli::project::Project;

/// An axis on which tasks differ.
pub struct Axis {
    name: String,
    kind: Kind,
}

/// What the values of an axis have in common.
#[derive(Clone, Copy)]
enum Kind {
    Whole,
    Number,
    Text,
}

/// The axes on which the tasks differ.
pub fn telling(project: &Project, tasks: &[TaskId]) -> Vec<Axis> {
    let Some(first) = tasks.first() else { return Vec::new() };
    let differs =
        |axis: &str, value: &Value| tasks.iter().any(|task| coordinate(project, *task, axis) != Some(value));
    let axes = project.graph.coords(*first).filter(|(axis, value)| differs(axis, value));
    axes.map(|(axis, _)| Axis { name: axis.to_string(), kind: Kind::of(project, tasks, axis) }).collect()
}

impl Kind {
    fn of(project: &Project, tasks: &[TaskId], axis: &str) -> Kind {
        let all = |is: fn(&Value) -> bool| {
            tasks.iter().all(|task| coordinate(project, *task, axis).is_some_and(is))
        };
        match (all(|value| value.as_i64().is_some()), all(Value::is_number)) {
            (true, _) => Kind::Whole,
            (false, true) => Kind::Number,
            _ => Kind::Text,
        }
    }
}

/// A list without columns can be of one table only.
pub fn one_wanted(project: &Project, tasks: &[TaskId], axes: &[Axis]) -> Hinted {
    let what = format!("a list of samples is of one ranking, and there are {}", tasks.len());
    let options: Vec<String> = axes
        .iter()
        .map(|Axis { name, .. }| {
            let value = tasks.first().and_then(|task| coordinate(project, *task, name));
            let value = value.map(show).unwrap_or_default();
            if name == "dataset" { format!("--dataset {value}") } else { format!("--set {name}={value}") }
        })
        .collect();
    Hinted::usage(what, format!("choose one, such as {}", options.join(" ")))
}

/// The rows with the task's coordinates on `axes` before them.
///
/// # Errors
/// Rows that have a column with the name of an axis.
pub fn before(
    project: &Project,
    task: TaskId,
    axes: &[Axis],
    mut rows: DataFrame,
) -> anyhow::Result<DataFrame> {
    for Axis { name, kind } in axes.iter().rev() {
        let value = coordinate(project, task, name).cloned().unwrap_or_default();
        let (name, n) = (name.as_str().into(), rows.height());
        let column = match kind {
            Kind::Whole => Column::new(name, vec![value.as_i64(); n]),
            Kind::Number => Column::new(name, vec![value.as_f64(); n]),
            Kind::Text => Column::new(name, vec![show(&value); n]),
        };
        rows.insert_column(0, column)?;
    }
    Ok(rows)
}

/// One below the other. Some may have columns that others lack, such as shares of strategies: these are null there.
///
/// # Errors
/// Nothing to put together.
pub fn together(parts: Vec<DataFrame>) -> anyhow::Result<DataFrame> {
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
    let mut all = parts.next().context("there are no rows")??;
    for part in parts {
        all.vstack_mut(&part?)?;
    }
    Ok(all)
}
