//! The schema of every Parquet table, every column once. `docs/tables.md` says the same for people.
//!
//! A task's table has no coordinates; the tables in `Results/` put them first (see [`crate::results`]).

mod io;

pub use io::{Column, Frame, TableError, write, write_columns};

/// The note on a column of a result that holds the values of a swept parameter. It says the parameter's name.
pub const SWEPT: &str = "hspipe.swept";

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Int32,
    Int64,
    UInt32,
    Float32,
    Float64,
    Text,
    Bool,
    Binary,
}

/// A column: name, type, whether it may be null.
#[derive(Clone, Copy, Debug)]
pub struct ColumnSpec {
    pub name: &'static str,
    pub kind: Kind,
    pub nullable: bool,
}

/// A table that an op makes.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    pub name: &'static str,
    pub columns: &'static [ColumnSpec],
}

const fn column(name: &'static str, kind: Kind) -> ColumnSpec {
    ColumnSpec { name, kind, nullable: false }
}

const fn nullable(name: &'static str, kind: Kind) -> ColumnSpec {
    ColumnSpec { name, kind, nullable: true }
}

macro_rules! schemas {
    ($($(#[$doc:meta])* $constant:ident = $name:literal: [$($column:expr),* $(,)?];)*) => {
        $($(#[$doc])* pub const $constant: Schema = Schema { name: $name, columns: &[$($column),*] };)*
        /// Every schema, in the order of the pipeline.
        #[cfg(test)]
        pub const ALL: &[Schema] = &[$($constant),*];
    };
}

use Kind::{Binary, Bool, Float32, Float64, Int32, Text, UInt32};

schemas! {
    /// load: pixels are channels x height x width bytes, row-major.
    IMAGES = "images": [
        column("sample_id", Int32), column("channels", Int32), column("height", Int32), column("width", Int32),
        column("pixels", Binary),
    ];
    LABELS = "labels": [column("sample_id", Int32), column("label", Int32)];
    CLASSES = "classes": [column("class", Int32), column("name", Text)];
    /// sources: no rows where samples have no files of their own.
    SOURCES = "sources": [column("sample_id", Int32), column("source", Text)];
    /// subset and noise. `label` counts from then on; `clean_label` is what the file says.
    SAMPLES = "samples": [
        column("position", Int32), column("sample_id", Int32), column("label", Int32), column("clean_label", Int32),
    ];
    /// subset: of the pixels on the scale 0..1; the variance is unbiased.
    NORMALISATION = "normalisation": [column("channel", Int32), column("mean", Float64), column("variance", Float64)];
    /// Every training: one row for the network.
    MEMBER = "member": [
        column("seed", UInt32), column("attempt", Int32), column("epochs", Int32), column("final_loss", Float64),
    ];
    /// Every training: the loss before the step of each epoch.
    HISTORY = "history": [column("epoch", Int32), column("loss", Float64)];
    /// Every training: the final weights. Layer 0 comes first; row-major outputs x inputs, then the bias. In a ResNet
    /// convolutions and batch norms are layers each, and batch norms have `running_mean` and `running_var` besides.
    WEIGHTS = "weights": [column("layer", Int32), column("parameter", Text), column("index", Int32), column("value", Float32)];
    /// radii and search.
    RADII = "radii": [column("epoch", Int32), column("class", Int32), column("radius", Float64)];
    /// search.
    INVERSIONS = "inversions": [column("class", Int32), column("epoch", Int32)];
    /// search: at the end, and for each sample at the inversion of its class. A negative margin is a mistake.
    SEARCH_SCORES = "search_scores": [
        column("position", Int32), column("label", Int32),
        column("predicted_last", Int32), column("margin_last", Float32),
        column("predicted_inversion", Int32), column("margin_inversion", Float32),
    ];
    /// fit: after the last epoch.
    FIT_SCORES = "fit_scores": [
        column("position", Int32), column("label", Int32), column("predicted", Int32), column("margin", Float32),
        column("confidence", Float32), column("energy", Float32),
    ];
    /// fit: over all epochs. `learned` is null for a sample that was never predicted rightly.
    DYNAMICS = "dynamics": [
        column("position", Int32), column("label", Int32), column("margin_mean", Float64),
        column("probability_mean", Float64), column("probability_std", Float64), column("correct", Int32),
        column("forgotten", Int32), nullable("learned", Int32),
    ];
    /// identify: the hard samples, the hardest first.
    HARD = "hard": [
        column("rank", Int32), column("position", Int32), column("sample_id", Int32), column("class", Int32),
        column("clean_class", Int32), column("score", Float32),
    ];
    /// identify: how many of each class are hard.
    COUNTS = "counts": [column("class", Int32), column("samples", Int32), column("hard", Int32)];
    /// identify: how many of the wrongly labelled samples are among the hard ones; null without noise.
    NOISE = "noise": [column("noisy", Int32), column("found", Int32), nullable("noise_recall", Float64)];
    /// accuracy: of one network on the test samples of each class.
    ACCURACY = "accuracy": [
        column("class", Int32), column("samples", Int32), column("correct", Int32), column("accuracy", Float64),
    ];
    /// hard_counts and class_accuracy: population std over n sets or networks.
    CLASS_STATS = "stats": [column("class", Int32), column("mean", Float64), column("std", Float64), column("n", Int32)];
    /// correlation: null where one of the two does not vary.
    CORRELATION = "correlation": [nullable("pearson", Float64), column("classes", Int32)];
    /// overlap: share of a's hard samples that are hard by b too, of each set.
    OVERLAP_SETS = "overlap_sets": [
        column("a", Text), column("b", Text), column("train_ratio", Float64), column("set", Int32),
        nullable("percent", Float64),
    ];
    OVERLAP = "overlap": [
        column("a", Text), column("b", Text), nullable("mean", Float64), nullable("std", Float64), column("n", Int32),
    ];
    /// mistakes: the samples that one network gets wrong, and what it takes them for.
    MISTAKES = "mistakes": [column("position", Int32), column("predicted", Int32), column("network", Text)];
    /// rank: every sample that a set calls hard, the hardest first. Shares of sets; null for a strategy without sets.
    RANKING = "ranking": [
        column("rank", Int32), column("position", Int32), column("sample_id", Int32), column("class", Int32),
        column("class_name", Text), nullable("stragglers", Float64), nullable("confidence", Float64),
        nullable("energy", Float64), column("hardness", Float64), nullable("predicted", Int32),
        nullable("predicted_name", Text), nullable("source", Text),
    ];
    RADII_SUMMARY = "radii_summary": [
        column("epoch", Int32), column("class", Int32), column("mean", Float64), column("std", Float64), column("n", Int32),
    ];
    /// split: `part` is `train`, `test` or `left out`.
    SPLIT = "split": [column("position", Int32), column("hard", Bool), column("part", Text)];
    /// retrain: a row per test set, in percent; null where the test set is empty.
    METRICS = "metrics": [
        column("seed", UInt32), column("test_set", Text), nullable("accuracy", Float64),
        nullable("precision", Float64), nullable("recall", Float64), nullable("f1", Float64),
        column("n_train", Int32), column("n_test", Int32),
    ];
    /// retrain_summary: `train_ratio` is null in the rows over all of them.
    RETRAIN_SUMMARY = "retrain_summary": [
        nullable("train_ratio", Float64), column("remaining_ratio", Float64), column("test_set", Text),
        column("metric", Text), nullable("mean", Float64), nullable("std", Float64), column("n", Int32),
    ];
    /// Every plot: the picture in each format. `file` is below Figures/.
    FIGURE = "figure": [column("file", Text), column("content", Binary)];
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A section of docs/tables.md: its name, and column, type and meaning of each row.
    type Section = (&'static str, Vec<[&'static str; 3]>);

    /// The sections of part 2, which describes the tables of single tasks.
    fn documented() -> Vec<Section> {
        let document = include_str!("../../docs/tables.md");
        let mut sections: Vec<Section> = Vec::new();
        let part = document.lines().skip_while(|line| !line.starts_with("# Part 2")).skip(1);
        for line in part.take_while(|line| !line.starts_with("# ")) {
            if let Some(name) = line.strip_prefix("### ") {
                sections.push((name, Vec::new()));
            } else if let Some(row) = line.strip_prefix('|') {
                let cells: Vec<&str> = row.trim_end_matches('|').split('|').map(str::trim).collect();
                let cells = cells.try_into().unwrap_or_else(|_| panic!("three cells are wanted: {line}"));
                sections.last_mut().expect("a table stands in a section").1.push(cells);
            }
        }
        sections
    }

    fn type_text(column: &ColumnSpec) -> String {
        let kind = match column.kind {
            Kind::Int32 => "int32",
            Kind::Int64 => "int64",
            Kind::UInt32 => "uint32",
            Kind::Float32 => "float32",
            Kind::Float64 => "float64",
            Kind::Text => "string",
            Kind::Bool => "bool",
            Kind::Binary => "binary",
        };
        format!("{kind}{}", if column.nullable { ", null" } else { "" })
    }

    #[test]
    fn every_table_is_documented_as_it_is() {
        let sections = documented();
        let names: Vec<&str> = sections.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ALL.iter().map(|schema| schema.name).collect::<Vec<_>>());
        for ((name, rows), schema) in sections.iter().zip(ALL) {
            let [head, rule, rows @ ..] = rows.as_slice() else { panic!("{name} has no table") };
            assert_eq!((*head, *rule), (["column", "type", "meaning"], ["---"; 3]), "{name}");
            let written: Vec<(&str, String)> =
                rows.iter().map(|[column, kind, _]| (*column, kind.to_string())).collect();
            let declared: Vec<(&str, String)> =
                schema.columns.iter().map(|column| (column.name, type_text(column))).collect();
            assert_eq!(written, declared, "{name}");
            for [column, _, meaning] in rows {
                assert!(!meaning.is_empty(), "{name}.{column} has no meaning");
            }
        }
    }
}
