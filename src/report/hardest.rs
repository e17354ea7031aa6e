//! The hardest samples of each class.
//!
//! In: finished tasks of `identify` that differ only in strategy, train ratio and set, and what they read. Out:
//! [`Ranking`]. Must not know images, nor how anything is shown.

use std::collections::{BTreeMap, BTreeSet};

use hspipe_engine::graph::TaskId;
use hspipe_engine::value::show;

use super::Scope;
use crate::tables::HARD;

/// Per class the samples that most sets call hard.
pub struct Ranking {
    /// The strategies, in the order of the pipeline, with how many sets each has drawn.
    pub strategies: Vec<(String, usize)>,
    /// By the clean label: how many samples any set calls hard, and the hardest of them.
    pub classes: BTreeMap<i32, (usize, Vec<Hardest>)>,
}

pub struct Hardest {
    pub sample_id: i32,
    position: i32,
    /// By strategy: the share of its sets that call the sample hard.
    pub shares: Vec<f64>,
    /// What networks predict most often.
    pub prediction: Option<Prediction>,
}

pub struct Prediction {
    pub class: i32,
    /// How many networks predict it, and how many there are.
    pub votes: usize,
    pub networks: usize,
}

impl Hardest {
    fn mean_share(&self) -> f64 {
        self.shares.iter().sum::<f64>() / self.shares.len().max(1) as f64
    }
}

/// The `most` hardest samples of each class: by the mean share over the strategies, ties by sample id.
pub fn hardest(scope: &Scope, tasks: &[TaskId], most: usize) -> anyhow::Result<Ranking> {
    let mut strategies: Vec<(String, usize)> = Vec::new();
    // By sample: position, clean label, and how many sets of each strategy call it hard.
    let mut found: BTreeMap<i32, (i32, i32, Vec<usize>)> = BTreeMap::new();
    for task in tasks.iter().copied() {
        let Some(hard) = scope.table(task, HARD.name)? else { continue };
        let strategy = scope.coord(task, "strategy").map(show).unwrap_or_default();
        let place = strategies.iter().position(|(name, _)| *name == strategy).unwrap_or_else(|| {
            strategies.push((strategy, 0));
            strategies.len() - 1
        });
        strategies[place].1 += 1;
        let (ids, positions) = (hard.i32("sample_id")?, hard.i32("position")?);
        for ((id, position), class) in ids.iter().zip(positions).zip(hard.i32("clean_class")?) {
            let (.., sets) = found.entry(*id).or_insert((*position, *class, Vec::new()));
            sets.resize(strategies.len().max(sets.len()), 0);
            sets[place] += 1;
        }
    }
    let mut classes: BTreeMap<i32, (usize, Vec<Hardest>)> = BTreeMap::new();
    for (sample_id, (position, class, sets)) in found {
        let share = |(place, (_, drawn)): (usize, &(String, usize))| {
            sets.get(place).copied().unwrap_or(0) as f64 / *drawn as f64
        };
        let shares = strategies.iter().enumerate().map(share).collect();
        let (count, samples) = classes.entry(class).or_default();
        *count += 1;
        samples.push(Hardest { sample_id, position, shares, prediction: None });
    }
    for (_, samples) in classes.values_mut() {
        samples.sort_by(|a, b| b.mean_share().total_cmp(&a.mean_share()).then(a.sample_id.cmp(&b.sample_id)));
        samples.truncate(most);
    }
    predict(scope, tasks, classes.values_mut().flat_map(|(_, samples)| samples))?;
    Ok(Ranking { strategies, classes })
}

/// Fills in what the networks behind `tasks` predict of `samples` most often, the smallest class of equals.
fn predict<'a>(
    scope: &Scope,
    tasks: &[TaskId],
    samples: impl Iterator<Item = &'a mut Hardest>,
) -> anyhow::Result<()> {
    // Strategies may read the same network.
    let mut networks: BTreeSet<(TaskId, &str)> = BTreeSet::new();
    for task in tasks.iter().copied() {
        let snapshot = scope.graph.tasks[task].params.value.get("snapshot").map(show);
        let at =
            if snapshot.as_deref() == Some("inversion") { "predicted_inversion" } else { "predicted_last" };
        networks.extend(scope.reads(task, "search").into_iter().map(|search| (search, at)));
        networks.extend(scope.reads(task, "fit").into_iter().map(|fit| (fit, "predicted")));
    }
    let mut samples: Vec<(&mut Hardest, BTreeMap<i32, usize>)> =
        samples.map(|sample| (sample, BTreeMap::new())).collect();
    for (network, column) in networks {
        let Some(scores) = scope.table(network, "scores")? else { continue };
        let predicted = scores.i32(column)?;
        for (sample, votes) in &mut samples {
            // Scores are in the order of the positions.
            if let Some(class) = predicted.get(sample.position as usize) {
                *votes.entry(*class).or_default() += 1;
            }
        }
    }
    for (sample, votes) in samples {
        let networks = votes.values().sum();
        let most = votes.into_iter().max_by_key(|(class, votes)| (*votes, std::cmp::Reverse(*class)));
        sample.prediction = most.map(|(class, votes)| Prediction { class, votes, networks });
    }
    Ok(())
}
