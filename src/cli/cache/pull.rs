//! cache pull: what a remote cache has, fetched: all of it, or what targets need.
//!
//! A record is a claim, which no digest checks. `--recheck` does: it computes a part of what came anew.

use std::collections::HashSet;
use std::process::ExitCode;

use hspipe_engine::clock::now;
use hspipe_engine::graph::TaskId;
use hspipe_engine::lock;
use hspipe_engine::plan::{Plan, TaskState};
use hspipe_engine::presence;
use hspipe_engine::upstream::Upstream;
use hspipe_engine::verify::{self, Differs};
use hspipe_remote::{Pulled, Remote};

use super::remote;
use crate::cli::amounts::size;
use crate::cli::args::{self, Part, cores};
use crate::cli::error::Hinted;
use crate::cli::pipe::{say, tell};
use crate::cli::project::{Project, cache_folder, open_store};
use crate::cli::remote::{hinted, keys};

pub fn pull(args: &args::Args, pull: &args::Pull) -> anyhow::Result<ExitCode> {
    let (url, targets) = match pull.words.split_first() {
        Some((first, rest)) if first.contains("://") => (first.as_str(), rest),
        _ => (args::KNOWN, pull.words.as_slice()),
    };
    let from = remote(args, url)?;
    // Held to the end, so that nothing is collected that comes.
    let store = open_store(&cache_folder(args))?;
    let waits = || say!("waiting for a collection of this cache to end");
    let _in_use = (lock::share(store.root()), presence::enter(&store, waits));
    if targets.is_empty() && pull.recheck.is_none() {
        let pulled = from.pull(None).map_err(hinted)?;
        return Ok(told(&pulled, &from));
    }
    let mut project = Project::open(args, &pull.settings)?;
    let sharing = project.share_with(from)?;
    let from = sharing.remote();
    let pulled = match targets {
        [] => from.pull(None),
        _ => {
            let tasks = project.graph.closure(&project.select(targets)?);
            let plan = Plan::make(&project.graph, &project.store, &HashSet::new());
            from.pull(Some(&keys(&plan, &tasks)))
        }
    };
    let pulled = pulled.map_err(hinted)?;
    let code = told(&pulled, from);
    match pull.recheck {
        Some(part) if !pulled.keys.is_empty() => recheck(&project, from, &pulled, part),
        _ => Ok(code),
    }
}

/// Says what came.
fn told(pulled: &Pulled, from: &Remote) -> ExitCode {
    let Pulled { keys, known, lost, bytes } = pulled;
    tell!("{} tasks from {}, {} fetched; {known} were here\n", keys.len(), from.name(), size(*bytes));
    if *lost == 0 {
        return ExitCode::SUCCESS;
    }
    tell!("{lost} tasks whose tables are gone there or damaged: a run computes them anew\n");
    ExitCode::from(1)
}

/// Computes a part of what came anew. If it does not come out the same, nothing of what came is kept.
fn recheck(project: &Project, from: &Remote, pulled: &Pulled, part: Part) -> anyhow::Result<ExitCode> {
    let plan = Plan::make(&project.graph, &project.store, &HashSet::new());
    let came = |task: &TaskId| matches!(&plan.states[*task], TaskState::Cached { key, .. } if pulled.keys.contains(key));
    let tasks: Vec<TaskId> = project.graph.tasks.ids().filter(came).collect();
    if tasks.is_empty() {
        let what = "nothing of what came is of this pipeline, so nothing was computed anew";
        return Err(Hinted::new(
            what,
            "recheck where the pipeline is that made it, with its --set and --profile",
        )
        .into());
    }
    let sample = part.of(tasks.len());
    let found = verify::recompute(&project.graph, &plan, &project.store, &tasks, sample, cores(), now());
    let differs = match found {
        Ok((count, None)) => {
            tell!("{count} of {} tasks computed anew: the same bytes\n", tasks.len());
            return Ok(ExitCode::SUCCESS);
        }
        Ok((_, Some(differs))) => differs,
        Err((task, error)) => {
            from.forget(pulled).map_err(hinted)?;
            let error = anyhow::Error::from(error).context(project.graph.name(task));
            return Err(error.context("a task cannot be computed anew, so nothing of what came is kept"));
        }
    };
    from.forget(pulled).map_err(hinted)?;
    let Differs { task, table, stored, now } = differs;
    tell!(
        "{}: `{table}` is not the same: there {}, here {}; nothing of what came is kept\n",
        project.graph.name(task),
        stored.short(),
        now.short()
    );
    Ok(ExitCode::from(1))
}
