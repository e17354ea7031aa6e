//! How long the work took, stage by stage.
//!
//! In: the records of finished tasks. Out: a table. Must not know what the work is.

use std::collections::HashSet;

use hspipe_engine::plan::TaskState;
use maud::html;

use super::parts::{count, duration, table};
use super::{Scope, Section};
use crate::views::aligned::{Cell, Table};

/// The table of the network that a task has trained.
const NETWORK: &str = "member";

pub fn section(scope: &Scope) -> Option<Section> {
    let mut seen = HashSet::new();
    let (mut stages, mut networks) = (Vec::new(), 0);
    for (stage, tasks) in scope.stages() {
        let (mut done, mut seconds) = (0, 0.0);
        for task in tasks {
            let TaskState::Cached { key, .. } = &scope.plan.states[task] else { continue };
            let Some(record) = scope.record(task).filter(|_| seen.insert(*key)) else { continue };
            done += 1;
            seconds += record.made.seconds;
        }
        if done > 0 {
            networks += if stage.op.outputs().contains(&NETWORK) { done } else { 0 };
            stages.push((stage.name.as_str(), done, seconds));
        }
    }
    let tasks: usize = stages.iter().map(|(_, tasks, _)| tasks).sum();
    let total: f64 = stages.iter().map(|(.., seconds)| seconds).sum();
    if tasks == 0 {
        return None;
    }
    let mut rows = Table::new(&["stage", "tasks", "seconds", "per task", "share"]);
    let mut row = |name: &str, tasks: usize, seconds: f64| {
        let share = if total > 0.0 { 100.0 * seconds / total } else { 0.0 };
        rows.row(vec![
            name.into(),
            Cell::Number(count(tasks)),
            Cell::Number(format!("{seconds:.1}")),
            Cell::Number(format!("{:.3}", seconds / tasks as f64)),
            Cell::Number(format!("{share:.1} %")),
        ]);
    };
    stages.iter().for_each(|(name, tasks, seconds)| row(name, *tasks, *seconds));
    row("total", tasks, total);
    let body = html! {
        p {
            "Seconds of work of the tasks that are cached, whenever and wherever they were computed. What stages share is "
            "counted once, at the first of them."
        }
        div.totalled { (table("Seconds of work by stage", &rows)) }
    };
    let section = Section::new("time", "Time", body).fact("work", duration(total));
    Some(if networks > 0 { section.fact("networks", count(networks)) } else { section })
}
