//! Objects and records: what has been computed, found by what made it.
//!
//! An object is a file named by the blake3 of its bytes; a record says, for a task's key, which
//! objects are its outputs. Objects are written before the record that names them, each by a
//! temporary file, fsync and rename: at any moment a kill leaves only whole objects and whole
//! records. What is read is checked. What is not here may be had from an [`Upstream`].

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::key::{InputDigest, Manifest, TaskKey};
use crate::sealed;
use crate::upstream::Upstream;
use crate::value::Value;
use crate::write::{Flush, io, json, place, temporary};

pub use crate::write::{write_json, write_json_new, write_parts, write_whole};

/// The cache folder.
pub struct Store {
    root: PathBuf,
    /// The build of the program: states of cut-off tasks, and failures, count if this build has
    /// kept them.
    build: String,
    upstream: Option<Arc<dyn Upstream>>,
    /// How long an object that another machine has written may not be seen here.
    patience: Duration,
}

/// One output table of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// The op's name for it.
    pub table: String,
    /// Of its bytes: the name of its object.
    pub digest: Digest,
    /// Its size.
    pub bytes: u64,
}

/// What is remembered of a computed task.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Fields")]
pub struct Record {
    /// The task's key, which is that of the manifest.
    pub key: TaskKey,
    /// What it was made from.
    #[serde(flatten)]
    pub manifest: Manifest,
    /// The tables that it made.
    pub outputs: Vec<Output>,
    /// Who made them, and when.
    pub made: Made,
}

/// A record's fields as they stand in its file: read so, a record takes half the time of a
/// flattened one.
#[derive(Deserialize)]
struct Fields {
    key: TaskKey,
    op: String,
    version: u32,
    params: Value,
    seed: Option<Value>,
    inputs: BTreeMap<String, Vec<InputDigest>>,
    outputs: Vec<Output>,
    made: Made,
}

impl From<Fields> for Record {
    fn from(Fields { key, op, version, params, seed, inputs, outputs, made }: Fields) -> Record {
        Record { key, manifest: Manifest { op, version, params, seed, inputs }, outputs, made }
    }
}

impl Record {
    /// As it stands in its file: JSON that carries a checksum.
    ///
    /// # Errors
    /// A value that JSON cannot express.
    pub fn to_bytes(&self) -> serde_json::Result<Vec<u8>> {
        sealed::seal(self)
    }

    /// The record of such a file; none if it is not as it was written, or not of the key that it says.
    pub fn from_bytes(bytes: &[u8]) -> Option<Record> {
        let record: Record = sealed::open(bytes)?;
        (record.manifest.key() == record.key).then_some(record)
    }
}

/// Who made a result and when; never part of a key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Made {
    /// hspipe's version.
    pub by: String,
    /// Seconds since 1970, UTC.
    pub at: u64,
    /// Wall time of the task, or its share of its batch; of all runs that it took.
    pub seconds: f64,
}

/// What is wrong with a file of the cache.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The system refuses something.
    #[error("cannot {action} {path}")]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// An object's bytes are not those of its name.
    #[error("{path} is damaged; it is set aside and made anew")]
    Corrupt {
        /// Where it lay.
        path: PathBuf,
    },
    /// An object that a cache elsewhere has listed cannot be had from there.
    #[error("the table {} cannot be had from {from}: a run makes it anew", digest.short())]
    Gone {
        /// Its name.
        digest: Digest,
        /// What the other cache is called.
        from: String,
    },
}

impl StoreError {
    /// Whether bytes were lost, which the next plan does not count on any more.
    pub fn is_loss(&self) -> bool {
        matches!(self, StoreError::Corrupt { .. } | StoreError::Gone { .. })
    }
}

impl Store {
    /// Opens the cache folder, making it if need be.
    pub fn open(root: &Path) -> Result<Store, StoreError> {
        for part in ["objects", "records", "runs"] {
            let folder = root.join(part);
            fs::create_dir_all(&folder).map_err(io("make the cache folder", &folder))?;
        }
        // A cache that cannot be written in, made before there were these, serves without.
        for part in ["locks", "checkpoints"] {
            let _ = fs::create_dir_all(root.join(part));
        }
        let (root, build) = (root.to_path_buf(), String::new());
        Ok(Store { root, build, patience: Duration::ZERO, upstream: None })
    }

    /// The cache as a certain build of the program sees it. Results are for all builds, since their
    /// keys say what made them; states of tasks that were cut off, and failures, are for the build
    /// that kept them.
    pub fn of_build(self, build: &str) -> Store {
        Store { build: build.to_string(), ..self }
    }

    /// The cache with another one behind it, which is asked for what is not here and told what is computed.
    pub fn with_upstream(self, upstream: Arc<dyn Upstream>) -> Store {
        Store { upstream: Some(upstream), ..self }
    }

    /// The cache as a worker sees it on a file system that many machines share: an object that is not
    /// there is looked for again for so long.
    pub fn with_patience(self, patience: Duration) -> Store {
        Store { patience, ..self }
    }

    pub(crate) fn build(&self) -> &str {
        &self.build
    }

    /// The cache folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the bytes of `digest` lie, if they do.
    pub fn object_path(&self, digest: &Digest) -> PathBuf {
        let hex = digest.hex();
        self.root.join("objects").join(&hex[..2]).join(&hex[2..])
    }

    fn record_path(&self, key: &TaskKey) -> PathBuf {
        let hex = key.hex();
        self.root.join("records").join(&hex[..2]).join(format!("{}.json", &hex[2..]))
    }

    pub(crate) fn checkpoint_path(&self, key: &TaskKey) -> PathBuf {
        self.root.join("checkpoints").join(key.hex())
    }

    pub(crate) fn failure_path(&self, key: &TaskKey) -> PathBuf {
        self.failures().join(format!("{}.failed", key.hex()))
    }

    /// The folder of all failures that are kept.
    pub(crate) fn failures(&self) -> PathBuf {
        self.root.join("checkpoints")
    }

    /// The record of `key`, if there is one and all its objects are present in their sizes, here or
    /// upstream. A damaged record counts as none: it will be written anew.
    pub fn lookup(&self, key: &TaskKey) -> Option<Record> {
        if let Some(record) = self.own_record(key).filter(|record| self.is_whole(record)) {
            return Some(record);
        }
        let upstream = self.upstream.as_ref()?;
        let record = upstream.record(key).filter(|record| record.key == *key)?;
        let can_be_had = |output: &Output| self.has(output) || upstream.has(&output.digest);
        record.outputs.iter().all(can_be_had).then(|| {
            upstream.serves(key);
            record
        })
    }

    /// Whether an object is present in its size.
    pub fn has(&self, output: &Output) -> bool {
        fs::metadata(self.object_path(&output.digest)).is_ok_and(|meta| meta.len() == output.bytes)
    }

    /// Whether all objects of a record are present in their sizes.
    pub fn is_whole(&self, record: &Record) -> bool {
        record.outputs.iter().all(|output| self.has(output))
    }

    /// The record of `key`, whether or not its objects are present.
    pub fn record(&self, key: &TaskKey) -> Option<Record> {
        self.own_record(key).or_else(|| self.upstream.as_ref()?.record(key))
    }

    fn own_record(&self, key: &TaskKey) -> Option<Record> {
        Record::from_bytes(&fs::read(self.record_path(key)).ok()?).filter(|record| record.key == *key)
    }

    /// The bytes of an object, checked against its name.
    ///
    /// # Errors
    /// A missing or unreadable file; bytes that do not match, which are then set aside.
    pub fn read(&self, digest: &Digest) -> Result<Vec<u8>, StoreError> {
        let found = self.read_own(digest);
        let Some(upstream) = &self.upstream else { return found };
        match found {
            Err(StoreError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => upstream
                .object(digest)
                .ok_or_else(|| StoreError::Gone { digest: *digest, from: upstream.name().to_string() }),
            Err(damage @ StoreError::Corrupt { .. }) => upstream.object(digest).ok_or(damage),
            found => found,
        }
    }

    /// Sees to it that an object lies here, for readers who ask nobody else.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub(crate) fn bring(&self, digest: &Digest) -> Result<(), StoreError> {
        match &self.upstream {
            Some(_) if !self.object_path(digest).exists() => self.read(digest).map(drop),
            _ => Ok(()),
        }
    }

    fn read_own(&self, digest: &Digest) -> Result<Vec<u8>, StoreError> {
        let path = self.object_path(digest);
        let bytes = self.await_file(&path).map_err(io("read", &path))?;
        if Digest::of(&bytes) == *digest {
            return Ok(bytes);
        }
        let aside = path.with_extension("corrupt");
        fs::rename(&path, &aside).map_err(io("set aside", &path))?;
        Err(StoreError::Corrupt { path })
    }

    /// A file's bytes, as soon as it is seen.
    fn await_file(&self, path: &Path) -> io::Result<Vec<u8>> {
        let start = Instant::now();
        loop {
            match fs::read(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound && start.elapsed() < self.patience => {
                    std::thread::sleep(Duration::from_secs(1));
                    // A listing shows what a name that was looked up too early hides.
                    let _ = path.parent().map(|folder| fs::read_dir(folder).map(Iterator::count));
                }
                result => return result,
            }
        }
    }

    /// Stores bytes that were computed elsewhere. What a crash leaves of them is found on reading, so
    /// nothing waits for the disk.
    ///
    /// # Errors
    /// A full disk, a missing permission; bytes that are not those of `digest`.
    pub fn keep(&self, digest: &Digest, bytes: &[u8]) -> Result<(), StoreError> {
        let path = self.object_path(digest);
        if Digest::of(bytes) != *digest {
            return Err(StoreError::Corrupt { path });
        }
        place(temporary(&path, &[bytes], Flush::Later)?, &path)
    }

    /// Stores a record that was made elsewhere, once all its objects are here.
    ///
    /// # Errors
    /// As [`Store::keep`].
    pub fn keep_record(&self, record: &Record) -> Result<(), StoreError> {
        let path = self.record_path(&record.key);
        place(temporary(&path, &[&json(&path, record)?], Flush::Later)?, &path)
    }

    /// Removes a record, so that its task is computed anew.
    ///
    /// # Errors
    /// A missing permission.
    pub fn forget(&self, key: &TaskKey) -> Result<(), StoreError> {
        let path = self.record_path(key);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io("remove", &path)(error)),
            _ => Ok(()),
        }
    }

    /// Stores a task's tables and then its record.
    ///
    /// # Errors
    /// A full disk, a missing permission; nothing half written is ever found by a later look-up.
    pub fn publish(
        &self,
        key: TaskKey,
        manifest: Manifest,
        tables: Vec<(&'static str, Vec<u8>)>,
        made: Made,
    ) -> Result<Record, StoreError> {
        let placed = |(table, bytes): (&str, Vec<u8>)| {
            let (digest, size) = (Digest::of(&bytes), bytes.len() as u64);
            (Output { table: table.to_string(), digest, bytes: size }, Some(bytes))
        };
        self.store(key, manifest, tables.into_iter().map(placed).collect(), made, Flush::Now)
    }

    /// Stores a record that lies elsewhere until [`Store::flush`], and before it those of its tables
    /// that come with their bytes; the others are stored already.
    ///
    /// # Errors
    /// As [`Store::publish`].
    pub(crate) fn adopt(
        &self,
        key: TaskKey,
        manifest: Manifest,
        tables: Vec<(Output, Option<Vec<u8>>)>,
        made: Made,
    ) -> Result<Record, StoreError> {
        // Where all can be flushed together, nothing waits for the disk.
        let flush = if cfg!(target_os = "linux") { Flush::Later } else { Flush::Now };
        self.store(key, manifest, tables, made, flush)
    }

    fn store(
        &self,
        key: TaskKey,
        manifest: Manifest,
        tables: Vec<(Output, Option<Vec<u8>>)>,
        made: Made,
        flush: Flush,
    ) -> Result<Record, StoreError> {
        for (output, bytes) in &tables {
            bytes.as_ref().map_or(Ok(()), |bytes| self.put(&output.digest, bytes, flush))?;
        }
        let outputs = tables.into_iter().map(|(output, _)| output).collect();
        let record = Record { key, manifest, outputs, made };
        let path = self.record_path(&key);
        place(temporary(&path, &[&json(&path, &record)?], flush)?, &path)?;
        if let Some(upstream) = &self.upstream {
            upstream.offer(&record);
        }
        Ok(record)
    }

    /// Stores an object. One of that name and size needs no second copy; one damaged under the same
    /// size is found on reading.
    pub(crate) fn put(&self, digest: &Digest, bytes: &[u8], flush: Flush) -> Result<(), StoreError> {
        let path = self.object_path(digest);
        match fs::metadata(&path).is_ok_and(|meta| meta.len() == bytes.len() as u64) {
            true => Ok(()),
            false => place(temporary(&path, &[bytes], flush)?, &path),
        }
    }

    /// Brings to the disk all that [`Store::adopt`] has stored.
    ///
    /// # Errors
    /// A failing disk.
    pub(crate) fn flush(&self) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        rustix::fs::syncfs(fs::File::open(&self.root)?)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn published(store: &Store) -> Record {
        let manifest = Manifest {
            op: "o".into(),
            version: 1,
            params: serde_json::json!({"rate": 0.1}),
            seed: None,
            inputs: BTreeMap::new(),
        };
        let made = Made { by: "test".into(), at: 0, seconds: 0.0 };
        store.publish(manifest.key(), manifest, vec![("t", b"bytes".to_vec())], made).unwrap()
    }

    #[test]
    fn what_is_published_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let record = published(&store);
        let found = store.lookup(&record.key).unwrap();
        assert_eq!(store.read(&found.outputs[0].digest).unwrap(), b"bytes");
    }

    #[test]
    fn damage_is_never_used() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let record = published(&store);
        let object = store.object_path(&record.outputs[0].digest);
        fs::write(&object, b"bytEs").unwrap();
        assert!(matches!(store.read(&record.outputs[0].digest), Err(StoreError::Corrupt { .. })));
        assert!(store.lookup(&record.key).is_none(), "a record without its object");
        published(&store);
        assert!(store.lookup(&record.key).is_some());
        let path = store.record_path(&record.key);
        let text = fs::read_to_string(&path).unwrap().replace("0.1", "0.2");
        fs::write(&path, text).unwrap();
        assert!(store.lookup(&record.key).is_none(), "a record whose manifest is not that of its key");
    }
}
