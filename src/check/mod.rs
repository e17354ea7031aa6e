//! Our numbers beside the published ones, figure by figure.
//!
//! `published` and `ours` give values with their places in the paper (`places`); here those at the same place are
//! paired; `twins` tells a metric from another one; `verdict` says how far apart the pairs of a figure are, and whether
//! that is close. `label_errors` and `c_scores` hold scores of MNIST against what is known of it. Must not know how our
//! numbers were computed, nor how a comparison is printed.

mod c_scores;
mod label_errors;
mod ours;
mod parameters;
mod places;
mod published;
mod twins;
mod verdict;

use std::collections::{BTreeMap, HashMap};

pub use c_scores::{Agreement, CScores};
pub use label_errors::{FIRST, KNOWN, LabelErrors, known_errors};
pub use ours::Tables;
pub use parameters::other_than_papers;
use places::Place;
pub use verdict::{Comparison, Finding, Pair, Verdict};

/// A mean at a place in the paper.
#[derive(Clone, Debug)]
struct Value {
    place: Place,
    mean: f64,
    /// Over sets or networks; of published accuracies it is unknown.
    std: Option<f64>,
    /// How many sets or networks.
    n: i32,
}

/// A comparison for every figure of which something has been computed, in the order of their names and for each value
/// of swept parameters; and the figures of which nothing has been.
pub fn compare(tables: &Tables) -> anyhow::Result<(Vec<Comparison>, Vec<&'static str>)> {
    let (mut found, mut missing) = pair(Vec::new());
    for (swept, values) in ours::values(tables)? {
        let (of_these, _) = pair(values);
        missing.retain(|figure| of_these.iter().all(|comparison| comparison.figure != *figure));
        found
            .extend(of_these.into_iter().map(|comparison| Comparison { swept: swept.clone(), ..comparison }));
    }
    found.sort_by_key(|comparison| comparison.figure);
    Ok((found, missing))
}

fn pair(ours: Vec<Value>) -> (Vec<Comparison>, Vec<&'static str>) {
    let ours: HashMap<Place, Value> = ours.into_iter().map(|value| (value.place.clone(), value)).collect();
    let published = published::values();
    let our_means = ours.iter().map(|(place, value)| (place.clone(), value.mean)).collect();
    let their_means = published.iter().map(|value| (value.place.clone(), value.mean)).collect();
    let mut figures: BTreeMap<&'static str, Comparison> = BTreeMap::new();
    for theirs in published {
        let figure = theirs.place.figure;
        let taken_for = || twins::taken_for(figure, &our_means, &their_means);
        let empty = || Comparison {
            figure,
            swept: String::new(),
            pairs: Vec::new(),
            published: 0,
            taken_for: taken_for(),
        };
        let comparison = figures.entry(figure).or_insert_with(empty);
        comparison.published += 1;
        if let Some(ours) = ours.get(&theirs.place) {
            comparison.pairs.push(Pair {
                curve: theirs.place.curve,
                x: theirs.place.x,
                ours: ours.mean,
                our_std: ours.std,
                our_n: ours.n,
                theirs: theirs.mean,
                their_std: theirs.std,
                their_n: theirs.n,
            });
        }
    }
    let (found, missing): (Vec<Comparison>, Vec<Comparison>) =
        figures.into_values().partition(|comparison| !comparison.pairs.is_empty());
    (found, missing.into_iter().map(|comparison| comparison.figure).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The figures that lie outside.
    fn outside(ours: Vec<Value>) -> Vec<&'static str> {
        let (found, _) = pair(ours);
        let far =
            found.into_iter().filter(|comparison| Verdict::of(&comparison.findings()) == Verdict::Outside);
        far.map(|comparison| comparison.figure).collect()
    }

    #[test]
    fn equal_numbers_are_close_and_exchanged_metrics_are_not() {
        let published = published::values();
        assert_eq!(outside(published.clone()), [""; 0]);
        let exchanged = published.into_iter().map(|mut value| {
            value.place.figure = match value.place.figure {
                "7b" => "7c",
                "7c" => "7b",
                "7f" => "7g",
                "7g" => "7f",
                other => other,
            };
            value
        });
        assert_eq!(outside(exchanged.collect()), ["7b", "7c", "7f", "7g"], "recall and precision");
    }

    /// hspipe run hard_counts --set 'datasets=[MNIST]' --set 'strategies=[stragglers]', with `snapshot: last` and with
    /// `snapshot: inversion`.
    #[test]
    fn stragglers_at_the_inversion_are_not_the_published_ones() {
        let last = [55.7, 64.3, 189.5, 195.8, 118.3, 202.1, 75.4, 130.8, 191.5, 191.4];
        let inversion = [65.1, 52.2, 270.5, 246.3, 209.1, 270.7, 105.9, 194.1, 240.5, 297.2];
        let counts = |means: [f64; 10]| {
            let value = |(class, mean)| {
                let place = Place { figure: "8a", curve: String::new(), x: format!("{class}") };
                Value { place, mean, std: None, n: 15 }
            };
            means.into_iter().enumerate().map(value).collect::<Vec<Value>>()
        };
        assert_eq!(outside(counts(last)), [""; 0]);
        assert_eq!(outside(counts(inversion)), ["8a"]);
    }
}
