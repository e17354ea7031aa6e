//! Where rows go that were asked for: to a file, whose ending says the format, or to stdout.
//!
//! In: bytes, and what `-o` and `--format` say. Out: a file, whole or not at all, or text on stdout. Knows no tables.

use std::fs;
use std::io::IsTerminal;
use std::path::Path;

use anyhow::Context;

use super::error::Hinted;
use super::pipe::print_bytes;
use crate::views::file::write;
use crate::views::format::Format;
use crate::visible;

/// The file that `-o` names, or nothing if that is stdout by one of its names.
pub fn file(named: Option<&Path>) -> Option<&Path> {
    let stdout = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];
    named.filter(|file| !stdout.iter().any(|name| *file == Path::new(name)))
}

/// Refuses to write over what the command reads.
///
/// # Errors
/// `file` is one of `sources`.
pub fn keep(file: &Path, sources: &[impl AsRef<Path>]) -> Result<(), Hinted> {
    let place = |path: &Path| fs::canonicalize(path).ok();
    let Some(target) = place(file) else { return Ok(()) };
    if sources.iter().any(|source| place(source.as_ref()).as_ref() == Some(&target)) {
        Err(Hinted::usage(
            format!("{} would be written over, and hspipe reads it", file.display()),
            "name another file",
        ))
    } else {
        Ok(())
    }
}

/// The format by the ending of `file`, or `otherwise` for stdout and for devices and pipes.
///
/// # Errors
/// An ending that is none of a format.
pub fn format_for(file: Option<&Path>, otherwise: Format) -> Result<Format, Hinted> {
    let is_plain = |file: &&Path| fs::metadata(file).map_or(true, |there| there.is_file() || there.is_dir());
    let Some(file) = file.filter(is_plain) else { return Ok(otherwise) };
    if file.is_dir() {
        return Err(Hinted::usage(format!("{} is a folder", file.display()), "name a file in it"));
    }
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
        Some(file) => Ok(write(file, bytes)?),
        None if format == Format::Parquet && std::io::stdout().is_terminal() => {
            Err(Hinted::usage("Parquet is not for a terminal", "name a file: -o FILE.parquet").into())
        }
        // A terminal would do what is in a name; a pipe gets what is there.
        None if std::io::stdout().is_terminal() => {
            let text = String::from_utf8_lossy(bytes).into_owned();
            print_bytes(visible::lines(&text).as_bytes()).context("cannot write to stdout")
        }
        None => print_bytes(bytes).context("cannot write to stdout"),
    }
}
