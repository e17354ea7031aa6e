//! Objects and records: what has been computed, found by what made it.
//!
//! An object is a file named by the blake3 of its bytes; a record says, for a task's key, which
//! objects are its outputs. Objects are written before the record that names them, each by a
//! temporary file, fsync and rename: at any moment a kill leaves only whole objects and whole
//! records. What is read is checked.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::key::{InputDigest, Manifest, TaskKey};
use crate::sealed;
use crate::value::Value;

/// The cache folder.
pub struct Store {
    root: PathBuf,
    /// The build of the program: states of cut-off tasks, and failures, count if this build has
    /// kept them.
    build: String,
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
}

fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_path_buf();
    move |source| StoreError::Io { action, path, source }
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
        Ok(Store { root: root.to_path_buf(), build: String::new(), patience: Duration::ZERO })
    }

    /// The cache as a certain build of the program sees it. Results are for all builds, since their
    /// keys say what made them; states of tasks that were cut off, and failures, are for the build
    /// that kept them.
    pub fn of_build(self, build: &str) -> Store {
        Store { build: build.to_string(), ..self }
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

    /// The record of `key`, if there is one and all its objects are present in their sizes.
    /// A damaged record counts as none: it will be written anew.
    pub fn lookup(&self, key: &TaskKey) -> Option<Record> {
        let record = self.record(key)?;
        record.outputs.iter().all(|output| self.has(output)).then_some(record)
    }

    /// Whether a table's object is there, in its size.
    pub(crate) fn has(&self, output: &Output) -> bool {
        fs::metadata(self.object_path(&output.digest)).is_ok_and(|meta| meta.len() == output.bytes)
    }

    /// The record of `key`, whether or not its objects are present.
    pub fn record(&self, key: &TaskKey) -> Option<Record> {
        let record: Record = sealed::open(&fs::read(self.record_path(key)).ok()?)?;
        (record.key == *key && record.manifest.key() == *key).then_some(record)
    }

    /// The bytes of an object, checked against its name.
    ///
    /// # Errors
    /// A missing or unreadable file; bytes that do not match, which are then set aside.
    pub fn read(&self, digest: &Digest) -> Result<Vec<u8>, StoreError> {
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
        self.adopt(key, manifest, tables.into_iter().map(placed).collect(), made)
    }

    /// Stores a record, and before it those of its tables that come with their bytes; the others are
    /// stored already.
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
        for (output, bytes) in &tables {
            bytes.as_ref().map_or(Ok(()), |bytes| self.put(&output.digest, bytes))?;
        }
        let outputs = tables.into_iter().map(|(output, _)| output).collect();
        let record = Record { key, manifest, outputs, made };
        write_json(&self.record_path(&key), &record)?;
        Ok(record)
    }

    /// Stores an object. One of that name and size needs no second copy; one damaged under the same
    /// size is found on reading.
    pub(crate) fn put(&self, digest: &Digest, bytes: &[u8]) -> Result<(), StoreError> {
        let path = self.object_path(digest);
        match fs::metadata(&path).is_ok_and(|meta| meta.len() == bytes.len() as u64) {
            true => Ok(()),
            false => write_whole(&path, bytes),
        }
    }
}

/// Writes `value` as a sealed JSON file, whole or not at all.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<(), StoreError> {
    write_whole(path, &json(path, value)?)
}

/// Writes `value` as a sealed JSON file unless there is a file already; whether it did.
pub fn write_json_new(path: &Path, value: &impl Serialize) -> Result<bool, StoreError> {
    match temporary(path, &[&json(path, value)?])?.persist_noclobber(path) {
        Ok(_) => Ok(true),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(io("write", path)(error.error)),
    }
}

fn json(path: &Path, value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    sealed::seal(value).map_err(|error| StoreError::Io {
        action: "write",
        path: path.to_path_buf(),
        source: error.into(),
    })
}

/// Writes a file so that it is there whole or not at all, making its folder if need be.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    write_parts(path, &[bytes])
}

/// The same of several parts, one behind the other.
pub fn write_parts(path: &Path, parts: &[&[u8]]) -> Result<(), StoreError> {
    temporary(path, parts)?.persist(path).map_err(|error| error.error).map_err(io("write", path))?;
    Ok(())
}

/// The bytes on disk under a temporary name beside `path`.
fn temporary(path: &Path, parts: &[&[u8]]) -> Result<tempfile::NamedTempFile, StoreError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(io("make the folder", folder))?;
    let mut file =
        tempfile::Builder::new().prefix(".tmp-").tempfile_in(folder).map_err(io("write in", folder))?;
    let mut written = parts.iter().try_for_each(|part| file.write_all(part));
    written = written.and_then(|()| file.as_file().sync_all());
    written.map_err(io("write", path))?;
    readable_by_all(file.as_file()).map_err(io("write", path))?;
    Ok(file)
}

/// Temporary files are private; a cache or a figure may be shared.
#[cfg(unix)]
fn readable_by_all(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable_by_all(_: &File) -> io::Result<()> {
    Ok(())
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
