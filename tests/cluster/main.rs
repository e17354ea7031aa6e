//! Engines that run jobs: a real SLURM on this machine, and what stands for others.
//!
//! Tests that need more than a shell are ignored unless they are asked for, and fail where it is missing:
//! cargo x test -p hspipe --test cluster -- --include-ignored

mod array;
mod doctor;
mod places;
mod queue;
mod run;
mod slurm;
mod whole;

/// As in the tests of whole runs on one machine.
#[path = "../e2e/project.rs"]
mod project;

/// The program under test.
const HSPIPE: &str = env!("CARGO_BIN_EXE_hspipe");

const REPOSITORY: &str = env!("CARGO_MANIFEST_DIR");
