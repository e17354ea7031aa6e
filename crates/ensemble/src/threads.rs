//! Work shared among threads.
//!
//! In: independent items. Out: nothing but what the work does to them; which thread takes which item is left to
//! chance, so no result may depend on it. Knows no networks.

use std::sync::{Mutex, PoisonError};

/// Does `work` on every item, with at most so many threads, this one among them.
pub fn share<I>(threads: usize, items: I, work: impl Fn(I::Item) + Sync)
where
    I: ExactSizeIterator + Send,
    I::Item: Send,
{
    let helpers = threads.min(items.len()).saturating_sub(1);
    let items = Mutex::new(items);
    let next = || items.lock().unwrap_or_else(PoisonError::into_inner).next();
    let take = || {
        while let Some(item) = next() {
            work(item);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..helpers {
            scope.spawn(take);
        }
        take();
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_worked_on_once() {
        for threads in [0, 1, 2, 7] {
            let mut items = vec![0; 20];
            share(threads, items.iter_mut(), |item| *item += 1);
            assert_eq!(items, vec![1; 20]);
        }
    }
}
