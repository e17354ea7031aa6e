//! What happens during a run, told to whoever shows it. The engine itself never prints.

use crate::graph::TaskId;
use crate::op::OpError;

/// One thing that happened.
pub enum Event<'a> {
    /// Before the first task: the tasks that may have to be computed.
    Begin {
        /// All of them, in the order of computation.
        tasks: &'a [TaskId],
    },
    /// These tasks are computed together from now on.
    Started {
        /// One batch.
        tasks: &'a [TaskId],
    },
    /// The task's op tells people something, such as what it downloads.
    Note {
        /// The one whose op it is.
        task: TaskId,
        /// What it tells.
        line: &'a str,
    },
    /// Computed in that time, its share if it was one of a batch.
    Computed {
        /// The one that is done.
        task: TaskId,
        /// Of wall time, with those of earlier runs that were cut off.
        seconds: f64,
    },
    /// Found in the cache once its inputs were known, or the same work as another task.
    Reused {
        /// The one that is done.
        task: TaskId,
    },
    /// Another process computes these; they are looked at again when there is nothing else to do.
    Waiting {
        /// How many.
        tasks: usize,
    },
    /// Another process that uses this cache may do the same work: there are no locks here.
    NoLocks {
        /// What came of the attempt to lock.
        error: &'a std::io::Error,
    },
    /// Something that people should know of the packs that went to other machines.
    Packs {
        /// What happened.
        line: &'a str,
    },
    /// Tasks have gone to other machines.
    Sent {
        /// How many packs.
        packs: usize,
        /// How many tasks in them.
        tasks: usize,
    },
    /// The jobs of this run stand otherwise than before.
    Jobs {
        /// How many packs wait.
        queued: usize,
        /// How many are worked on.
        running: usize,
        /// The machines that work.
        nodes: &'a [String],
    },
    /// It failed, now or in an earlier run that would go the same way again.
    Failed {
        /// The one that failed.
        task: TaskId,
        /// Why.
        error: &'a OpError,
    },
    /// Something that it reads failed.
    Blocked {
        /// The one that cannot be computed.
        task: TaskId,
    },
    /// After the last event of a run.
    End,
}

/// A listener. Events come from one thread, in order.
pub trait Progress {
    /// Is told what happened.
    fn event(&mut self, event: Event);
}

/// Shows nothing.
pub struct Silent;

impl Progress for Silent {
    fn event(&mut self, _: Event) {}
}
