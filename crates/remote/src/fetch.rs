//! One table from elsewhere, and its neighbours in the pack that will be wanted, too.
//!
//! In: a digest. Out: its bytes, checked; they and those of its neighbours lie in the cache of this
//! machine by then. What cannot be had is lost: it is not promised again.

use std::sync::atomic::Ordering;

use hspipe_engine::key::Digest;

use crate::error::RemoteError;
use crate::index::Place;
use crate::pack;
use crate::remote::{Remote, lock};

/// What one request brings at most, if a table is not larger by itself: as much as takes about as long as a request.
const AT_ONCE: u64 = 1_000_000;

impl Remote {
    pub(crate) fn fetch(&self, digest: &Digest) -> Option<Vec<u8>> {
        for place in self.catalogue.places(digest) {
            let turn = lock(&self.fetching).entry(place.pack).or_default().clone();
            let _turn = lock(&turn);
            // Another thread may have brought it.
            if let Ok(bytes) = self.own.read(digest) {
                return Some(bytes);
            }
            if self.is_down() {
                break;
            }
            let name = self.named(&pack::object(&place.pack));
            match self.fetch_from(place, digest) {
                Ok(Some(bytes)) => return Some(bytes),
                Ok(None) => self.warn(&format!("{name} is damaged; what was lost with it is made anew")),
                Err(RemoteError::Missing { .. }) => {
                    self.warn(&format!("{name} is gone; what was lost with it is made anew"));
                }
                Err(error) => {
                    self.failed(&error);
                    if !self.is_down() {
                        self.warn_of(&error, "what was to be read is made anew");
                    }
                }
            }
        }
        self.catalogue.lose(digest);
        None
    }

    /// The bytes of `digest`, which lie at `place`; none if other bytes lie there.
    fn fetch_from(&self, place: Place, digest: &Digest) -> Result<Option<Vec<u8>>, RemoteError> {
        let mut wanted = self.catalogue.from(place, AT_ONCE);
        wanted.retain(|(next, at)| {
            at.offset == place.offset || self.is_wanted(next) && !self.own.object_path(next).exists()
        });
        let end = wanted.iter().map(|(_, at)| at.offset + at.bytes).max();
        let end = end.unwrap_or_default().max(place.offset + place.bytes);
        let bytes = self.bucket.get_range(&pack::object(&place.pack), place.offset..end)?;
        self.succeeded();
        self.counts.fetched.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        let part = |at: Place| {
            let start = usize::try_from(at.offset - place.offset).ok()?;
            bytes.get(start..start.checked_add(usize::try_from(at.bytes).ok()?)?)
        };
        let mut kept = Vec::with_capacity(wanted.len());
        for (next, at) in wanted {
            if part(at).is_some_and(|bytes| self.own.keep(&next, bytes).is_ok()) {
                kept.push(next);
            }
        }
        self.keep_records_of(&kept);
        Ok(part(place).filter(|bytes| Digest::of(bytes) == *digest).map(<[u8]>::to_vec))
    }
}
