//! The graph of stages and the content-addressed store behind hspipe.
//!
//! The way through this crate: [`yaml`] reads text with its locations, [`spec`] makes it a
//! pipeline, [`settings`] applies `--profile` and `--set`, [`graph`] expands stages into tasks,
//! [`plan`] says which of them the [`store`] already holds, [`estimate`] how much the others take,
//! [`mod@run`] computes the others, here or [`away`], and [`history`] remembers what was run. An [`op::Op`] is all
//! that the engine knows of the science. It never prints: see [`progress`].
//!
//! Two ops, a pipeline of two stages that uses them, and one of its results:
//!
//! ```
//! use std::collections::HashSet;
//! use std::sync::Arc;
//!
//! use hspipe_engine::graph::Graph;
//! use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, Registry, Task, one};
//! use hspipe_engine::plan::Plan;
//! use hspipe_engine::progress::Silent;
//! use hspipe_engine::run::{Options, run};
//! use hspipe_engine::settings::Settings;
//! use hspipe_engine::spec::Spec;
//! use hspipe_engine::store::Store;
//! use serde::{Deserialize, Serialize};
//!
//! struct Laugh;
//!
//! #[derive(Serialize, Deserialize)]
//! #[serde(deny_unknown_fields)]
//! struct LaughParams {
//!     times: usize,
//! }
//!
//! impl Op for Laugh {
//!     type Params = LaughParams;
//!     const NAME: &'static str = "laugh";
//!     const VERSION: u32 = 1;
//!     const INPUTS: &'static [InputDecl] = &[];
//!     const OUTPUTS: &'static [&'static str] = &["text"];
//!
//!     fn run(&self, task: &Task<LaughParams>) -> Result<Outputs, OpError> {
//!         Ok(vec![("text", "ha".repeat(task.params.times).into_bytes())])
//!     }
//! }
//!
//! struct Length;
//!
//! #[derive(Serialize, Deserialize)]
//! #[serde(deny_unknown_fields)]
//! struct LengthParams {}
//!
//! impl Op for Length {
//!     type Params = LengthParams;
//!     const NAME: &'static str = "length";
//!     const VERSION: u32 = 1;
//!     const INPUTS: &'static [InputDecl] = &[one("text")];
//!     const OUTPUTS: &'static [&'static str] = &["length"];
//!
//!     fn run(&self, task: &Task<LengthParams>) -> Result<Outputs, OpError> {
//!         let text = task.inputs.one("text")?.read()?;
//!         Ok(vec![("length", text.len().to_string().into_bytes())])
//!     }
//! }
//!
//! let pipeline = "
//! axes:
//!   times: [1, 2, 3]
//! stages:
//!   laugh: {axes: [times]}
//!   length: {axes: [times], inputs: {text: laugh}}
//! ";
//! let mut ops = Registry::default();
//! ops.add(Laugh);
//! ops.add(Length);
//! let spec = Spec::parse(pipeline, "pipeline.yaml")?;
//! let settings = Settings::resolve(&spec, None, &[])?;
//! let graph = Graph::expand(&spec, &settings, &ops)?;
//! assert_eq!(graph.tasks.len(), 2 * 3);
//!
//! let folder = tempfile::tempdir()?;
//! let store = Arc::new(Store::open(folder.path())?);
//! let mut plan = Plan::make(&graph, &store, &HashSet::new());
//! let wanted = graph.select(&spec, &["length[times=3]".to_string()])?;
//! let report = run(&graph, &mut plan, &store, &wanted, &Options::default(), &mut Silent)?;
//! assert_eq!(report.computed.len(), 2, "what is not wanted is not computed");
//!
//! let outputs = plan.states[wanted[0]].outputs().expect("it was computed");
//! assert_eq!(store.read(&outputs[0].digest)?, b"6");
//! assert_eq!(Plan::make(&graph, &store, &HashSet::new()).count(wanted).cached, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![warn(missing_docs, unreachable_pub)]

pub mod address;
mod assignment;
pub mod away;
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
pub mod presence;
pub mod progress;
pub mod run;
mod sealed;
pub mod settings;
pub mod spec;
pub mod store;
pub mod upstream;
pub mod value;
pub mod verify;
pub mod why;
mod write;
pub mod yaml;

pub use error::{Origin, SpecError};
pub use value::Value;
