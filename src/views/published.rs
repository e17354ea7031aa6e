//! Comparisons with the published numbers as rows for people.
//!
//! In: [`Comparison`]s. Out: a [`Table`] and names. Must not know where the numbers come from, nor how rows are shown.

use super::aligned::{Cell, Table};
use crate::check::{Comparison, Finding, Verdict};

/// As it is written on the command line.
pub fn name(comparison: &Comparison) -> String {
    match comparison.swept.as_str() {
        "" => format!("figure{}", comparison.figure),
        swept => format!("figure{}[{swept}]", comparison.figure),
    }
}

/// Those of fewer runs than published, such as `figure8a (15 of 30)`.
pub fn fewer_runs(found: &[Comparison]) -> Vec<String> {
    let fewer = |comparison: &Comparison| {
        let (ours, theirs) = comparison.runs();
        (ours < theirs).then(|| format!("{} ({ours} of {theirs})", name(comparison)))
    };
    found.iter().filter_map(fewer).collect()
}

/// A comparison, and what lies outside of its bounds.
pub type Judged<'a> = (&'a Comparison, Vec<Finding>);

pub fn judge(found: &[Comparison]) -> Vec<Judged<'_>> {
    found.iter().map(|comparison| (comparison, comparison.findings())).collect()
}

/// A row for each figure.
pub fn table(judged: &[Judged]) -> Table {
    let head = [
        "figure",
        "points",
        "mean difference",
        "largest, in stds",
        "within 1 std",
        "within 2",
        "r",
        "verdict",
    ];
    let mut table = Table::new(&head);
    for (comparison, findings) in judged {
        let number = |value: Option<f64>, decimals: usize| {
            Cell::Number(value.map_or("-".into(), |value| format!("{value:.decimals$}")))
        };
        let within = |deviations: f64| match comparison.within(deviations) {
            Some(points) => Cell::Number(points.to_string()),
            None => Cell::Number("-".into()),
        };
        let points = match (comparison.pairs.len(), comparison.published) {
            (points, published) if points == published => points.to_string(),
            (points, published) => format!("{points} of {published}"),
        };
        table.row(vec![
            name(comparison).into(),
            Cell::Number(points),
            Cell::Number(format!("{:+.3}", comparison.mean_difference())),
            number(comparison.largest_deviation(), 2),
            within(1.0),
            within(2.0),
            number(comparison.correlation(), 3),
            Verdict::of(findings).to_string().into(),
        ]);
    }
    table
}
