//! log: the runs on record, the newest last, and with which parameters each differs from the one before.

use std::process::ExitCode;

use hspipe_engine::clock::now;
use hspipe_engine::history::{self, End, RunRecord};
use hspipe_engine::key::{Change, params_changed};

use super::amounts::ago;
use super::args;
use super::pipe::tell;
use super::project::{cache_folder, open_store};
use crate::views::aligned::Table;

pub fn log(args: &args::Args, log: &args::Log) -> anyhow::Result<ExitCode> {
    let store = open_store(&cache_folder(args))?;
    let mut runs: Vec<(u64, RunRecord)> = history::numbered_newest_first(&store).take(log.last + 1).collect();
    runs.reverse();
    let mut table =
        Table::new(&["run", "when", "ended", "tasks", "failed", "asked for", "changed since the run before"]);
    let first = runs.len().saturating_sub(log.last);
    for place in first..runs.len() {
        let (number, run) = &runs[place];
        let changed = match place.checked_sub(1) {
            Some(before) => changes(&runs[before].1, run).join(", "),
            None => String::new(),
        };
        table.row(vec![
            number.to_string().into(),
            ago(now().saturating_sub(run.at)).into(),
            ended(run.end).into(),
            run.keys.len().into(),
            run.failed.into(),
            run.targets.join(" ").into(),
            changed.into(),
        ]);
    }
    tell!("{}", table.text());
    Ok(ExitCode::SUCCESS)
}

/// Whether a run came to its end. One that did not is at work, or was killed.
fn ended(end: End) -> &'static str {
    match end {
        End::Done => "yes",
        End::Stopped => "stopped",
        End::Open => "no",
    }
}

/// Parameters that differ: `runs 5 -> 10`.
pub fn changes(old: &RunRecord, new: &RunRecord) -> Vec<String> {
    params_changed(&old.params, &new.params, "").iter().map(Change::to_string).collect()
}
