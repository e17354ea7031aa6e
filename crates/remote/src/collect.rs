//! What nobody needs any longer, removed in two steps.
//!
//! In: how long a run counts. Out: what was removed. A record is needed by a run that was marked
//! since then, and is kept as long as its index is that young. Indexes go at once: nobody is told
//! of their records again. A pack that no index names goes seven days later, since whoever has read
//! the old indexes may still want it. Many small indexes become one.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, SystemTime};

use hspipe_engine::key::{Digest, TaskKey};

use crate::error::RemoteError;
use crate::index::{Entry, Place};
use crate::indexes::{self, Loaded, Name};
use crate::remote::Remote;
use crate::{pack, runs};

/// The folder that says since when a pack is named by no index.
pub const UNUSED: &str = "v1/unused";

/// How long a pack stays that no index names.
const WAIT: Duration = Duration::from_secs(7 * 24 * 3600);

/// More indexes than that become one.
const MANY: usize = 16;

/// How much to keep.
#[derive(Clone, Copy, Debug)]
pub struct Keep {
    /// A run counts for so long after it was marked the last time.
    pub runs_for: Duration,
    /// Whether it is only said what would be removed.
    pub dry_run: bool,
}

/// What was removed, or would be.
#[derive(Clone, Copy, Debug, Default)]
pub struct Collected {
    /// Tasks whose results stay.
    pub tasks_kept: usize,
    /// Tasks whose results are not served any more.
    pub tasks_removed: usize,
    /// Runs that do not count any more.
    pub runs_removed: usize,
    /// Indexes that were there.
    pub indexes_before: usize,
    /// Indexes that are there now.
    pub indexes_after: usize,
    /// Packs that were removed.
    pub packs_removed: usize,
    /// Their bytes.
    pub bytes_removed: u64,
    /// Packs that wait to be removed.
    pub packs_waiting: usize,
    /// Their bytes.
    pub bytes_waiting: u64,
}

/// An index, and what of it stays.
struct Judged<'a> {
    name: &'a Name,
    kept: Vec<Entry>,
    removed: usize,
}

impl Remote {
    /// Removes what no run needs that was marked of late.
    ///
    /// # Errors
    /// It cannot be reached, or refuses; then less is removed.
    pub fn collect(&self, keep: Keep) -> Result<Collected, RemoteError> {
        let bucket = &self.bucket;
        let since = SystemTime::now().checked_sub(keep.runs_for).unwrap_or(SystemTime::UNIX_EPOCH);
        let (mut needed, mut old_runs): (HashSet<TaskKey>, Vec<String>) = Default::default();
        for run in bucket.list(runs::FOLDER)? {
            let name = format!("{}/{}", runs::FOLDER, run.name);
            if run.at < since {
                old_runs.push(name);
                continue;
            }
            // One that cannot be read is no reason to remove what it may need.
            let keys = runs::keys(bucket.get(&name, run.bytes)?);
            let damaged = || RemoteError::Failed {
                remote: bucket.name().to_string(),
                action: "collected",
                source: format!("{name} is damaged").into(),
                hint: Some("remove it by hand if nobody needs that run".to_string()),
                is_away: false,
            };
            needed.extend(keys.ok_or_else(damaged)?);
        }
        // Packs after indexes: what an index names that was listed is there.
        let names = indexes::list(bucket)?;
        let Loaded { indexes, damaged, .. } = indexes::load(bucket, &self.copies, &names, &[])?;
        let packs: HashMap<Digest, u64> = bucket
            .list(pack::FOLDER)?
            .iter()
            .filter_map(|p| Some((Digest::from_hex(&p.name)?, p.bytes)))
            .collect();
        let by_digest: HashMap<Digest, &Name> = names.iter().map(|name| (name.digest, name)).collect();
        let mut judged = Vec::new();
        for (digest, entries) in indexes {
            let Some(name) = by_digest.get(&digest).copied() else { continue };
            let all = entries.len();
            let is_kept = |entry: &Entry| {
                let is_whole = entry.tables.iter().all(|row| packs.contains_key(&row.place.pack));
                is_whole && (name.at >= since || needed.contains(&entry.key))
            };
            let kept: Vec<Entry> = entries.into_iter().filter(is_kept).collect();
            judged.push(Judged { name, removed: all - kept.len(), kept });
        }
        let mut done = Collected {
            indexes_before: names.len(),
            runs_removed: old_runs.len(),
            tasks_removed: judged.iter().map(|index| index.removed).sum(),
            ..Collected::default()
        };
        let used: HashSet<Digest> = judged
            .iter()
            .flat_map(|index| {
                index.kept.iter().flat_map(|entry| entry.tables.iter().map(|row| row.place.pack))
            })
            .collect();
        let mut kept = HashSet::new();
        judged.iter().for_each(|index| kept.extend(index.kept.iter().map(|entry| entry.key)));
        done.tasks_kept = kept.len();

        let (gone, merged) = to_replace(&judged);
        done.indexes_after = names.len() - gone.len() - damaged.len() + usize::from(!merged.is_empty());
        if !keep.dry_run {
            if !merged.is_empty() {
                // Unsigned, as those were that it is made of.
                indexes::put(bucket, &self.copies, &merged, None)?;
            }
            let gone = gone.iter().map(|name| (name.digest, name.signers.as_slice()));
            for (digest, signers) in gone.chain(damaged.iter().map(|digest| (*digest, [].as_slice()))) {
                bucket.delete(&indexes::object(&digest))?;
                signers.iter().try_for_each(|s| bucket.delete(&indexes::signature(&digest, s)))?;
            }
            old_runs.iter().try_for_each(|run| bucket.delete(run))?;
        }
        self.collect_packs(&packs, &used, keep.dry_run, &mut done)?;
        Ok(done)
    }

    fn collect_packs(
        &self,
        packs: &HashMap<Digest, u64>,
        used: &HashSet<Digest>,
        dry_run: bool,
        done: &mut Collected,
    ) -> Result<(), RemoteError> {
        let since = SystemTime::now().checked_sub(WAIT).unwrap_or(SystemTime::UNIX_EPOCH);
        let mark = |pack: &Digest| format!("{UNUSED}/{pack}");
        let mut marked: HashMap<Digest, SystemTime> = HashMap::new();
        for item in self.bucket.list(UNUSED)? {
            marked.extend(Digest::from_hex(&item.name).map(|pack| (pack, item.at)));
        }
        for (pack, bytes) in packs.iter().filter(|(pack, _)| !used.contains(pack)) {
            if marked.get(pack).is_some_and(|at| *at <= since) {
                done.packs_removed += 1;
                done.bytes_removed += bytes;
                if !dry_run {
                    self.bucket.delete(&pack::object(pack))?;
                    self.bucket.delete(&mark(pack))?;
                }
                continue;
            }
            done.packs_waiting += 1;
            done.bytes_waiting += bytes;
            if !dry_run && !marked.contains_key(pack) {
                // Some stores take no empty object.
                self.bucket.put(&mark(pack), b"no index names this pack\n".to_vec())?;
            }
        }
        // An index names it again, or it is gone.
        for pack in marked.keys().filter(|pack| used.contains(pack) || !packs.contains_key(pack)) {
            if !dry_run {
                self.bucket.delete(&mark(pack))?;
            }
        }
        Ok(())
    }
}

/// Indexes that go, and the entries of the one that stands in for them. One that is signed goes as
/// a whole or stays, since nobody signs for another.
fn to_replace<'a>(judged: &'a [Judged]) -> (Vec<&'a Name>, Vec<Entry>) {
    let plain = judged.iter().filter(|index| index.name.signers.is_empty() && !index.kept.is_empty());
    let are_many = plain.count() > MANY;
    let (mut gone, mut merged, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
    for index in judged {
        let is_plain = index.name.signers.is_empty();
        let is_replaced = is_plain && (index.removed > 0 || are_many);
        if index.kept.is_empty() || is_replaced {
            gone.push(index.name);
            // Of two that differ in where their tables lie, one may be damaged.
            let places = |entry: &Entry| -> Vec<Place> { entry.tables.iter().map(|row| row.place).collect() };
            merged.extend(index.kept.iter().filter(|e| seen.insert((e.key, places(e)))).cloned());
        }
    }
    merged.sort_by(|a, b| (&a.op, a.key).cmp(&(&b.op, b.key)));
    (gone, merged)
}
