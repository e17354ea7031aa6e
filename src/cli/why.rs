//! why: for tasks that would run, what changed; for the others, which record serves them.

use std::collections::{BTreeMap, HashSet};
use std::process::ExitCode;

use hspipe_engine::clock::now;
use hspipe_engine::graph::{Graph, StageId, TaskId};
use hspipe_engine::key::Change;
use hspipe_engine::plan::Plan;
use hspipe_engine::why::{Reason, Why};

use super::amounts::ago;
use super::args;
use super::pipe::tell;
use super::project::Project;
use super::remote::warned;

pub fn why(args: &args::Args, why: &args::Why) -> anyhow::Result<ExitCode> {
    let mut project = Project::open(args, &why.settings)?;
    let _sharing = project.share(why.remote.remote_url.as_deref(), warned)?;
    let tasks = project.select(&why.tasks)?;
    let plan = Plan::make(&project.graph, &project.store, &HashSet::new());
    let reasons = Why::new(&project.graph, &plan, &project.store);
    // Many tasks share one reason: it is said once.
    let mut groups: BTreeMap<(StageId, String), Vec<TaskId>> = BTreeMap::new();
    for task in tasks {
        let text = sentence(&project.graph, &reasons.reason(task));
        groups.entry((project.graph.tasks[task].stage, text)).or_default().push(task);
    }
    for ((stage, text), tasks) in groups {
        match tasks.as_slice() {
            [task] => tell!("{}: {text}\n", project.graph.name(*task)),
            many => tell!("{}, {} tasks: {text}\n", project.graph.stages[stage].name, many.len()),
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What is with a task, and why.
fn sentence(graph: &Graph, reason: &Reason) -> String {
    let why = cause(graph, reason);
    match reason {
        Reason::Never | Reason::Changed(_) | Reason::Missing { .. } => format!("will run: {why}"),
        Reason::Cached(_) | Reason::Failed(_) | Reason::Upstream { .. } | Reason::Absent(_) => why,
    }
}

/// The same without what follows for the task: also why another one, which reads it, will run.
fn cause(graph: &Graph, reason: &Reason) -> String {
    match reason {
        Reason::Cached(record) => format!(
            "cached, made by hspipe {} {} in {:.1} s",
            record.made.by,
            ago(now().saturating_sub(record.made.at)),
            record.made.seconds
        ),
        Reason::Never => "never computed".into(),
        Reason::Changed(changes) => {
            let changes: Vec<String> = changes.iter().map(Change::to_string).collect();
            if changes.is_empty() { "its record is gone".into() } else { changes.join(", ") }
        }
        Reason::Failed(failure) => format!(
            "failed {}, and would again: {}; `--force` tries it",
            ago(now().saturating_sub(failure.at)),
            failure.what
        ),
        Reason::Missing { key } => {
            format!("a file of its record {} is gone or damaged", key.short())
        }
        Reason::Upstream { task, reason } => {
            format!("depends on {}: {}", graph.stage_of(*task).name, cause(graph, reason))
        }
        Reason::Absent(why) => format!("left out: {why}"),
    }
}
