//! tables: what Results/ holds, or the columns of one table.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use parquet::file::reader::{FileReader, SerializedFileReader};

use super::args;
use super::error::Hinted;
use super::pipe::tell;
use super::project;
use crate::views::aligned::{Cell, Table};
use crate::views::catalogue::{Entry, entries};
use crate::views::query::names;

pub fn tables(args: &args::Args, asked: &args::Tables) -> anyhow::Result<ExitCode> {
    let folder = project::output_folder(args).join("Results");
    let names = names(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    match &asked.name {
        Some(name) => one(&folder, &names, name),
        None => all(&folder, &names, project::results(args)),
    }
}

/// Every table that there is or that the pipeline has; every known one where there is no good pipeline.
fn all(folder: &Path, names: &[String], of_pipeline: Option<Vec<String>>) -> anyhow::Result<ExitCode> {
    let mut known = entries();
    if let Some(of_pipeline) = &of_pipeline {
        known.retain(|entry| names.iter().chain(of_pipeline).any(|name| name == entry.name));
    }
    let mut table = Table::new(&["table", "rows", "columns", "what it holds"]);
    let listed = |name: &&str| known.iter().any(|entry| entry.name == *name);
    let of_pipeline = of_pipeline.into_iter().flatten();
    let others: BTreeSet<String> =
        of_pipeline.chain(names.iter().cloned()).filter(|name| !listed(&name.as_str())).collect();
    for name in known.iter().map(|entry| entry.name).chain(others.iter().map(String::as_str)) {
        let about =
            known.iter().find(|entry| entry.name == name).map_or("", |entry| first_sentence(&entry.about));
        let (rows, columns) = match names.iter().any(|there| there == name) {
            true => {
                let (rows, columns) = size(&folder.join(format!("{name}.parquet")))?;
                (rows.to_string(), columns.len().to_string())
            }
            false => ("-".to_string(), "-".to_string()),
        };
        table.row(vec![name.into(), Cell::Number(rows), Cell::Number(columns), about.into()]);
    }
    tell!("{}", table.text());
    Ok(ExitCode::SUCCESS)
}

/// The columns of one table; those of its file if there is one.
fn one(folder: &Path, names: &[String], name: &str) -> anyhow::Result<ExitCode> {
    let known = entries();
    let entry = known.iter().find(|entry| entry.name == name);
    let is_there = names.iter().any(|there| there == name);
    if entry.is_none() && !is_there {
        let valid = names.iter().map(String::as_str).chain(known.iter().map(|entry| entry.name));
        let near = hspipe_engine::names::hint(name, valid).unwrap_or_default();
        return Err(Hinted::usage(format!("there is no table `{name}`"), near).into());
    }
    if let Some(entry) = entry {
        tell!("{}\n\n", entry.about);
    }
    let described = |column: &str| {
        let columns = entry.map(|entry| entry.columns.as_slice()).unwrap_or_default();
        columns.iter().find(|described| described.name == column)
    };
    let mut table = Table::new(&["column", "type", "meaning"]);
    if is_there {
        let file = folder.join(format!("{name}.parquet"));
        let (rows, columns) = size(&file)?;
        for (column, kind) in columns {
            let about = described(&column).map_or("", |column| column.about);
            table.row(vec![column.into(), kind.into(), about.into()]);
        }
        tell!("{}", table.text());
        tell!("\n{rows} rows in {}\n", file.display());
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
fn size(file: &Path) -> anyhow::Result<(i64, Vec<(String, String)>)> {
    let cannot = || format!("cannot read {}", file.display());
    let reader =
        SerializedFileReader::new(std::fs::File::open(file).with_context(cannot)?).with_context(cannot)?;
    let metadata = reader.metadata().file_metadata();
    let schema =
        parquet::arrow::parquet_to_arrow_schema(metadata.schema_descr(), metadata.key_value_metadata());
    let kind = |field: &arrow::datatypes::Field| {
        let kind = match field.data_type() {
            arrow::datatypes::DataType::Utf8 => "string".to_string(),
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
