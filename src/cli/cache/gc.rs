//! cache gc: what nobody needs, removed.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use hspipe_engine::collect::{Keep, garbage};
use hspipe_engine::lock;
use hspipe_engine::store::Store;
use hspipe_engine::upstream::Upstream;
use hspipe_remote::{Collected, Remote};

use crate::cli::amounts::size;
use crate::cli::args;
use crate::cli::error::Hinted;
use crate::cli::pipe::tell;
use crate::cli::shared::hinted;

/// In the cache of this machine.
pub fn here(gc: &args::Gc, store: &Store) -> anyhow::Result<ExitCode> {
    let alone = lock::alone(store.root())
        .with_context(|| format!("cannot lock {}, so nothing is removed from it", store.root().display()))?;
    let Some(_alone) = alone else {
        let what = format!("a run is at work in {}", store.root().display());
        return Err(Hinted::new(what, "collect when it is done").into());
    };
    let keep = Keep { runs: gc.keep_runs.into(), bytes: gc.max_size };
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

/// In a cache that machines share.
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
