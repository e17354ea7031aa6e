//! What `run --on` adds to a run: where its tasks go, and what becomes of them when it ends first.
//!
//! In: the executor's name. Out: what the engine needs to send tasks; a question to the user. Knows no engine's commands.

use std::io::{BufRead, IsTerminal};
use std::sync::{Arc, Mutex};

use anyhow::Context;
use hspipe_engine::away::{Elsewhere, Folder, SharedQueue};
use hspipe_engine::estimate::Expected;
use hspipe_engine::store::Store;

use super::amounts::counted;
use super::args;
use super::pipe::say;
use super::progress::Voice;
use super::project::Project;
use crate::executors::Executors;

/// Where the tasks of a run go.
pub fn elsewhere(
    project: &Project,
    run: &args::Run,
    name: &str,
    expected: &Expected,
) -> anyhow::Result<Elsewhere> {
    let executors = Executors::open(&project.root)?;
    let executor = executors.get(name)?;
    let root = project.root.canonicalize().context("the project's folder is gone")?;
    Ok(Elsewhere {
        queue: queue(&executors, name)?,
        rules: executor.rules(),
        executor: name.to_string(),
        root,
        targets: run.targets.clone(),
        expected: expected.clone(),
        is_detached: run.detach,
    })
}

/// Threads that compute on other machines at once.
pub fn threads(elsewhere: &Elsewhere) -> usize {
    elsewhere.rules.slots * elsewhere.rules.threads
}

/// The engine of an executor.
pub fn queue(executors: &Executors, name: &str) -> anyhow::Result<SharedQueue> {
    let queue = executors.get(name)?.queue().context("the system does not say where hspipe lies")?;
    Ok(Arc::new(Mutex::new(queue)))
}

/// Whether packs of an earlier run that asked for the same are on their way.
pub fn goes_on(store: &Store, run: &args::Run) -> bool {
    let is_same = |folder: &Folder| {
        let state = folder.state();
        state.is_some_and(|state| state.targets == run.targets && Some(&state.executor) == run.on.as_ref())
    };
    Folder::all(store).iter().any(is_same)
}

/// At the end of a run that leaves packs behind: asks whether they are to go on, where there is somebody to ask, and says how
/// to come back to them.
pub fn leave(
    elsewhere: &Elsewhere,
    (packs, tasks): (usize, usize),
    store: &Store,
    voice: &Voice,
) -> anyhow::Result<()> {
    let name = &elsewhere.executor;
    let can_ask = !elsewhere.is_detached && voice.is_for_people() && std::io::stdin().is_terminal();
    let (packs, tasks) = (counted(packs, "pack"), counted(tasks, "task"));
    if can_ask {
        say!("on their way by `{name}`: {packs} with {tasks}. Leave them running, or cancel them? [L/c]");
        let mut answer = String::new();
        let _ = std::io::stdin().lock().read_line(&mut answer);
        if answer.trim().eq_ignore_ascii_case("c") {
            let cancelled = cancel(store, &elsewhere.queue, name)?;
            voice.note(&format!(
                "the packs of {} are cancelled; what is done is kept",
                counted(cancelled, "run")
            ));
            return Ok(());
        }
    }
    voice.note(&format!(
        "left running by `{name}`: {packs} with {tasks}; the same command goes on with them, hspipe jobs shows them"
    ));
    Ok(())
}

/// Ends all packs that this executor has. Returns of how many runs.
pub fn cancel(store: &Store, queue: &SharedQueue, executor: &str) -> anyhow::Result<usize> {
    let mut count = 0;
    for folder in Folder::all(store) {
        let Some(state) = folder.state().filter(|state| state.executor == executor) else { continue };
        // Before the jobs end, or a run that is at work would send them again.
        folder.cancel()?;
        let mut queue = queue.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        queue.cancel(&state.arrays).with_context(|| format!("executor `{executor}`"))?;
        count += 1;
    }
    Ok(count)
}
