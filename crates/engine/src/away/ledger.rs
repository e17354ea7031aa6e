//! What a worker has done, line by line, and the small tables that it made.
//!
//! In: what happens to the tasks of a pack. Out: the same to the run, on whatever machine that is.
//! Each line carries a checksum and each table is known by its digest, so what is torn, or was not
//! written out before a node lost power, is not believed. Knows no engines.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::folder::Folder;
use crate::digest::Digest;
use crate::key::{Manifest, TaskKey};
use crate::op::{OpError, Outputs};
use crate::sealed;
use crate::store::{Made, Output, Record, Store, StoreError};
use crate::write::Flush;

/// Tables from this size on are stored by the worker; smaller ones lie behind each other in one
/// file, since a file each is what shared file systems are slow at.
const LARGE: usize = 256 << 10;

/// One thing that a worker says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "lowercase")]
pub enum Line {
    /// It has begun.
    Begun {
        /// The machine's name.
        node: String,
        /// The process there.
        pid: u32,
        /// Seconds since 1970 by its clock.
        at: u64,
    },
    /// It computes these together from now on.
    Started {
        /// Their keys.
        keys: Vec<TaskKey>,
    },
    /// A task's op tells people something.
    Note {
        /// The task's key.
        key: TaskKey,
        /// What it tells.
        text: String,
    },
    /// A task is computed.
    Done {
        /// Its key.
        key: TaskKey,
        /// The tables.
        outputs: Vec<Placed>,
        /// Who made them, and when.
        made: Made,
    },
    /// A task's op failed.
    Failed {
        /// The task's key.
        key: TaskKey,
        /// Why.
        error: ErrorText,
    },
    /// It will compute none of the pack.
    Refused {
        /// Why.
        what: String,
    },
    /// It ends in good order.
    Ended {
        /// Whether it was told to before all was done.
        is_stopped: bool,
    },
}

/// A table that a worker made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Placed {
    /// What it is.
    #[serde(flatten)]
    pub output: Output,
    /// Where it begins among the small ones; none if it is stored as an object already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<u64>,
}

/// An [`OpError`] as text.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ErrorText {
    what: String,
    hint: Option<String>,
    causes: Vec<String>,
    is_lasting: bool,
    is_damage: bool,
}

/// Causes that came as text.
#[derive(Debug)]
struct Cause {
    what: String,
    source: Option<Box<Cause>>,
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Cause {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<&OpError> for ErrorText {
    fn from(error: &OpError) -> Self {
        let first = std::error::Error::source(error);
        let causes = std::iter::successors(first, |cause| cause.source()).map(|cause| cause.to_string());
        ErrorText {
            what: error.what.clone(),
            hint: error.hint.clone(),
            causes: causes.collect(),
            is_lasting: error.is_lasting(),
            is_damage: error.is_damage(),
        }
    }
}

impl From<ErrorText> for OpError {
    fn from(text: ErrorText) -> Self {
        let ErrorText { what, hint, causes, is_lasting, is_damage } = text;
        let mut error = OpError::new(what);
        if let Some(hint) = hint {
            error = error.hint(hint);
        }
        if is_lasting {
            error = error.lasting();
        }
        let chain = |source, what| Some(Box::new(Cause { what, source }));
        match causes.into_iter().rev().fold(None, chain) {
            Some(cause) if is_damage => error.because(StoreError::Corrupt { path: cause.what.into() }),
            Some(cause) => error.because(*cause),
            None => error,
        }
    }
}

/// What the worker writes.
pub(super) struct Ledger {
    lines: File,
    objects: File,
    /// The end of the objects.
    at: u64,
    has_news: bool,
}

impl Ledger {
    /// Files of a new attempt at a pack, under a name that no other attempt has.
    pub(super) fn create(folder: &Folder, number: usize) -> io::Result<Ledger> {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let now = now.map_or(0, |time| time.as_nanos());
        // The later attempt has the later name, as far as clocks agree.
        let attempt = format!("{now:020}-{}-{}", node(), std::process::id());
        let create = |path| File::options().create_new(true).append(true).open(path);
        // The objects first: whoever sees the lines can open them.
        let objects = create(folder.objects_path(number, &attempt))?;
        let lines = create(folder.lines_path(number, &attempt))?;
        Ok(Ledger { lines, objects, at: 0, has_news: false })
    }

    /// Writes one line, which a death of the process leaves, and one of the machine perhaps.
    pub(super) fn tell(&mut self, line: &Line) -> io::Result<()> {
        self.has_news = true;
        self.lines.write_all(&sealed::seal(line)?)
    }

    /// Writes a task's tables and the line that names them.
    pub(super) fn done(
        &mut self,
        store: &Store,
        key: TaskKey,
        tables: Outputs,
        made: Made,
    ) -> Result<(), OpError> {
        let mut outputs = Vec::with_capacity(tables.len());
        for (table, bytes) in tables {
            let digest = Digest::of(&bytes);
            let output = Output { table: table.to_string(), digest, bytes: bytes.len() as u64 };
            if bytes.len() >= LARGE {
                store.put(&digest, &bytes, Flush::Now).map_err(crate::run::cannot_store)?;
                outputs.push(Placed { output, at: None });
            } else {
                self.objects.write_all(&bytes).map_err(cannot_write)?;
                outputs.push(Placed { output, at: Some(self.at) });
                self.at += bytes.len() as u64;
            }
        }
        self.tell(&Line::Done { key, outputs, made }).map_err(cannot_write)
    }

    /// Makes what was written last, and other machines see it.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.has_news) {
            self.objects.sync_data()?;
            self.lines.sync_data()?;
        }
        Ok(())
    }
}

fn cannot_write(error: io::Error) -> OpError {
    OpError::new("the result cannot be written down").because(error)
}

/// What the run reads of one attempt, as it grows.
pub(super) struct Tail {
    folder: Folder,
    number: usize,
    attempt: String,
    /// The end of what has been read.
    at: u64,
    objects: Option<File>,
    /// Since when a line stands whose tables are not there.
    held_up: Option<Instant>,
}

/// A line as the run takes it.
pub(super) enum News {
    /// Anything but a result.
    Said(Line),
    /// A result that is stored now.
    Stored(Box<Record>),
}

/// How long tables may come after the line that names them.
const LATE: Duration = Duration::from_secs(90);

impl Tail {
    pub(super) fn new(folder: &Folder, number: usize, attempt: &str) -> Tail {
        let (folder, attempt) = (folder.clone(), attempt.to_string());
        Tail { folder, number, attempt, at: 0, objects: None, held_up: None }
    }

    pub(super) fn is_of(&self, attempt: &str) -> bool {
        self.attempt == attempt
    }

    /// What has been written since the last look. Results of tasks whose manifests are known are
    /// stored before they are told; others are passed over.
    ///
    /// # Errors
    /// The cache cannot be written in.
    pub(super) fn read(
        &mut self,
        store: &Store,
        manifest: impl Fn(&TaskKey) -> Option<Manifest>,
    ) -> Result<Vec<News>, StoreError> {
        let mut news = Vec::new();
        let Ok(bytes) = self.unread() else { return Ok(news) };
        let mut rest = bytes.as_slice();
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let (line, after) = rest.split_at(end + 1);
            if let Some(line) = sealed::open::<Line>(line).filter(|_| sealed::is_sealed(line)) {
                match line {
                    Line::Done { key, outputs, made } => {
                        if let Some(manifest) = manifest(&key) {
                            match self.tables(store, &outputs) {
                                Some(tables) => {
                                    let record = store.adopt(key, manifest, tables, made)?;
                                    news.push(News::Stored(Box::new(record)));
                                }
                                None if self.may_come() => return Ok(news),
                                None => {}
                            }
                        }
                    }
                    line => news.push(News::Said(line)),
                }
            }
            self.held_up = None;
            self.at += line.len() as u64;
            rest = after;
        }
        Ok(news)
    }

    /// The tasks that this attempt has settled: computed, with tables that are there, or failed.
    pub(super) fn settled(&mut self, store: &Store) -> Vec<TaskKey> {
        let lines = self.lines();
        let settled = |line| match line {
            Line::Done { key, outputs, .. } => self.tables(store, &outputs).map(|_| key),
            Line::Failed { key, .. } => Some(key),
            _ => None,
        };
        lines.into_iter().filter_map(settled).collect()
    }

    /// All whole lines.
    pub(super) fn lines(&self) -> Vec<Line> {
        let bytes = self.unread().unwrap_or_default();
        let lines = bytes.split_inclusive(|byte| *byte == b'\n').filter(|line| sealed::is_sealed(line));
        lines.filter_map(sealed::open).collect()
    }

    fn unread(&self) -> io::Result<Vec<u8>> {
        let mut file = File::open(self.folder.lines_path(self.number, &self.attempt))?;
        file.seek(SeekFrom::Start(self.at))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The tables of a result, the small ones with their bytes; none if one of these is not there, or
    /// not what the line says.
    fn tables(&mut self, store: &Store, placed: &[Placed]) -> Option<Vec<(Output, Option<Vec<u8>>)>> {
        let mut tables = Vec::with_capacity(placed.len());
        for Placed { output, at } in placed {
            let bytes = match at {
                None => store.has(output).then_some(None)?,
                Some(at) => {
                    let objects = match &mut self.objects {
                        Some(objects) => objects,
                        none => none
                            .insert(File::open(self.folder.objects_path(self.number, &self.attempt)).ok()?),
                    };
                    let mut bytes =
                        vec![0; usize::try_from(output.bytes).ok().filter(|bytes| *bytes < LARGE)?];
                    objects.seek(SeekFrom::Start(*at)).ok()?;
                    objects.read_exact(&mut bytes).ok()?;
                    Some(bytes).filter(|bytes| Digest::of(bytes) == output.digest)?.into()
                }
            };
            tables.push((output.clone(), bytes));
        }
        Some(tables)
    }

    /// Whether tables that are not there may still come: what another machine writes is not seen in
    /// the order in which it was written.
    fn may_come(&mut self) -> bool {
        // The file may have been opened before it grew.
        self.objects = None;
        self.held_up.get_or_insert_with(Instant::now).elapsed() < LATE
    }
}

/// The name of this machine.
pub(crate) fn node() -> Arc<str> {
    static NODE: std::sync::OnceLock<Arc<str>> = std::sync::OnceLock::new();
    let name = || {
        // SLURM's name for it, where several nodes are one machine.
        let told = std::env::var("SLURMD_NODENAME").ok();
        let name = told.or_else(|| std::fs::read_to_string("/proc/sys/kernel/hostname").ok());
        let name = name.or_else(|| std::env::var("HOSTNAME").ok()).unwrap_or_default();
        let name: String =
            name.trim().chars().filter(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
        if name.is_empty() { "node".into() } else { name.into() }
    };
    NODE.get_or_init(name).clone()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn manifest(task: u32) -> Manifest {
        Manifest { op: "o".into(), version: task, params: 0.into(), seed: None, inputs: BTreeMap::new() }
    }

    /// A ledger of three tasks, one of which has a large table.
    fn written() -> (tempfile::TempDir, Folder, String) {
        let cache = tempfile::tempdir().unwrap();
        let folder = Folder::at(&cache.path().join("jobs/run"));
        std::fs::create_dir_all(folder.path().join("done")).unwrap();
        let store = Store::open(cache.path()).unwrap();
        let mut ledger = Ledger::create(&folder, 0).unwrap();
        for task in 0..3_u32 {
            let size = if task == 1 { LARGE } else { 10 };
            let tables: Outputs = vec![("a", vec![task as u8; size]), ("b", vec![7; 5])];
            let made = Made { by: "test".into(), at: 0, seconds: 1.0 };
            ledger.tell(&Line::Started { keys: vec![manifest(task).key()] }).unwrap();
            ledger.done(&store, manifest(task).key(), tables, made).unwrap();
        }
        ledger.sync().unwrap();
        let attempt = folder.attempts().remove(0).1;
        (cache, folder, attempt)
    }

    /// What a run that sees the ledger now for the first time takes in, in a cache of its own.
    fn seen(folder: &Folder, attempt: &str, with_large: bool) -> Vec<TaskKey> {
        let cache = tempfile::tempdir().unwrap();
        let store = Store::open(cache.path()).unwrap();
        if with_large {
            let path = store.object_path(&Digest::of(&[1; LARGE]));
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, [1; LARGE]).unwrap();
        }
        let all: Vec<Manifest> = (0..3).map(manifest).collect();
        let known = |key: &TaskKey| all.iter().find(|manifest| manifest.key() == *key).cloned();
        let news = Tail::new(folder, 0, attempt).read(&store, known).unwrap();
        let stored = news.into_iter().filter_map(|news| match news {
            News::Stored(record) => Some(*record),
            News::Said(_) => None,
        });
        let whole = |record: Record| {
            assert!(record.outputs.iter().all(|output| store.read(&output.digest).is_ok()));
            record.key
        };
        stored.map(whole).collect()
    }

    #[test]
    fn what_is_torn_or_damaged_is_not_believed() {
        let (_cache, folder, attempt) = written();
        let keys: Vec<TaskKey> = (0..3).map(|task| manifest(task).key()).collect();
        assert_eq!(seen(&folder, &attempt, true), keys);
        // A large table that is not seen yet holds up what comes after it, for a while.
        assert_eq!(seen(&folder, &attempt, false), keys[..1]);
        for path in [folder.lines_path(0, &attempt), folder.objects_path(0, &attempt)] {
            let whole = std::fs::read(&path).unwrap();
            for cut in (0..whole.len()).step_by(11) {
                std::fs::write(&path, &whole[..cut]).unwrap();
                let before = seen(&folder, &attempt, true);
                assert!(keys.starts_with(&before) && before.len() < 3, "cut at {cut}: {before:?}");
                let mut flipped = whole.clone();
                flipped[cut] ^= 1;
                std::fs::write(&path, flipped).unwrap();
                assert!(seen(&folder, &attempt, true).iter().all(|key| keys.contains(key)), "flip at {cut}");
            }
            std::fs::write(&path, &whole).unwrap();
        }
    }

    #[test]
    fn a_tail_reads_each_line_once_as_it_grows() {
        let (cache, folder, attempt) = written();
        let store = Store::open(cache.path()).unwrap();
        let mut tail = Tail::new(&folder, 0, &attempt);
        let known = |key: &TaskKey| (0..3).map(manifest).find(|manifest| manifest.key() == *key);
        assert_eq!(tail.read(&store, known).unwrap().len(), 6);
        assert_eq!(tail.read(&store, known).unwrap().len(), 0);
        assert_eq!(tail.settled(&store).len(), 0, "it has been read");
        assert_eq!(Tail::new(&folder, 0, &attempt).settled(&store).len(), 3);
    }

    #[test]
    fn an_error_keeps_what_it_says() {
        let causes =
            Cause { what: "a".into(), source: Some(Box::new(Cause { what: "b".into(), source: None })) };
        let error = OpError::new("what").hint("hint".to_string()).lasting().because(causes);
        let text = serde_json::to_string(&ErrorText::from(&error)).unwrap();
        let again = OpError::from(serde_json::from_str::<ErrorText>(&text).unwrap());
        assert_eq!(text, serde_json::to_string(&ErrorText::from(&again)).unwrap());
        assert!(again.is_lasting() && !again.is_damage());
        let damage = OpError::from(StoreError::Corrupt { path: "x".into() });
        assert!(OpError::from(ErrorText::from(&damage)).is_damage());
    }
}
