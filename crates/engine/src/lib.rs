//! The graph of stages and the content-addressed store behind hspipe.
//!
//! The way through this crate: [`yaml`] reads text with its locations, [`spec`] makes it a pipeline,
//! [`settings`] applies `--profile` and `--set`, [`graph`] expands stages into tasks, [`plan`] says which
//! of them the [`store`] already holds, [`estimate`] how much the others take, [`run`] computes the others and [`history`] remembers what was run.
//! An [`op::Op`] is all that the engine knows of the science. It never prints: see [`progress`].

pub mod checkpoint;
pub mod clock;
pub mod collect;
mod digest;
pub mod error;
pub mod estimate;
pub mod failure;
pub mod graph;
pub mod history;
pub mod key;
pub mod lock;
pub mod names;
pub mod op;
pub mod plan;
pub mod progress;
pub mod run;
mod sealed;
pub mod settings;
pub mod spec;
pub mod store;
pub mod value;
pub mod verify;
pub mod why;
pub mod yaml;

pub use error::{Origin, SpecError};
pub use value::Value;
