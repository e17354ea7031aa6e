//! Tables over many tasks: the tasks' rows, with their coordinates as the first columns.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, new_null_array};
use arrow::compute::concat;
use arrow::datatypes::{DataType, Field, Schema};
use hspipe_engine::Value;
use hspipe_engine::graph::{Graph, Stage, TaskId};
use hspipe_engine::key::{Digest, Key};
use hspipe_engine::plan::{Plan, State};
use hspipe_engine::spec::Target;
use hspipe_engine::store::Store;
use hspipe_engine::value::show;
use parquet::file::reader::{FileReader, SerializedFileReader};

use super::file;
use crate::tables::{Frame, SWEPT, write_columns};

/// A finished task's table.
pub struct Source {
    pub task: TaskId,
    digest: Digest,
}

/// The finished tasks that a result takes its rows from, in the order of the file and of the graph. Work
/// that an earlier stage of the same result shares is not counted twice.
pub fn sources(result: &Target, graph: &Graph, plan: &Plan) -> anyhow::Result<Vec<Source>> {
    let mut sources = Vec::new();
    let mut seen: HashSet<Key> = HashSet::new();
    for reference in &result.of {
        let (tasks, output) = graph.resolve_table(reference)?;
        let mut keys = Vec::new();
        for task in tasks {
            let State::Cached { key, outputs } = &plan.states[task] else { continue };
            let table = graph.stage_of(task).op.outputs()[output];
            let Some(output) = outputs.iter().find(|output| output.table == table) else { continue };
            if !seen.contains(key) {
                sources.push(Source { task, digest: output.digest });
                keys.push(*key);
            }
        }
        seen.extend(keys);
    }
    Ok(sources)
}

/// The key of the Parquet file's note that says which tables it was made from.
const NOTE: &str = "hspipe.sources";

/// What became of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Done {
    Nothing,
    Written,
    Removed,
}

/// Writes `file` unless it holds these sources already. With no source the file is removed: old rows would
/// belong to other parameters. Returns what was done.
pub fn write(
    file: &Path,
    result: &Target,
    sources: &[Source],
    graph: &Graph,
    store: &Store,
) -> anyhow::Result<Done> {
    if sources.is_empty() {
        return match std::fs::remove_file(file) {
            Ok(()) => Ok(Done::Removed),
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            Err(_) => Ok(Done::Nothing),
        };
    }
    let mut text = String::new();
    for source in sources {
        text += &format!("{} {}\n", graph.name(source.task), source.digest);
    }
    let note = Digest::of(text.as_bytes()).hex();
    if noted(file).as_deref() == Some(&note) {
        return Ok(Done::Nothing);
    }
    let batch = collect(result, sources, graph, store)?;
    let fields = batch.schema().fields().clone();
    let schema = Schema::new(fields).with_metadata(HashMap::from([(NOTE.to_string(), note)]));
    let bytes = write_columns(&result.name.text, Arc::new(schema), batch.columns().to_vec())?;
    file::write(file, &bytes)?;
    Ok(Done::Written)
}

fn noted(file: &Path) -> Option<String> {
    let reader = SerializedFileReader::new(std::fs::File::open(file).ok()?).ok()?;
    let schema = parquet::arrow::parquet_to_arrow_schema(
        reader.metadata().file_metadata().schema_descr(),
        reader.metadata().file_metadata().key_value_metadata(),
    )
    .ok()?;
    schema.metadata().get(NOTE).cloned()
}

/// All rows: `stage` if there are several, the coordinates, then the tables' own columns.
pub fn collect(
    result: &Target,
    sources: &[Source],
    graph: &Graph,
    store: &Store,
) -> anyhow::Result<RecordBatch> {
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
    let own = tables.first().map(|table| table.batch().schema()).context("no rows")?;
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
    for (place, field) in own.fields().iter().enumerate() {
        let parts: Vec<ArrayRef> = tables
            .iter()
            .map(|table| {
                let column = table.batch().column_by_name(field.name()).cloned();
                column.unwrap_or_else(|| new_null_array(field.data_type(), table.rows()))
            })
            .collect();
        let parts: Vec<&dyn arrow::array::Array> = parts.iter().map(|part| part.as_ref()).collect();
        fields.push(own.field(place).clone());
        columns.push(concat(&parts)?);
    }
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
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
