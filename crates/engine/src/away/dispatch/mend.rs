//! Packs that nobody works on any more, and what becomes of their tasks.
//!
//! In: packs that are lost. Out: packs that are sent again, and tasks that are given up.

use std::collections::HashMap;

use super::Dispatch;
use crate::away::elsewhere::AwayError;
use crate::away::folder::{Errand, Folder};
use crate::away::loss::remedy;
use crate::away::open::{End, Open, Told};
use crate::key::TaskKey;
use crate::op::OpError;

impl Dispatch<'_> {
    /// Sends again what is lost.
    pub(super) fn mend(&mut self, told: &mut Vec<Told>) -> Result<(), AwayError> {
        let lost_after = self.elsewhere.rules.lost_after;
        let gone: Vec<&Folder> =
            self.folders.iter().filter(|known| known.is_gone).map(|known| &known.folder).collect();
        let (mut lost, mut open, mut vanished) = (Vec::new(), Vec::new(), Vec::new());
        for pack in std::mem::take(&mut self.packs) {
            match (gone.contains(&&pack.folder), pack.is_lost(lost_after)) {
                (true, _) => vanished.push(pack),
                (false, true) => lost.push(pack),
                (false, false) => open.push(pack),
            }
        }
        self.packs = open;
        for pack in vanished {
            self.take_over(pack.left, told)?;
        }
        for mut pack in lost {
            // What came just now is not lost.
            told.extend(pack.read(&pack.folder.attempts(), self.store)?);
            if pack.left.is_empty() {
                continue;
            }
            pack.folder.close_pack(pack.number)?;
            match pack.end.take() {
                Some(End::Refused(what)) => told.extend(refused(pack.left, &what)),
                Some(End::InOrder) => self.send(vec![in_order(&pack.left)], &pack.left, told)?,
                None => self.lose(pack, told)?,
            }
        }
        Ok(())
    }

    /// Tasks of a folder that another run has removed, once it had taken in what was in it.
    fn take_over(
        &mut self,
        mut left: HashMap<TaskKey, Errand>,
        told: &mut Vec<Told>,
    ) -> Result<(), AwayError> {
        for key in in_order(&left) {
            if let Some(record) = self.store.lookup(&key) {
                left.remove(&key);
                told.push(Told::Done(Box::new(record)));
            }
        }
        let keys = in_order(&left);
        if keys.is_empty() { Ok(()) } else { self.send(vec![keys], &left, told) }
    }

    /// A pack whose process has ended without a word.
    fn lose(&mut self, pack: Open, told: &mut Vec<Told>) -> Result<(), AwayError> {
        let Open { folder, number, left, started, node, .. } = pack;
        let retries = self.elsewhere.rules.retries as usize;
        let remedy = remedy(&in_order(&left), &started, retries, &mut self.strikes);
        let reason = self.reason(&folder, number);
        let on = node.map_or("before it began".to_string(), |node| format!("on {node}"));
        let why = reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        let again: usize = remedy.again.iter().map(Vec::len).sum();
        let given_up = remedy.given_up.len();
        told.push(Told::Warning(format!(
            "pack {number} was lost {on}{why}: {again} of its tasks are sent again, {given_up} given up"
        )));
        for key in remedy.given_up {
            let times = self.strikes.get(&key).copied().unwrap_or_default();
            let what = format!("its process ended without a word, {times} times");
            let hint = format!("what it printed: hspipe jobs log '{}'", left[&key].name);
            let printed = reason.iter().cloned().chain(folder.log_tail(number, 3));
            let printed = printed.collect::<Vec<_>>().join("\n");
            let error = OpError::new(what).hint(hint);
            let error =
                if printed.is_empty() { error } else { error.because(std::io::Error::other(printed)) };
            told.push(Told::Failed(key, error));
        }
        self.send(remedy.again, &left, told)
    }

    /// Why a pack's job ended, if the engine has an answer and is not busy with another.
    fn reason(&self, folder: &Folder, number: usize) -> Option<String> {
        let known = self.folders.iter().find(|known| known.folder == *folder)?;
        let array = known.state.arrays.iter().rfind(|array| array.holds(number))?;
        self.elsewhere.queue.try_lock().ok()?.reason(array, number)
    }
}

/// The tasks in the order of their names, which is the same in each run.
fn in_order(tasks: &HashMap<TaskKey, Errand>) -> Vec<TaskKey> {
    let mut keys: Vec<TaskKey> = tasks.keys().copied().collect();
    keys.sort_by_key(|key| &tasks[key].name);
    keys
}

/// The errors of tasks that no worker would take.
fn refused(tasks: HashMap<TaskKey, Errand>, what: &str) -> impl Iterator<Item = Told> {
    let hint = "the same hspipe must be on every node: hspipe doctor --on says what is there";
    let error = OpError::new(what).hint(hint.to_string());
    tasks.into_keys().map(move |key| Told::Failed(key, error.clone()))
}
