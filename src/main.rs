//! hspipe finds, explains and studies the hard samples of a dataset.
//!
//! Parses the command line, hands it to a command, and prints an error with its remedy.

mod check;
mod cli;
mod data;
mod figures;
mod nn;
mod ops;
mod report;
mod tables;
mod views;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let args = cli::Args::parse();
    match cli::dispatch(args) {
        Ok(code) => code,
        Err(error) => cli::error::report(&error),
    }
}
