//! The hardest samples of each class.
//!
//! In: a finished task of `rank`. Out: [`Hardest`]. Must not know images, how samples are ranked, nor how anything is
//! shown.

use std::collections::BTreeMap;

use hspipe_engine::graph::TaskId;
use hspipe_engine::value::show;

use super::Scope;
use crate::tables::Ranking;

/// Per class the samples that most sets call hard.
pub struct Hardest {
    /// The strategies, in the order of the ranking, with how many sets each has drawn.
    pub strategies: Vec<(String, usize)>,
    /// By the clean label: how many samples any set calls hard, and the hardest of them.
    pub classes: BTreeMap<i32, (usize, Vec<Sample>)>,
    /// Whether any set calls any sample hard; else all samples are there.
    pub is_any_hard: bool,
}

pub struct Sample {
    pub sample_id: i32,
    /// Its file, if it has one of its own.
    pub source: Option<String>,
    /// By strategy: the share of its sets that call the sample hard.
    pub shares: Vec<f64>,
    /// The wrong class that most networks take it for, if any does.
    pub predicted: Option<i32>,
    /// How many networks do, and how many there are.
    pub votes: i32,
    pub networks: i32,
}

/// The `most` hardest samples of each class, in the order of the ranking; none if it is not computed.
pub fn hardest(scope: &Scope, task: TaskId, most: usize) -> anyhow::Result<Option<Hardest>> {
    let Some(ranking) = scope.table(task, "ranking", Ranking::read)? else { return Ok(None) };
    let mut classes: BTreeMap<i32, (usize, Vec<Sample>)> = BTreeMap::new();
    for (row, class) in ranking.class.iter().enumerate() {
        let (count, samples) = classes.entry(*class).or_default();
        *count += 1;
        if samples.len() < most {
            let shares = ranking.strategies.0.iter().map(|(_, shares)| shares[row].unwrap_or_default());
            samples.push(Sample {
                sample_id: ranking.sample_id[row],
                source: ranking.source[row].clone(),
                shares: shares.collect(),
                predicted: ranking.predicted[row],
                votes: ranking.votes[row],
                networks: ranking.networks[row],
            });
        }
    }
    let is_any_hard = ranking.hardness.iter().flatten().any(|hardness| *hardness > 0.0);
    let strategies = ranking.strategies.0.into_iter().map(|(name, _)| (sets(scope, task, &name), name));
    let strategies = strategies.map(|(sets, name)| (name, sets)).collect();
    Ok(Some(Hardest { strategies, classes, is_any_hard }))
}

/// How many sets of a strategy the ranking is made of.
fn sets(scope: &Scope, task: TaskId, strategy: &str) -> usize {
    let is_of = |task: &TaskId| scope.coord(*task, "strategy").map(show).as_deref() == Some(strategy);
    scope.reads(task, "hard").iter().filter(|task| is_of(task) && scope.is_finished(**task)).count()
}
