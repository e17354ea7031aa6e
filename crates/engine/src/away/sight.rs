//! What can be seen of the packs of a run, without taking anything in.
//!
//! In: a folder and a cache. Out: a [`Sight`] per pack. Whether somebody works on it, only the engine
//! knows.

use super::folder::Folder;
use super::ledger::{Line, Tail};
use crate::store::Store;

/// A pack as it looks from outside.
#[derive(Clone, Debug, PartialEq)]
pub struct Sight {
    /// Its number.
    pub number: usize,
    /// The names of its tasks.
    pub tasks: Vec<String>,
    /// How many of them are computed or have failed.
    pub settled: usize,
    /// How many of them have failed.
    pub failed: usize,
    /// The machine of the last attempt that has begun.
    pub node: Option<String>,
    /// Whether that attempt has ended in good order.
    pub has_ended: bool,
    /// Whether its tasks have gone into other packs, or are given up.
    pub is_closed: bool,
}

/// Every pack of a folder, in the order of their numbers.
pub fn look_at(folder: &Folder, store: &Store) -> Vec<Sight> {
    let attempts = folder.attempts();
    let sight = |(number, is_closed): (usize, bool)| {
        let pack = folder.pack(number)?;
        let (mut node, mut has_ended) = (None, false);
        let (mut settled, mut failed) = (std::collections::HashSet::new(), std::collections::HashSet::new());
        settled.extend(pack.tasks.iter().map(|task| task.key).filter(|key| store.lookup(key).is_some()));
        for (_, attempt) in attempts.iter().filter(|(of, _)| *of == number) {
            for line in Tail::new(folder, number, attempt).lines() {
                match line {
                    Line::Begun { node: on, .. } => (node, has_ended) = (Some(on), false),
                    Line::Ended { .. } | Line::Refused { .. } => has_ended = true,
                    Line::Failed { key, .. } => {
                        failed.insert(key);
                        settled.insert(key);
                    }
                    Line::Done { key, .. } => {
                        settled.insert(key);
                    }
                    Line::Started { .. } | Line::Note { .. } => {}
                }
            }
        }
        let tasks = pack.tasks.into_iter().map(|task| task.name).collect();
        Some(Sight {
            number,
            tasks,
            settled: settled.len(),
            failed: failed.len(),
            node,
            has_ended,
            is_closed,
        })
    };
    let open = folder.packs().into_iter().map(|number| (number, false));
    let mut packs: Vec<(usize, bool)> =
        open.chain(folder.closed().into_iter().map(|number| (number, true))).collect();
    packs.sort_unstable();
    packs.into_iter().filter_map(sight).collect()
}
