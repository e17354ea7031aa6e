//! status: per stage, how many tasks are cached and how many would run.

use std::collections::HashSet;
use std::process::ExitCode;

use hspipe_engine::graph::TaskId;
use hspipe_engine::plan::{Counts, Plan};

use super::args;
use super::project::Project;
use crate::views::aligned::Table;

pub fn status(args: &args::Args, status: &args::Status) -> anyhow::Result<ExitCode> {
    let project = Project::open(args, &status.settings)?;
    let roots = project.select(&status.targets)?;
    let plan = Plan::make(&project.graph, &project.store, &HashSet::new());
    let needed = project.graph.closure(&roots);
    for notice in project.graph.notices(&needed) {
        eprintln!("note: {notice}");
    }
    print!("{}", stages_table(&project, &plan, &needed));
    Ok(ExitCode::SUCCESS)
}

/// One row per stage among `tasks`, and a total.
pub fn stages_table(project: &Project, plan: &Plan, tasks: &[TaskId]) -> String {
    let mut table = Table::new(&["stage", "tasks", "cached", "to run", "depends"]);
    let mut row = |name: &str, counts: Counts| {
        table.row(vec![
            name.into(),
            counts.all().into(),
            counts.cached.into(),
            counts.to_run.into(),
            counts.depends.into(),
        ]);
    };
    for stage in &project.graph.stages {
        let counts = plan.count(tasks.iter().copied().filter(|task| stage.tasks.contains(task)));
        if counts.all() > 0 {
            row(&stage.name, counts);
        }
    }
    row("total", plan.count(tasks.iter().copied()));
    table.text()
}
