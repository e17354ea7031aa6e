//! Where a number stands in the paper: its figure, its curve, its place on the curve.
//!
//! In: the fields of a row, published or ours. Out: [`Place`]s. Must not know where rows come from.

/// A place in a figure; two values at the same place are the same quantity.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Such as `8a`.
    pub figure: &'static str,
    /// Empty where a figure has only one.
    pub curve: String,
    pub x: String,
}

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// Hard samples of a class.
    HardCounts,
    /// Accuracy of a class, from 0 to 1.
    ClassAccuracy,
    /// A metric of retrained networks on a test set, in percent.
    RetrainMetrics,
}

impl Table {
    /// The figures that show the row with these fields.
    pub fn places(self, field: &dyn Fn(&str) -> String) -> Vec<Place> {
        let (dataset, strategy) = (field("dataset"), field("strategy"));
        let figure = match (self, dataset.as_str(), strategy.as_str()) {
            (Table::HardCounts, "MNIST", "stragglers") => "8a",
            (Table::HardCounts, "MNIST", "confidence") => "8b",
            (Table::HardCounts, "MNIST", "energy") => "8c",
            (Table::HardCounts, "KMNIST", "stragglers") => "8e",
            (Table::HardCounts, "FashionMNIST", "stragglers") => "8g",
            (Table::ClassAccuracy, "MNIST", _) => "8d",
            (Table::ClassAccuracy, "KMNIST", _) => "8f",
            (Table::ClassAccuracy, "FashionMNIST", _) => "8h",
            (Table::RetrainMetrics, "MNIST", _) => return retraining(&strategy, field),
            _ => return Vec::new(),
        };
        vec![Place { figure, curve: String::new(), x: field("class") }]
    }
}

fn retraining(strategy: &str, field: &dyn Fn(&str) -> String) -> Vec<Place> {
    let (reduce, metric, test_set) = (field("reduce"), field("metric"), field("test_set"));
    let (ratio, x) = (field("train_ratio"), field("remaining_ratio"));
    let mut places = Vec::new();
    if strategy == "stragglers" && metric == "accuracy" {
        let figure = if reduce == "easy" { "3" } else { "4" };
        places.push(Place { figure, curve: format!("{test_set}, train ratio {ratio}"), x: x.clone() });
    }
    let panel = match (reduce.as_str(), metric.as_str()) {
        ("easy", "accuracy") => "7a",
        ("easy", "recall") => "7b",
        ("easy", "precision") => "7c",
        ("easy", "f1") => "7d",
        ("hard", "accuracy") => "7e",
        ("hard", "recall") => "7f",
        ("hard", "precision") => "7g",
        ("hard", "f1") => "7h",
        _ => return places,
    };
    if test_set != "full" {
        places.push(Place {
            figure: panel,
            curve: format!("{strategy}, {test_set}, train ratio {ratio}"),
            x,
        });
    }
    places
}
