//! What makes a result mean little, in words: sets that are missing, no hard sample or nearly all of them, networks that
//! have learned nothing.
//!
//! In: the finished tasks that were asked for. Out: a warning for each doubt. Changes no result and hides none.

use std::collections::{BTreeMap, BTreeSet};

use hspipe_engine::graph::{Graph, TaskId};
use hspipe_engine::plan::Plan;
use hspipe_engine::store::Store;
use hspipe_engine::value::{canonical, show};

use super::stored;
use crate::scores::{Network, Predictions, Snapshot};
use crate::tables::{self, ClassStats, Counts, TableError};

/// A larger share of hard samples sets nothing apart.
const NEARLY_ALL: f64 = 0.5;

/// How far networks must come from the most frequent class' share of the labels towards 1.
const LEARNED: f64 = 0.1;

/// Networks of each stage that are looked at.
const LOOKED_AT: usize = 12;

/// What a reader of the results of `tasks` should know, a line each.
///
/// # Errors
/// A table that cannot be read.
pub fn doubts(graph: &Graph, plan: &Plan, store: &Store, tasks: &[TaskId]) -> anyhow::Result<Vec<String>> {
    let results = Results { graph, plan, store, tasks };
    let mut lines = results.missing_sets();
    lines.extend(results.share_of_hard_samples()?);
    lines.extend(results.unlearned()?);
    Ok(lines)
}

struct Results<'a> {
    graph: &'a Graph,
    plan: &'a Plan,
    store: &'a Store,
    tasks: &'a [TaskId],
}

impl Results<'_> {
    /// Results that go on without sets that failed.
    fn missing_sets(&self) -> Vec<String> {
        let mut stages: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for task in self.finished(None) {
            if let Some((left, all, of)) = self.sets(task) {
                let made = match left {
                    0 => format!("made without {of}, since all {all} sets of it failed"),
                    _ => format!("made of {left} of {all} sets, since the others failed"),
                };
                stages.entry(made).or_default().insert(self.stage(task));
            }
        }
        let line = |(made, stages): (String, BTreeSet<&str>)| {
            let stages: Vec<&str> = stages.into_iter().collect();
            format!("{made}: {}", stages.join(", "))
        };
        stages.into_iter().map(line).collect()
    }

    /// Of the sets that a task gathers, those that are there and all, and the stage that they are of; none if nothing is
    /// missing. A set is told from others by its coordinates but for the strategy.
    fn sets(&self, task: TaskId) -> Option<(usize, usize, &str)> {
        let op = self.graph.stage_of(task).op.as_ref();
        let is_lost = |item: &TaskId| self.plan.states[*item].is_lost();
        let inputs = &self.graph.tasks[task].inputs;
        let is_partial = |items: &[TaskId]| items.iter().any(is_lost);
        let input = inputs.iter().find(|input| input.arity(op).leaves_out() && is_partial(&input.items))?;
        let set = |item: &TaskId| {
            let mut coords = self.graph.gathered_coords(input, *item);
            coords.retain(|(axis, _)| axis != "strategy");
            coords.iter().map(|(axis, value)| format!("{axis}={} ", canonical(value))).collect::<String>()
        };
        let all: BTreeSet<String> = input.items.iter().map(set).collect();
        let lost: BTreeSet<String> = input.items.iter().filter(|item| is_lost(item)).map(set).collect();
        let of = input.items.first().map_or("", |item| self.stage(*item));
        Some((all.len() - lost.len(), all.len(), of))
    }

    fn share_of_hard_samples(&self) -> anyhow::Result<Vec<String>> {
        let mut lines = Vec::new();
        for task in self.finished(Some("hard_counts")) {
            let mean: f64 = self.table(task, "stats", ClassStats::read)?.mean.iter().sum();
            let of = self.graph.tasks[task].inputs.iter().flat_map(|input| input.items.iter().copied());
            let Some(set) = of.into_iter().find(|item| self.plan.states[*item].outputs().is_some()) else {
                continue;
            };
            let samples: i32 = self.table(set, "counts", Counts::read)?.samples.iter().sum();
            let doubt = doubt_of_share(mean / f64::from(samples.max(1)));
            lines.extend(doubt.map(|doubt| format!("{}: {doubt}", self.graph.name(task))));
        }
        Ok(lines)
    }

    /// Stages whose networks do hardly better than to always name the most frequent class.
    fn unlearned(&self) -> anyhow::Result<Vec<String>> {
        let mut lines = Vec::new();
        for network in Network::OF_OPS.map(Looked::At).into_iter().chain([Looked::AtTests]) {
            let mut stages: BTreeMap<(&str, String), Vec<TaskId>> = BTreeMap::new();
            for task in self.finished(Some(network.op())) {
                stages.entry((self.stage(task), self.dataset(task))).or_default().push(task);
            }
            for ((stage, dataset), tasks) in stages {
                let (mut right, mut frequent, mut count) = (0.0, 0.0, 0.0);
                for task in tasks.iter().step_by(tasks.len().div_ceil(LOOKED_AT)) {
                    let share = self.shares(network, *task)?;
                    (right, frequent, count) = (right + share.right, frequent + share.most, count + 1.0);
                }
                let (right, frequent) = (right / count, frequent / count);
                if right <= frequent + LEARNED * (1.0 - frequent) {
                    lines.push(format!(
                        "{stage}{dataset}: the networks are right on {:.0} % of the samples that they {}, and who always \
                         names the most frequent class is on {:.0} %: they have learned next to nothing. More epochs or \
                         another learning_rate may help",
                        100.0 * right,
                        network.of_them(),
                        100.0 * frequent
                    ));
                }
            }
        }
        Ok(lines)
    }

    /// The finished tasks among those asked for; of one op, if it is given.
    fn finished(&self, op: Option<&str>) -> impl Iterator<Item = TaskId> {
        let tasks = self.tasks.iter().copied();
        let tasks = tasks.filter(move |task| op.is_none_or(|op| self.graph.stage_of(*task).op.name() == op));
        tasks.filter(|task| self.plan.states[*task].outputs().is_some())
    }

    fn stage(&self, task: TaskId) -> &str {
        &self.graph.stage_of(task).name
    }

    fn dataset(&self, task: TaskId) -> String {
        let dataset = self.graph.coords(task).find(|(axis, _)| *axis == "dataset");
        dataset.map(|(_, value)| format!(" of {}", show(value))).unwrap_or_default()
    }

    fn shares(&self, network: Looked, task: TaskId) -> anyhow::Result<Shares> {
        Ok(match network {
            Looked::At(network) => {
                let read = |scores| network.predictions(scores, Snapshot::Last);
                let Predictions { labels, predicted, .. } = self.table(task, network.table(), read)?;
                Shares::of_samples(&labels, &predicted)
            }
            Looked::AtTests => {
                let classes = self.table(task, "accuracy", tables::Accuracy::read)?;
                Shares::of_classes(&classes.samples, &classes.correct)
            }
        })
    }

    fn table<T>(
        &self,
        task: TaskId,
        name: &str,
        read: impl FnOnce(Vec<u8>) -> Result<T, TableError>,
    ) -> anyhow::Result<T> {
        let bytes = stored::table(self.graph, self.plan, self.store, task, name)?;
        Ok(read(bytes)?)
    }
}

/// What to say of the share of hard samples, if it means little.
fn doubt_of_share(share: f64) -> Option<String> {
    if share == 0.0 {
        let why = "the networks get every one right; with `snapshot: inversion` they are looked at earlier";
        return Some(format!("no sample is hard: {why}"));
    }
    (share > NEARLY_ALL).then(|| {
        format!(
            "{:.0} % of the samples are hard, which says little of any one: the networks have learned too little. More \
             epochs or another learning_rate may help",
            100.0 * share
        )
    })
}

/// What is looked at to know whether networks have learned something.
#[derive(Clone, Copy, PartialEq)]
enum Looked {
    /// Their predictions of the samples that they were trained on.
    At(Network),
    /// What `accuracy` says of their test samples.
    AtTests,
}

impl Looked {
    fn op(self) -> &'static str {
        match self {
            Looked::At(network) => network.op(),
            Looked::AtTests => "accuracy",
        }
    }

    /// What networks do with the samples.
    fn of_them(self) -> &'static str {
        match self {
            Looked::At(Network::Search | Network::Fit | Network::Ensemble | Network::Early) => {
                "were trained on"
            }
            Looked::At(Network::Folds) => "left out",
            Looked::AtTests => "are tested on",
        }
    }
}

/// The share of samples that a network gets right, and that of the most frequent class.
#[derive(Debug, PartialEq)]
struct Shares {
    right: f64,
    most: f64,
}

impl Shares {
    fn of_samples(labels: &[i32], predicted: &[i32]) -> Shares {
        let classes = labels.iter().max().map_or(0, |most| *most as usize + 1);
        let (mut samples, mut correct) = (vec![0; classes], vec![0; classes]);
        for (label, predicted) in labels.iter().zip(predicted) {
            samples[*label as usize] += 1;
            correct[*label as usize] += i32::from(label == predicted);
        }
        Shares::of_classes(&samples, &correct)
    }

    /// Of the number of samples of each class, and how many of them are right.
    fn of_classes(samples: &[i32], correct: &[i32]) -> Shares {
        let sum = |counts: &[i32]| counts.iter().map(|n| f64::from(*n)).sum::<f64>();
        let all = sum(samples).max(1.0);
        let most = samples.iter().max().copied().unwrap_or_default();
        Shares { right: sum(correct) / all, most: f64::from(most) / all }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_hard_samples_means_little_at_both_ends() {
        let said = |share| doubt_of_share(share).unwrap_or_default();
        assert!(said(0.0).starts_with("no sample is hard"));
        assert!(said(0.625).starts_with("62 % of the samples are hard"));
        assert_eq!([said(0.001), said(0.5)], ["", ""]);
    }

    /// By hand: 2 of 5 are right, 3 of 5 are of class 0. Of classes, 8 of 10, and 7 of 10 are of class 1.
    #[test]
    fn accuracy_is_that_of_samples_or_of_classes() {
        let of_samples = Shares::of_samples(&[0, 0, 0, 1, 2], &[0, 1, 2, 1, 0]);
        assert_eq!(of_samples, Shares { right: 0.4, most: 0.6 });
        assert_eq!(Shares::of_classes(&[3, 7], &[2, 6]), Shares { right: 0.8, most: 0.7 });
    }
}
