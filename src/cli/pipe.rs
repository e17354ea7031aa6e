//! What is printed, and who reads it no longer: a reader that has seen enough, such as head, ends the program without a
//! word; one that is gone from stderr ends nothing.
//!
//! In: text. Out: bytes on stdout and stderr.

use std::io::{self, ErrorKind, Write};
use std::process;

use super::system;
use crate::visible;

/// As shells report a program that SIGPIPE ended.
const EXIT_CODE: i32 = 141;

/// Prints a line for people to stderr. That nobody reads it is no reason to panic.
macro_rules! say {
    ($($arguments:tt)*) => { $crate::cli::pipe::say_line(&format!($($arguments)*)) };
}

/// Prints text for people to stdout, as `print!`.
macro_rules! tell {
    ($($arguments:tt)*) => { $crate::cli::pipe::tell_text(&format!($($arguments)*)) };
}

pub(crate) use {say, tell};

/// Any text as people see it: what the system says in plain words, and no character that works unseen.
pub fn for_people(text: &str) -> String {
    visible::lines(&system::plain(text)).into_owned()
}

/// As [`say!`].
pub fn say_line(text: &str) {
    let _ = io::stderr().write_all((for_people(text) + "\n").as_bytes());
}

/// As [`tell!`]. What cannot be written ends the program.
pub fn tell_text(text: &str) {
    if let Err(error) = print_bytes(for_people(text).as_bytes()) {
        say!("error: cannot write to stdout\n  why: {error}");
        if let Some(hint) = system::hint(&error.to_string()) {
            say!("  hint: {hint}");
        }
        process::exit(1);
    }
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
