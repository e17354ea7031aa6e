//! Who uses a cache, said in files: locks of most file systems end at the machine.
//!
//! A run keeps a marker below `cache/active`, whose time it renews. Who collects keeps one too. Each
//! writes its own before it looks for the other's, and a collector of a cache that several machines
//! use waits, between the two, for as long as a name may take to be seen. So either the run sees the
//! collector and waits, or the collector sees the run and removes nothing. In: a cache. Out: a
//! [`Presence`] that lasts as long as it is held. Ages are measured by the file system's clock alone.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::store::Store;

/// How often a marker's time is renewed.
const BEAT: Duration = Duration::from_secs(30);

/// A marker this old is of a process that is gone.
const STALE: Duration = Duration::from_secs(600);

/// A cache that a machine has used within this time is used by it.
const REMEMBERED: Duration = Duration::from_secs(30 * 24 * 3600);

/// What a process does in a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Role {
    /// It reads and writes results.
    Run,
    /// It removes what nobody needs.
    Collect,
}

/// What stands in a marker.
#[derive(Debug, Serialize, Deserialize)]
struct Marker {
    role: Role,
    /// What `pid` is a number of: one start of one machine, or of one container.
    system: String,
    pid: u32,
}

/// A marker that is kept.
pub struct Presence {
    path: PathBuf,
    end: Arc<(Mutex<bool>, Condvar)>,
}

impl Drop for Presence {
    fn drop(&mut self) {
        *self.end.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = true;
        self.end.1.notify_all();
        let _ = fs::remove_file(&self.path);
    }
}

/// Marks a run, and waits while somebody collects; `tell` is called once if that is so.
///
/// # Errors
/// The cache cannot be written in.
pub fn enter(store: &Store, tell: impl FnOnce()) -> io::Result<Presence> {
    let presence = mark(store.root(), Role::Run)?;
    let mut tell = Some(tell);
    while others(store.root())?.contains(&Role::Collect) {
        if let Some(tell) = tell.take() {
            tell();
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(presence)
}

/// What came of the wish to collect.
pub enum Collector {
    /// Nobody uses the cache as long as this is held.
    Alone(Presence),
    /// Somebody does.
    Busy,
}

/// Marks a collector, waits for `settle` where several machines use the cache, and looks whether
/// anybody uses it.
///
/// # Errors
/// The cache cannot be written in.
pub fn collect(store: &Store, settle: Duration) -> io::Result<Collector> {
    let presence = mark(store.root(), Role::Collect)?;
    if is_shared(store) {
        std::thread::sleep(settle);
    }
    Ok(if others(store.root())?.is_empty() { Collector::Alone(presence) } else { Collector::Busy })
}

/// Whether more than one machine has used the cache of late, or jobs have been sent from it.
pub fn is_shared(store: &Store) -> bool {
    let known = |folder: &str| fs::read_dir(store.root().join(folder)).into_iter().flatten().flatten();
    let is_recent = |entry: &fs::DirEntry| {
        let written = entry.metadata().and_then(|metadata| metadata.modified()).ok();
        written.is_some_and(|written| written.elapsed().is_ok_and(|age| age < REMEMBERED))
    };
    let own = place(store.root());
    let is_other = |entry: &fs::DirEntry| entry.file_name().to_string_lossy() != own && is_recent(entry);
    known("places").any(|entry| is_other(&entry)) || known("jobs").next().is_some()
}

fn mark(root: &Path, role: Role) -> io::Result<Presence> {
    let (active, places) = (root.join("active"), root.join("places"));
    fs::create_dir_all(&active)?;
    fs::create_dir_all(&places)?;
    File::create(places.join(place(root)))?.write_all(b"\n")?;
    let marker = Marker { role, system: system(), pid: std::process::id() };
    let mut file = tempfile::Builder::new().prefix("").suffix(".json").tempfile_in(&active)?;
    file.write_all(&serde_json::to_vec(&marker)?)?;
    file.as_file().sync_all()?;
    let (file, path) = file.keep().map_err(|error| error.error)?;
    let end = Arc::new((Mutex::new(false), Condvar::new()));
    let ended = end.clone();
    std::thread::spawn(move || {
        let mut is_over = ended.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        while !*is_over {
            let waited = ended.1.wait_timeout(is_over, BEAT);
            is_over = waited.unwrap_or_else(|poisoned| poisoned.into_inner()).0;
            // Of a file that is gone, too: nobody counts on it then.
            let _ = file.set_modified(SystemTime::now());
        }
    });
    Ok(Presence { path, end })
}

/// What the others do whose markers are kept. Those of processes that are gone are removed.
fn others(root: &Path) -> io::Result<Vec<Role>> {
    let active = root.join("active");
    let now =
        tempfile::Builder::new().prefix(".now-").tempfile_in(&active)?.as_file().metadata()?.modified()?;
    let (mut roles, own) = (Vec::new(), (system(), std::process::id()));
    for entry in fs::read_dir(&active)? {
        let path = entry?.path();
        let Ok(bytes) = fs::read(&path) else { continue };
        let Ok(marker) = serde_json::from_slice::<Marker>(&bytes) else { continue };
        let Ok(written) = fs::metadata(&path).and_then(|metadata| metadata.modified()) else { continue };
        let is_here = marker.system == own.0;
        if is_here && marker.pid == own.1 {
            continue;
        }
        let is_stale = now.duration_since(written).is_ok_and(|age| age > STALE);
        if is_stale || is_here && is_gone(marker.pid) {
            let _ = fs::remove_file(&path);
        } else {
            roles.push(marker.role);
        }
    }
    Ok(roles)
}

/// Whether a process of this system has ended. Where that cannot be known its marker gets old.
fn is_gone(pid: u32) -> bool {
    let processes = Path::new("/proc");
    processes.join("self").exists() && !processes.join(pid.to_string()).exists()
}

/// One start of this machine, or of this container.
fn system() -> String {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let pids = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    format!("{} {} {}", crate::away::node(), boot.trim(), pids.display())
}

/// A name for this machine and the way by which it sees the cache.
fn place(root: &Path) -> String {
    let way = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
    let node = crate::away::node();
    format!("{node}-{}", Digest::of(way.as_os_str().as_encoded_bytes()).short())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The marker of a process of some system.
    fn write(store: &Store, role: Role, system: &str, pid: u32) -> PathBuf {
        let path = store.root().join("active").join(format!("{system}{pid}.json"));
        let marker = Marker { role, system: system.into(), pid };
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, serde_json::to_vec(&marker).unwrap()).unwrap();
        path
    }

    fn is_alone(store: &Store) -> bool {
        matches!(collect(store, Duration::ZERO).unwrap(), Collector::Alone(_))
    }

    #[test]
    fn a_collector_is_alone_or_removes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        assert!(is_alone(&store));
        let marker = write(&store, Role::Run, "another machine", 1);
        assert!(!is_alone(&store));
        // Its heart has stopped.
        File::options()
            .write(true)
            .open(&marker)
            .unwrap()
            .set_modified(SystemTime::now() - 2 * STALE)
            .unwrap();
        assert!(is_alone(&store) && !marker.exists());
        write(&store, Role::Run, &system(), u32::MAX);
        assert!(is_alone(&store), "there is no such process here");
        drop(enter(&store, || panic!("nobody collects")).unwrap());
        assert!(is_alone(&store));
        assert_eq!(fs::read_dir(folder.path().join("active")).unwrap().count(), 0);
    }

    #[test]
    fn a_run_waits_for_a_collector() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let marker = write(&store, Role::Collect, "another machine", 1);
        let mut waited = false;
        let enter = enter(&store, || {
            waited = true;
            fs::remove_file(&marker).unwrap();
        });
        drop(enter.unwrap());
        assert!(waited);
    }

    #[test]
    fn a_cache_is_shared_once_another_machine_has_used_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        drop(enter(&store, || ()).unwrap());
        assert!(!is_shared(&store));
        fs::write(folder.path().join("places/another"), "").unwrap();
        assert!(is_shared(&store));
    }
}
