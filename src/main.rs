//! The program hspipe. It has no libtorch, whose loading takes a third of a second: where that is needed, hspipe-torch
//! takes over.

use std::process::ExitCode;

fn main() -> ExitCode {
    hspipe::main(None)
}
