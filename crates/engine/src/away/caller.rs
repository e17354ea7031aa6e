//! The thread that talks to the engine, which may take seconds to answer, or not answer at all.
//!
//! In: orders, and arrays to ask after. Out: the engine's answers, whenever they come. Knows no tasks.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use super::queue::{Array, Element, Order, Queue, QueueError};

/// An engine that a run shares with its thread.
pub type SharedQueue = Arc<Mutex<Box<dyn Queue>>>;

/// What the engine is asked.
pub(super) enum Ask {
    /// To take the packs from `first` to `last`.
    Submit { folder: PathBuf, first: usize, last: usize, time_limit: Duration },
    /// Who works on these arrays' packs; the number tells folders apart.
    Alive { of: usize, arrays: Vec<Array> },
}

/// What it answers.
pub(super) enum Answer {
    Submitted { first: usize, last: usize, time_limit: Duration, result: Result<Vec<Array>, QueueError> },
    Alive { of: usize, arrays: Vec<Array>, result: Result<Vec<Element>, QueueError> },
}

/// The way to the thread, which ends with it.
pub(super) struct Caller {
    asks: mpsc::Sender<Ask>,
    answers: mpsc::Receiver<Answer>,
}

impl Caller {
    pub(super) fn new(queue: &SharedQueue) -> Caller {
        let (asks, to_do) = mpsc::channel::<Ask>();
        let (send, answers) = mpsc::channel();
        let queue = queue.clone();
        std::thread::spawn(move || {
            for ask in to_do {
                let mut queue = queue.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                let answer = match ask {
                    Ask::Submit { folder, first, last, time_limit } => {
                        let order = Order { command: "work", folder: &folder, first, last, time_limit };
                        let result = queue.submit(&order);
                        Answer::Submitted { first, last, time_limit, result }
                    }
                    Ask::Alive { of, arrays } => {
                        let result = queue.alive(&arrays);
                        Answer::Alive { of, arrays, result }
                    }
                };
                if send.send(answer).is_err() {
                    break;
                }
            }
        });
        Caller { asks, answers }
    }

    /// Asks; the answer comes when it comes.
    pub(super) fn ask(&self, ask: Ask) {
        // The thread ends after its caller alone.
        let _ = self.asks.send(ask);
    }

    /// An answer that has come.
    pub(super) fn answer(&self) -> Option<Answer> {
        self.answers.try_recv().ok()
    }

    /// An answer, waited for; none after so long.
    pub(super) fn await_answer(&self, longest: Duration) -> Option<Answer> {
        self.answers.recv_timeout(longest).ok()
    }
}
