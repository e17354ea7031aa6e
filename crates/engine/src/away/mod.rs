//! Tasks that are computed on other machines.
//!
//! The way of a task: `packing` chooses it and puts it into a pack, `dispatch` writes the pack
//! down in a `folder` and hands it to an engine, a [`Queue`], by the thread of `caller`. There
//! `worker` computes it and writes what came of it into a `ledger`, which `open` reads while it
//! grows. What is lost on the way goes through `loss`. Files are all that the two sides share: no
//! locks, no network, and no trust in what is not whole.

mod caller;
mod dispatch;
mod elsewhere;
mod folder;
mod ledger;
mod loss;
mod open;
mod packing;
mod queue;
mod sight;
mod take_in;
mod worker;

pub use caller::SharedQueue;
pub(crate) use dispatch::Dispatch;
pub use elsewhere::{AwayError, Elsewhere};
pub use folder::{Errand, Folder, Pack, State};
pub(crate) use ledger::node;
pub use ledger::{Line, Placed};
pub(crate) use open::{Standing, Told};
pub(crate) use packing::Parcel;
pub use queue::{Array, Element, Order, Queue, QueueError, Rules};
pub use sight::{Sight, look_at};
pub use take_in::take_in;
pub use worker::{Step, WorkError, Worked, Worker};
