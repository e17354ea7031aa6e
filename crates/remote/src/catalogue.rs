//! What a cache elsewhere has, by its indexes: records by key, places by digest.
//!
//! In: entries of indexes. Out: answers from memory. Also what has turned out to be lost, which
//! nobody is promised again in this process. Asks nobody.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use hspipe_engine::key::{Digest, TaskKey};
use hspipe_engine::store::Record;

use crate::index::{Entry, Place};

/// The content of all indexes.
#[derive(Default)]
pub struct Catalogue {
    known: RwLock<Known>,
}

#[derive(Default)]
struct Known {
    records: HashMap<TaskKey, Entry>,
    places: HashMap<Digest, Vec<Place>>,
    /// What lies in each pack, by where it begins.
    packs: HashMap<Digest, BTreeMap<u64, (Digest, u64)>>,
    lost: Lost,
}

/// What cannot be had.
#[derive(Default)]
struct Lost {
    tables: HashSet<Digest>,
    packs: HashSet<Digest>,
    everything: bool,
}

impl Known {
    /// Where the bytes of a digest lie and can be had, as far as is known.
    fn places(&self, digest: &Digest) -> impl Iterator<Item = Place> {
        let Lost { tables, packs, everything } = &self.lost;
        let places = if *everything || tables.contains(digest) { None } else { self.places.get(digest) };
        places.into_iter().flatten().filter(|place| !packs.contains(&place.pack)).copied()
    }

    fn has(&self, digest: &Digest) -> bool {
        self.places(digest).next().is_some()
    }
}

impl Catalogue {
    /// Adds the entries of an index. A record that is known already stays, but for its places.
    pub fn add(&self, entries: Vec<Entry>) {
        let mut known = self.write();
        for entry in entries {
            for row in &entry.tables {
                let places = known.places.entry(row.digest).or_default();
                if !places.contains(&row.place) {
                    places.push(row.place);
                }
                let Place { pack, offset, bytes } = row.place;
                known.packs.entry(pack).or_default().insert(offset, (row.digest, bytes));
            }
            known.records.entry(entry.key).or_insert(entry);
        }
    }

    /// Adds what was sent just now: what had been lost is there again.
    pub fn sent(&self, entries: Vec<Entry>) {
        let mut known = self.write();
        for row in entries.iter().flat_map(|entry| &entry.tables) {
            known.lost.tables.remove(&row.digest);
            known.lost.packs.remove(&row.place.pack);
        }
        drop(known);
        self.add(entries);
    }

    /// The record of a key.
    pub fn record(&self, key: &TaskKey) -> Option<Record> {
        Record::from_bytes(self.read().records.get(key)?.record.as_bytes())
            .filter(|record| record.key == *key)
    }

    /// The digests of a key's tables.
    pub fn digests(&self, key: &TaskKey) -> Vec<Digest> {
        let known = self.read();
        known.records.get(key).map_or(Vec::new(), |entry| entry.tables.iter().map(|row| row.digest).collect())
    }

    /// Whether there is a record of a key all of whose tables can be had, as far as is known.
    pub fn serves(&self, key: &TaskKey) -> bool {
        let known = self.read();
        let entry = known.records.get(key);
        entry.is_some_and(|entry| entry.tables.iter().all(|row| known.has(&row.digest)))
    }

    /// Whether the bytes of a digest can be had, as far as is known.
    pub fn has(&self, digest: &Digest) -> bool {
        self.read().has(digest)
    }

    /// Where the bytes of a digest lie.
    pub fn places(&self, digest: &Digest) -> Vec<Place> {
        self.read().places(digest).collect()
    }

    /// Gives up a table: its bytes cannot be had.
    pub fn lose(&self, digest: &Digest) {
        self.write().lost.tables.insert(*digest);
    }

    /// Gives up all that lies in a pack.
    pub fn lose_pack(&self, pack: &Digest) {
        self.write().lost.packs.insert(*pack);
    }

    /// Gives up everything.
    pub fn lose_everything(&self) {
        self.write().lost.everything = true;
    }

    /// What begins in the same block of a pack as what lies at a place: the pack's bytes in blocks of so many.
    pub fn around(&self, place: Place, block: u64) -> Vec<(Digest, Place)> {
        let known = self.read();
        let Some(pack) = known.packs.get(&place.pack) else { return Vec::new() };
        let start = place.offset - place.offset % block;
        pack.range(start..start + block)
            .map(|(offset, (digest, bytes))| {
                (*digest, Place { pack: place.pack, offset: *offset, bytes: *bytes })
            })
            .collect()
    }

    /// Every entry that a question is true of.
    pub fn entries(&self, is_wanted: impl Fn(&TaskKey) -> bool) -> Vec<Entry> {
        self.read().records.values().filter(|entry| is_wanted(&entry.key)).cloned().collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}
