//! cache gc: what nobody needs, removed.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use hspipe_engine::collect::{Keep, garbage};
use hspipe_engine::lock;
use hspipe_engine::presence::{self, Collector};
use hspipe_engine::store::Store;
use hspipe_engine::upstream::Upstream;
use hspipe_remote::{Collected, Remote};

use crate::cli::amounts::size;
use crate::cli::args;
use crate::cli::error::Hinted;
use crate::cli::pipe::{say, tell};
use crate::cli::remote::hinted;

/// In the cache of this machine.
pub fn here(gc: &args::Gc, store: &Store) -> anyhow::Result<ExitCode> {
    let alone = lock::alone(store.root())
        .with_context(|| format!("cannot lock {}, so nothing is removed from it", store.root().display()))?;
    let Some(_alone) = alone else {
        return Err(busy(store));
    };
    let settle = Duration::from_secs_f64(gc.settle);
    if presence::is_shared(store) {
        say!("several machines use this cache: waiting {} s, so that their runs are seen", gc.settle);
    }
    let Collector::Alone(_present) =
        presence::collect(store, settle).context("cannot say that this collects")?
    else {
        return Err(busy(store));
    };
    let younger = if presence::is_shared(store) { UNSEEN } else { Duration::ZERO };
    let keep = Keep { runs: gc.keep_runs.into(), bytes: gc.max_size, younger };
    let garbage = garbage(store, keep).with_context(|| format!("cannot read {}", store.root().display()))?;
    if !gc.dry_run {
        garbage.remove().map_err(|(path, error)| {
            anyhow::Error::from(error).context(format!("cannot remove {}", path.display()))
        })?;
    }
    tell!(
        "{}: {} in {} files ({} objects, {} runs); kept: {} runs, {}\n",
        if gc.dry_run { "would be removed" } else { "removed" },
        size(garbage.bytes()),
        garbage.items.len(),
        garbage.objects,
        garbage.runs,
        garbage.kept_runs,
        size(garbage.kept_bytes)
    );
    Ok(ExitCode::SUCCESS)
}

/// Of a cache that several machines use nothing is removed that is younger: somebody may be about to name it.
const UNSEEN: Duration = Duration::from_secs(24 * 3600);

fn busy(store: &Store) -> anyhow::Error {
    let what = format!("a run is at work in {}", store.root().display());
    Hinted::new(what, "collect when it is done").into()
}

/// In a remote cache.
pub fn elsewhere(gc: &args::Gc, remote: &Remote) -> anyhow::Result<ExitCode> {
    let runs_for = Duration::from_secs(u64::from(gc.keep_days) * 24 * 3600);
    let keep = hspipe_remote::Keep { runs_for, dry_run: gc.dry_run };
    let Collected {
        tasks_kept,
        tasks_removed,
        runs_removed,
        indexes_before,
        indexes_after,
        packs_removed,
        bytes_removed,
        packs_waiting,
        bytes_waiting,
    } = remote.collect(keep).map_err(hinted)?;
    tell!(
        "{}{}: {tasks_removed} tasks and {runs_removed} runs, {} in {packs_removed} packs; kept: {tasks_kept} tasks, \
         indexes {indexes_before} -> {indexes_after}\n",
        if gc.dry_run { "would be removed from " } else { "removed from " },
        remote.name(),
        size(bytes_removed),
    );
    if packs_waiting > 0 {
        tell!("{packs_waiting} packs that no index names go after seven days: {}\n", size(bytes_waiting));
    }
    Ok(ExitCode::SUCCESS)
}
