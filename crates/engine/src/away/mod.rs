//! Tasks that are computed on other machines.

mod queue;

pub use queue::{Array, Element, Order, Queue, QueueError, Rules};
