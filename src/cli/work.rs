//! work: computes a pack that a run has sent. What jobs of other machines execute, and nobody by hand.
//!
//! In: the folder of a run's packs and a number. Out: files in that folder, lines for the log. Knows neither pipeline.yaml nor
//! what the run is for.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use hspipe_engine::away::{Folder, State, Step, Worked, Worker};
use hspipe_engine::checkpoint::Rhythm;

use super::args;
use super::error::{Hinted, causes};
use super::interrupt;
use super::pipe::say;
use super::project::open_store;
use crate::ops;

/// States of trainings lie on a file system that many share.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(300);

/// How long a folder that was just made on another machine may not be seen here.
const LATE: Duration = Duration::from_secs(90);

pub fn work(work: &args::Work) -> anyhow::Result<ExitCode> {
    let folder = Folder::at(&work.folder);
    let state = state(&folder)?;
    let store = Arc::new(open_store(&cache_of(&work.folder)?)?.of_build(crate::BUILD).with_patience(LATE));
    let ops = ops::registry(&state.root);
    let stop = interrupt::watch(|signal| say!("signal {signal}: trainings are being kept"));
    let rhythm = Rhythm { every: CHECKPOINT_EVERY, stop: stop.flag.clone(), ..Rhythm::default() };
    let worker = Worker { ops: &ops, store: &store, version: env!("CARGO_PKG_VERSION"), rhythm, tell: &log };
    let Worked { computed, failed, before, left } = worker.work(&folder, work.pack)?;
    say!("pack {}: {computed} tasks computed, {before} before, {failed} failed, {left} left", work.pack);
    Ok(match (left, failed) {
        (1.., _) if stop.was_asked() => ExitCode::from(stop.exit_code()),
        (0, 0) => ExitCode::SUCCESS,
        _ => ExitCode::from(1),
    })
}

/// A line for the log.
fn log(step: Step) {
    match step {
        Step::Begun { pack, node, tasks, before } => {
            say!("pack {pack} on {node}: {tasks} tasks, {before} done before");
        }
        Step::Started { names: [name] } => say!("{name}"),
        Step::Started { names } => {
            say!("{} and {} more", names.first().unwrap_or(&""), names.len().saturating_sub(1))
        }
        Step::Done { name, seconds } => say!("{name}: {seconds:.1} s"),
        Step::Failed { name, error } => {
            say!("{name} failed: {error}");
            causes(error).iter().for_each(|why| say!("  why: {why}"));
        }
    }
}

/// The cache that holds the folder: `cache` of `cache/jobs/RUN`.
fn cache_of(folder: &Path) -> anyhow::Result<PathBuf> {
    let folder = folder.canonicalize().with_context(|| format!("cannot find {}", folder.display()))?;
    let cache = folder.parent().and_then(Path::parent).map(Path::to_path_buf);
    cache.with_context(|| format!("{} is not the folder of a run's packs", folder.display()))
}

fn state(folder: &Folder) -> anyhow::Result<State> {
    let start = std::time::Instant::now();
    loop {
        match folder.state() {
            Some(state) => return Ok(state),
            None if start.elapsed() < LATE => std::thread::sleep(Duration::from_secs(1)),
            None => {
                let what = format!("there are no packs of a run in {}", folder.path().display());
                return Err(Hinted::usage(
                    what,
                    "`hspipe run --on` sends packs; this command is for its jobs",
                )
                .into());
            }
        }
    }
}
