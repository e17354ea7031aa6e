//! Ensembles of small networks, trained on the CPU; equal to PyTorch's at the start, the same bits everywhere.
//!
//! In: bytes of pixels or f32 features, labels, seeds. Out: plain vectors. Knows no tensors, files or tables.
//!
//! ```
//! use std::sync::Arc;
//!
//! use hspipe_ensemble::{Features, Instructions, Job, Network, Schedule, TrainingSet, train};
//!
//! // Four samples of two features. The label says whether both have the same sign.
//! let values = Arc::new(vec![-1.0, -1.0, -1.0, 1.0, 1.0, -1.0, 1.0, 1.0]);
//! let labels = [1, 0, 0, 1];
//! let set = TrainingSet::build(&Features { values: &values, n: 4, width: 2 }, None)?;
//! let trained = train(&Job {
//!     set: &set,
//!     labels: &labels,
//!     network: &Network { hidden: vec![8], classes: 2 },
//!     seeds: &[1, 2],
//!     bags: &[],
//!     learning_rate: 1.0,
//!     momentum: 0.0,
//!     schedule: Schedule::Epochs { epochs: 500, radii_from: None },
//!     latent_layer: 0,
//!     dynamics: false,
//!     evaluate: Some(set.samples()),
//!     states: &[],
//!     keeper: None,
//!     threads: 1,
//!     instructions: Instructions::detect(),
//! })?;
//! for network in trained {
//!     let network = network?;
//!     assert!(network.final_loss < 0.1);
//!     // A row of logits for each sample.
//!     for (logits, label) in network.logits.chunks(2).zip(labels) {
//!         assert_eq!(logits[1] > logits[0], label == 1);
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The way of the data: [`Samples`], which are [`Pixels`] or [`Features`] -> [`TrainingSet`] -> [`train()`] -> groups of
//! eight networks, one per lane of a vector -> per epoch one pass over each partition of the samples and one step.
//! A network's result depends on its seed, the samples, the job and on constants of this crate: whatever
//! changes the order of additions into a parameter (see `partition`), or an operation (see `math`), changes
//! results and needs a new version of what is stored under them.

#![warn(missing_docs)]

#[cfg(target_arch = "x86_64")]
mod avx2;
mod bags;
mod dense;
mod dynamics;
mod error;
mod features;
pub mod generator;
mod group;
pub mod init;
mod instructions;
pub mod inversion;
mod lanes;
mod lists;
mod loss;
mod math;
mod matrix;
mod model;
mod panel;
mod parameters;
mod partition;
mod pass;
#[doc(hidden)]
pub mod peak;
mod perceptron;
mod pixels;
mod portable;
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
pub use instructions::Instructions;
pub use perceptron::{Perceptron, Seen};
pub use pixels::{Pixels, background};
pub use samples::Samples;
pub use schedule::Schedule;
pub use sets::{SampleSet, TrainingSet};
pub use state::{Keeper, State};
pub use train::{Job, Network, train};
pub use trained::{Inversion, Trained, Unfinished};
