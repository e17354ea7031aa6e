//! Tasks on their way out: packed, written down, ordered.
//!
//! In: tasks that wait for company, or were lost. Out: packs in the run's own folder, and orders.

use std::collections::HashMap;

use super::Dispatch;
use crate::away::elsewhere::{AwayError, Elsewhere};
use crate::away::folder::{Errand, Folder, Pack, State};
use crate::away::open::{Open, Told};
use crate::away::packing::{Parcel, packs, time_limit};
use crate::clock::now;
use crate::key::TaskKey;
use crate::store::StoreError;

impl Dispatch<'_> {
    /// Divides the tasks that wait into packs.
    pub(super) fn pack(&mut self, told: &mut Vec<Told>) -> Result<(), AwayError> {
        let rules = &self.elsewhere.rules;
        let waiting = std::mem::take(&mut self.waiting);
        let parcels: Vec<Parcel> = waiting.iter().map(|(parcel, _)| *parcel).collect();
        let mut errands: HashMap<_, Errand> =
            waiting.into_iter().map(|(parcel, errand)| (parcel.task, errand)).collect();
        let packs = packs(&parcels, rules);
        let of = |pack: Vec<Parcel>| pack.iter().filter_map(|parcel| errands.remove(&parcel.task)).collect();
        let packs: Vec<Vec<Errand>> = packs.into_iter().map(of).collect();
        self.put(packs, told)
    }

    /// Packs of tasks that were lost.
    pub(super) fn send(
        &mut self,
        packs: Vec<Vec<TaskKey>>,
        errands: &HashMap<TaskKey, Errand>,
        told: &mut Vec<Told>,
    ) -> Result<(), AwayError> {
        let of =
            |pack: &Vec<TaskKey>| -> Vec<Errand> { pack.iter().map(|key| errands[key].clone()).collect() };
        let packs: Vec<Vec<Errand>> = packs.iter().map(of).collect();
        self.put(packs, told)
    }

    /// Writes packs down and orders them.
    pub(super) fn put(&mut self, packs: Vec<Vec<Errand>>, told: &mut Vec<Told>) -> Result<(), AwayError> {
        if packs.is_empty() {
            return Ok(());
        }
        let own = self.own_folder()?;
        let folder = self.folders[own].folder.clone();
        let rules = &self.elsewhere.rules;
        let (first, tasks) = (self.next_number, packs.iter().map(Vec::len).sum());
        let limit = packs.iter().map(|pack| time_limit(pack, rules)).max().unwrap_or_default();
        told.push(Told::Sent { packs: packs.len(), tasks });
        for tasks in packs {
            let seconds = tasks.iter().map(|errand| errand.seconds).sum();
            let pack = Pack { hspipe: self.version.to_string(), threads: rules.threads, seconds, tasks };
            folder.put_pack(self.next_number, &pack)?;
            self.packs.push(Open::new(&folder, self.next_number, pack.tasks));
            self.next_number += 1;
        }
        self.orders.push((first, self.next_number - 1, limit));
        Ok(())
    }

    pub(super) fn own_folder(&mut self) -> Result<usize, StoreError> {
        if let Some(own) = self.own {
            return Ok(own);
        }
        let Elsewhere { executor, root, targets, .. } = self.elsewhere;
        let state = State {
            executor: executor.clone(),
            hspipe: self.version.to_string(),
            root: root.clone(),
            targets: targets.clone(),
            at: now(),
            arrays: Vec::new(),
        };
        let folder = Folder::create(self.store, &state)?;
        let own = self.know(folder, state);
        self.own = Some(own);
        Ok(own)
    }
}
