//! The folder of a run's packs, which is all that a run and its workers say to each other.
//!
//! `cache/jobs/RUN`: `state.json`, `packs/N.json`, `done/N.ATTEMPT.jsonl` with the objects beside
//! it, `logs/N.log`. In: a cache folder. Out: paths, packs and states. Who else reads or writes here
//! may do so from another machine, so a name is never asked for before a listing has shown it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::queue::Array;
use crate::key::{Manifest, TaskKey};
use crate::sealed;
use crate::store::{Store, StoreError, write_json, write_json_new, write_whole};

/// The file that says so.
const CANCELLED: &str = "cancelled";

/// Every run that is at work looks for it within this time.
const KNOWN_BY_ALL: Duration = Duration::from_secs(600);

/// The folder of one run's packs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    path: PathBuf,
}

/// What is on record of a run that has sent packs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The executor, as the user calls it.
    pub executor: String,
    /// The version of the program that sent the packs.
    pub hspipe: String,
    /// The project's folder, absolute.
    pub root: PathBuf,
    /// The targets as asked, for people.
    pub targets: Vec<String>,
    /// Seconds since 1970, UTC.
    pub at: u64,
    /// The arrays that the engine has taken.
    pub arrays: Vec<Array>,
}

/// Tasks that one job computes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pack {
    /// The version of the program that wrote it.
    pub hspipe: String,
    /// How many threads compute.
    pub threads: usize,
    /// Seconds of work on one core, about.
    pub seconds: f64,
    /// What there is to do.
    pub tasks: Vec<Errand>,
}

/// A task on its way: its manifest says all that its result depends on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Errand {
    /// Its name, for people.
    pub name: String,
    /// The digest of its manifest.
    pub key: TaskKey,
    /// What it is made from.
    pub manifest: Manifest,
    /// Seconds of work on one core, about.
    pub seconds: f64,
}

impl Folder {
    /// A new one in the cache.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn create(store: &Store, state: &State) -> Result<Folder, StoreError> {
        let all = jobs(store);
        let io = |source| StoreError::Io { action: "make a folder in", path: all.clone(), source };
        fs::create_dir_all(&all).map_err(io)?;
        // Absolute: jobs begin in folders of their own.
        let all = all.canonicalize().map_err(io)?;
        // The process tells runs apart that begin in one second; the first free name wins.
        let name = format!("{}-{}", state.at, std::process::id());
        let mut path = all.join(&name);
        let mut attempt = 0;
        loop {
            for part in ["packs", "done", "logs"] {
                fs::create_dir_all(path.join(part)).map_err(io)?;
            }
            if write_json_new(&path.join("state.json"), state)? {
                return Ok(Folder { path });
            }
            attempt += 1;
            path = all.join(format!("{name}-{attempt}"));
        }
    }

    /// One whose path is known.
    pub fn at(path: &Path) -> Folder {
        Folder { path: path.to_path_buf() }
    }

    /// The folders of all runs of a cache, the oldest first.
    pub fn all(store: &Store) -> Vec<Folder> {
        let entries = fs::read_dir(jobs(store)).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> =
            entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
        paths.sort();
        paths.into_iter().map(|path| Folder { path }).collect()
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What tells it from others.
    pub fn name(&self) -> String {
        self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// Says that nothing of it is to be sent again.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn cancel(&self) -> Result<(), StoreError> {
        write_whole(&self.path.join(CANCELLED), b"")
    }

    /// Whether it was cancelled by hand.
    pub fn is_cancelled(&self) -> bool {
        names(&self.path).any(|name| name == CANCELLED)
    }

    /// Whether it is there no longer.
    pub fn is_gone(&self) -> bool {
        matches!(fs::read_dir(&self.path), Err(error) if error.kind() == io::ErrorKind::NotFound)
    }

    /// Whether it was cancelled so long ago that every run knows.
    pub(super) fn is_cancelled_for_good(&self) -> bool {
        let written = fs::metadata(self.path.join(CANCELLED)).and_then(|metadata| metadata.modified());
        written.is_ok_and(|written| written.elapsed().is_ok_and(|age| age > KNOWN_BY_ALL))
    }

    /// What is on record of its run; none if that is damaged or gone.
    pub fn state(&self) -> Option<State> {
        sealed::open(&fs::read(self.path.join("state.json")).ok()?)
    }

    /// # Errors
    /// It cannot be written.
    pub fn set_state(&self, state: &State) -> Result<(), StoreError> {
        write_json(&self.path.join("state.json"), state)
    }

    /// # Errors
    /// It cannot be written.
    pub fn put_pack(&self, number: usize, pack: &Pack) -> Result<(), StoreError> {
        write_json(&self.pack_path(number), pack)
    }

    /// A pack, open or closed; none if it is damaged or gone.
    pub fn pack(&self, number: usize) -> Option<Pack> {
        let bytes = fs::read(self.pack_path(number)).or_else(|_| fs::read(self.closed_path(number)));
        sealed::open(&bytes.ok()?)
    }

    fn pack_path(&self, number: usize) -> PathBuf {
        self.path.join("packs").join(format!("{number}.json"))
    }

    fn closed_path(&self, number: usize) -> PathBuf {
        self.path.join("packs").join(format!("{number}.closed"))
    }

    /// Closes a pack whose tasks have gone into other packs, or are given up: nobody is to work on it
    /// or to wait for it any more.
    ///
    /// # Errors
    /// It cannot be renamed.
    pub(super) fn close_pack(&self, number: usize) -> Result<(), StoreError> {
        let path = self.pack_path(number);
        fs::rename(&path, self.closed_path(number)).map_err(|source| StoreError::Io {
            action: "close",
            path,
            source,
        })
    }

    /// The numbers of all open packs, in their order.
    pub fn packs(&self) -> Vec<usize> {
        self.numbers(".json")
    }

    /// The numbers of the packs that are closed.
    pub fn closed(&self) -> Vec<usize> {
        self.numbers(".closed")
    }

    fn numbers(&self, ending: &str) -> Vec<usize> {
        let number = |name: String| name.strip_suffix(ending)?.parse().ok();
        let mut numbers: Vec<usize> = names(&self.path.join("packs")).filter_map(number).collect();
        numbers.sort_unstable();
        numbers
    }

    /// What workers have written so far: the numbers of packs with the names of their attempts, in
    /// the order in which these began.
    pub fn attempts(&self) -> Vec<(usize, String)> {
        let attempt = |name: String| {
            let (number, attempt) = name.strip_suffix(".jsonl")?.split_once('.')?;
            Some((number.parse().ok()?, attempt.to_string()))
        };
        let mut attempts: Vec<(usize, String)> = names(&self.path.join("done")).filter_map(attempt).collect();
        attempts.sort();
        attempts
    }

    pub(super) fn lines_path(&self, number: usize, attempt: &str) -> PathBuf {
        self.path.join("done").join(format!("{number}.{attempt}.jsonl"))
    }

    pub(super) fn objects_path(&self, number: usize, attempt: &str) -> PathBuf {
        self.path.join("done").join(format!("{number}.{attempt}.objects"))
    }

    /// Where the engine writes what the processes of a pack print.
    pub fn log_path(&self, number: usize) -> PathBuf {
        self.path.join("logs").join(format!("{number}.log"))
    }

    /// The last lines that the processes of a pack have printed.
    pub fn log_tail(&self, number: usize, lines: usize) -> Vec<String> {
        let text = fs::read(self.log_path(number)).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let all: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        all[all.len().saturating_sub(lines)..].iter().map(|line| line.to_string()).collect()
    }

    /// Removes all of it.
    ///
    /// # Errors
    /// A file that cannot be removed.
    pub fn remove(&self) -> io::Result<()> {
        fs::remove_dir_all(&self.path)
    }
}

fn jobs(store: &Store) -> PathBuf {
    store.root().join("jobs")
}

fn names(folder: &Path) -> impl Iterator<Item = String> + use<> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok())
}
