//! Comparisons with the published numbers as rows for people.
//!
//! In: [`Comparison`]s. Out: a [`Table`] and names. Must not know where the numbers come from, nor how rows are shown.

use super::aligned::{Cell, Table};
use crate::check::{Agreement, Comparison, FIRST, Finding, KNOWN, LabelErrors, Verdict};

/// As it is written on the command line.
pub fn name(comparison: &Comparison) -> String {
    with_swept(&format!("figure{}", comparison.figure), &comparison.swept)
}

/// With the values of swept parameters, if there are any.
fn with_swept(name: &str, swept: &str) -> String {
    if swept.is_empty() { name.into() } else { format!("{name}[{swept}]") }
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

/// A row for each ranking of MNIST: the known errors of its test set among the first, and among those called wrong.
pub fn errors_found(found: &[LabelErrors]) -> Table {
    let first = FIRST.map(|first| format!("in the first {first}"));
    let head = ["MNIST's test set", "known errors"].into_iter().chain(first.iter().map(String::as_str));
    let head: Vec<&str> = head.chain(["called wrong", "all called wrong"]).collect();
    let mut table = Table::new(&head);
    for ranking in found {
        let [a, b, c] = ranking.found;
        let counts = [KNOWN, a, b, c, ranking.label_issues, ranking.all_label_issues];
        let name = Cell::from(with_swept("issues", &ranking.swept));
        table.row([name].into_iter().chain(counts.map(Cell::from)).collect());
    }
    table
}

/// A row for each score of MNIST: how it goes with the published C-scores.
pub fn agreements(found: &[Agreement]) -> Table {
    let head = ["score", "samples", "Spearman", "AP, C < 0.5", "AP, C < 0.05", "r of classes"];
    let mut table = Table::new(&head);
    for agreement in found {
        let number =
            |value: Option<f64>| Cell::Number(value.map_or("-".into(), |value| format!("{value:.3}")));
        let [half, twentieth] = agreement.precision;
        table.row(vec![
            with_swept(&agreement.score, &agreement.swept).into(),
            agreement.samples.into(),
            number(agreement.spearman),
            number(half),
            number(twentieth),
            number(agreement.classes),
        ]);
    }
    table
}
