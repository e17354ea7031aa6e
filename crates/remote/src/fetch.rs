//! One table from elsewhere, and its neighbours in the pack that will be wanted, too.
//!
//! In: a digest. Out: its bytes, checked; they and those of its neighbours lie in the cache of this
//! machine by then. What cannot be had is lost: it is not promised again.

use std::sync::atomic::Ordering;

use hspipe_engine::key::Digest;
use hspipe_engine::store::StoreError;

use crate::error::RemoteError;
use crate::index::Place;
use crate::pack;
use crate::remote::{Remote, lock};

/// Tables that begin in the same part of a pack come together, as far as they are wanted: so much takes about as long as a
/// request by itself.
const BLOCK: u64 = 4_000_000;

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
                Ok(Fetched::Whole(bytes)) => return Some(bytes),
                Ok(Fetched::Damaged) => {
                    self.warn(&format!("{name} is damaged; what was lost with it is made anew"));
                }
                Ok(Fetched::Cut) => {
                    self.warn(&format!("{name} is cut short; what was lost with it is made anew"));
                    self.catalogue.lose_pack(&place.pack);
                }
                Err(RemoteError::Missing { .. }) => {
                    self.warn(&format!("{name} is gone; what was lost with it is made anew"));
                    self.catalogue.lose_pack(&place.pack);
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
        if self.is_down() {
            // Or a run would find out table by table, and plan anew for each.
            self.catalogue.lose_everything();
        }
        None
    }

    /// The bytes of `digest`, which lie at `place`.
    fn fetch_from(&self, place: Place, digest: &Digest) -> Result<Fetched, RemoteError> {
        let mut wanted = self.catalogue.around(place, BLOCK);
        wanted.retain(|(next, at)| {
            *at == place || self.is_wanted(next) && !self.own.object_path(next).exists()
        });
        let start = wanted.iter().map(|(_, at)| at.offset).min().unwrap_or(place.offset).min(place.offset);
        let end = wanted.iter().map(|(_, at)| at.offset + at.bytes).max();
        let end = end.unwrap_or_default().max(place.offset + place.bytes);
        let bytes = self.bucket.get_range(&pack::object(&place.pack), start..end)?;
        self.succeeded();
        self.counts.fetched.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        if (bytes.len() as u64) < end - start {
            return Ok(Fetched::Cut);
        }
        let part = |at: Place| {
            let from = usize::try_from(at.offset - start).ok()?;
            bytes.get(from..from.checked_add(usize::try_from(at.bytes).ok()?)?)
        };
        let mut kept = Vec::with_capacity(wanted.len());
        for (next, at) in wanted {
            match part(at).map(|bytes| self.own.keep(&next, bytes)) {
                Some(Ok(())) => kept.push(next),
                Some(Err(StoreError::Corrupt { .. })) if self.catalogue.places(&next).len() == 1 => {
                    self.catalogue.lose(&next);
                }
                _ => {}
            }
        }
        self.keep_records_of(&kept);
        let found = part(place).filter(|bytes| Digest::of(bytes) == *digest);
        Ok(found.map_or(Fetched::Damaged, |bytes| Fetched::Whole(bytes.to_vec())))
    }
}

/// What came of a request.
enum Fetched {
    Whole(Vec<u8>),
    /// Other bytes than those of the digest.
    Damaged,
    /// The pack ends before.
    Cut,
}
