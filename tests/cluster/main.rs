//! Engines that run jobs: a real SLURM on this machine, and what stands for others.
//!
//! Tests that need more than a shell are ignored unless they are asked for, and fail where it is missing:
//! cargo x test -p hspipe --test cluster -- --include-ignored

mod queue;
mod slurm;
