//! Sees that libtorch is here; `cargo x` runs it before it builds hspipe-torch. Comes in
//! the repository's root, goes out exit code 0 when there is a libtorch to build with. It
//! must not know what is built. A package of its own, so that `cargo x` alone is quick to
//! compile.

#![allow(clippy::print_stderr)]

mod download;
mod folder;
mod install;
mod libtorch;
mod report;
mod source;
mod unpack;

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(root) = env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: xtask-libtorch ROOT, the repository's root; better: cargo x setup torch");
        return ExitCode::from(2);
    };
    match libtorch::set_up(&root) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::error(&error);
            ExitCode::FAILURE
        }
    }
}
