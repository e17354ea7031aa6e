//! What happens during a run, told to whoever shows it. The engine itself never prints.

use crate::graph::TaskId;
use crate::op::OpError;

/// One thing that happened.
pub enum Event<'a> {
    /// Before the first task: the tasks that may have to be computed.
    Begin {
        tasks: &'a [TaskId],
    },
    /// These tasks are computed together from now on.
    Started {
        tasks: &'a [TaskId],
    },
    /// The task's op tells people something, such as what it downloads.
    Note {
        task: TaskId,
        line: &'a str,
    },
    /// Computed in that time, its share if it was one of a batch.
    Computed {
        task: TaskId,
        seconds: f64,
    },
    /// Found in the cache once its inputs were known, or the same work as another task.
    Reused {
        task: TaskId,
    },
    /// Another process computes these; they are looked at again when there is nothing else to do.
    Waiting {
        tasks: usize,
    },
    /// Another process that uses this cache may do the same work: there are no locks here.
    NoLocks {
        error: &'a std::io::Error,
    },
    Failed {
        task: TaskId,
        error: &'a OpError,
    },
    /// Something that it reads failed.
    Blocked {
        task: TaskId,
    },
    End,
}

/// A listener. Events come from one thread, in order.
pub trait Progress {
    fn event(&mut self, event: Event);
}

/// Shows nothing.
pub struct Silent;

impl Progress for Silent {
    fn event(&mut self, _: Event) {}
}
