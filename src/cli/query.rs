//! query: SQL over the tables of Results/.

use std::io::{IsTerminal, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use hspipe_engine::store::write_whole;

use super::args;
use super::error::Hinted;
use super::project;
use crate::views::format::{Format, write};
use crate::views::query::{QueryError, names, query as answer};

pub fn query(args: &args::Args, asked: &args::Query) -> anyhow::Result<ExitCode> {
    let folder = project::root(args).join("Results");
    let names = names(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    if names.is_empty() {
        let what = format!("{} has no tables", folder.display());
        return Err(Hinted::new(what, "compute some first, as with: hspipe run hard_counts").into());
    }
    let mut sql = asked.sql.clone();
    if sql == "-" {
        sql.clear();
        std::io::stdin().read_to_string(&mut sql).context("cannot read the query from stdin")?;
    }
    let table = answer(&folder, &names, &sql).map_err(|QueryError { what, hint }| {
        anyhow::Error::from(Hinted::usage(what, hint.unwrap_or_default()))
    })?;
    let format = asked.format.or(asked.output.as_deref().and_then(of_name)).unwrap_or(Format::Table);
    let bytes = write(&table, format, asked.rows)?;
    if let Some(file) = &asked.output {
        write_whole(file, &bytes)?;
    } else if format == Format::Parquet && std::io::stdout().is_terminal() {
        let hint = "name a file: -o FILE.parquet";
        return Err(Hinted::usage("Parquet is not for a terminal", hint).into());
    } else {
        // A reader that has seen enough, such as head, is no failure.
        let _ = std::io::stdout().write_all(&bytes);
    }
    let left = table.height().saturating_sub(asked.rows);
    if format == Format::Table && left > 0 && !args.quiet {
        eprintln!("{left} more rows: --rows N shows more, --format csv all");
    }
    Ok(ExitCode::SUCCESS)
}

/// The format that the name of a file says.
fn of_name(file: &Path) -> Option<Format> {
    match file.extension()?.to_str()? {
        "csv" => Some(Format::Csv),
        "json" => Some(Format::Json),
        "parquet" => Some(Format::Parquet),
        _ => None,
    }
}
