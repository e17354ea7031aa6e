//! A whole cache at once: push, pull, and how much there is.
//!
//! In: the caches of this machine and elsewhere. Out: what one had and the other lacked, and counts.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::Ordering;

use hspipe_engine::collect::survey;
use hspipe_engine::history;
use hspipe_engine::key::{Digest, TaskKey};
use hspipe_engine::store::{Record, StoreError};

use crate::error::RemoteError;
use crate::index::{Entry, Place};
use crate::remote::Remote;
use crate::{collect, indexes, pack, runs};

/// Runs that a push puts there, the newest.
const RUNS: usize = 20;

/// What one request of a pull brings at most.
const AT_ONCE: u64 = 16_000_000;

/// Bytes between two wanted tables that are fetched along rather than asked around.
const GAP: u64 = 100_000;

/// What was pushed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pushed {
    /// Tasks whose results were sent.
    pub tasks: usize,
    /// Tasks whose results were there already.
    pub known: usize,
    /// Records whose tables are not all here and sound.
    pub left_out: usize,
    /// Bytes that were sent.
    pub bytes: u64,
}

/// What was pulled.
#[derive(Clone, Debug, Default)]
pub struct Pulled {
    /// The tasks whose results came.
    pub keys: HashSet<TaskKey>,
    /// Tasks whose results were here already.
    pub known: usize,
    /// Tasks whose results could not all be had.
    pub lost: usize,
    /// Bytes that came.
    pub bytes: u64,
}

/// How much there is.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    /// For each op its tasks, seconds of work, and bytes of tables.
    pub ops: BTreeMap<String, (usize, f64, u64)>,
    /// Indexes, packs with their bytes, runs.
    pub indexes: usize,
    /// Packs.
    pub packs: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Runs that are marked.
    pub runs: usize,
    /// Packs that no index names, and that wait to be removed.
    pub unused: usize,
}

impl Remote {
    /// Sends what the cache of this machine has and this one lacks, and marks the newest runs.
    ///
    /// # Errors
    /// It cannot be reached, or refuses; the cache of this machine cannot be read.
    pub fn push(&self) -> Result<Pushed, RemoteError> {
        let root = self.own.root();
        let found = survey(&self.own).map_err(|source| StoreError::Io {
            action: "read",
            path: root.to_path_buf(),
            source,
        })?;
        let (mut pushed, mut records): (Pushed, Vec<Record>) = Default::default();
        for (key, _) in found.records {
            if self.catalogue.serves(&key) {
                pushed.known += 1;
                continue;
            }
            match self.own.record(&key).filter(|record| self.own.is_whole(record)) {
                Some(record) => records.push(record),
                None => pushed.left_out += 1,
            }
        }
        // What is of one op is read together.
        records.sort_by(|a, b| (&a.manifest.op, a.key).cmp(&(&b.manifest.op, b.key)));
        let (mut batch, mut bytes) = (Vec::new(), 0);
        let mut records = records.into_iter().peekable();
        while let Some(record) = records.next() {
            bytes += record.outputs.iter().map(|output| output.bytes).sum::<u64>();
            batch.push(record);
            if bytes >= pack::ENOUGH || records.peek().is_none() {
                let sent = self.send(&batch)?;
                pushed.left_out += batch.len() - sent;
                pushed.tasks += sent;
                (batch, bytes) = (Vec::new(), 0);
            }
        }
        pushed.bytes = self.counts.sent.load(Ordering::Relaxed);
        self.push_runs()?;
        Ok(pushed)
    }

    /// Marks the newest runs that are not marked yet.
    fn push_runs(&self) -> Result<(), RemoteError> {
        let known: HashSet<String> =
            self.bucket.list(runs::FOLDER)?.into_iter().map(|run| run.name).collect();
        for run in history::newest_first(&self.own).take(RUNS) {
            let bytes = runs::bytes(&run)?;
            if !known.contains(&runs::name(&Digest::of(&bytes))) {
                self.put_run(bytes)?;
            }
        }
        Ok(())
    }

    /// Fetches the results of these keys, or of all that there are.
    ///
    /// # Errors
    /// It cannot be reached, or refuses; the cache of this machine cannot be written in.
    pub fn pull(&self, keys: Option<&HashSet<TaskKey>>) -> Result<Pulled, RemoteError> {
        let mut pulled = Pulled::default();
        let is_asked = |key: &TaskKey| keys.is_none_or(|keys| keys.contains(key));
        let mut entries = self.catalogue.entries(is_asked);
        entries.retain(|entry| {
            let is_here = self.is_here(&entry.key);
            pulled.known += usize::from(is_here);
            !is_here
        });
        let wanted: HashSet<Digest> =
            entries.iter().flat_map(|e| e.tables.iter().map(|row| row.digest)).collect();
        let mut packs: BTreeMap<Digest, BTreeMap<u64, (Digest, u64)>> = BTreeMap::new();
        for digest in wanted {
            let place = self.catalogue.places(&digest).first().copied();
            if let Some(Place { pack, offset, bytes }) = place
                && self.own.read(&digest).is_err()
            {
                packs.entry(pack).or_default().insert(offset, (digest, bytes));
            }
        }
        for (pack, tables) in packs {
            for part in parts(&tables) {
                self.pull_part(&pack, &part)?;
            }
        }
        for entry in entries {
            match self.whole(&entry) {
                Some(record) => {
                    self.own.keep_record(&record)?;
                    pulled.keys.insert(entry.key);
                }
                None => pulled.lost += 1,
            }
        }
        pulled.bytes = self.counts.fetched.load(Ordering::Relaxed);
        Ok(pulled)
    }

    /// The record of an entry once all its tables are here; those that did not come with the others are asked for by themselves.
    fn whole(&self, entry: &Entry) -> Option<Record> {
        let record = Record::from_bytes(entry.record.as_bytes()).filter(|record| record.key == entry.key)?;
        let is_here = |output: &hspipe_engine::store::Output| {
            self.own.has(output) || self.fetch(&output.digest).is_some()
        };
        record.outputs.iter().all(is_here).then_some(record)
    }

    /// Fetches neighbours in a pack. What is gone or damaged is looked for elsewhere later.
    fn pull_part(&self, pack: &Digest, part: &[(u64, Digest, u64)]) -> Result<(), RemoteError> {
        let (Some((start, ..)), Some((last, _, size))) = (part.first(), part.last()) else { return Ok(()) };
        let bytes = match self.bucket.get_range(&pack::object(pack), *start..last + size) {
            Ok(bytes) => bytes,
            Err(RemoteError::Missing { .. }) => return Ok(()),
            Err(error) => return Err(error),
        };
        self.succeeded();
        self.counts.fetched.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        for (offset, digest, size) in part {
            let place = usize::try_from(offset - start).ok().zip(usize::try_from(*size).ok());
            if let Some(table) = place.and_then(|(at, size)| bytes.get(at..at + size)) {
                match self.own.keep(digest, table) {
                    Err(StoreError::Corrupt { .. }) => {}
                    result => result?,
                }
            }
        }
        Ok(())
    }

    /// Puts back what a pull brought, so that its tasks are computed here.
    ///
    /// # Errors
    /// A record that cannot be removed.
    pub fn forget(&self, pulled: &Pulled) -> Result<(), RemoteError> {
        pulled.keys.iter().try_for_each(|key| self.own.forget(key)).map_err(RemoteError::from)
    }

    /// How much there is.
    ///
    /// # Errors
    /// It cannot be listed.
    pub fn stats(&self) -> Result<Stats, RemoteError> {
        let packs = self.bucket.list(pack::FOLDER)?;
        let mut stats = Stats {
            indexes: indexes::list(&self.bucket)?.len(),
            packs: packs.len(),
            bytes: packs.iter().map(|pack| pack.bytes).sum(),
            runs: self.bucket.list(runs::FOLDER)?.len(),
            unused: self.bucket.list(collect::UNUSED)?.len(),
            ..Stats::default()
        };
        let mut seen = HashSet::new();
        for entry in self.catalogue.entries(|_| true) {
            let seconds =
                Record::from_bytes(entry.record.as_bytes()).map_or(0.0, |record| record.made.seconds);
            let (tasks, all, bytes) = stats.ops.entry(entry.op).or_default();
            *tasks += 1;
            *all += seconds;
            *bytes += entry
                .tables
                .iter()
                .filter(|row| seen.insert(row.digest))
                .map(|row| row.place.bytes)
                .sum::<u64>();
        }
        Ok(stats)
    }
}

/// Tables of a pack, those together that one request brings.
fn parts(tables: &BTreeMap<u64, (Digest, u64)>) -> Vec<Vec<(u64, Digest, u64)>> {
    let mut parts: Vec<Vec<(u64, Digest, u64)>> = Vec::new();
    for (offset, (digest, bytes)) in tables {
        let item = (*offset, *digest, *bytes);
        match parts.last_mut() {
            Some(part)
                if part.first().is_some_and(|(start, ..)| offset + bytes - start <= AT_ONCE)
                    && part.last().is_some_and(|(last, _, size)| *offset <= last + size + GAP) =>
            {
                part.push(item);
            }
            _ => parts.push(vec![item]),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_fetched_together() {
        let table = |offset: u64, bytes: u64| (offset, (Digest::of(&offset.to_le_bytes()), bytes));
        let starts = |tables: &[(u64, (Digest, u64))]| -> Vec<Vec<u64>> {
            let parts = parts(&tables.iter().copied().collect());
            parts.iter().map(|part| part.iter().map(|(offset, ..)| *offset).collect()).collect()
        };
        let far = 10 + GAP + 1;
        assert_eq!(starts(&[table(0, 5), table(5, 5), table(far, 5)]), [vec![0, 5], vec![far]]);
        assert_eq!(starts(&[table(0, AT_ONCE), table(AT_ONCE, 1)]), [[0], [AT_ONCE]]);
        assert!(starts(&[]).is_empty());
    }
}
