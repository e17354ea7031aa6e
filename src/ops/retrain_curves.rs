//! A table `retrain_summary` -> curves of a metric over the share of samples that is kept, for the plots.

use hspipe_engine::op::{OpError, Table};

use crate::figures::{Axis, Point, Range};
use crate::tables::RetrainSummary;

/// The rows of one table that have a mean.
pub struct Curves(Vec<Row>);

struct Row {
    /// None for all train ratios together.
    train_ratio: Option<f64>,
    test_set: String,
    metric: String,
    point: Point,
}

impl Curves {
    pub fn read(table: &Table) -> Result<Self, OpError> {
        Ok(Self::of(&RetrainSummary::read(table.read()?)?))
    }

    fn of(table: &RetrainSummary) -> Self {
        let texts = table.test_set.iter().zip(table.metric.iter());
        let row = |(at, (test_set, metric)): (usize, (&str, &str))| {
            let (mean, std) = (table.mean[at]?, table.std[at].unwrap_or(0.0));
            let point = Point { x: table.remaining_ratio[at], mean, std };
            let (test_set, metric) = (test_set.to_string(), metric.to_string());
            Some(Row { train_ratio: table.train_ratio[at], test_set, metric, point })
        };
        Self(texts.enumerate().filter_map(row).collect())
    }

    /// The train ratios, in the order of the table.
    pub fn train_ratios(&self) -> Vec<f64> {
        let mut found = Vec::new();
        for ratio in self.0.iter().filter_map(|row| row.train_ratio) {
            if !found.contains(&ratio) {
                found.push(ratio);
            }
        }
        found
    }

    /// The points of one curve, by the share that is kept.
    pub fn points(&self, train_ratio: Option<f64>, test_set: &str, metric: &str) -> Vec<Point> {
        let wanted =
            |row: &&Row| row.train_ratio == train_ratio && row.test_set == test_set && row.metric == metric;
        let mut points: Vec<Point> = self.0.iter().filter(wanted).map(|row| row.point).collect();
        points.sort_by(|a, b| a.x.total_cmp(&b.x));
        points
    }
}

/// An x axis for shares, all of it.
pub fn share(label: &str) -> Axis {
    Axis { label: label.into(), shows: Some(Range { low: 0.0, high: 1.0 }), limits: None }
}

/// A y axis for percentages.
pub fn percent(label: &str) -> Axis {
    Axis { label: label.into(), shows: None, limits: Some(Range { low: 0.0, high: 100.0 }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_are_picked_and_rows_without_a_mean_left_out() {
        let mean = [Some(20.0), Some(10.0), Some(70.0), None, Some(1.0)];
        let curves = Curves::of(&RetrainSummary {
            train_ratio: vec![Some(0.9), Some(0.9), None, Some(0.9), Some(0.5)],
            remaining_ratio: vec![1.0, 0.0, 0.0, 0.5, 0.0],
            test_set: vec!["hard", "hard", "hard", "hard", "easy"].into(),
            metric: vec!["f1"; 5].into(),
            mean: mean.to_vec(),
            std: mean.map(|mean| mean.map(|mean| mean / 10.0)).to_vec(),
            n: vec![1; 5],
        });
        assert_eq!(curves.train_ratios(), [0.9, 0.5]);
        let points = |ratio, test_set| {
            let points = curves.points(ratio, test_set, "f1").into_iter();
            points.map(|point| (point.x, point.mean, point.std)).collect::<Vec<_>>()
        };
        assert_eq!(points(Some(0.9), "hard"), [(0.0, 10.0, 1.0), (1.0, 20.0, 2.0)]);
        assert_eq!(points(None, "hard"), [(0.0, 70.0, 7.0)]);
        assert!(points(None, "easy").is_empty() && curves.points(None, "hard", "recall").is_empty());
    }
}
