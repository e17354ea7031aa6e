//! Ctrl-C during a run: the first one ends it soon, with what is done kept; the second one ends it at once. SIGTERM, which
//! batch systems send before they kill, is the same; SIGHUP is left to nohup.
//!
//! In: signals. Out: a flag that the run looks at. Knows no tasks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

/// A wish to end.
#[derive(Clone, Default)]
pub struct Stop {
    /// What the run looks at.
    pub flag: Arc<AtomicBool>,
    signal: Arc<AtomicU8>,
}

impl Stop {
    pub fn was_asked(&self) -> bool {
        self.flag.load(Ordering::Relaxed)
    }

    /// As shells report a program that the signal ended.
    pub fn exit_code(&self) -> u8 {
        128 + self.signal.load(Ordering::Relaxed)
    }
}

/// From now on signals set the flag; the first one is told. If they cannot be watched they end the program as they always do,
/// which loses little too.
pub fn watch(tell: impl Fn(i32) + Send + 'static) -> Stop {
    let stop = Stop::default();
    listen(stop.clone(), tell);
    stop
}

/// A file that grows beyond `ulimit -f` is an error of the write, to be told, and does not end the program without a word.
pub fn outlive_large_files() {
    #[cfg(unix)]
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
}

#[cfg(unix)]
fn listen(stop: Stop, tell: impl Fn(i32) + Send + 'static) {
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level;

    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else { return };
    std::thread::spawn(move || {
        for signal in signals.forever() {
            stop.signal.store(u8::try_from(signal).unwrap_or_default(), Ordering::Relaxed);
            if stop.flag.swap(true, Ordering::Relaxed) {
                // At once, without what a library may want to tidy up while other threads are in it.
                low_level::exit(stop.exit_code().into());
            }
            tell(signal);
        }
    });
}

#[cfg(not(unix))]
fn listen(_: Stop, _: impl Fn(i32) + Send + 'static) {}
