//! Ensembles of small networks, trained on the CPU; equal to PyTorch's at the start, the same bits everywhere.
//!
//! In: bytes of pixels, labels, seeds. Out: plain vectors. Knows no tensors, files or tables.
//!
//! The way of the data: [`Pixels`] -> [`TrainingSet`], lists of pixels that are not background -> [`train()`] -> groups of eight
//! networks, one per lane of a vector -> per epoch one pass over each partition of the samples and one step.
//! A network's result depends on its seed, the samples, the job and on constants of this crate: whatever
//! changes the order of additions into a parameter (see `partition`), or an operation (see `math`), changes
//! results and needs a new version of what is stored under them.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod dense;
mod dynamics;
mod error;
mod features;
pub mod generator;
mod group;
pub mod init;
pub mod inversion;
mod lanes;
mod lists;
mod loss;
mod math;
mod model;
mod panels;
mod parameters;
mod partition;
mod pass;
mod pixels;
mod radii;
mod samples;
mod schedule;
mod sets;
mod sparse;
mod state;
mod task;
mod threads;
mod train;
mod trained;

pub use dynamics::Dynamics;
pub use error::InputError;
pub use features::Features;
pub use generator::Generator;
pub use lanes::Instructions;
pub use pixels::{Pixels, background};
pub use samples::Samples;
pub use schedule::Schedule;
pub use sets::{SampleSet, TrainingSet};
pub use state::{Keeper, State};
pub use train::{Job, Network, train};
pub use trained::{Inversion, Trained, Unfinished};
