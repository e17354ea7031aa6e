//! Our numbers beside the published ones, figure by figure.
//!
//! `published` and `ours` give values with their places in the paper (`places`); here those at the same place are
//! paired; `verdict` says how far apart the pairs of a figure are, and whether that is close. Must not know how our
//! numbers were computed, nor how a comparison is printed.

mod ours;
mod places;
mod published;
mod verdict;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use places::Place;
pub use verdict::{Comparison, Pair};

/// A mean at a place in the paper.
#[derive(Clone, Debug)]
struct Value {
    place: Place,
    mean: f64,
    /// Over sets or networks; only of published values, and there unknown of accuracies.
    std: Option<f64>,
    /// How many sets or networks.
    n: i32,
}

/// A comparison for every figure of which something has been computed, in the order of their names; and the
/// figures of which nothing has been.
pub fn compare(results: &Path) -> anyhow::Result<(Vec<Comparison>, Vec<&'static str>)> {
    let ours: HashMap<Place, Value> =
        ours::values(results)?.into_iter().map(|value| (value.place.clone(), value)).collect();
    let mut figures: BTreeMap<&'static str, Comparison> = BTreeMap::new();
    for theirs in published::values() {
        let figure = theirs.place.figure;
        let empty = Comparison { figure, pairs: Vec::new(), published: 0 };
        let comparison = figures.entry(figure).or_insert(empty);
        comparison.published += 1;
        if let Some(ours) = ours.get(&theirs.place) {
            comparison.pairs.push(Pair {
                curve: theirs.place.curve,
                x: theirs.place.x,
                ours: ours.mean,
                our_n: ours.n,
                theirs: theirs.mean,
                their_std: theirs.std,
                their_n: theirs.n,
            });
        }
    }
    let (found, missing): (Vec<Comparison>, Vec<Comparison>) =
        figures.into_values().partition(|comparison| !comparison.pairs.is_empty());
    Ok((found, missing.into_iter().map(|comparison| comparison.figure).collect()))
}
