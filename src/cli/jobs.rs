//! jobs: the packs that runs have sent to other machines; their logs; their end.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::process::ExitCode;

use anyhow::Context;
use hspipe_engine::away::{Element, Folder, Sight, State, look_at};
use hspipe_engine::clock::now;
use hspipe_engine::store::Store;

use super::amounts::{ago, counted};
use super::args;
use super::away;
use super::error::Hinted;
use super::pipe::{say, tell};
use super::project::{cache_folder, open_store, root};
use crate::executors::Executors;
use crate::views::aligned::Table;

pub fn jobs(args: &args::Args, jobs: &args::Jobs) -> anyhow::Result<ExitCode> {
    let store = open_store(&cache_folder(args))?;
    match &jobs.command {
        None => list(args, &store),
        Some(args::JobsCommand::Log { task }) => log(&store, task),
        Some(args::JobsCommand::Cancel) => cancel(args, &store),
    }
}

/// A line per run; with -v one per pack that is not done.
fn list(args: &args::Args, store: &Store) -> anyhow::Result<ExitCode> {
    let runs: Vec<(Folder, State)> = Folder::all(store)
        .into_iter()
        .filter(|folder| !folder.is_cancelled())
        .filter_map(|folder| folder.state().map(|state| (folder, state)))
        .collect();
    if runs.is_empty() {
        say!("no packs are on their way");
        return Ok(ExitCode::SUCCESS);
    }
    let executors = Executors::open(&root(args))?;
    let mut table = Table::new(&[
        "sent",
        "by",
        "asked for",
        "queued",
        "running",
        "done",
        "lost",
        "tasks done",
        "of",
        "failed",
        "nodes",
    ]);
    let mut packs = Table::new(&["pack", "state", "node", "tasks done", "of", "first task"]);
    for (folder, state) in &runs {
        let alive = alive(&executors, state);
        let sights: Vec<Sight> =
            look_at(folder, store).into_iter().filter(|sight| !sight.is_closed).collect();
        let (mut counts, mut nodes) = (HashMap::new(), BTreeSet::new());
        for sight in &sights {
            let standing = standing(sight, alive.as_deref());
            *counts.entry(standing).or_insert(0_usize) += 1;
            if standing == "running" {
                nodes.extend(sight.node.clone());
            }
            if standing != "done" {
                packs.row(vec![
                    sight.number.into(),
                    standing.into(),
                    sight.node.clone().unwrap_or_default().into(),
                    sight.settled.into(),
                    sight.tasks.len().into(),
                    sight.tasks.first().cloned().unwrap_or_default().into(),
                ]);
            }
        }
        let count = |standing: &str| counts.get(standing).copied().unwrap_or_default();
        let nodes: Vec<String> = nodes.into_iter().collect();
        table.row(vec![
            ago(now().saturating_sub(state.at)).into(),
            state.executor.clone().into(),
            state.targets.join(" ").into(),
            count("queued").into(),
            count("running").into(),
            count("done").into(),
            count("lost").into(),
            sights.iter().map(|sight| sight.settled).sum::<usize>().into(),
            sights.iter().map(|sight| sight.tasks.len()).sum::<usize>().into(),
            sights.iter().map(|sight| sight.failed).sum::<usize>().into(),
            nodes.join(" ").into(),
        ]);
    }
    tell!("{}", table.text());
    if args.verbose {
        tell!("\n{}", packs.text());
    }
    Ok(ExitCode::SUCCESS)
}

/// What the engine says of a run's jobs; none, after a word, if it says nothing.
fn alive(executors: &Executors, state: &State) -> Option<Vec<Element>> {
    let asked = away::queue(executors, &state.executor).and_then(|queue| {
        let mut queue = queue.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        Ok(queue.alive(&state.arrays)?)
    });
    asked.inspect_err(|error| say!("warning: executor `{}`: {error:#}", state.executor)).ok()
}

/// Where a pack stands. Without the engine, by what its worker has written.
fn standing(sight: &Sight, alive: Option<&[Element]>) -> &'static str {
    if sight.settled == sight.tasks.len() {
        return "done";
    }
    match alive {
        Some(elements) => match elements.iter().find(|element| element.pack == sight.number) {
            Some(element) if element.is_running => "running",
            Some(_) => "queued",
            None => "lost",
        },
        None if sight.node.is_some() && !sight.has_ended => "running",
        None => "queued",
    }
}

/// What the processes of a task's packs have printed.
fn log(store: &Store, task: &str) -> anyhow::Result<ExitCode> {
    let (mut found, mut names) = (false, HashSet::new());
    for folder in Folder::all(store) {
        for sight in look_at(&folder, store) {
            let is_it = |name: &String| name == task || name.split('[').next() == Some(task);
            if sight.tasks.iter().any(is_it) {
                let log = folder.log_path(sight.number);
                let text = std::fs::read(&log).unwrap_or_default();
                say!("pack {} ({}): {}", sight.number, counted(sight.tasks.len(), "task"), log.display());
                tell!("{}", String::from_utf8_lossy(&text));
                found = true;
            }
            names.extend(sight.tasks);
        }
    }
    if found {
        return Ok(ExitCode::SUCCESS);
    }
    let hint = hspipe_engine::names::hint(task, names.iter().map(String::as_str));
    let hint = hint.unwrap_or_else(|| "logs go when a run is done without a failure".to_string());
    Err(Hinted::new(format!("no pack holds a task `{task}`"), hint).into())
}

fn cancel(args: &args::Args, store: &Store) -> anyhow::Result<ExitCode> {
    let executors = Executors::open(&root(args))?;
    let names: BTreeSet<String> =
        Folder::all(store).iter().filter_map(Folder::state).map(|state| state.executor).collect();
    let mut count = 0;
    for name in names {
        let queue = away::queue(&executors, &name)?;
        count += away::cancel(store, &queue, &name).with_context(|| "not all packs are cancelled")?;
    }
    say!("the packs of {} are cancelled; what is done is kept", counted(count, "run"));
    Ok(ExitCode::SUCCESS)
}
