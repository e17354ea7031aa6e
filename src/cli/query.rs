//! query: SQL over the tables of Results/.

use std::io::{IsTerminal, Read};
use std::process::ExitCode;

use anyhow::Context;
use hspipe_engine::store::write_whole;

use super::args;
use super::error::Hinted;
use super::pipe::say;
use super::pipe::{caught, print_bytes};
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
    // At some queries the crate that answers them panics.
    let answer = caught(|| answer(&folder, &names, &sql)).unwrap_or_else(|| Err(QueryError::defect()));
    let table = answer.map_err(|QueryError { what, hint, is_usage }| {
        let hint = hint.unwrap_or_default();
        anyhow::Error::from(if is_usage { Hinted::usage(what, hint) } else { Hinted::new(what, hint) })
    })?;
    let format = match (asked.format, &asked.output) {
        (Some(format), _) => format,
        (None, None) => Format::Table,
        (None, Some(file)) => Format::of_name(file).ok_or_else(|| {
            let what = format!("{} does not end as a format that is known", file.display());
            Hinted::usage(what, "name it .csv, .json, .parquet or .txt, or say --format")
        })?,
    };
    // A file has all rows.
    let most = if asked.output.is_some() { usize::MAX } else { asked.rows };
    let bytes = write(&table, format, most)?;
    if let Some(file) = &asked.output {
        write_whole(file, &bytes)?;
    } else if format == Format::Parquet && std::io::stdout().is_terminal() {
        let hint = "name a file: -o FILE.parquet";
        return Err(Hinted::usage("Parquet is not for a terminal", hint).into());
    } else {
        print_bytes(&bytes).context("cannot write to stdout")?;
    }
    let left = table.height().saturating_sub(most);
    if format == Format::Table && left > 0 && !args.quiet {
        say!("{left} more rows: --rows N shows more, --format csv all");
    }
    Ok(ExitCode::SUCCESS)
}
