//! Every Parquet table that an op makes, as a struct of its columns. `docs/tables.md` says the same for people.
//!
//! A task's table has no coordinates; the tables in `Results/` put them first (see `views::results`).

mod columns;
mod data_frame;
mod io;
mod values;
mod weights;

pub use columns::{Columns, Named, Table};
pub use data_frame::of_polars;
pub use io::{Frame, Parts, TableError, write_columns};
pub use values::{Blobs, Texts, Values, Vectors};

/// The note on a column of a result that holds the values of a swept parameter. It says the parameter's name.
pub const SWEPT: &str = "hspipe.swept";

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Int32,
    UInt32,
    Float32,
    Float64,
    Text,
    Bool,
    Binary,
    /// Numbers of 32 bits, as many in each row.
    Vector,
}

/// A column: name, type, whether it may be null.
#[derive(Clone, Copy, Debug)]
pub struct ColumnSpec {
    pub name: &'static str,
    pub kind: Kind,
    pub nullable: bool,
    /// Whether it stands for several columns, whose names are those of what is in the table.
    pub several: bool,
}

/// What a table is called, and its columns in order.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    pub name: &'static str,
    pub columns: &'static [ColumnSpec],
}

/// Declares tables that ops make: each a struct of columns, in the order of the file, that is written and read as a whole.
#[macro_export]
macro_rules! tables {
    ($($(#[$doc:meta])* $table:ident = $name:literal { $($column:ident: $values:ty),* $(,)? })*) => {
        $(
            $(#[$doc])*
            pub struct $table {
                $(pub $column: $values),*
            }

            impl $table {
                pub const SCHEMA: $crate::tables::Schema = $crate::tables::Schema {
                    name: $name,
                    columns: &[$($crate::tables::ColumnSpec {
                        name: stringify!($column),
                        kind: <$values as $crate::tables::Columns>::KIND,
                        nullable: <$values as $crate::tables::Columns>::NULLABLE,
                        several: <$values as $crate::tables::Columns>::SEVERAL,
                    }),*],
                };

                /// # Errors
                /// No Parquet, or other columns than these.
                pub fn read(bytes: Vec<u8>) -> Result<Self, $crate::tables::TableError> {
                    Self::of(&$crate::tables::Frame::read($name, bytes)?)
                }

                /// # Errors
                /// Other columns than these.
                pub fn of(frame: &$crate::tables::Frame) -> Result<Self, $crate::tables::TableError> {
                    Ok($table {
                        $($column: $crate::tables::Columns::of(frame, stringify!($column), &Self::SCHEMA)?),*
                    })
                }

                /// The Parquet bytes.
                ///
                /// # Errors
                /// Columns of different lengths.
                pub fn write(self) -> Result<Vec<u8>, $crate::tables::TableError> {
                    let mut table = $crate::tables::Table::default();
                    $($crate::tables::Columns::put(self.$column, stringify!($column), &mut table);)*
                    table.write(Self::SCHEMA.name)
                }
            }
        )*

        /// Every schema, in the order of the pipeline.
        #[cfg(test)]
        pub const ALL: &[$crate::tables::Schema] = &[$($table::SCHEMA),*];
    };
}

tables! {
    /// load: pixels are channels x height x width bytes, row-major.
    Images = "images" {
        sample_id: Vec<i32>,
        channels: Vec<i32>,
        height: Vec<i32>,
        width: Vec<i32>,
        pixels: Blobs,
    }

    /// What takes the place of `images` where samples are no images: numbers of any scale.
    Features = "features" {
        sample_id: Vec<i32>,
        values: Vectors,
    }

    /// load.
    Labels = "labels" {
        sample_id: Vec<i32>,
        label: Vec<i32>,
    }

    /// load: the name of each class.
    Classes = "classes" {
        class: Vec<i32>,
        name: Texts,
    }

    /// sources: no rows where samples have no files of their own.
    Sources = "sources" {
        sample_id: Vec<i32>,
        split: Vec<Option<String>>,
        row: Vec<i32>,
        source: Vec<Option<String>>,
    }

    /// sources: how many samples of each class each split of a dataset has. `class_value` is the label in the data.
    Contents = "contents" {
        split: Vec<Option<String>>,
        class: Vec<i32>,
        class_name: Texts,
        class_value: Texts,
        samples: Vec<i32>,
    }

    /// sources: what was found in the data, in words: a summary, then what was made of what.
    Findings = "findings" {
        line: Texts,
    }

    /// sources: what features are called; empty of images.
    FeatureNames = "columns" {
        feature: Vec<i32>,
        name: Texts,
    }

    /// sources: a text for each sample, if the data have texts that are shown.
    SampleTexts = "texts" {
        sample_id: Vec<i32>,
        text: Texts,
    }

    /// subset and noise. `label` counts from then on; `clean_label` is what the file says.
    Samples = "samples" {
        position: Vec<i32>,
        sample_id: Vec<i32>,
        label: Vec<i32>,
        clean_label: Vec<i32>,
    }

    /// subset: of the pixels on the scale 0..1; the variance is unbiased.
    Normalisation = "normalisation" {
        channel: Vec<i32>,
        mean: Vec<f64>,
        variance: Vec<f64>,
    }

    /// Every training: one row for the network.
    Member = "member" {
        seed: Vec<u32>,
        attempt: Vec<i32>,
        epochs: Vec<i32>,
        final_loss: Vec<f64>,
    }

    /// Every training: the loss before the step of each epoch.
    History = "history" {
        epoch: Vec<i32>,
        loss: Vec<f64>,
    }

    /// Every training: the final weights. Layer 0 comes first; row-major outputs x inputs, then the bias. In a ResNet
    /// convolutions and batch norms are layers each, and batch norms have `running_mean` and `running_var` besides.
    Weights = "weights" {
        layer: Vec<i32>,
        parameter: Texts,
        index: Vec<i32>,
        value: Vec<f32>,
    }

    /// radii and search.
    Radii = "radii" {
        epoch: Vec<i32>,
        class: Vec<i32>,
        radius: Vec<f64>,
    }

    /// search.
    Inversions = "inversions" {
        class: Vec<i32>,
        epoch: Vec<i32>,
    }

    /// search: at the end, and for each sample at the inversion of its class. A negative margin is a mistake.
    SearchScores = "search_scores" {
        position: Vec<i32>,
        label: Vec<i32>,
        predicted_last: Vec<i32>,
        margin_last: Vec<f32>,
        predicted_inversion: Vec<i32>,
        margin_inversion: Vec<f32>,
    }

    /// fit: after the last epoch.
    FitScores = "fit_scores" {
        position: Vec<i32>,
        label: Vec<i32>,
        predicted: Vec<i32>,
        margin: Vec<f32>,
        confidence: Vec<f32>,
        energy: Vec<f32>,
    }

    /// fit: after the last epoch, a number per class, in the order of the classes.
    Logits = "logits" {
        position: Vec<i32>,
        label: Vec<i32>,
        logits: Vectors,
    }

    /// fit: over all epochs. `learned` is null for a sample that was never predicted rightly.
    Dynamics = "dynamics" {
        position: Vec<i32>,
        label: Vec<i32>,
        margin_mean: Vec<f64>,
        probability_mean: Vec<f64>,
        probability_std: Vec<f64>,
        correct: Vec<i32>,
        forgotten: Vec<i32>,
        learned: Vec<Option<i32>>,
    }

    /// recorded: the samples of a recording, and what they are called there if that is no number.
    RecordedLabels = "recorded_labels" {
        sample_id: Vec<i32>,
        label: Vec<i32>,
        key: Vec<Option<String>>,
    }

    /// neighbours: the nearest others of each sample, the nearest first; `neighbour` is a position.
    Neighbours = "neighbours" {
        position: Vec<i32>,
        rank: Vec<i32>,
        neighbour: Vec<i32>,
        distance: Vec<f32>,
    }

    /// neighbourhood: the share of neighbours of other labels, and how far away neighbours are.
    Neighbourhood = "neighbourhood" {
        position: Vec<i32>,
        label: Vec<i32>,
        disagreement: Vec<f64>,
        distance: Vec<f64>,
    }

    /// gradients: no rows where networks are not of the kind that it knows.
    Gradients = "gradients" {
        position: Vec<i32>,
        label: Vec<i32>,
        early_norm: Vec<f64>,
        last_norm: Vec<f64>,
        prototype_cosine: Vec<f64>,
    }

    /// subsets: a bit for each of `networks` networks, the first in the lowest bit of the first byte.
    Subsets = "subsets" {
        position: Vec<i32>,
        label: Vec<i32>,
        networks: Vec<i32>,
        learned_from: Blobs,
        right: Blobs,
    }

    /// consistency: shares of networks that get the sample right, of those that have not learned from it and of those that
    /// have.
    Consistency = "consistency" {
        position: Vec<i32>,
        label: Vec<i32>,
        held_out: Vec<f64>,
        learned: Vec<f64>,
    }

    /// influence: how much more often networks get the sample right that have learned from the other.
    Influence = "influence" {
        position: Vec<i32>,
        sample_id: Vec<i32>,
        class: Vec<i32>,
        class_name: Texts,
        rank: Vec<i32>,
        of_sample_id: Vec<i32>,
        of_class: Vec<i32>,
        of_class_name: Texts,
        influence: Vec<f64>,
        standard_error: Vec<f64>,
    }

    /// identify: the hard samples, the hardest first.
    Hard = "hard" {
        rank: Vec<i32>,
        position: Vec<i32>,
        sample_id: Vec<i32>,
        class: Vec<i32>,
        clean_class: Vec<i32>,
        score: Vec<f32>,
    }

    /// identify: how many of each class are hard.
    Counts = "counts" {
        class: Vec<i32>,
        samples: Vec<i32>,
        hard: Vec<i32>,
    }

    /// identify: how many of the wrongly labelled samples are among the hard ones; null without noise.
    Noise = "noise" {
        noisy: Vec<i32>,
        found: Vec<i32>,
        noise_recall: Vec<Option<f64>>,
    }

    /// accuracy: of one network on the test samples of each class.
    Accuracy = "accuracy" {
        class: Vec<i32>,
        samples: Vec<i32>,
        correct: Vec<i32>,
        accuracy: Vec<f64>,
    }

    /// hard_counts and class_accuracy: population std over n sets or networks.
    ClassStats = "stats" {
        class: Vec<i32>,
        mean: Vec<f64>,
        std: Vec<f64>,
        n: Vec<i32>,
    }

    /// correlation: null where one of the two does not vary.
    Correlation = "correlation" {
        pearson: Vec<Option<f64>>,
        classes: Vec<i32>,
    }

    /// overlap: share of a's hard samples that are hard by b too, of each set.
    OverlapSets = "overlap_sets" {
        a: Texts,
        b: Texts,
        train_ratio: Vec<f64>,
        set: Vec<i32>,
        percent: Vec<Option<f64>>,
    }

    /// overlap: mean and population std of the percents over n sets.
    Overlap = "overlap" {
        a: Texts,
        b: Texts,
        mean: Vec<Option<f64>>,
        std: Vec<Option<f64>>,
        n: Vec<i32>,
    }

    /// mistakes: the samples that one network gets wrong, and what it takes them for.
    Mistakes = "mistakes" {
        position: Vec<i32>,
        predicted: Vec<i32>,
        network: Texts,
    }

    /// score: every sample, by every score: mean and population std over n networks, rank from 1.
    SampleScores = "sample_scores" {
        score: Texts,
        rank: Vec<i32>,
        position: Vec<i32>,
        sample_id: Vec<i32>,
        class: Vec<i32>,
        class_name: Texts,
        mean: Vec<f64>,
        std: Vec<f64>,
        networks: Vec<i32>,
    }

    /// stability: rankings by so many networks beside those by one less.
    Stability = "stability" {
        score: Texts,
        networks: Vec<i32>,
        spearman: Vec<Option<f64>>,
        hardest: Vec<i32>,
        jaccard: Vec<f64>,
    }

    /// stability: rankings by two scores, each over all networks.
    ScoreOverlap = "score_overlap" {
        a: Texts,
        b: Texts,
        spearman: Vec<Option<f64>>,
        hardest: Vec<i32>,
        jaccard: Vec<f64>,
    }

    /// stability: mean scores of classes, mean and population std over n networks.
    ClassScores = "class_scores" {
        score: Texts,
        class: Vec<i32>,
        class_name: Texts,
        samples: Vec<i32>,
        mean: Vec<f64>,
        std: Vec<f64>,
        networks: Vec<i32>,
    }

    /// duplicates: samples that are the same as an earlier one.
    Duplicates = "duplicates" {
        position: Vec<i32>,
        sample_id: Vec<i32>,
        duplicate_of: Vec<i32>,
        same_label: Vec<bool>,
    }

    /// issues: every sample, the one with the most suspect label first. Probabilities are out of sample.
    Issues = "issues" {
        rank: Vec<i32>,
        position: Vec<i32>,
        sample_id: Vec<i32>,
        class: Vec<i32>,
        class_name: Texts,
        label_issue: Vec<bool>,
        label_score: Vec<f64>,
        suggested: Vec<i32>,
        suggested_name: Texts,
        suggested_probability: Vec<f64>,
        class_probability: Vec<f64>,
        ambiguous: Vec<bool>,
        typicality: Vec<Option<f64>>,
        unusual: Vec<Option<bool>>,
        duplicate_of: Vec<Option<i32>>,
        near_duplicate_of: Vec<Option<i32>>,
        split: Vec<Option<String>>,
        row: Vec<Option<i32>>,
        source: Vec<Option<String>>,
    }

    /// issues: how many samples have what is wrong with them.
    IssueCounts = "issue_counts" {
        samples: Vec<i32>,
        label_issues: Vec<i32>,
        wrong_labels: Vec<f64>,
        ambiguous: Vec<i32>,
        unusual: Vec<Option<i32>>,
        duplicates: Vec<Option<i32>>,
        conflicting_duplicates: Vec<Option<i32>>,
        duplicates_across_splits: Vec<Option<i32>>,
        near_duplicates: Vec<Option<i32>>,
    }

    /// rank: every sample that a set calls hard, or whose label is called wrong, the hardest first; every sample where no set
    /// calls any hard. A column for each strategy: the share of its sets that call it hard.
    Ranking = "ranking" {
        rank: Vec<i32>,
        position: Vec<i32>,
        sample_id: Vec<i32>,
        class: Vec<i32>,
        class_name: Texts,
        label_issue: Vec<Option<bool>>,
        suggested: Vec<Option<i32>>,
        suggested_name: Vec<Option<String>>,
        suggested_probability: Vec<Option<f64>>,
        strategies: Named<Vec<Option<f64>>>,
        hardness: Vec<Option<f64>>,
        predicted: Vec<Option<i32>>,
        predicted_name: Vec<Option<String>>,
        votes: Vec<i32>,
        networks: Vec<i32>,
        split: Vec<Option<String>>,
        row: Vec<Option<i32>>,
        source: Vec<Option<String>>,
    }

    /// perturb: which samples are perturbed.
    Perturbed = "perturbed" {
        position: Vec<i32>,
        sample_id: Vec<i32>,
        class: Vec<i32>,
        clean_class: Vec<i32>,
        perturbed: Vec<bool>,
    }

    /// detection: how well each score finds perturbed samples.
    Detection = "detection" {
        score: Texts,
        perturbed: Vec<i32>,
        auroc: Vec<f64>,
        average_precision: Vec<f64>,
        precision: Vec<f64>,
        missed: Vec<i32>,
    }

    /// detection_summary: population std over n draws.
    DetectionSummary = "detection_summary" {
        metric: Texts,
        score: Texts,
        mean: Vec<f64>,
        std: Vec<f64>,
        n: Vec<i32>,
    }

    /// radii_summary: population std over n networks.
    RadiiSummary = "radii_summary" {
        epoch: Vec<i32>,
        class: Vec<i32>,
        mean: Vec<f64>,
        std: Vec<f64>,
        n: Vec<i32>,
    }

    /// split: `part` is `train`, `test` or `left out`.
    Split = "split" {
        position: Vec<i32>,
        hard: Vec<bool>,
        part: Texts,
    }

    /// retrain: a row per test set, in percent; null where the test set is empty.
    Metrics = "metrics" {
        seed: Vec<u32>,
        test_set: Texts,
        accuracy: Vec<Option<f64>>,
        precision: Vec<Option<f64>>,
        recall: Vec<Option<f64>>,
        f1: Vec<Option<f64>>,
        n_train: Vec<i32>,
        n_test: Vec<i32>,
    }

    /// retrain_summary: `train_ratio` is null in the rows over all of them.
    RetrainSummary = "retrain_summary" {
        train_ratio: Vec<Option<f64>>,
        remaining_ratio: Vec<f64>,
        test_set: Texts,
        metric: Texts,
        mean: Vec<Option<f64>>,
        std: Vec<Option<f64>>,
        n: Vec<i32>,
    }

    /// prune_summary: of networks that were retrained on a part of the samples, in percent; population std over n networks.
    PruneSummary = "prune_summary" {
        keep: Texts,
        kept_share: Vec<f64>,
        n_train: Vec<i32>,
        metric: Texts,
        mean: Vec<f64>,
        std: Vec<f64>,
        n: Vec<i32>,
    }

    /// Every plot: the picture in each format. `file` is below Figures/.
    Figure = "figure" {
        file: Texts,
        content: Blobs,
    }
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
            Kind::UInt32 => "uint32",
            Kind::Float32 => "float32",
            Kind::Float64 => "float64",
            Kind::Text => "string",
            Kind::Bool => "bool",
            Kind::Binary => "binary",
            Kind::Vector => "list of float32",
        };
        let each = if column.several { "each " } else { "" };
        format!("{each}{kind}{}", if column.nullable { ", null" } else { "" })
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
