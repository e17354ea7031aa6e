//! Checkpoints: where a task that takes long keeps its state, so that a run which is cut off loses little.
//!
//! In: a task's key and bytes that only its op understands. Out: the same bytes to the next run that computes the task,
//! if it is by the same hspipe; anything else counts as none. A checkpoint is gone as soon as the result is stored. It
//! must not change any result.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::key::{Digest, Key};
use crate::store::{self, Store};

/// When states are kept.
#[derive(Clone, Debug)]
pub struct Rhythm {
    /// The time from one state of a task to the next.
    pub every: Duration,
    /// Set when the run is to end soon: ops that keep states do so and return, and nothing new begins.
    pub stop: Arc<AtomicBool>,
}

/// So that a kill loses half a minute, and states that are several MB take no time worth a word.
impl Default for Rhythm {
    fn default() -> Self {
        Rhythm { every: Duration::from_secs(30), stop: Arc::default() }
    }
}

/// The checkpoint of one task.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// None if nothing is kept.
    path: Option<PathBuf>,
    by: String,
    pub rhythm: Rhythm,
}

impl Checkpoint {
    /// Of a task that hspipe `by`, a version, computes.
    pub(crate) fn new(store: &Store, key: &Key, by: &str, rhythm: Rhythm) -> Self {
        Checkpoint { path: Some(store.checkpoint_path(key)), by: by.to_string(), rhythm }
    }

    /// For a task that is not to keep anything.
    pub(crate) fn none() -> Self {
        Checkpoint { path: None, by: String::new(), rhythm: Rhythm::default() }
    }

    /// The state that was kept last, whole and by the same hspipe.
    pub fn load(&self) -> Option<Vec<u8>> {
        let bytes = fs::read(self.path.as_ref()?).ok()?;
        let (digest, state) = bytes.split_at_checked(digest_of(&self.by, &[]).len())?;
        (digest_of(&self.by, state) == digest).then(|| state.to_vec())
    }

    /// Keeps a state in place of the last one. One that cannot be written is only a state less: if the disk is full,
    /// the result will say so.
    pub fn save(&self, state: &[u8]) {
        if let Some(path) = &self.path {
            let bytes = [digest_of(&self.by, state).as_slice(), state].concat();
            let _ = store::write_whole(path, &bytes);
        }
    }

    pub(crate) fn remove(&self) {
        if let Some(path) = &self.path {
            let _ = fs::remove_file(path);
        }
    }
}

/// Tells whole states of this hspipe from all else.
fn digest_of(by: &str, state: &[u8]) -> Vec<u8> {
    Digest::of(&[Digest::of(by.as_bytes()).0.as_slice(), state].concat()).0.to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_state_of_the_same_hspipe_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let key = Digest::of(b"task");
        let of = |by: &str| Checkpoint::new(&store, &key, by, Rhythm::default());
        assert_eq!(of("1").load(), None);
        of("1").save(b"some");
        of("1").save(b"state");
        assert_eq!(of("1").load().unwrap(), b"state");
        assert_eq!(of("2").load(), None);
        let path = store.checkpoint_path(&key);
        let whole = fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            assert_eq!(of("1").load(), None);
            let mut flipped = whole.clone();
            flipped[cut] ^= 1;
            fs::write(&path, flipped).unwrap();
            assert_eq!(of("1").load(), None);
        }
        of("1").remove();
        assert!(!path.exists());
    }
}
