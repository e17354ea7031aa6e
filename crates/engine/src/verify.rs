//! Whether a cache is what it says: bytes against names, records against keys, results against
//! computing them again.
//!
//! In: [`Store`], for recomputing also [`Graph`] and [`Plan`]. Out: what was looked at and what is
//! wrong. Damage is set aside, so that it is never used.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use crate::assignment::{Assignment, compute};
use crate::checkpoint::Checkpoint;
use crate::collect::{CacheFile, Survey};
use crate::digest::Digest;
use crate::graph::{Graph, Id, TaskId};
use crate::op::{Notes, OpError};
use crate::plan::{Plan, TaskState};
use crate::sealed;
use crate::store::{Store, StoreError};

/// What was looked at, and what is wrong.
#[derive(Debug, Default)]
pub struct Verified {
    /// Objects that were read.
    pub objects: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Records that were read.
    pub records: usize,
    /// Of these, records of an older hspipe, which carry no checksum.
    pub unsealed: usize,
    /// Files whose bytes are not what their name or their checksum says; they have been set aside.
    pub damaged: Vec<PathBuf>,
    /// Objects that a record names and that are not there.
    pub missing: Vec<PathBuf>,
}

/// Reads objects and records of the survey, all of them or a sample that `draw` chooses.
///
/// # Errors
/// A file that cannot be read or set aside.
pub fn verify(
    store: &Store,
    survey: &Survey,
    sample: Option<usize>,
    draw: u64,
) -> Result<Verified, StoreError> {
    let mut found = Verified::default();
    for (digest, CacheFile { bytes, .. }) in chosen(&survey.objects, |(digest, _)| digest.hex(), sample, draw)
    {
        found.objects += 1;
        found.bytes += bytes;
        match store.read(digest) {
            Ok(_) => {}
            Err(StoreError::Corrupt { path }) => found.damaged.push(path),
            Err(error) => return Err(error),
        }
    }
    for (key, item) in chosen(&survey.records, |(key, _)| key.hex(), sample, draw) {
        found.records += 1;
        let Some(record) = store.record(key) else {
            let aside = item.path.with_extension("corrupt");
            fs::rename(&item.path, aside).map_err(|source| StoreError::Io {
                action: "set aside",
                path: item.path.clone(),
                source,
            })?;
            found.damaged.push(item.path.clone());
            continue;
        };
        found.unsealed += usize::from(!fs::read(&item.path).is_ok_and(|bytes| sealed::is_sealed(&bytes)));
        let paths = record.outputs.iter().map(|output| store.object_path(&output.digest));
        found.missing.extend(paths.filter(|path| !path.exists() && !found.damaged.contains(path)));
    }
    Ok(found)
}

/// A table that did not come out the same.
#[derive(Debug)]
pub struct Differs {
    /// The task that was computed again.
    pub task: TaskId,
    /// Its table.
    pub table: String,
    /// The digest in the cache.
    pub stored: Digest,
    /// The digest of what was computed now.
    pub now: Digest,
}

/// Computes a sample of the cached tasks among `tasks` again, one after the other, each from its
/// manifest alone unless it reads what lies here, and compares the bytes. Returns how many were computed and the first table that is not the same. Stores nothing.
///
/// # Errors
/// A task that fails.
pub fn recompute(
    graph: &Graph,
    plan: &Plan,
    store: &Arc<Store>,
    tasks: &[TaskId],
    sample: usize,
    threads: usize,
    draw: u64,
) -> Result<(usize, Option<Differs>), (TaskId, OpError)> {
    let is_cached = |task: &TaskId| matches!(plan.states[*task], TaskState::Cached { .. });
    let cached: Vec<TaskId> = tasks.iter().copied().filter(is_cached).collect();
    let mut count = 0;
    for task in chosen(&cached, |task| task.index().to_string(), Some(sample), draw).copied() {
        let (Some(manifest), TaskState::Cached { outputs, .. }) =
            (plan.manifest(graph, task), &plan.states[task])
        else {
            continue;
        };
        let (key, manifest, op) = (manifest.key(), Arc::new(manifest), &graph.stage_of(task).op);
        // As another machine would, where that can be.
        let assignment = match op.is_local() {
            true => Ok(Assignment::of(graph, task, key, manifest)),
            false => Assignment::rebuild(key, manifest, op),
        };
        let made = assignment.map(|assignment| {
            let bound = assignment.bind(store, Checkpoint::none(), Notes::default());
            compute(assignment.op.as_ref(), &[bound], threads)
        });
        let tables = made.and_then(|made| made.into_iter().collect::<Result<Vec<_>, _>>());
        count += 1;
        for (table, bytes) in tables.map_err(|error| (task, error))?.into_iter().flatten() {
            let now = Digest::of(&bytes);
            if let Some(output) = outputs.iter().find(|output| output.table == table && output.digest != now)
            {
                let differs = Differs { task, table: table.to_string(), stored: output.digest, now };
                return Ok((count, Some(differs)));
            }
        }
    }
    Ok((count, None))
}

/// A sample of the items, in their order: those whose names, hashed with `draw`, come first.
fn chosen<T>(
    items: &[T],
    name: impl Fn(&T) -> String,
    sample: Option<usize>,
    draw: u64,
) -> impl Iterator<Item = &T> {
    let mut places: Vec<usize> = (0..items.len()).collect();
    if let Some(sample) = sample.filter(|sample| *sample < items.len()) {
        places.sort_by_cached_key(|place| Digest::of(format!("{draw} {}", name(&items[*place])).as_bytes()));
        places.truncate(sample);
        places.sort_unstable();
    }
    places.into_iter().map(|place| &items[place])
}
