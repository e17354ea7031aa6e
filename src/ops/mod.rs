//! The science: one op per file, listed here in the order of the pipeline.
//!
//! An op takes tables and parameters and gives tables. It must not know the store, the stages, or where
//! in the pipeline it stands.

mod accuracy;
mod class_accuracy;
mod classes;
mod consistency;
mod content;
mod correlation;
mod datasets;
mod detection;
mod detection_summary;
mod duplicates;
mod fit;
mod folds;
mod gradients;
mod hard_counts;
mod hardness;
mod hold_out;
mod identify;
mod influence;
mod issues;
mod load;
mod metrics;
mod mistakes;
mod neighbourhood;
mod neighbours;
mod noise;
mod overlap;
#[cfg(test)]
mod paper;
mod perturb;
mod plot;
mod plot_classes;
mod plot_data_map;
mod plot_detection;
mod plot_gallery;
mod plot_generalisation;
mod plot_pruning;
mod plot_radii;
mod plot_retraining;
mod plot_stability;
mod plot_strategies;
mod prune;
mod prune_summary;
mod radii;
mod radii_summary;
mod rank;
mod recorded;
mod recorded_samples;
mod retrain;
mod retrain_curves;
mod retrain_summary;
mod score;
mod search;
mod sources;
mod split;
mod stability;
mod stats;
mod subset;
mod subsets;
mod training;

use std::path::Path;
use std::sync::Arc;

pub use content::Content;
pub use datasets::{label, path_of as dataset_path};
pub use detection::precision_of as average_precision;
pub use issues::label_issues;
pub use plot::{Drawing, Drawn};

use hspipe_engine::op::{OpError, Registry};

use crate::data::DataError;
use crate::figures::FigureError;
use crate::nn::TrainError;
use crate::tables::TableError;

/// Every op, for a project in the folder `root`.
pub fn registry(root: &Path) -> Registry {
    let prepared = Arc::new(training::Prepared::default());
    let mut ops = Registry::default();
    ops.set_places(datasets::is_place);
    let datasets = Arc::new(datasets::Datasets::new(root));
    ops.add(load::Load { datasets: datasets.clone() });
    ops.add(sources::Sources { datasets: datasets.clone() });
    ops.add(recorded::Recorded::new(root));
    ops.add(recorded_samples::RecordedSamples);
    ops.add(subset::Subset);
    ops.add(noise::Noise);
    ops.add(perturb::Perturb);
    ops.add(detection::Detection);
    ops.add(detection_summary::DetectionSummary);
    ops.add(search::Search { prepared: prepared.clone() });
    ops.add(fit::Fit { prepared: prepared.clone() });
    ops.add(folds::Folds { prepared: prepared.clone() });
    ops.add(neighbours::Neighbours);
    ops.add(neighbourhood::Neighbourhood);
    ops.add(gradients::Gradients { prepared: prepared.clone() });
    ops.add(subsets::Subsets { prepared: prepared.clone() });
    ops.add(consistency::Consistency);
    ops.add(influence::Influence);
    ops.add(radii::Radii { prepared: prepared.clone() });
    ops.add(radii_summary::RadiiSummary);
    ops.add(identify::Identify);
    ops.add(hard_counts::HardCounts);
    ops.add(overlap::Overlap);
    ops.add(mistakes::Mistakes);
    ops.add(rank::Rank);
    ops.add(score::ScoreSamples);
    ops.add(stability::Stability);
    ops.add(duplicates::Duplicates);
    ops.add(issues::Issues);
    ops.add(hold_out::HoldOut);
    ops.add(prune::Prune);
    ops.add(split::Split);
    ops.add(retrain::Retrain { prepared: prepared.clone() });
    ops.add(retrain_summary::RetrainSummary);
    ops.add(prune_summary::PruneSummary);
    ops.add(accuracy::Accuracy { prepared });
    ops.add(class_accuracy::ClassAccuracy);
    ops.add(correlation::Correlation);
    ops.add(plot_radii::PlotRadii);
    ops.add(plot_generalisation::PlotGeneralisation { datasets: datasets.clone() });
    ops.add(plot_retraining::PlotRetraining { datasets: datasets.clone() });
    ops.add(plot_strategies::PlotStrategies);
    ops.add(plot_classes::PlotClasses);
    ops.add(plot_data_map::PlotDataMap { datasets: datasets.clone() });
    ops.add(plot_detection::PlotDetection { datasets: datasets.clone() });
    ops.add(plot_stability::PlotStability { datasets: datasets.clone() });
    ops.add(plot_pruning::PlotPruning { datasets: datasets.clone() });
    ops.add(plot_gallery::PlotGallery { datasets: datasets.clone() });
    ops
}

/// What is known of the figures of each op that draws.
const DRAWINGS: &[Drawing] = &[
    plot_radii::DRAWING,
    plot_generalisation::DRAWING,
    plot_retraining::DRAWING,
    plot_strategies::DRAWING,
    plot_classes::DRAWING,
    plot_data_map::DRAWING,
    plot_detection::DRAWING,
    plot_stability::DRAWING,
    plot_pruning::DRAWING,
    plot_gallery::DRAWING,
];

/// What is known of the figures of an op; none if it draws none.
pub fn drawing(op: &str) -> Option<&'static Drawing> {
    DRAWINGS.iter().find(|drawing| drawing.op == op)
}

impl From<TableError> for OpError {
    fn from(error: TableError) -> Self {
        OpError::new("a table does not fit").because(error)
    }
}

impl From<TrainError> for OpError {
    fn from(error: TrainError) -> Self {
        match error {
            TrainError::Stopped => OpError::stopped(),
            error => OpError::new("the training failed").because(error),
        }
    }
}

impl From<FigureError> for OpError {
    fn from(error: FigureError) -> Self {
        OpError::new("the figure cannot be drawn").because(error)
    }
}

impl From<DataError> for OpError {
    fn from(error: DataError) -> Self {
        let hint = error.hint();
        OpError::new("the dataset cannot be had").because(error).hint(hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::Figure;

    #[test]
    fn every_op_that_draws_says_what() {
        let ops = registry(Path::new("."));
        let draws = |name: &&str| ops.get(name).is_some_and(|op| op.outputs().contains(&Figure::SCHEMA.name));
        let drawn: Vec<&str> = ops.names().filter(draws).collect();
        let mut known: Vec<&str> = DRAWINGS.iter().map(|drawing| drawing.op).collect();
        known.sort_unstable();
        assert_eq!(drawn, known);
    }
}
