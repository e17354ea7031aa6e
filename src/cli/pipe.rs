//! What is printed, and who reads it no longer: a reader that has seen enough, such as head, ends the program without a
//! word; one that is gone from stderr ends nothing.
//!
//! In: text. Out: bytes on stdout and stderr.

use std::cell::Cell;
use std::io::{self, ErrorKind, Write};
use std::panic;
use std::process;

/// As shells report a program that SIGPIPE ended.
const EXIT_CODE: i32 = 141;

/// As `eprintln!`, but a stderr that nobody reads is no reason to panic.
macro_rules! say {
    ($($arguments:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($arguments)*);
    }};
}

pub(crate) use say;

thread_local! {
    /// Whether panics of this thread are caught, and told in other words.
    static CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// To be called before anything is printed: `print!` panics when it cannot write.
pub fn end_quietly() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if CAUGHT.get() {
            return;
        }
        let what = info.payload().downcast_ref::<String>().map_or("", String::as_str);
        if what.starts_with("failed printing to stdout: Broken pipe") {
            process::exit(EXIT_CODE);
        }
        if let Some(why) = what.strip_prefix("failed printing to stdout: ") {
            say!("error: cannot write to stdout\n  why: {why}");
            process::exit(1);
        }
        usual(info);
    }));
}

/// What `work` gives, or nothing if it panics, without a word.
pub fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    CAUGHT.set(true);
    let result = panic::catch_unwind(panic::AssertUnwindSafe(work)).ok();
    CAUGHT.set(false);
    result
}

/// Writes all of it to stdout. A reader that is gone ends the program quietly.
///
/// # Errors
/// Any other failure, such as a full disk.
pub fn print_bytes(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => process::exit(EXIT_CODE),
        result => result,
    }
}
