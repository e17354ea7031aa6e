//! Whether a panel's numbers are those of another metric.
//!
//! Recall and precision differ by a point or less, much less than two draws of sets differ. But a draw moves all metrics
//! of a set together, so their differences from accuracy hardly depend on it: by these a panel must be nearer to its own
//! published numbers than to its twin's.
//!
//! In: means at their places. Out: the twin that the numbers are nearer to. Must not know where the numbers come from.

use std::collections::HashMap;

use super::places::Place;

/// A panel, its twin, and the panel of the accuracy of the same networks.
const TWINS: [(&str, &str, &str); 4] =
    [("7b", "7c", "7a"), ("7c", "7b", "7a"), ("7f", "7g", "7e"), ("7g", "7f", "7e")];

/// The twin that our numbers of `figure` are nearer to, if any.
pub fn taken_for(
    figure: &str,
    ours: &HashMap<Place, f64>,
    theirs: &HashMap<Place, f64>,
) -> Option<&'static str> {
    let (_, twin, accuracy) = *TWINS.iter().find(|(panel, ..)| *panel == figure)?;
    let (mut own, mut other) = (0.0, 0.0);
    for place in theirs.keys().filter(|place| place.figure == figure) {
        let at = |figure| Place { figure, ..place.clone() };
        let less_accuracy =
            |means: &HashMap<Place, f64>, place: &Place| Some(means.get(place)? - means.get(&at(accuracy))?);
        let (Some(mean), Some(published), Some(of_twin)) =
            (less_accuracy(ours, place), less_accuracy(theirs, place), less_accuracy(theirs, &at(twin)))
        else {
            continue;
        };
        own += (mean - published).abs();
        other += (mean - of_twin).abs();
    }
    (other < own).then_some(twin)
}
