//! A remote cache, as a store sees it.
//!
//! In: keys and digests. Out: records and bytes. The [`crate::store`] asks it for what it lacks
//! itself, and tells it what has been computed. Knows neither networks nor formats.

use crate::digest::Digest;
use crate::key::TaskKey;
use crate::store::Record;

/// A cache elsewhere. It may be slow, wrong or gone: whoever asks can always do without.
pub trait Upstream: Send + Sync {
    /// What it is called, for messages.
    fn name(&self) -> &str;

    /// The record of `key`, if it has one. This asks nobody: what it has was listed before.
    fn record(&self, key: &TaskKey) -> Option<Record>;

    /// Whether it has listed these bytes, and has not failed to give them since.
    fn has(&self, digest: &Digest) -> bool;

    /// Is told that a record of its own serves a task.
    fn serves(&self, key: &TaskKey);

    /// The bytes of `digest`, checked against it. They lie in the store by then, if it can be
    /// written in. None if they cannot be had; then it does not have them any more.
    fn object(&self, digest: &Digest) -> Option<Vec<u8>>;

    /// Is told that a task has been computed and stored.
    fn offer(&self, record: &Record);
}
