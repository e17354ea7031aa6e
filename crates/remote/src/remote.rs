//! A cache elsewhere, as a store has it behind itself.
//!
//! In: an address, and a folder for copies of indexes. Out: an [`Upstream`], and what it did. Says
//! each thing that goes wrong once, and goes on without what it has to do with.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hspipe_engine::address::Address;
use hspipe_engine::key::{Digest, TaskKey};
use hspipe_engine::store::{Record, Store};
use hspipe_engine::upstream::Upstream;

use crate::bucket::Bucket;
use crate::catalogue::Catalogue;
use crate::error::RemoteError;
use crate::indexes;
use crate::sender::Sender;
use crate::sign::Signer;

/// How a cache elsewhere is used.
pub struct Options {
    /// The public keys whose indexes count; empty if all do.
    pub trust: Vec<String>,
    /// Who signs what is sent.
    pub signer: Option<Signer>,
    /// Is told what goes wrong.
    pub warn: Box<dyn Fn(&str) + Send + Sync>,
}

/// A cache elsewhere.
pub struct Remote {
    pub(crate) bucket: Bucket,
    /// The cache of this machine, without anything behind it.
    pub(crate) own: Store,
    /// Where copies of indexes lie.
    pub(crate) copies: PathBuf,
    pub(crate) catalogue: Catalogue,
    pub(crate) options: Options,
    /// It cannot be reached: nothing is asked of it any more.
    pub(crate) down: AtomicBool,
    /// Requests that failed since the last one that did not.
    failures: AtomicU32,
    said: Mutex<HashSet<String>>,
    /// Keys that it serves, and which of them a table is of.
    served: Mutex<Served>,
    /// One thread fetches from a pack at a time: what it brings may be what the next one wants.
    pub(crate) fetching: Mutex<HashMap<Digest, Arc<Mutex<()>>>>,
    sender: Mutex<Option<Sender>>,
    pub(crate) counts: Counts,
}

#[derive(Default)]
struct Served {
    keys: HashSet<TaskKey>,
    of: HashMap<Digest, Vec<TaskKey>>,
    /// Those whose tables are not wanted before they are asked for.
    aside: HashSet<TaskKey>,
}

#[derive(Default)]
pub(crate) struct Counts {
    pub fetched: AtomicU64,
    pub tasks_sent: AtomicUsize,
    pub sent: AtomicU64,
}

/// What was fetched and sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes that were fetched, but for indexes.
    pub fetched: u64,
    /// Tasks whose results were sent.
    pub tasks_sent: usize,
    /// Bytes that were sent for them, but for indexes.
    pub sent: u64,
}

/// So many failed requests in a row are the end.
const ENOUGH: u32 = 3;

impl Remote {
    /// Opens it and reads the indexes that are new. One that cannot be reached is a warning: what was
    /// listed the last time is still known.
    pub fn open(address: &Address, own: Store, options: Options) -> Remote {
        let remote = Remote::connect(address, own, options);
        if let Err(error) = remote.refresh() {
            remote.give_up(&error);
            let names = indexes::kept(&remote.copies);
            if let Ok(loaded) = indexes::load(&remote.bucket, &remote.copies, &names, &remote.options.trust) {
                loaded.indexes.into_iter().for_each(|(_, entries)| remote.catalogue.add(entries));
            }
        }
        remote
    }

    /// The same for a command that is about it: one that cannot be reached is an error.
    ///
    /// # Errors
    /// Variables that are lacking or make no sense; it cannot be reached, or refuses.
    pub fn open_for_sure(address: &Address, own: Store, options: Options) -> Result<Remote, RemoteError> {
        let remote = Remote::connect(address, own, options);
        remote.refresh()?;
        Ok(remote)
    }

    fn connect(address: &Address, own: Store, options: Options) -> Remote {
        let of = Digest::of(address.to_string().as_bytes());
        let copies = own.root().join("remote").join(of.short());
        Remote {
            bucket: Bucket::open(address),
            own,
            copies,
            options,
            catalogue: Catalogue::default(),
            down: AtomicBool::new(false),
            failures: AtomicU32::new(0),
            said: Mutex::default(),
            served: Mutex::default(),
            fetching: Mutex::default(),
            sender: Mutex::default(),
            counts: Counts::default(),
        }
    }

    /// Reads the indexes that are there now.
    fn refresh(&self) -> Result<(), RemoteError> {
        let names = indexes::list(&self.bucket)?;
        let loaded = indexes::load(&self.bucket, &self.copies, &names, &self.options.trust)?;
        indexes::forget_others(&self.copies, &names);
        for digest in &loaded.damaged {
            let name = indexes::object(digest);
            self.warn(&format!("{} is damaged; what it lists is not known", self.named(&name)));
        }
        if loaded.untrusted > 0 {
            self.warn(&format!(
                "{}: {} of {} indexes are signed by nobody who is trusted, and do not count",
                self.bucket.name(),
                loaded.untrusted,
                names.len()
            ));
        }
        loaded.indexes.into_iter().for_each(|(_, entries)| self.catalogue.add(entries));
        Ok(())
    }

    /// From now on what is computed is sent: in the background, as soon as it makes a pack.
    pub fn send_what_is_computed(self: &Arc<Self>) {
        let mut sender = lock(&self.sender);
        if !self.is_down() && sender.is_none() {
            *sender = Some(Sender::start(self.clone()));
        }
    }

    /// Sends what is left, and waits for it.
    pub fn finish_sending(&self) {
        let sender = lock(&self.sender).take();
        if let Some(sender) = sender {
            sender.finish();
        }
    }

    /// What was fetched and sent so far.
    pub fn traffic(&self) -> Traffic {
        Traffic {
            fetched: self.counts.fetched.load(Ordering::Relaxed),
            tasks_sent: self.counts.tasks_sent.load(Ordering::Relaxed),
            sent: self.counts.sent.load(Ordering::Relaxed),
        }
    }

    /// Whether a record of its own has served the task of a key.
    pub fn has_served(&self, key: &TaskKey) -> bool {
        lock(&self.served).keys.contains(key)
    }

    /// Whether the results of a key lie in the cache of this machine.
    pub fn is_here(&self, key: &TaskKey) -> bool {
        self.own.record(key).is_some_and(|record| self.own.is_whole(&record))
    }

    /// The tables of these tasks come only when they are asked for, not along with others.
    pub fn set_aside(&self, keys: impl IntoIterator<Item = TaskKey>) {
        lock(&self.served).aside.extend(keys);
    }

    pub(crate) fn is_down(&self) -> bool {
        self.down.load(Ordering::Relaxed)
    }

    /// Nothing is asked of it any more.
    pub(crate) fn give_up(&self, error: &RemoteError) {
        if !self.down.swap(true, Ordering::Relaxed) {
            self.warn_of(error, "hspipe goes on without it");
        }
    }

    /// A request failed. One may by accident; several in a row are the end.
    pub(crate) fn failed(&self, error: &RemoteError) {
        if error.is_away() || self.failures.fetch_add(1, Ordering::Relaxed) + 1 >= ENOUGH {
            self.give_up(error);
        }
    }

    pub(crate) fn succeeded(&self) {
        self.failures.store(0, Ordering::Relaxed);
    }

    /// Says each thing once.
    pub(crate) fn warn(&self, text: &str) {
        if lock(&self.said).insert(text.to_string()) {
            (self.options.warn)(text);
        }
    }

    pub(crate) fn warn_of(&self, error: &RemoteError, what_follows: &str) {
        let mut text = format!("{}; {what_follows}", error.line());
        if let Some(hint) = error.hint() {
            text += &format!("\n  hint: {hint}");
        }
        self.warn(&text);
    }

    /// An object of it, for messages.
    pub(crate) fn named(&self, object: &str) -> String {
        format!("{}/{object}", self.bucket.name())
    }

    /// Whether a served task has the table of this digest, and is not set aside.
    pub(crate) fn is_wanted(&self, digest: &Digest) -> bool {
        let served = lock(&self.served);
        let keys = served.of.get(digest);
        keys.is_some_and(|keys| keys.iter().any(|key| !served.aside.contains(key)))
    }

    /// Keeps the records of served tasks all of whose tables are here by now.
    pub(crate) fn keep_records_of(&self, digests: &[Digest]) {
        let keys: HashSet<TaskKey> = {
            let served = lock(&self.served);
            digests.iter().filter_map(|digest| served.of.get(digest)).flatten().copied().collect()
        };
        for key in keys {
            if let Some(record) = self.catalogue.record(&key).filter(|record| self.own.is_whole(record)) {
                // A cache that cannot be written in serves from elsewhere the next time, too.
                let _ = self.own.keep_record(&record);
            }
        }
    }
}

impl Upstream for Remote {
    fn name(&self) -> &str {
        self.bucket.name()
    }

    fn record(&self, key: &TaskKey) -> Option<Record> {
        self.catalogue.record(key)
    }

    fn has(&self, digest: &Digest) -> bool {
        self.catalogue.has(digest)
    }

    fn serves(&self, key: &TaskKey) {
        if lock(&self.served).keys.contains(key) {
            return;
        }
        let digests = self.catalogue.digests(key);
        let mut served = lock(&self.served);
        if served.keys.insert(*key) {
            for digest in digests {
                served.of.entry(digest).or_default().push(*key);
            }
        }
    }

    fn object(&self, digest: &Digest) -> Option<Vec<u8>> {
        self.fetch(digest)
    }

    fn offer(&self, record: &Record) {
        if let Some(sender) = lock(&self.sender).as_ref() {
            sender.offer(record);
        }
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
