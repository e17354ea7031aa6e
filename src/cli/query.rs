//! query: SQL over the tables of Results/.

use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;

use super::args;
use super::error::Hinted;
use super::pipe::say;
use super::{output, results};
use crate::caught::caught;
use crate::views::format::{Format, write};
use crate::views::query::{QueryError, mentions, query as answer};

pub fn query(args: &args::Args, asked: &args::Query) -> anyhow::Result<ExitCode> {
    let tables = results::open(args)?;
    let names: Vec<String> = tables.names().map(str::to_string).collect();
    if names.is_empty() {
        let what = format!("{} has no tables", results::folder(args).display());
        return Err(Hinted::new(what, "compute some first, as with: hspipe run hard_counts").into());
    }
    let mut sql = asked.sql.clone();
    if sql == "-" {
        sql.clear();
        std::io::stdin().read_to_string(&mut sql).context("cannot read the query from stdin")?;
    }
    let mut read = Vec::new();
    for name in names.iter().filter(|name| mentions(&sql, name)) {
        read.push((name.clone(), tables.read(name).map_err(results::refused)?));
    }
    let files: Vec<PathBuf> = names.iter().map(|name| tables.file(name)).collect();
    // A run may write again.
    drop(tables);
    // At some queries the crate that answers them panics.
    let answer = caught(|| answer(read, &names, &sql)).unwrap_or_else(|| Err(QueryError::defect()));
    let table = answer.map_err(|QueryError { what, hint, is_usage }| {
        let hint = hint.unwrap_or_default();
        anyhow::Error::from(if is_usage { Hinted::usage(what, hint) } else { Hinted::new(what, hint) })
    })?;
    let file = output::file(asked.output.as_deref());
    file.map_or(Ok(()), |file| output::keep(file, &files))?;
    let format = match asked.format {
        Some(format) => format,
        None => output::format_for(file, Format::Table)?,
    };
    // A file has all rows.
    let most = if file.is_some() { usize::MAX } else { asked.rows };
    output::put(&write(&table, format, most)?, file, format)?;
    let left = table.height().saturating_sub(most);
    if format == Format::Table && left > 0 && !args.quiet {
        say!("{left} more rows: --rows N shows more, --format csv all");
    }
    Ok(ExitCode::SUCCESS)
}
