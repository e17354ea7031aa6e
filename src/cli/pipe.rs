//! A reader of our output that has seen enough, such as head, ends the program without a word.

use std::panic;
use std::process;

/// As shells report a program that SIGPIPE ended.
const EXIT_CODE: i32 = 141;

/// To be called before anything is printed: `print!` panics when nobody reads any longer.
pub fn end_quietly() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let what = info.payload().downcast_ref::<String>();
        if what.is_some_and(|what| what.starts_with("failed printing to stdout: Broken pipe")) {
            process::exit(EXIT_CODE);
        }
        usual(info);
    }));
}
