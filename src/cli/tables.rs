//! tables: what Results/ holds, or the columns of one table.

use std::collections::BTreeSet;
use std::process::ExitCode;

use anyhow::Context;
use parquet::file::reader::{FileReader, SerializedFileReader};

use super::args;
use super::error::Hinted;
use super::pipe::tell;
use super::{project, results};
use crate::views::aligned::{Cell, Table};
use crate::views::catalogue::{Entry, entries};
use crate::views::tables::Tables;

pub fn tables(args: &args::Args, asked: &args::Tables) -> anyhow::Result<ExitCode> {
    let tables = results::open(args)?;
    match &asked.name {
        Some(name) => one(&tables, name),
        None => all(&tables, project::results(args)),
    }
}

/// Every table that there is or that the pipeline has; every known one where there is no good pipeline.
fn all(tables: &Tables, of_pipeline: Option<Vec<String>>) -> anyhow::Result<ExitCode> {
    let mut known = entries();
    if let Some(of_pipeline) = &of_pipeline {
        known.retain(|entry| tables.has(entry.name) || of_pipeline.iter().any(|name| name == entry.name));
    }
    let mut table = Table::new(&["table", "rows", "columns", "what it holds"]);
    let listed = |name: &&str| known.iter().any(|entry| entry.name == *name);
    let of_pipeline = of_pipeline.into_iter().flatten();
    let others: BTreeSet<String> =
        of_pipeline.chain(tables.names().map(String::from)).filter(|name| !listed(&name.as_str())).collect();
    for name in known.iter().map(|entry| entry.name).chain(others.iter().map(String::as_str)) {
        let about =
            known.iter().find(|entry| entry.name == name).map_or("", |entry| first_sentence(&entry.about));
        let (rows, columns) = if tables.has(name) {
            let (rows, columns) = size(tables, name)?;
            (rows.to_string(), columns.len().to_string())
        } else {
            ("-".to_string(), "-".to_string())
        };
        table.row(vec![name.into(), Cell::Number(rows), Cell::Number(columns), about.into()]);
    }
    tell!("{}", table.text());
    Ok(ExitCode::SUCCESS)
}

/// The columns of one table; those of its file if there is one.
fn one(tables: &Tables, name: &str) -> anyhow::Result<ExitCode> {
    let known = entries();
    let entry = known.iter().find(|entry| entry.name == name);
    let is_there = tables.has(name);
    if entry.is_none() && !is_there {
        let valid = tables.names().chain(known.iter().map(|entry| entry.name));
        let near = hspipe_engine::names::hint(name, valid).unwrap_or_default();
        return Err(Hinted::usage(format!("there is no table `{name}`"), near).into());
    }
    let size = is_there.then(|| size(tables, name)).transpose()?;
    if let Some(entry) = entry {
        tell!("{}\n\n", entry.about);
    }
    let described = |column: &str| {
        let columns = entry.map(|entry| entry.columns.as_slice()).unwrap_or_default();
        columns.iter().find(|described| described.name == column)
    };
    let mut table = Table::new(&["column", "type", "meaning"]);
    if let Some((rows, columns)) = size {
        for (column, kind) in columns {
            let about = described(&column).map_or("", |column| column.about);
            table.row(vec![column.into(), kind.into(), about.into()]);
        }
        tell!("{}", table.text());
        tell!("\n{rows} rows in {}\n", tables.file(name).display());
    } else {
        for column in entry.map(|Entry { columns, .. }| columns).into_iter().flatten() {
            table.row(vec![column.name.into(), column.kind.into(), column.about.into()]);
        }
        tell!("{}", table.text());
        tell!("\nnot computed for the current parameters\n");
    }
    Ok(ExitCode::SUCCESS)
}

/// Rows, and the names and types of the columns, by the file's footer.
fn size(tables: &Tables, name: &str) -> anyhow::Result<(i64, Vec<(String, String)>)> {
    let cannot = || format!("cannot read {}", tables.file(name).display());
    let bytes = tables.read(name).map_err(results::refused)?;
    let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).with_context(cannot)?;
    let metadata = reader.metadata().file_metadata();
    let schema =
        parquet::arrow::parquet_to_arrow_schema(metadata.schema_descr(), metadata.key_value_metadata());
    let kind = |field: &arrow_schema::Field| {
        let kind = match field.data_type() {
            arrow_schema::DataType::Utf8 => "string".to_string(),
            other => other.to_string().to_lowercase(),
        };
        if field.is_nullable() { format!("{kind}, null") } else { kind }
    };
    let columns = schema.with_context(cannot)?.fields().iter().map(|f| (f.name().clone(), kind(f))).collect();
    Ok((metadata.num_rows(), columns))
}

fn first_sentence(text: &str) -> &str {
    text.split_inclusive(". ").next().unwrap_or(text).trim_end()
}
