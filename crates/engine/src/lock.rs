//! Locks by which processes that share a cache share the work.
//!
//! A lock is an advisory one of the operating system on a small file below cache/locks, so that it
//! is free as soon as its holder is gone, however that came. In: the cache folder and a name. Out:
//! a [`Guard`]. Knows no tasks.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What came of an attempt.
pub enum Attempt {
    /// Held until the guard is dropped.
    Held(Guard),
    /// Another process holds it.
    Busy,
    /// This file system has no locks, or the folder cannot be written in.
    Impossible(io::Error),
}

/// A lock that is held. The file goes with it.
pub struct Guard {
    path: PathBuf,
    _file: File,
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Before the lock is given back, so that nobody gets a lock on a file that is gone without
        // seeing it.
        let _ = fs::remove_file(&self.path);
    }
}

/// Tries to get the lock `name`, at once or not at all.
pub fn attempt(root: &Path, name: &str) -> Attempt {
    let path = root.join("locks").join(name);
    loop {
        let file = match OpenOptions::new().create(true).truncate(false).write(true).open(&path) {
            Ok(file) => file,
            Err(error) => return Attempt::Impossible(error),
        };
        match file.try_lock() {
            Ok(()) if is_at(&file, &path) => return Attempt::Held(Guard { path, _file: file }),
            // Its last holder has just removed it.
            Ok(()) => continue,
            Err(TryLockError::WouldBlock) => return Attempt::Busy,
            Err(TryLockError::Error(error)) => return Attempt::Impossible(error),
        }
    }
}

/// Waits for the lock `name`. None if there are no locks here: then nothing keeps others away.
pub fn wait(root: &Path, name: &str) -> Option<Guard> {
    loop {
        match attempt(root, name) {
            Attempt::Held(guard) => return Some(guard),
            Attempt::Busy => std::thread::sleep(Duration::from_millis(20)),
            Attempt::Impossible(_) => return None,
        }
    }
}

/// Whether the path still leads to the open file.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |metadata: io::Result<fs::Metadata>| metadata.map(|file| (file.dev(), file.ino())).ok();
    identity(file.metadata()).is_some_and(|open| identity(fs::metadata(path)) == Some(open))
}

/// Elsewhere an open file cannot be removed.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}

/// Held by everyone who uses a cache, shared, and by who removes things from it, alone.
pub struct Use {
    _file: File,
}

/// Waits until nobody removes things from the cache, and keeps it so.
///
/// # Errors
/// This file system has no locks, or the folder cannot be written in.
pub fn share(root: &Path) -> io::Result<Use> {
    let file = open_use(root)?;
    file.lock_shared()?;
    Ok(Use { _file: file })
}

/// The cache alone, or nothing if someone uses it.
///
/// # Errors
/// As [`share`].
pub fn alone(root: &Path) -> io::Result<Option<Use>> {
    let file = open_use(root)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Use { _file: file })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn open_use(root: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(false).read(true).write(true).open(root.join("in-use"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_has_one_holder_and_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("locks")).unwrap();
        let attempt = || attempt(folder.path(), "a");
        let Attempt::Held(guard) = attempt() else { panic!("nobody holds it") };
        assert!(matches!(attempt(), Attempt::Busy));
        drop(guard);
        assert_eq!(fs::read_dir(folder.path().join("locks")).unwrap().count(), 0);
        assert!(matches!(attempt(), Attempt::Held(_)));
        fs::remove_dir(folder.path().join("locks")).unwrap();
        assert!(matches!(attempt(), Attempt::Impossible(_)));
    }

    /// Many threads take turns; each holds the lock alone.
    #[test]
    fn turns_never_overlap() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("locks")).unwrap();
        let (inside, turns) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while turns.load(Ordering::SeqCst) < 300 {
                        if let Attempt::Held(_guard) = attempt(folder.path(), "a") {
                            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                            turns.fetch_add(1, Ordering::SeqCst);
                            inside.fetch_sub(1, Ordering::SeqCst);
                        }
                    }
                });
            }
        });
        assert!(turns.load(Ordering::SeqCst) >= 300);
    }

    #[test]
    fn a_cache_is_shared_by_users_and_given_to_a_collector_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (first, second) = (share(folder.path()).unwrap(), share(folder.path()).unwrap());
        assert!(alone(folder.path()).unwrap().is_none());
        drop((first, second));
        assert!(alone(folder.path()).unwrap().is_some());
    }
}
