//! Results that workers have written while no run was there to read them.
//!
//! In: a cache. Out: records and objects in it, before a plan is made.

use std::collections::BTreeMap;

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
        let mut of_pack: BTreeMap<usize, Vec<(usize, String)>> = BTreeMap::new();
        for (number, attempt) in attempts {
            of_pack.entry(number).or_default().push((number, attempt));
        }
        let mut is_done = true;
        for number in folder.packs() {
            let tasks = folder.pack(number).map(|pack| pack.tasks).unwrap_or_default();
            let mut open = Open::new(
                &folder,
                number,
                tasks.into_iter().filter(|task| store.lookup(&task.key).is_none()),
            );
            if !open.left.is_empty() {
                for told in open.read(of_pack.get(&number).map_or(&[], Vec::as_slice), store)? {
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
