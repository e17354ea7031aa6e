//! Panics of other people's code, caught.
//!
//! In: work that may panic, as crates that decode damaged bytes do. Out: what it gives, or nothing, and no word on stderr:
//! whoever calls says what is wrong, in words for people. Must not know: what the work is.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    /// Whether panics of this thread are caught, and told in other words.
    static IS_CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// What `work` gives, or nothing if it panics.
pub fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    static HUSHED: Once = Once::new();
    HUSHED.call_once(hush);
    let before = IS_CAUGHT.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(work)).ok();
    IS_CAUGHT.set(before);
    result
}

/// Panics that are caught here say nothing, all others what they always say.
fn hush() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !IS_CAUGHT.get() {
            usual(info);
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_nothing_and_those_around_it_are_caught_too() {
        let inner = || caught(|| panic!("damage")).unwrap_or(1);
        assert_eq!(caught(inner), Some(1));
        let outer = || -> usize {
            inner();
            assert!(IS_CAUGHT.get(), "what comes after the inner one is as quiet");
            panic!("more damage")
        };
        assert_eq!(caught(outer), None);
        assert!(!IS_CAUGHT.get());
    }
}
