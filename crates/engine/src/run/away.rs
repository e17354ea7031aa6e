//! Tasks of a run that other machines compute: which ones go, and what becomes of them.
//!
//! In: the queue, and what the dispatch tells. Out: tasks that are away, done or failed.

use super::scheduler::Scheduler;
use super::standings::Turn;
use crate::away::{Errand, Parcel, Standing, Told};
use crate::checkpoint::Checkpoint;
use crate::failure::Failure;
use crate::graph::TaskId;
use crate::key::BatchGroup;
use crate::progress::Event;

use super::report::RunError;

impl Scheduler<'_> {
    /// Sends those of the queued tasks away that are worth it.
    pub(super) fn send_away(&mut self) {
        let is_over = self.is_stopped() || self.options.fail_fast && !self.report.failed.is_empty();
        let Some(dispatch) = self.dispatch.as_mut().filter(|_| !is_over) else { return };
        if !std::mem::take(&mut self.is_unsorted) {
            return;
        }
        let parcel = |(turn, group): (&Turn, &BatchGroup)| {
            let (task, node) = (turn.task, &self.graph.tasks[turn.task]);
            let op = &self.graph.stages[node.stage].op;
            let seconds = dispatch.seconds(task).unwrap_or_else(|| op.cost(&node.params).seconds);
            let batch = op.capacity(&node.params).batch;
            let parcel = Parcel { task, stage: node.stage, group: *group, batch, seconds };
            (!op.is_local() && seconds > 0.0).then_some(parcel)
        };
        let parcels: Vec<Parcel> = self.standings.queue().iter().filter_map(parcel).collect();
        for parcel in dispatch.chosen(&parcels) {
            let task = parcel.task;
            let Some((key, manifest)) = self.plan.resolve(self.graph, task) else { continue };
            // Who computes it reads what lies here. What cannot be had is found out by a worker of this process.
            if !manifest.inputs.values().flatten().all(|table| self.store.bring(&table.digest).is_ok()) {
                continue;
            }
            if self.standings.is_forced(&key) {
                Checkpoint::new(self.store, &key, 1, self.options.rhythm.clone()).remove();
                Failure::forget(self.store, &key);
            }
            let (name, manifest) = (self.graph.name(task), manifest.as_ref().clone());
            dispatch.take(parcel, Errand { name, key, manifest, seconds: parcel.seconds });
            self.standings.send_away(task);
            self.away.insert(key, task);
        }
    }

    /// What has become of tasks that are away.
    pub(super) fn hear_from_away(&mut self) -> Result<(), RunError> {
        let Some(dispatch) = &mut self.dispatch else { return Ok(()) };
        for told in dispatch.poll(self.standings.is_idle())? {
            self.hear(told);
        }
        Ok(())
    }

    fn hear(&mut self, told: Told) {
        match told {
            Told::Started(keys) => {
                let tasks: Vec<TaskId> = keys.iter().filter_map(|key| self.away.get(key)).copied().collect();
                if !tasks.is_empty() {
                    self.progress.event(Event::Started { tasks: &tasks });
                }
            }
            Told::Note(key, line) => {
                if let Some(task) = self.away.get(&key) {
                    self.progress.event(Event::Note { task: *task, line: &line });
                }
            }
            // What only another run wants is stored, and no more.
            Told::Done(record) => {
                if let Some(task) = self.away.remove(&record.key) {
                    self.settle(task, &record, Some(record.made.seconds));
                }
            }
            Told::Failed(key, error) => {
                if error.is_lasting() {
                    Failure::keep(self.store, &key, &error);
                }
                if let Some(task) = self.away.remove(&key) {
                    self.fail(task, Some(key), error);
                }
            }
            Told::Sent { packs, tasks } => self.progress.event(Event::Sent { packs, tasks }),
            Told::Standing(Standing { queued, running, nodes }) => {
                self.progress.event(Event::Jobs { queued, running, nodes: &nodes });
            }
            Told::Warning(line) => self.progress.event(Event::Packs { line: &line }),
        }
    }
}
