//! Packs: tables end to end, so that many small ones are one request.
//!
//! In: records of tasks whose tables lie in the cache of this machine. Out: packs there, and then
//! one index that lists them. A table that is there already is not sent again. Large tables lie alone.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering;

use hspipe_engine::key::Digest;
use hspipe_engine::store::Record;

use crate::error::RemoteError;
use crate::index::{Entry, Place, Row};
use crate::indexes;
use crate::remote::Remote;

/// The folder of packs.
pub const FOLDER: &str = "v1/packs";

/// How large a pack becomes before it is sent.
pub const ENOUGH: u64 = 32_000_000;

/// A table that is larger lies alone.
const ALONE: u64 = 8_000_000;

/// The object of a pack.
pub fn object(pack: &Digest) -> String {
    format!("{FOLDER}/{pack}")
}

/// Tables on their way into packs.
struct Packer<'a> {
    remote: &'a Remote,
    bytes: Vec<u8>,
    /// What is in `bytes`: digest, offset, size.
    open: Vec<(Digest, u64, u64)>,
    /// Where the tables lie whose packs are there.
    places: HashMap<Digest, Place>,
    /// All tables that were added, in packs that are there and in the open one.
    added: HashSet<Digest>,
}

impl Packer<'_> {
    fn add(&mut self, digest: &Digest, table: Vec<u8>) -> Result<(), RemoteError> {
        let bytes = table.len() as u64;
        self.added.insert(*digest);
        if bytes > ALONE {
            self.remote.bucket.put(&object(digest), table)?;
            self.places.insert(*digest, Place { pack: *digest, offset: 0, bytes });
            self.remote.counts.sent.fetch_add(bytes, Ordering::Relaxed);
            return Ok(());
        }
        if self.bytes.len() as u64 + bytes > ENOUGH {
            self.close()?;
        }
        self.open.push((*digest, self.bytes.len() as u64, bytes));
        self.bytes.extend(table);
        Ok(())
    }

    fn close(&mut self) -> Result<(), RemoteError> {
        if self.open.is_empty() {
            return Ok(());
        }
        let bytes = std::mem::take(&mut self.bytes);
        let (pack, size) = (Digest::of(&bytes), bytes.len() as u64);
        self.remote.bucket.put(&object(&pack), bytes)?;
        self.remote.counts.sent.fetch_add(size, Ordering::Relaxed);
        for (digest, offset, bytes) in self.open.drain(..) {
            self.places.insert(digest, Place { pack, offset, bytes });
        }
        Ok(())
    }
}

impl Remote {
    /// Sends these records with their tables, and returns how many. One whose tables are neither here nor there is left out.
    pub(crate) fn send(&self, records: &[Record]) -> Result<usize, RemoteError> {
        let (bytes, open) = (Vec::new(), Vec::new());
        let (places, added) = (HashMap::new(), HashSet::new());
        let mut packer = Packer { remote: self, bytes, open, places, added };
        let mut whole = Vec::with_capacity(records.len());
        for record in records.iter().filter(|record| !self.catalogue.serves(&record.key)) {
            let mut tables = Vec::new();
            let missing = record.outputs.iter().filter(|output| {
                !packer.added.contains(&output.digest) && !self.catalogue.has(&output.digest)
            });
            let read = missing.map(|output| Some((output.digest, self.own.read(&output.digest).ok()?)));
            let is_whole = read.fold(true, |is_whole, table| {
                let is_there = table.is_some();
                tables.extend(table);
                is_whole && is_there
            });
            if is_whole && !record.outputs.is_empty() {
                whole.push(record);
                for (digest, table) in tables {
                    packer.add(&digest, table)?;
                }
            }
        }
        packer.close()?;
        let place = |digest: &Digest| {
            packer.places.get(digest).copied().or_else(|| self.catalogue.places(digest).first().copied())
        };
        let entry = |record: &&Record| {
            let row = |output: &hspipe_engine::store::Output| {
                let place = place(&output.digest)?;
                Some(Row { table: output.table.clone(), digest: output.digest, place })
            };
            let tables = record.outputs.iter().map(row).collect::<Option<Vec<_>>>()?;
            let text = String::from_utf8(record.to_bytes().ok()?).ok()?;
            Some(Entry {
                key: record.key,
                op: record.manifest.op.clone(),
                record: text.into_boxed_str(),
                tables,
            })
        };
        let entries: Vec<Entry> = whole.iter().filter_map(entry).collect();
        let count = entries.len();
        if count > 0 {
            indexes::put(&self.bucket, &self.copies, &entries, self.options.signer.as_ref())?;
            self.catalogue.sent(entries);
            self.counts.tasks_sent.fetch_add(count, Ordering::Relaxed);
        }
        Ok(count)
    }
}
