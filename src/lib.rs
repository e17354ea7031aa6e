//! hspipe finds, explains and studies the hard samples of a dataset.
//!
//! Parses the command line, hands it to a command, and prints an error with its remedy. What two programs and the
//! benchmarks share; no interface for others.

mod caught;
mod check;
mod cli;
mod data;
pub mod executors;
mod figures;
pub mod nn;
mod ops;
mod patience;
mod recording;
mod report;
mod scores;
mod statistics;
pub mod tables;
mod telling;
mod unseen;
mod views;
mod visible;

use std::process::ExitCode;

use clap::Parser;

use nn::Libtorch;

/// Which build this is; programs that were built together share it.
const BUILD: &str = env!("HSPIPE_BUILD");

/// The example of the book is compiled and run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../docs/add-an-op.md")]
struct AddAnOp;

/// hspipe, with libtorch or without.
pub fn main(libtorch: Option<&'static dyn Libtorch>) -> ExitCode {
    if let Some(libtorch) = libtorch {
        nn::provide(libtorch);
    }
    cli::interrupt::outlive_large_files();
    let args = cli::Args::parse();
    match cli::dispatch(args) {
        Ok(code) => code,
        Err(error) => cli::error::report(&error),
    }
}
