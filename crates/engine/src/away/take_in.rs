//! Results that workers have written while no run was there to read them.
//!
//! In: a cache. Out: records and objects in it, before a plan is made.

use super::folder::Folder;
use super::open::{Open, Told};
use crate::failure::Failure;
use crate::store::{Store, StoreError};

/// Takes in what workers have done for runs that are gone, or of which this one knows nothing yet; and
/// removes folders whose tasks are all done, or that were cancelled. Returns how many results were taken in.
///
/// # Errors
/// The cache cannot be written in.
pub fn take_in(store: &Store) -> Result<usize, StoreError> {
    let mut count = 0;
    for folder in Folder::all(store) {
        let attempts = folder.attempts();
        let mut is_done = true;
        for number in folder.packs() {
            let mut open = Open::found(&folder, number, store);
            if !open.left.is_empty() {
                for told in open.read(&attempts, store)? {
                    match told {
                        Told::Done(_) => count += 1,
                        Told::Failed(key, error) if error.is_lasting() => Failure::keep(store, &key, &error),
                        _ => {}
                    }
                }
            }
            is_done &= open.left.is_empty();
        }
        if (is_done || folder.is_cancelled_for_good()) && store.flush().is_ok() {
            // What another machine still holds open goes with the next one.
            let _ = folder.remove();
        }
    }
    Ok(count)
}
