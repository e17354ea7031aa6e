//! What a run shows while it runs: for people ([`people::Shown`]), or for machines ([`machine::Lines`]).
//!
//! In: the engine's events, and what else a run has to say. Out: lines on stderr. Knows no store.

pub mod machine;
pub mod pace;
mod people;

use hspipe_engine::estimate::Expected;
use hspipe_engine::graph::Graph;
use hspipe_engine::progress::Progress;

use super::args::LogFormat;
use crate::cli::pipe::say;
use crate::cli::system::plain;

/// How a run speaks.
pub enum Voice<'a> {
    People { quiet: bool, verbose: bool, graph: &'a Graph },
    Machine { graph: &'a Graph },
}

impl<'a> Voice<'a> {
    pub fn new(args: &super::args::Args, format: LogFormat, graph: &'a Graph) -> Self {
        match format {
            LogFormat::Text => Voice::People { quiet: args.quiet, verbose: args.verbose, graph },
            LogFormat::Json => Voice::Machine { graph },
        }
    }

    pub fn is_for_people(&self) -> bool {
        matches!(self, Voice::People { .. })
    }

    /// Something to know that is no mistake; left out with --quiet.
    pub fn note(&self, text: &str) {
        match self {
            Voice::People { quiet, .. } => note(*quiet, LogFormat::Text, text),
            Voice::Machine { .. } => note(false, LogFormat::Json, text),
        }
    }

    pub fn warning(&self, text: &str) {
        match self {
            Voice::People { .. } => warning(LogFormat::Text, text),
            Voice::Machine { .. } => warning(LogFormat::Json, text),
        }
    }

    /// What is said of a signal that ends the run.
    pub fn of_signals(&self) -> fn(i32) {
        match self {
            Voice::People { .. } => {
                |_| say!("\nstopping: trainings are being kept; Ctrl-C again ends at once")
            }
            Voice::Machine { .. } => |signal| machine::line("stopping", &[("signal", signal.into())]),
        }
    }

    /// Who listens to the engine, on so many threads.
    pub fn listener(&self, expected: &Expected, threads: usize) -> Box<dyn Progress + 'a> {
        match *self {
            Voice::People { quiet, verbose, graph } => {
                Box::new(people::Shown::new(graph, quiet, verbose, expected, threads))
            }
            Voice::Machine { graph } => Box::new(machine::Lines::new(graph)),
        }
    }
}

/// As [`Voice::note`], before there is a graph.
pub fn note(quiet: bool, format: LogFormat, text: &str) {
    match format {
        LogFormat::Text if quiet => {}
        LogFormat::Text => say!("{text}"),
        LogFormat::Json => machine::line("note", &[("text", text.into())]),
    }
}

/// As [`Voice::warning`], before there is a graph.
pub fn warning(format: LogFormat, text: &str) {
    match format {
        LogFormat::Text => say!("warning: {text}"),
        LogFormat::Json => machine::line("warning", &[("text", plain(text).into())]),
    }
}
