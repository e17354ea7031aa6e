//! Checkpoints: where a task that takes long keeps its state, so that a run which is cut off loses
//! little.
//!
//! In: a task's key and bytes that only its op understands. Out: the same bytes to the next run
//! that computes the task, if it is by the same build of the program; anything else counts as none.
//! A checkpoint is gone as soon as the result is stored. It must not change any result.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crate::digest::Digest;
use crate::key::TaskKey;
use crate::store::{self, Store};

/// When states are kept.
#[derive(Clone, Debug)]
pub struct Rhythm {
    /// The time from one state of a task to the next.
    pub every: Duration,
    /// Set when the run is to end soon: ops that keep states do so and return, and nothing new
    /// begins.
    pub stop: Arc<AtomicBool>,
    /// How many states could not be written.
    pub unkept: Arc<AtomicUsize>,
}

/// Half a minute: a kill loses little, and writing a state of a few MB takes next to no time.
impl Default for Rhythm {
    fn default() -> Self {
        Rhythm { every: Duration::from_secs(30), stop: Arc::default(), unkept: Arc::default() }
    }
}

/// The checkpoint of one task. Its file: a digest, the seconds that the task has taken so far, the
/// state.
#[derive(Debug)]
pub struct Checkpoint {
    /// None if nothing is kept.
    path: Option<PathBuf>,
    build: String,
    start: Instant,
    /// Of the time that passes, the part that counts for this task.
    share: f64,
    /// Seconds that earlier runs took for the state that was loaded.
    before: OnceLock<f64>,
    /// Whether a state was found or kept: there may be a file.
    is_used: AtomicBool,
    /// When states are kept, and when the run is to end.
    pub rhythm: Rhythm,
}

const DIGEST: usize = size_of::<Digest>();
const SECONDS: usize = size_of::<f64>();

impl Checkpoint {
    /// Of a task that is computed with others, `batch` in all.
    pub(crate) fn new(store: &Store, key: &TaskKey, batch: usize, rhythm: Rhythm) -> Self {
        let path = Some(store.checkpoint_path(key));
        let share = 1.0 / batch.max(1) as f64;
        let (start, build) = (Instant::now(), store.build().to_string());
        Checkpoint {
            path,
            build,
            start,
            share,
            before: OnceLock::new(),
            is_used: AtomicBool::new(false),
            rhythm,
        }
    }

    /// For a task that is not to keep anything.
    pub(crate) fn none() -> Self {
        let (start, rhythm) = (Instant::now(), Rhythm::default());
        Checkpoint {
            path: None,
            build: String::new(),
            start,
            share: 1.0,
            before: OnceLock::new(),
            is_used: AtomicBool::new(false),
            rhythm,
        }
    }

    /// The state that was kept last, whole and by the same build.
    pub fn load(&self) -> Option<Vec<u8>> {
        let mut bytes = fs::read(self.path.as_ref()?).ok()?;
        self.is_used.store(true, Ordering::Relaxed);
        let (digest, rest) = bytes.split_at_checked(DIGEST)?;
        let seconds: [u8; SECONDS] = rest.get(..SECONDS)?.try_into().ok()?;
        if self.digest(&[rest]) != digest {
            return None;
        }
        self.before.get_or_init(|| f64::from_le_bytes(seconds));
        Some(bytes.split_off(DIGEST + SECONDS))
    }

    /// Keeps a state, one part behind the other, in place of the last one. One that cannot be
    /// written is counted.
    pub fn save(&self, state: &[&[u8]]) {
        let Some(path) = &self.path else { return };
        self.is_used.store(true, Ordering::Relaxed);
        let seconds = (self.before() + self.start.elapsed().as_secs_f64() * self.share).to_le_bytes();
        let parts = [&[seconds.as_slice()], state].concat();
        let digest = self.digest(&parts);
        if store::write_parts(path, &[&[digest.as_slice()], parts.as_slice()].concat()).is_err() {
            self.rhythm.unkept.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Seconds that earlier runs took for the state that was loaded.
    pub(crate) fn before(&self) -> f64 {
        self.before.get().copied().unwrap_or(0.0)
    }

    /// Removes the state of a task that is done. Where none was found or kept there is none.
    pub(crate) fn tidy(&self) {
        if self.is_used.load(Ordering::Relaxed) {
            self.remove();
        }
    }

    pub(crate) fn remove(&self) {
        if let Some(path) = &self.path {
            let _ = fs::remove_file(path);
        }
    }

    /// The digest by which a whole state of this build is known.
    fn digest(&self, parts: &[&[u8]]) -> [u8; DIGEST] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&Digest::of(self.build.as_bytes()).0);
        for part in parts {
            hasher.update(part);
        }
        *hasher.finalize().as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_state_of_the_same_build_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let key = TaskKey::from_hex(&Digest::of(b"task").hex()).unwrap();
        let of = |build: &str| {
            let store = Store::open(folder.path()).unwrap().of_build(build);
            Checkpoint::new(&store, &key, 1, Rhythm::default())
        };
        assert_eq!(of("1").load(), None);
        of("1").save(&[b"some"]);
        of("1").save(&[b"st", b"ate"]);
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
