//! The command line: one file per command. Words in, calls of the engine, lines out.
//!
//! What was asked for goes to stdout, all else to stderr.

mod ahead;
mod amounts;
mod args;
mod away;
mod cache;
mod check;
mod data;
mod diff;
mod doctor;
mod ending;
pub mod error;
mod export;
mod graph;
mod init;
pub mod interrupt;
mod jobs;
mod list;
mod log;
mod output;
pub mod pipe;
mod progress;
mod project;
mod query;
mod remote;
mod report;
mod results;
mod run;
mod score;
mod shell;
mod status;
mod system;
mod tables;
mod why;
mod work;

use std::process::ExitCode;

pub use args::Args;
use args::Command;

/// Runs the command. Exit code 0: done; 1: something failed or is missing. Errors are for [`error::report`].
pub fn dispatch(args: Args) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::Init(init) => init::init(&args, init),
        Command::Run(run) => run::run(&args, run),
        Command::Status(status) => status::status(&args, status),
        Command::Why(why) => why::why(&args, why),
        Command::Graph(graph) => graph::graph(&args, graph),
        Command::List(list) => list::list(&args, list),
        Command::Export(args::Export::HardSamples(export)) => export::hard_samples(&args, export),
        Command::Export(args::Export::Issues(export)) => export::issues(&args, export),
        Command::Score(score) => score::score(&args, score),
        Command::Check(check) => check::check(&args, check),
        Command::Doctor(asked) => doctor::doctor(&args, asked),
        Command::Completions(completions) => shell::completions(completions),
        Command::Man(man) => shell::man(man),
        Command::Libtorch => doctor::cuda_devices(),
        Command::Probe { folder, element } => doctor::probe(folder, *element),
        Command::Data(data) => data::data(&args, data),
        Command::Query(query) => query::query(&args, query),
        Command::Tables(tables) => tables::tables(&args, tables),
        Command::Report(report) => report::report(&args, report),
        Command::Log(log) => log::log(&args, log),
        Command::Diff(diff) => diff::diff(&args, diff),
        Command::Jobs(jobs) => jobs::jobs(&args, jobs),
        Command::Work(work) => work::work(work),
        Command::Cache(cache) => cache::cache(&args, cache),
    }
}
