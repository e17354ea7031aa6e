//! status: per stage, how many tasks are cached and how many would run.

use std::collections::HashSet;
use std::process::ExitCode;

use hspipe_engine::estimate::expect;
use hspipe_engine::plan::Plan;

use super::ahead::{ahead, stages_table};
use super::args::{self, cores};
use super::pipe::{say, tell};
use super::project::Project;
use super::remote::warned;

pub fn status(args: &args::Args, status: &args::Status) -> anyhow::Result<ExitCode> {
    let mut project = Project::open(args, &status.settings)?;
    let _sharing = project.share(status.remote.remote_url.as_deref(), warned)?;
    let roots = project.select(&status.targets)?;
    let plan = Plan::make(&project.graph, &project.store, &HashSet::new());
    let needed = project.graph.closure(&roots);
    for notice in project.graph.notices(&needed) {
        say!("note: {notice}");
    }
    tell!("{}", stages_table(&project, &plan, &needed));
    let expected = expect(&project.graph, &plan, &project.store, &needed);
    if let Some(line) = ahead(&project, &plan, &needed, &expected, cores(), 0.0) {
        tell!("{line}\n");
    }
    Ok(ExitCode::SUCCESS)
}
