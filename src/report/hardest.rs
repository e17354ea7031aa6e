//! The hardest samples of each class.
//!
//! In: finished tasks of `identify` that differ only in strategy, train ratio and set, and what they read. Out:
//! [`Ranking`]. Must not know images, nor how anything is shown.

use std::collections::{BTreeMap, BTreeSet};

use hspipe_engine::graph::TaskId;
use hspipe_engine::value::show;

use super::Scope;
use crate::ops::hardness::Found;
use crate::scores;
use crate::tables::{FitScores, Hard, SearchScores};

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
    /// The clean label.
    class: i32,
    /// By strategy: the share of its sets that call the sample hard.
    pub shares: Vec<f64>,
    /// The wrong class that networks predict most often, as in the table `hardest`.
    pub prediction: Option<Prediction>,
}

pub struct Prediction {
    pub class: i32,
    /// How many networks predict it, and how many there are.
    pub votes: usize,
    pub networks: usize,
}

/// The `most` hardest samples of each class, in the order of [`Found::ranking`].
pub fn hardest(scope: &Scope, tasks: &[TaskId], most: usize) -> anyhow::Result<Ranking> {
    let mut found = Found::default();
    for task in tasks.iter().copied() {
        let Some(hard) = scope.table(task, "hard", Hard::read)? else { continue };
        let strategy = scope.coord(task, "strategy").map(show).unwrap_or_default();
        if let Some(place) = scores::NAMES.iter().position(|name| *name == strategy) {
            found.add_set(place, &hard);
        }
    }
    let places: Vec<usize> = found.strategies().collect();
    let mut classes: BTreeMap<i32, (usize, Vec<Hardest>)> = BTreeMap::new();
    for (position, sample) in found.ranking() {
        let (count, samples) = classes.entry(sample.class).or_default();
        *count += 1;
        if samples.len() < most {
            let shares = places.iter().filter_map(|place| found.share(sample, *place)).collect();
            let (sample_id, class) = (sample.sample_id, sample.class);
            samples.push(Hardest { sample_id, position, class, shares, prediction: None });
        }
    }
    predict(scope, tasks, classes.values_mut().flat_map(|(_, samples)| samples))?;
    let strategy = |place: usize| (scores::NAMES[place].to_string(), found.sets[&place] as usize);
    Ok(Ranking { strategies: places.into_iter().map(strategy).collect(), classes })
}

/// A network that a strategy looks at.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Network {
    SearchAtEnd,
    SearchAtInversion,
    Fit,
}

/// Fills in the wrong class that the networks behind `tasks` predict of `samples` most often, the smallest of equals.
fn predict<'a>(
    scope: &Scope,
    tasks: &[TaskId],
    samples: impl Iterator<Item = &'a mut Hardest>,
) -> anyhow::Result<()> {
    // Strategies may read the same network.
    let mut networks: BTreeSet<(TaskId, Network)> = BTreeSet::new();
    for task in tasks.iter().copied() {
        let snapshot = scope.graph.tasks[task].params.value.get("snapshot").map(show);
        let at_inversion = snapshot.as_deref() == Some("inversion");
        let search = if at_inversion { Network::SearchAtInversion } else { Network::SearchAtEnd };
        networks.extend(scope.reads(task, "search").into_iter().map(|task| (task, search)));
        networks.extend(scope.reads(task, "fit").into_iter().map(|task| (task, Network::Fit)));
    }
    let mut samples: Vec<(&mut Hardest, BTreeMap<i32, usize>)> =
        samples.map(|sample| (sample, BTreeMap::new())).collect();
    for (task, network) in networks {
        let search = || scope.table(task, "scores", SearchScores::read);
        let predicted = match network {
            Network::SearchAtEnd => search()?.map(|scores| scores.predicted_last),
            Network::SearchAtInversion => search()?.map(|scores| scores.predicted_inversion),
            Network::Fit => scope.table(task, "scores", FitScores::read)?.map(|scores| scores.predicted),
        };
        let Some(predicted) = predicted else { continue };
        for (sample, votes) in &mut samples {
            // Scores are in the order of the positions.
            if let Some(class) = predicted.get(sample.position as usize) {
                *votes.entry(*class).or_default() += 1;
            }
        }
    }
    for (sample, votes) in samples {
        let networks = votes.values().sum();
        let wrong = votes.into_iter().filter(|(class, _)| *class != sample.class);
        let most = wrong.max_by_key(|(class, votes)| (*votes, std::cmp::Reverse(*class)));
        sample.prediction = most.map(|(class, votes)| Prediction { class, votes, networks });
    }
    Ok(())
}
