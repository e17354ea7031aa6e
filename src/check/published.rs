//! The published numbers, from the files beside this one.
//!
//! In: nothing. Out: [`Value`]s. Must not know our results.

use super::Value;
use super::places::Table;

const FILES: [(Table, &str); 3] = [
    (Table::HardCounts, include_str!("published/hard_counts.csv")),
    (Table::ClassAccuracy, include_str!("published/class_accuracy.csv")),
    (Table::RetrainMetrics, include_str!("published/retrain_metrics.csv")),
];

/// Every published value, once for each figure that shows it.
pub fn values() -> Vec<Value> {
    FILES.iter().flat_map(|(table, text)| of_file(*table, text)).collect()
}

/// The files are this program's own: a line of names, then values without quotes.
fn of_file(table: Table, text: &str) -> Vec<Value> {
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let mut values = Vec::new();
    for line in lines {
        let row: Vec<&str> = line.split(',').collect();
        let field =
            |name: &str| names.iter().position(|other| *other == name).and_then(|at| row.get(at)).copied();
        let number = |name: &str| field(name).and_then(|text| text.parse::<f64>().ok());
        // Numbers are written as Rust writes ours, so that 0.0 and 0 are one place.
        let text = |name: &str| match number(name) {
            Some(number) => number.to_string(),
            None => field(name).unwrap_or_default().to_string(),
        };
        let (mean, std) = (number("mean").unwrap_or(f64::NAN), number("std"));
        let n = number("n").unwrap_or(0.0) as i32;
        values.extend(table.places(&text).into_iter().map(|place| Value { place, mean, std, n }));
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The figures' own numbers of points: 5 x 10 classes, 3 x 10 classes; 3 train ratios, 3 test sets and 9 or 5
    /// remaining ratios; 3 strategies, 3 train ratios, 2 test sets and 9 or 5 remaining ratios.
    #[test]
    fn every_figure_has_its_points() {
        let values = values();
        let count = |figure: &str| values.iter().filter(|value| value.place.figure == figure).count();
        for figure in ["8a", "8b", "8c", "8d", "8e", "8f", "8g", "8h"] {
            assert_eq!(count(figure), 10, "{figure}");
        }
        assert_eq!((count("3"), count("4")), (81, 45));
        assert_eq!((count("7a"), count("7h")), (162, 90));
        assert!(values.iter().all(|value| value.mean.is_finite() && value.n >= 30));
    }
}
