//! The numbers that a figure was drawn from.
//!
//! In: a plot's task. Out: rows of what it reads, as many as somebody may want to read. Must not know how they are drawn.

use std::collections::BTreeSet;

use arrow_array::{BooleanArray, RecordBatch};
use arrow_select::filter::filter_record_batch;
use hspipe_engine::graph::{TaskId, TaskInput};
use hspipe_engine::value::show;

use super::Scope;
use crate::ops::{self, Drawn};
use crate::tables::{Classes, Frame, Texts};
use crate::views::aligned::{Cell, Table};
use crate::views::text;

/// Rows that are shown of an input at most. Tables of radii have hundreds of thousands.
const MOST: usize = 120;

/// The rows of one input.
pub struct Numbers {
    /// The stage and the table that they come from.
    pub from: String,
    pub rows: Table,
    /// Rows that would be too many.
    pub left_out: usize,
    /// The file that holds all of them.
    pub result: Option<String>,
}

/// Of each input of a plot but the classes' names, which are put beside the classes.
pub fn numbers(scope: &Scope, task: TaskId) -> anyhow::Result<Vec<Numbers>> {
    let table_of = |input: &TaskInput, item: TaskId| scope.graph.stage_of(item).op.outputs()[input.output];
    let mut names = Vec::new();
    let mut found = Vec::new();
    for input in &scope.graph.tasks[task].inputs {
        let mut frames = Vec::new();
        for item in input.items.iter().copied() {
            let table = table_of(input, item);
            let read = |bytes| Frame::read(table, bytes);
            let Some(frame) = scope.table(item, table, read)? else { continue };
            if table == Classes::SCHEMA.name {
                names = frame.texts("name")?;
            } else {
                frames.push((item, frame));
            }
        }
        let Some((first, _)) = frames.first() else { continue };
        let (stage, table) = (&scope.graph.stage_of(*first).name, table_of(input, *first));
        let from = if stage == table { stage.clone() } else { format!("{stage}.{table}") };
        let result = scope.result_of(stage, table).map(|name| format!("Results/{name}.parquet"));
        found.push((input, frames, from, result));
    }
    let drawing = ops::drawing(scope.graph.stage_of(task).op.name());
    let drawn =
        drawing.map(|drawing| (drawing.drawn)(&scope.graph.tasks[task].params.value)).unwrap_or_default();
    let mut all = Vec::new();
    for (input, frames, from, result) in found {
        let (rows, left_out) = rows(scope, input, &frames, &drawn, &names)?;
        all.push(Numbers { from, rows, left_out, result });
    }
    Ok(all)
}

/// The rows of a table that a plot draws.
fn filter(drawn: &Drawn, frame: &Frame) -> anyhow::Result<RecordBatch> {
    let mut wanted = vec![true; frame.rows()];
    if let (Some(metric), true) = (&drawn.metric, frame.has("metric")) {
        let metrics: Texts = frame.column("metric")?;
        wanted.iter_mut().zip(metrics.iter()).for_each(|(wanted, other)| *wanted &= other == metric);
    }
    if let (Some(scores), true) = (drawn.scores, frame.has("score")) {
        let found: Texts = frame.column("score")?;
        wanted.iter_mut().zip(found.iter()).for_each(|(wanted, score)| *wanted &= scores.contains(&score));
    }
    if let (Some(by_train_ratio), true) = (drawn.by_train_ratio, frame.has("train_ratio")) {
        let ratios: Vec<Option<f64>> = frame.column("train_ratio")?;
        wanted
            .iter_mut()
            .zip(ratios)
            .for_each(|(wanted, ratio)| *wanted &= ratio.is_some() == by_train_ratio);
    }
    Ok(filter_record_batch(frame.batch(), &BooleanArray::from(wanted))?)
}

/// The rows of all items of an input, after what tells these apart, and how many are left out.
fn rows(
    scope: &Scope,
    input: &TaskInput,
    frames: &[(TaskId, Frame)],
    drawn: &Drawn,
    names: &[String],
) -> anyhow::Result<(Table, usize)> {
    let mut batches = Vec::new();
    for (item, frame) in frames {
        batches.push((*item, filter(drawn, frame)?));
    }
    let all: usize = batches.iter().map(|(_, batch)| batch.num_rows()).sum();
    if all > MOST {
        for (_, batch) in &mut batches {
            *batch = some_epochs(batch, all)?;
        }
    }
    let coords: Vec<Vec<(String, String)>> = batches
        .iter()
        .map(|(item, _)| {
            let coords = scope.graph.gathered_coords(input, *item).into_iter();
            coords.map(|(axis, value)| (axis, show(&value))).collect()
        })
        .collect();
    let differs = |axis: &str| {
        let values = coords.iter().flatten().filter(|(other, _)| other == axis).map(|(_, value)| value);
        values.collect::<BTreeSet<_>>().len() > 1
    };
    let mut head: Vec<String> = Vec::new();
    let mut cells: Vec<Vec<Cell>> = Vec::new();
    for ((_, batch), coords) in batches.iter().zip(&coords) {
        let coords: Vec<&(String, String)> = coords.iter().filter(|(axis, _)| differs(axis)).collect();
        let table = text::table(batch);
        if head.is_empty() {
            head = coords.iter().map(|(axis, _)| axis.clone()).chain(table.head().iter().cloned()).collect();
        }
        let left = MOST - cells.len();
        cells.extend(table.rows().iter().take(left).map(|row| {
            let before = coords.iter().map(|(_, value)| Cell::from(value.as_str()));
            let own = row.iter().zip(table.head()).map(|(cell, column)| named(cell, column, names));
            before.chain(own).collect::<Vec<Cell>>()
        }));
    }
    let shown = cells.len();
    let mut rows = Table::new(&head.iter().map(String::as_str).collect::<Vec<_>>());
    cells.into_iter().for_each(|row| rows.row(row));
    Ok((rows, all - shown))
}

/// A class with its name, and a ratio without zeros that say nothing.
fn named(cell: &Cell, column: &str, names: &[String]) -> Cell {
    let number = cell.text();
    let name = || names.get(number.parse::<usize>().ok()?).filter(|name| *name != number);
    match (column, cell) {
        ("class", _) => Cell::Text(name().map_or(number.to_string(), |name| format!("{number} {name}"))),
        (_, Cell::Text(text)) => Cell::Text(text.clone()),
        (ratio, Cell::Number(text)) if ratio.ends_with("_ratio") && text.contains('.') => {
            Cell::Number(text.trim_end_matches('0').to_string())
        }
        (_, Cell::Number(text)) => Cell::Number(text.clone()),
    }
}

/// The rows of so few epochs, at even steps and up to the last, that of `all` rows about [`MOST`] stay. A table without
/// epochs stays as it is.
fn some_epochs(batch: &RecordBatch, all: usize) -> anyhow::Result<RecordBatch> {
    let frame = Frame::of("numbers", batch.clone());
    let Ok(epochs) = frame.column::<Vec<i32>>("epoch") else { return Ok(batch.clone()) };
    let distinct: Vec<i32> = epochs.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    // From the last one back, so that it is among them.
    let step = (all.div_ceil(MOST)).max(1);
    let kept: BTreeSet<i32> = distinct.iter().rev().step_by(step).copied().collect();
    let wanted: BooleanArray = epochs.iter().map(|epoch| Some(kept.contains(epoch))).collect();
    Ok(filter_record_batch(batch, &wanted)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::Radii;

    #[test]
    fn few_epochs_stay_of_many_and_the_last_is_among_them() {
        let epoch: Vec<i32> = (21..500).flat_map(|epoch| [epoch; 10]).collect();
        let class = (0..epoch.len() as i32).map(|row| row % 10).collect();
        let radii = Radii { radius: vec![0.5; epoch.len()], epoch, class };
        let radii = Frame::read("radii", radii.write().unwrap()).unwrap();
        let some = some_epochs(radii.batch(), radii.rows()).unwrap();
        assert_eq!(some.num_rows(), 120);
        let some = Frame::of("radii", some);
        assert_eq!(some.column::<Vec<i32>>("epoch").unwrap().last(), Some(&499));
        let last = some_epochs(radii.batch(), 100 * radii.rows()).unwrap();
        assert_eq!(last.num_rows(), 10);
    }

    #[test]
    fn classes_have_their_names_unless_these_are_their_numbers() {
        let name = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| name.to_string()).collect();
            named(&Cell::Number("1".into()), "class", &names).text().to_string()
        };
        let ratio = |text: &str| named(&Cell::Number(text.into()), "train_ratio", &[]).text().to_string();
        assert_eq!([ratio("0.500"), ratio("-"), ratio("10")], ["0.5", "-", "10"]);
        assert_eq!([name(&["0", "1"]), name(&["Bag", "Coat"]), name(&[])], ["1", "1 Coat", "1"]);
    }
}
