//! What is to be done, before it is done: for `status`, and for `run` before it begins.
//!
//! In: a plan. Out: text. Computes nothing and prints nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use hspipe_engine::estimate::{Estimate, Expected};
use hspipe_engine::graph::TaskId;
use hspipe_engine::plan::{Counts, Plan};

use super::amounts::roughly;
use super::project::Project;
use crate::views::aligned::Table;

/// How much is to be done, as a line, if it takes more than `least` seconds.
pub fn ahead(
    project: &Project,
    plan: &Plan,
    tasks: &[TaskId],
    expected: &Expected,
    threads: usize,
    least: f64,
) -> Option<String> {
    let Estimate { networks, seconds, bytes, measured } = expected.total();
    let seconds = seconds / threads as f64;
    if networks == 0 || seconds < least {
        return None;
    }
    let basis = if measured { "by times measured here" } else { "by times of another machine" };
    Some(format!(
        "to train: {networks} networks by {}, {} on {threads} threads ({basis}), {} MB of results",
        trainers(project, plan, tasks),
        roughly(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)),
        bytes.div_ceil(1_000_000)
    ))
}

/// What `trainer: auto` and `device: auto` have come to for the tasks that are to run.
fn trainers(project: &Project, plan: &Plan, tasks: &[TaskId]) -> String {
    let to_run = tasks.iter().filter(|task| plan.states[**task].outputs().is_none());
    let names: BTreeSet<String> = to_run
        .filter_map(|task| {
            let params = &project.graph.tasks[*task].params.value;
            Some(format!("{} on {}", params.get("trainer")?.as_str()?, params.get("device")?.as_str()?))
        })
        .collect();
    names.into_iter().collect::<Vec<_>>().join(" and ")
}

/// One row per stage among `tasks`, and a total.
pub fn stages_table(project: &Project, plan: &Plan, tasks: &[TaskId]) -> String {
    let total = plan.count(tasks.iter().copied());
    let has_failures = total.failed > 0;
    let mut columns = vec!["stage", "tasks", "cached", "to run", "depends"];
    if has_failures {
        columns.extend(["failed", "blocked"]);
    }
    let mut table = Table::new(&columns);
    let mut row = |name: &str, counts: Counts| {
        let Counts { cached, to_run, depends, failed, blocked, absent: _ } = counts;
        let mut cells = vec![name.into(), counts.all().into(), cached.into(), to_run.into(), depends.into()];
        if has_failures {
            cells.extend([failed.into(), blocked.into()]);
        }
        table.row(cells);
    };
    for stage in &project.graph.stages {
        let counts = plan.count(tasks.iter().copied().filter(|task| stage.tasks.contains(task)));
        if counts.all() > 0 {
            row(&stage.name, counts);
        }
    }
    row("total", total);
    table.text()
}
