//! The program hspipe with libtorch: hspipe becomes it when a network is to be trained that only libtorch can train.

use std::process::ExitCode;

fn main() -> ExitCode {
    hspipe::main(Some(&hspipe_torch::Torch))
}
