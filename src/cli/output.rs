//! Where rows go that were asked for: to a file, whose ending says the format, or to stdout.
//!
//! In: bytes, and what `-o` and `--format` say. Out: a file, whole or not at all, or text on stdout. Knows no tables.

use std::io::IsTerminal;
use std::path::Path;

use anyhow::Context;
use hspipe_engine::store::write_whole;

use super::error::Hinted;
use super::pipe::print_bytes;
use crate::views::format::Format;

/// The format by the ending of `file`, or `otherwise` for stdout.
///
/// # Errors
/// An ending that is none of a format.
pub fn format_for(file: Option<&Path>, otherwise: Format) -> Result<Format, Hinted> {
    let Some(file) = file else { return Ok(otherwise) };
    Format::of_name(file).ok_or_else(|| {
        let what = format!("{} does not end as a format that is known", file.display());
        Hinted::usage(what, "name it .csv, .json, .parquet or .txt, or say --format")
    })
}

/// Writes `bytes` to `file` or, without one, to stdout.
///
/// # Errors
/// Parquet on a terminal; what cannot be written.
pub fn put(bytes: &[u8], file: Option<&Path>, format: Format) -> anyhow::Result<()> {
    match file {
        Some(file) => Ok(write_whole(file, bytes)?),
        None if format == Format::Parquet && std::io::stdout().is_terminal() => {
            Err(Hinted::usage("Parquet is not for a terminal", "name a file: -o FILE.parquet").into())
        }
        None => print_bytes(bytes).context("cannot write to stdout"),
    }
}
