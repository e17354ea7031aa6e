//! Ctrl-C during a run: the first one ends it soon, with what is done kept; the second one ends it at once.
//!
//! In: signals. Out: a flag that the run looks at. Knows no tasks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::progress::Voice;

/// As shells report a program that SIGINT ended.
pub const EXIT_CODE: u8 = 130;

/// The flag that Ctrl-C, or a terminal that is closed, sets from now on. If signals cannot be watched they end the
/// program as they always do, which loses little too.
pub fn watch(voice: &Voice) -> Arc<AtomicBool> {
    let is_for_people = voice.is_for_people();
    let stop = Arc::new(AtomicBool::new(false));
    let flag = stop.clone();
    let _ = ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(EXIT_CODE.into());
        }
        if is_for_people {
            eprintln!("\nstopping: trainings are being kept; Ctrl-C again ends at once");
        }
    });
    stop
}
