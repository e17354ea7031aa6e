//! A remote cache that a test fills itself.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use hspipe_engine::key::{Digest, TaskKey};
use hspipe_engine::store::{Record, Store};
use hspipe_engine::upstream::Upstream;

/// A remote cache in memory.
#[derive(Default)]
pub struct Remote {
    pub records: HashMap<TaskKey, Record>,
    pub objects: HashMap<Digest, Vec<u8>>,
    /// Where what is fetched is kept.
    pub kept_in: Option<Store>,
    pub lost: Mutex<HashSet<Digest>>,
    pub served: Mutex<Vec<TaskKey>>,
    pub offered: Mutex<Vec<TaskKey>>,
}

impl Upstream for Remote {
    fn name(&self) -> &str {
        "elsewhere"
    }

    fn record(&self, key: &TaskKey) -> Option<Record> {
        self.records.get(key).cloned()
    }

    fn has(&self, digest: &Digest) -> bool {
        !self.lost.lock().unwrap().contains(digest)
    }

    fn serves(&self, key: &TaskKey) {
        self.served.lock().unwrap().push(*key);
    }

    fn object(&self, digest: &Digest) -> Option<Vec<u8>> {
        let bytes = self.objects.get(digest).cloned();
        if let (Some(bytes), Some(store)) = (&bytes, &self.kept_in) {
            store.keep(digest, bytes).unwrap();
        }
        if bytes.is_none() {
            self.lost.lock().unwrap().insert(*digest);
        }
        bytes
    }

    fn offer(&self, record: &Record) {
        self.offered.lock().unwrap().push(record.key);
    }
}
