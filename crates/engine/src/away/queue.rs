//! Engines that run jobs on other machines, as a run sees them.
//!
//! In: packs, by number. Out: which of them somebody works on. An engine never says that a task is
//! done: that stands in files that workers write. Knows neither tasks nor formats.

use std::path::Path;
use std::time::Duration;

/// What an array of jobs is asked: the element for pack `n` executes `hspipe COMMAND FOLDER n`.
#[derive(Clone, Debug)]
pub struct Order<'a> {
    /// `work`, or another command that takes a folder and a number.
    pub command: &'a str,
    /// The folder of the run's packs, absolute.
    pub folder: &'a Path,
    /// The number of the first pack.
    pub first: usize,
    /// The number of the last one, at least the first.
    pub last: usize,
    /// How long one element may take.
    pub time_limit: Duration,
}

/// An array that an engine has taken.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Array {
    /// The engine's name for it.
    pub id: String,
    /// The number of its first pack.
    pub first: usize,
    /// The number of its last pack.
    pub last: usize,
}

impl Array {
    /// Whether a pack of that number is one of its.
    pub fn holds(&self, pack: usize) -> bool {
        (self.first..=self.last).contains(&pack)
    }
}

/// An element of an array that waits or runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// The number of its pack.
    pub pack: usize,
    /// Whether it runs; else it waits.
    pub is_running: bool,
    /// Where it runs, if the engine says so.
    pub node: Option<String>,
}

/// An engine that runs jobs on other machines.
pub trait Queue: Send {
    /// Hands over the packs of an order, as one array or as several: all of them, or none. What a
    /// pack's process prints is appended to `logs/PACK.log` in the folder.
    ///
    /// # Errors
    /// The engine cannot be reached, or refuses.
    fn submit(&mut self, order: &Order) -> Result<Vec<Array>, QueueError>;

    /// The elements of these arrays that wait or run. One that is not among them has ended, or was
    /// never there.
    ///
    /// # Errors
    /// The engine cannot be reached.
    fn alive(&mut self, arrays: &[Array]) -> Result<Vec<Element>, QueueError>;

    /// Ends all elements of these arrays; those that have ended already are passed over.
    ///
    /// # Errors
    /// The engine cannot be reached, or refuses.
    fn cancel(&mut self, arrays: &[Array]) -> Result<(), QueueError>;

    /// Why the last element for a pack ended or still waits, in the engine's words, if it can say.
    fn reason(&mut self, array: &Array, pack: usize) -> Option<String>;
}

/// What an engine did not do.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{what}")]
pub struct QueueError {
    /// What was tried, and what came of it.
    pub what: String,
    /// Whether another try may succeed: the engine could not be reached.
    pub may_pass: bool,
}

/// How much goes to other machines, and when it counts as lost.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// Elements that run at once, at most.
    pub slots: usize,
    /// Threads of each.
    pub threads: usize,
    /// The shortest pack that is worth a job, by estimate.
    pub least: Duration,
    /// The longest one.
    pub most: Duration,
    /// The time limit of an array, in times of its longest pack's estimate.
    pub time_limit: f64,
    /// A task that takes longer than that goes away.
    pub task_over: Duration,
    /// So do tasks of one stage that take longer than that together.
    pub group_over: Duration,
    /// How often a task is tried again after its process was lost.
    pub retries: u32,
    /// How often the engine is asked.
    pub poll: Duration,
    /// A pack of which the engine knows nothing any more, and of which no line has come for so
    /// long, is lost.
    pub lost_after: Duration,
}
