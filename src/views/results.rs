//! Tables over many tasks: the tasks' rows, with their coordinates as the first columns, and names beside classes.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, new_null_array};
use arrow_schema::{DataType, Field, FieldRef, Schema};
use arrow_select::concat::concat;
use hspipe_engine::Value;
use hspipe_engine::graph::{Graph, Stage, TaskId};
use hspipe_engine::key::{Digest, TaskKey};
use hspipe_engine::plan::{Plan, TaskState};
use hspipe_engine::spec::Target;
use hspipe_engine::store::Store;
use hspipe_engine::value::show;
use parquet::file::reader::{FileReader, SerializedFileReader};

use super::classes::{Classes, Names, named};
use super::folder::Wanted;
use super::ledger::Ledger;
use super::tables::file_name;
use crate::tables::{Frame, SWEPT, write_columns};

/// A finished task's table.
pub struct Source {
    pub task: TaskId,
    digest: Digest,
    /// The table that names its classes.
    classes: Option<Digest>,
}

/// The finished tasks that a result takes its rows from, in the order of the file and of the graph. Work
/// that an earlier stage of the same result shares is not counted twice.
pub fn sources(
    result: &Target,
    graph: &Graph,
    plan: &Plan,
    classes: &Classes,
) -> anyhow::Result<Vec<Source>> {
    let mut sources = Vec::new();
    let mut seen: HashSet<TaskKey> = HashSet::new();
    for reference in &result.of {
        let (tasks, output) = graph.resolve_table(reference)?;
        let mut keys = Vec::new();
        for task in tasks {
            let TaskState::Cached { key, outputs } = &plan.states[task] else { continue };
            let table = graph.stage_of(task).op.outputs()[output];
            let Some(output) = outputs.iter().find(|output| output.table == table) else { continue };
            if !seen.contains(key) {
                sources.push(Source { task, digest: output.digest, classes: classes.table(task) });
                keys.push(*key);
            }
        }
        seen.extend(keys);
    }
    Ok(sources)
}

/// The key of the Parquet file's note that says which tables it was made from.
const NOTE: &str = "hspipe.sources";

/// Which columns are made of the sources: files with others are written anew.
const FORM: &str = "classes named";

/// The file of a result as it is to be in `folder`; none without a source: old rows would belong to other parameters.
pub fn wanted(
    folder: &Path,
    ledger: &Ledger,
    result: &Target,
    sources: &[Source],
    graph: &Graph,
    store: &Store,
) -> anyhow::Result<Option<Wanted>> {
    if sources.is_empty() {
        return Ok(None);
    }
    let name = file_name(&result.name.text);
    let mut text = format!("{FORM}\n");
    for Source { task, digest, classes } in sources {
        let classes = classes.as_ref().map(Digest::hex).unwrap_or_default();
        text += &format!("{} {digest} {classes}\n", graph.name(*task));
    }
    let note = Digest::of(text.as_bytes()).hex();
    if let Ok(bytes) = std::fs::read(folder.join(&name)) {
        // Only in bytes that hspipe wrote does the note say what the rows are.
        let digest = Digest::of(&bytes);
        if ledger.wrote(&name, &digest) && noted(bytes).as_deref() == Some(&note) {
            return Ok(Some(Wanted { name, digest, bytes: None }));
        }
    }
    let batch = collect(result, sources, graph, store)?.rows;
    let fields = batch.schema().fields().clone();
    let schema = Schema::new(fields).with_metadata(HashMap::from([(NOTE.to_string(), note)]));
    let bytes = write_columns(&result.name.text, Arc::new(schema), batch.columns().to_vec())?;
    Wanted::new(folder, name, bytes).map(Some)
}

fn noted(bytes: Vec<u8>) -> Option<String> {
    let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).ok()?;
    let schema = parquet::arrow::parquet_to_arrow_schema(
        reader.metadata().file_metadata().schema_descr(),
        reader.metadata().file_metadata().key_value_metadata(),
    )
    .ok()?;
    schema.metadata().get(NOTE).cloned()
}

/// Rows of several tasks.
pub struct Collected {
    pub rows: RecordBatch,
    /// How many are of each task.
    pub of_each: Vec<usize>,
}

/// All rows: `stage` if there are several, the coordinates, then the tables' own columns, each that holds classes with
/// their names after it.
pub fn collect(
    result: &Target,
    sources: &[Source],
    graph: &Graph,
    store: &Store,
) -> anyhow::Result<Collected> {
    let mut tables = Vec::with_capacity(sources.len());
    for source in sources {
        let bytes = store.read(&source.digest).with_context(|| graph.name(source.task))?;
        tables.push(Frame::read(&result.name.text, bytes)?);
    }
    let rows: Vec<usize> = tables.iter().map(Frame::rows).collect();
    let (mut fields, mut columns): (Vec<Field>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
    if result.of.len() > 1 {
        let names = sources
            .iter()
            .zip(&rows)
            .flat_map(|(source, rows)| std::iter::repeat_n(graph.stage_of(source.task).name.as_str(), *rows));
        fields.push(Field::new("stage", DataType::Utf8, false));
        columns.push(Arc::new(StringArray::from_iter_values(names)));
    }
    let own = all_fields(&tables)?;
    let stages: Vec<&Stage> =
        result.of.iter().filter_map(|reference| graph.stage(&reference.stage.text)).collect();
    for axis in axes(&stages) {
        let is_swept = stages.iter().any(|stage| stage.swept().iter().any(|name| name == axis));
        let is_taken = own.column_with_name(axis).is_some();
        // An op may give a coordinate itself; the table's own column then says it. A parameter is another matter:
        // the column `seed` of a network is not the root `seed`.
        if is_taken && !is_swept {
            continue;
        }
        let column = coordinate(axis, &stages, sources, &rows, graph);
        let nullable = !stages.iter().all(|stage| stage.axes.iter().any(|name| name == axis));
        let name = if is_taken { format!("{axis}_parameter") } else { axis.to_string() };
        let note = is_swept.then(|| (SWEPT.to_string(), axis.to_string()));
        let field = Field::new(name, column.data_type().clone(), nullable);
        fields.push(field.with_metadata(note.into_iter().collect::<HashMap<_, _>>()));
        columns.push(column);
    }
    let mut names = Names::new(store);
    for (place, field) in own.fields().iter().enumerate() {
        let parts: Vec<ArrayRef> = tables
            .iter()
            .map(|table| {
                let column = table.batch().column_by_name(field.name()).cloned();
                column.unwrap_or_else(|| new_null_array(field.data_type(), table.rows()))
            })
            .collect();
        fields.push(own.field(place).clone());
        columns.push(joined(&parts)?);
        if let Some(name) = named(field).filter(|name| own.column_with_name(name).is_none()) {
            let parts = sources.iter().zip(&parts);
            let parts = parts.map(|(source, part)| names.column(source.classes.as_ref(), part));
            fields.push(Field::new(name, DataType::Utf8, field.is_nullable()));
            columns.push(joined(&parts.collect::<anyhow::Result<Vec<_>>>()?)?);
        }
    }
    Ok(Collected { rows: RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?, of_each: rows })
}

/// The fields of all tables, each once: which there are may hang on parameters, such as the strategies.
fn all_fields(tables: &[Frame]) -> anyhow::Result<Schema> {
    let mut all: Vec<FieldRef> = tables.first().context("no rows")?.batch().schema().fields().to_vec();
    for table in tables {
        for field in table.batch().schema().fields() {
            if !all.iter().any(|known| known.name() == field.name()) {
                all.push(Arc::new(field.as_ref().clone().with_nullable(true)));
            }
        }
    }
    Ok(Schema::new(all))
}

fn joined(parts: &[ArrayRef]) -> anyhow::Result<ArrayRef> {
    let parts: Vec<&dyn arrow_array::Array> = parts.iter().map(|part| part.as_ref()).collect();
    Ok(concat(&parts)?)
}

/// The axes of all stages that may give rows, each once; so the columns do not depend on what is finished.
fn axes<'a>(stages: &[&'a Stage]) -> Vec<&'a str> {
    let mut axes: Vec<&str> = Vec::new();
    for axis in stages.iter().flat_map(|stage| &stage.axes) {
        if !axes.contains(&axis.as_str()) {
            axes.push(axis);
        }
    }
    axes
}

/// The column of an axis: whole numbers if its values are such, floating point for other numbers, else text.
/// Null for a stage without that axis.
fn coordinate(axis: &str, stages: &[&Stage], sources: &[Source], rows: &[usize], graph: &Graph) -> ArrayRef {
    let whole = |stage: &&Stage| {
        let place = stage.axes.iter().position(|name| name == axis);
        place.is_none_or(|place| stage.whole[place])
    };
    let mut domain = stages.iter().flat_map(|stage| graph.domain(stage, axis));
    let numbers = domain.all(Value::is_number);
    let value =
        |source: &Source| graph.coords(source.task).find(|(name, _)| *name == axis).map(|(_, value)| value);
    let values =
        sources.iter().zip(rows).flat_map(|(source, rows)| std::iter::repeat_n(value(source), *rows));
    if numbers && stages.iter().all(whole) {
        Arc::new(Int64Array::from_iter(values.map(|value| value.and_then(Value::as_i64))))
    } else if numbers {
        Arc::new(Float64Array::from_iter(values.map(|value| value.and_then(Value::as_f64))))
    } else {
        Arc::new(StringArray::from_iter(values.map(|value| value.map(show))))
    }
}
