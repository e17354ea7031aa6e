//! Ctrl-C during a run: the first one ends it soon, with what is done kept; the second one ends it at once. SIGTERM, which
//! batch systems send before they kill, is the same; SIGHUP is left to nohup.
//!
//! In: signals. Out: a flag that the run looks at. Knows no tasks.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::progress::Voice;

/// As shells report a program that SIGINT ended.
pub const EXIT_CODE: u8 = 130;

/// The flag that is set from now on. If signals cannot be watched they end the program as they always do, which loses
/// little too.
pub fn watch(voice: &Voice) -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    listen(stop.clone(), voice.is_for_people());
    stop
}

#[cfg(unix)]
fn listen(stop: Arc<AtomicBool>, is_for_people: bool) {
    use std::sync::atomic::Ordering;

    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else { return };
    std::thread::spawn(move || {
        for _ in signals.forever() {
            if stop.swap(true, Ordering::Relaxed) {
                std::process::exit(EXIT_CODE.into());
            }
            if is_for_people {
                eprintln!("\nstopping: trainings are being kept; Ctrl-C again ends at once");
            }
        }
    });
}

#[cfg(not(unix))]
fn listen(_: Arc<AtomicBool>, _: bool) {}
