//! A pack on its way, as far as the run knows.
//!
//! In: lines of its workers, and what the engine says of its job. Out: what came of its tasks, and
//! whether it is lost. Sends nothing.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use super::folder::{Errand, Folder};
use super::ledger::{Line, News, Tail};
use super::queue::Element;
use crate::key::TaskKey;
use crate::op::OpError;
use crate::store::{Record, Store, StoreError};

/// What is new of a task that is away.
pub(crate) enum Told {
    /// A worker computes these.
    Started(Vec<TaskKey>),
    /// Its op tells people something.
    Note(TaskKey, String),
    /// It is computed, and stored here.
    Done(Box<Record>),
    /// It failed.
    Failed(TaskKey, OpError),
    /// So many packs were handed over, with so many tasks.
    Sent { packs: usize, tasks: usize },
    /// The jobs stand otherwise than before.
    Standing(Standing),
    /// Something that people should know of the packs.
    Warning(String),
}

/// How jobs stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// How many packs wait, and how many are worked on.
    pub queued: usize,
    pub running: usize,
    /// The machines that work.
    pub nodes: Vec<String>,
}

/// A pack that is not done.
pub(super) struct Open {
    pub folder: Folder,
    pub number: usize,
    /// What is not settled.
    pub left: HashMap<TaskKey, Errand>,
    /// What has begun in the last attempt.
    pub started: HashSet<TaskKey>,
    /// The machine of the last attempt.
    pub node: Option<String>,
    /// How the last attempt ended, if it said so.
    pub end: Option<End>,
    tails: Vec<Tail>,
    /// When it was sent, or the last line came.
    heard: Instant,
    /// How often in a row the engine knew nothing of it, and since when.
    gone: usize,
    gone_since: Option<Instant>,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It was told to, or it was done.
    InOrder,
    /// It would not compute the pack.
    Refused(String),
}

impl Open {
    pub(super) fn new(folder: &Folder, number: usize, tasks: impl IntoIterator<Item = Errand>) -> Open {
        Open {
            folder: folder.clone(),
            number,
            left: tasks.into_iter().map(|errand| (errand.key, errand)).collect(),
            started: HashSet::new(),
            node: None,
            end: None,
            tails: Vec::new(),
            heard: Instant::now(),
            gone: 0,
            gone_since: None,
        }
    }

    /// A pack that an earlier run has written down, less the tasks whose results are in the cache.
    pub(super) fn found(folder: &Folder, number: usize, store: &Store) -> Open {
        let tasks = folder.pack(number).map(|pack| pack.tasks).unwrap_or_default();
        Open::new(folder, number, tasks.into_iter().filter(|task| store.lookup(&task.key).is_none()))
    }

    /// What the attempts, of which a listing has shown the names, have written since the last look.
    ///
    /// # Errors
    /// The cache cannot be written in.
    pub(super) fn read(
        &mut self,
        attempts: &[(usize, String)],
        store: &Store,
    ) -> Result<Vec<Told>, StoreError> {
        for (_, attempt) in attempts.iter().filter(|(number, _)| *number == self.number) {
            if !self.tails.iter().any(|tail| tail.is_of(attempt)) {
                self.tails.push(Tail::new(&self.folder, self.number, attempt));
            }
        }
        let mut told = Vec::new();
        let mut tails = std::mem::take(&mut self.tails);
        for tail in &mut tails {
            let manifest = |key: &TaskKey| self.left.get(key).map(|errand| errand.manifest.clone());
            for news in tail.read(store, manifest)? {
                self.heard = Instant::now();
                told.extend(self.take(news));
            }
        }
        self.tails = tails;
        Ok(told)
    }

    fn take(&mut self, news: News) -> Option<Told> {
        match news {
            News::Stored(record) => {
                // Attempts beside each other may both have done it.
                self.left.remove(&record.key).map(|_| Told::Done(record))
            }
            News::Said(Line::Failed { key, error }) => {
                self.left.remove(&key).map(|_| Told::Failed(key, error.into()))
            }
            News::Said(Line::Begun { node, .. }) => {
                self.node = Some(node);
                self.end = None;
                self.started.clear();
                None
            }
            News::Said(Line::Started { keys }) => {
                self.started.extend(&keys);
                Some(Told::Started(keys))
            }
            News::Said(Line::Note { key, text }) => Some(Told::Note(key, text)),
            News::Said(Line::Refused { what }) => {
                self.end = Some(End::Refused(what));
                None
            }
            News::Said(Line::Ended { .. }) => {
                self.end = Some(End::InOrder);
                None
            }
            News::Said(Line::Done { .. }) => None,
        }
    }

    /// What the engine says of the jobs of its folder.
    pub(super) fn hear(&mut self, elements: &[Element]) {
        if elements.iter().any(|element| element.pack == self.number) {
            (self.gone, self.gone_since) = (0, None);
        } else {
            self.gone += 1;
            self.gone_since.get_or_insert_with(Instant::now);
        }
    }

    /// Whether somebody works on it, by its own words.
    pub(super) fn is_running(&self) -> bool {
        self.node.is_some() && self.end.is_none()
    }

    /// Whether nobody works on it any more: the engine has not known it twice, and no line has come
    /// for so long. What an attempt says at its end needs no waiting for.
    pub(super) fn is_lost(&self, lost_after: Duration) -> bool {
        let silent = self.gone_since.map_or(self.heard, |gone| gone.max(self.heard)).elapsed();
        let is_over = matches!(self.end, Some(End::Refused(_)));
        is_over || self.gone >= 2 && (self.end.is_some() || silent >= lost_after)
    }
}
