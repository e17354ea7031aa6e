//! diff: what differs between two runs, or between a run and what is cached for the pipeline as it is now.

use std::collections::HashSet;
use std::process::ExitCode;

use hspipe_engine::clock::now;
use hspipe_engine::history::{self, End, RunRecord};
use hspipe_engine::plan::Plan;

use super::amounts::ago;
use super::args;
use super::error::Hinted;
use super::log::changes;
use super::pipe::tell;
use super::project::Project;
use crate::views::difference::Difference;

pub fn diff(args: &args::Args, diff: &args::Diff) -> anyhow::Result<ExitCode> {
    let project = Project::open(args, &diff.settings)?;
    let ((old_name, old), (new_name, new)) = (run(&project, &diff.old)?, run(&project, &diff.new)?);
    let difference = Difference { store: &project.store, old: &old, new: &new };
    tell!("from {old_name}\n  to {new_name}\n\n");
    let mut parts = Vec::new();
    let changes = changes(&old, &new);
    if !changes.is_empty() {
        parts.push(format!("parameters: {}\n", changes.join(", ")));
    }
    parts.extend(difference.tasks());
    parts.extend(difference.numbers(&project.spec)?);
    let hard = difference.hard_samples()?;
    if !hard.is_empty() {
        parts.push(hard.join("\n") + "\n");
    }
    let figures = difference.figures();
    if !figures.is_empty() {
        parts.push(format!("pictures that have changed: {}\n", figures.join(", ")));
    }
    if parts.is_empty() {
        tell!("no difference\n");
    } else {
        tell!("{}", parts.join("\n"));
    }
    Ok(ExitCode::SUCCESS)
}

/// A run by its number, `last`, or `now`: what is cached for the pipeline under the given parameters. And what it is,
/// in words.
fn run(project: &Project, word: &str) -> anyhow::Result<(String, RunRecord)> {
    let mut runs = history::numbered_newest_first(&project.store);
    let found = match word {
        "now" => {
            let plan = Plan::make(&project.graph, &project.store, &HashSet::new());
            let params = project.settings.values();
            let name = "what is cached now for the parameters of this command".to_string();
            return Ok((name, RunRecord::of(&project.graph, &plan, &[], params, env!("CARGO_PKG_VERSION"))));
        }
        "last" => runs.find(|(_, run)| run.end != End::Open),
        _ => {
            let number: u64 = word.parse().map_err(|_| {
                Hinted::usage(format!("`{word}` is not a run"), "give a number of `hspipe log`, last, or now")
            })?;
            runs.find(|(found, _)| *found == number)
        }
    };
    let (number, run) = found
        .ok_or_else(|| Hinted::new(format!("there is no run {word} on record"), "hspipe log lists them"))?;
    let name = format!("run {number}, {}: {}", ago(now().saturating_sub(run.at)), run.targets.join(" "));
    Ok((name, run))
}
