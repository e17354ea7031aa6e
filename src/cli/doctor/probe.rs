//! An element that does no work: it says what its machine is, answers what it is asked, and tries locks.
//!
//! In: a folder that the doctor looks at from elsewhere, and the element's number. Out: files there. Each side measures
//! with its own clock alone, since two clocks agree by chance, and asks for a name only after it was listed: where names are
//! cached, one that was looked up too early stays invisible. How long it does is measured too, with a name of its own.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::facts::Facts;

/// An element whose doctor is gone ends by itself.
const PATIENCE: Duration = Duration::from_secs(600);

const PAUSE: Duration = Duration::from_millis(20);

/// What an element says when it begins.
#[derive(Debug, Serialize, Deserialize)]
pub struct Report {
    pub facts: Facts,
    /// Whether it sees the lock that the doctor holds; none if it cannot ask for one.
    pub sees_lock: Option<bool>,
}

/// What it says when it ends.
#[derive(Debug, Serialize, Deserialize)]
pub struct Last {
    /// Seconds for which a name that was looked up too early stayed invisible after it was listed.
    pub invisible: f64,
    /// Whether it sees the lock of the other element; none if there is none, or it cannot ask for one.
    pub sees_lock: Option<bool>,
}

/// The names of files in the folder.
pub fn report_of(element: usize) -> String {
    format!("report-{element}")
}

pub fn last_of(element: usize) -> String {
    format!("last-{element}")
}

/// Held by its owner, `here` or an element's number, for as long as it is there.
pub fn lock_of(owner: impl std::fmt::Display) -> String {
    format!("lock-{owner}")
}

pub fn question(number: usize) -> String {
    format!("question-{number}")
}

pub fn answer(number: usize, element: usize) -> String {
    format!("answer-{number}-{element}")
}

/// Written by the doctor, looked up by the element before.
pub fn early(element: usize) -> String {
    format!("early-{element}")
}

/// Written by the element with its first answer, looked up by the doctor before.
pub fn early_back(element: usize) -> String {
    format!("early-back-{element}")
}

/// Its presence ends all elements.
pub const END: &str = "end";

/// The element of that number.
///
/// # Errors
/// The folder cannot be written in.
pub fn probe(folder: &Path, element: usize) -> anyhow::Result<ExitCode> {
    let begin = || -> anyhow::Result<File> {
        let _too_early = folder.join(early(element)).exists();
        let lock = take_lock(&folder.join(lock_of(element)))?;
        let sees_lock = sees_lock(&folder.join(lock_of("here")));
        put(folder, &report_of(element), &Report { facts: Facts::here(), sees_lock })?;
        Ok(lock)
    };
    let _lock = begin().with_context(|| format!("cannot write in {}", folder.display()))?;
    let start = Instant::now();
    let mut answered = HashSet::new();
    let mut early_listed = None;
    let mut invisible = None;
    while start.elapsed() < PATIENCE {
        let Ok(names) = list(folder) else { break };
        for number in (0..).take_while(|number| names.contains(&OsString::from(question(*number)))) {
            if answered.insert(number) {
                if number == 0 {
                    touch(&folder.join(early_back(element)))?;
                }
                touch(&folder.join(answer(number, element)))?;
            }
        }
        if names.contains(&OsString::from(early(element))) {
            let since = *early_listed.get_or_insert_with(Instant::now);
            if invisible.is_none() && folder.join(early(element)).exists() {
                invisible = Some(since.elapsed());
            }
        }
        if names.contains(&OsString::from(END)) {
            let others = names.iter().filter_map(|name| name.to_str()?.strip_prefix("lock-")?.parse().ok());
            let other = others.into_iter().find(|other: &usize| *other != element);
            let last = Last {
                invisible: invisible.unwrap_or_else(|| start.elapsed()).as_secs_f64(),
                sees_lock: other.and_then(|other| sees_lock(&folder.join(lock_of(other)))),
            };
            put(folder, &last_of(element), &last)?;
            // The other one may look at our lock yet.
            wait(PATIENCE, || list(folder).is_err());
            break;
        }
        std::thread::sleep(PAUSE);
    }
    Ok(ExitCode::SUCCESS)
}

/// Looks again and again until it is so, or until patience ends.
pub fn wait(patience: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    loop {
        if is_so() {
            return true;
        }
        if start.elapsed() > patience {
            return false;
        }
        std::thread::sleep(PAUSE);
    }
}

/// All names there.
pub fn list(folder: &Path) -> io::Result<HashSet<OsString>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name())).collect()
}

/// A lock on a new file.
pub fn take_lock(path: &Path) -> io::Result<File> {
    let file = File::create(path)?;
    // Where there are none, others will not see one.
    let _ = file.try_lock();
    Ok(file)
}

/// Whether a lock that somebody holds is seen here.
pub fn sees_lock(path: &Path) -> Option<bool> {
    match OpenOptions::new().read(true).write(true).open(path).ok()?.try_lock() {
        Ok(()) => Some(false),
        Err(TryLockError::WouldBlock) => Some(true),
        Err(TryLockError::Error(_)) => None,
    }
}

pub fn touch(path: &Path) -> io::Result<()> {
    File::create(path).map(|_| ())
}

/// Writes a file whole.
fn put(folder: &Path, name: &str, value: &impl Serialize) -> anyhow::Result<()> {
    let unfinished: PathBuf = folder.join(format!(".tmp-{name}"));
    fs::write(&unfinished, serde_json::to_vec(value)?)?;
    Ok(fs::rename(&unfinished, folder.join(name))?)
}

/// Reads one, if it is there.
pub fn get<T: DeserializeOwned>(folder: &Path, name: &str) -> Option<T> {
    serde_json::from_slice(&fs::read(folder.join(name)).ok()?).ok()
}
