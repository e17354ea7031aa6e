//! why: for tasks that would run, what changed; for the others, which record serves them.

use std::collections::{BTreeMap, HashSet};
use std::process::ExitCode;

use hspipe_engine::graph::{Graph, TaskId};
use hspipe_engine::history::now;
use hspipe_engine::key::Change;
use hspipe_engine::plan::Plan;
use hspipe_engine::why::{Reason, Why};

use super::amounts::ago;
use super::args;
use super::pipe::tell;
use super::project::Project;

pub fn why(args: &args::Args, why: &args::Why) -> anyhow::Result<ExitCode> {
    let project = Project::open(args, &why.settings)?;
    let tasks = project.select(&why.tasks)?;
    let plan = Plan::make(&project.graph, &project.store, &HashSet::new());
    let reasons = Why::new(&project.graph, &plan, &project.store);
    // Many tasks share one reason: it is said once.
    let mut groups: BTreeMap<(usize, String), Vec<TaskId>> = BTreeMap::new();
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

fn sentence(graph: &Graph, reason: &Reason) -> String {
    match reason {
        Reason::Cached(record) => format!(
            "cached, made by hspipe {} {} in {:.1} s",
            record.made.by,
            ago(now().saturating_sub(record.made.at)),
            record.made.seconds
        ),
        Reason::Never => "will run: never computed".into(),
        Reason::Changed(changes) => {
            let changes: Vec<String> = changes.iter().map(Change::to_string).collect();
            if changes.is_empty() {
                "will run: its record is gone".into()
            } else {
                format!("will run: {}", changes.join(", "))
            }
        }
        Reason::Failed(failure) => format!(
            "failed {}, and would again: {}; `--force` tries it",
            ago(now().saturating_sub(failure.at)),
            failure.what
        ),
        Reason::Missing { key } => {
            format!("will run: a file of its record {} is gone or damaged", key.short())
        }
        Reason::Upstream { task, reason } => {
            let cause = sentence(graph, reason);
            let cause = cause.trim_start_matches("will run: ");
            format!("depends on {}: {cause}", graph.stage_of(*task).name)
        }
        Reason::Absent(why) => format!("left out: {why}"),
    }
}
