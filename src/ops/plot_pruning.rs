//! plot_pruning: accuracy of networks that were retrained on a part of the samples -> curves over the share that is kept: a panel
//! for each score, a line for each way to keep samples, and that of random ones in every panel (the target `prune`).

use std::sync::Arc;

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, ParamError, Task, many};
use serde::{Deserialize, Serialize};

use super::datasets::Datasets;
use super::plot::{Drawing, Drawn, figure_table, file_part, key, labels};
use super::prune_summary::RANDOM;
use super::retrain_curves::{percent, share};
use crate::figures::{self, Line, LineChart, Look, Panel, Point, Spread, Stroke, columns, line_chart};
use crate::tables::PruneSummary;

pub struct PlotPruning {
    pub datasets: Arc<Datasets>,
}

/// The point of the axes that is drawn.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// As the figure calls it, once it is canonical.
    dataset: String,
}

const METRIC: &str = "accuracy";

/// Panels side by side.
const MOST_COLUMNS: usize = 3;

/// Ways to keep samples, the words of the legend, and how their lines look.
const WAYS: [(&str, &str, Look); 4] = [
    (RANDOM, "random", look(None, Stroke::Dotted)),
    ("hardest", "hardest", look(Some(2), Stroke::Solid)),
    ("hardest_of_class", "hardest of each class", look(Some(1), Stroke::Solid)),
    ("easiest", "easiest", look(Some(0), Stroke::Solid)),
];

const fn look(color: Option<usize>, stroke: Stroke) -> Look {
    Look { color, stroke, spread: Spread::Band, marks: true }
}

pub const DRAWING: Drawing = Drawing {
    op: PlotPruning::NAME,
    form: "line chart, accuracy by the share of samples kept, a panel per score, a line per way to keep them",
    drawn: |_| Drawn { metric: Some(METRIC.into()), ..Drawn::default() },
};

impl Op for PlotPruning {
    type Params = Params;
    const NAME: &'static str = "plot_pruning";
    const VERSION: u32 = figures::VERSION;
    /// Gathered over prune_by.
    const INPUTS: &'static [InputDecl] = &[many("accuracy")];
    const OUTPUTS: &'static [&'static str] = &["figure"];

    fn canonical(&self, params: Params) -> Result<Params, ParamError> {
        Ok(Params { dataset: self.datasets.label(&params.dataset) })
    }

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let dataset = &task.params.dataset;
        let tables = task.inputs.many("accuracy");
        let (mut panels, mut found) = (Vec::new(), [false; WAYS.len()]);
        for (table, score) in tables.iter().zip(labels(tables, Some("prune_by"))) {
            let table = PruneSummary::read(table.read()?)?;
            let mut lines = Vec::new();
            for ((way, _, look), found) in WAYS.iter().zip(&mut found) {
                let points = points(&table, way);
                *found |= !points.is_empty();
                lines.push(Line { look: *look, points });
            }
            panels.push(Panel { title: format!("{dataset}, {score}"), lines });
        }
        let ways = WAYS.iter().zip(found).filter(|(_, found)| *found);
        let chart = LineChart {
            columns: columns(panels.len(), MOST_COLUMNS),
            panels,
            x: share("Share of scored samples kept"),
            y: percent("Test accuracy (%)"),
            keys: ways.filter_map(|((_, words, look), _)| key(words, *look)).collect(),
        };
        figure_table(&format!("Pruning/accuracy_{}", file_part(dataset)), line_chart(&chart)?)
    }
}

/// The rows of a way to keep samples, by the share that is kept.
fn points(table: &PruneSummary, way: &str) -> Vec<Point> {
    let rows = table.keep.iter().zip(table.metric.iter()).enumerate();
    let wanted = rows.filter(|(_, (keep, metric))| *keep == way && *metric == METRIC);
    let point = |at: usize| Point { x: table.kept_share[at], mean: table.mean[at], std: table.std[at] };
    let mut points: Vec<Point> = wanted.map(|(at, _)| point(at)).collect();
    points.sort_by(|a, b| a.x.total_cmp(&b.x));
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_rows_of_its_way_by_their_shares() {
        let table = PruneSummary {
            keep: vec!["easiest", "easiest", "hardest", "easiest"].into(),
            kept_share: vec![0.5, 0.1, 0.1, 0.1],
            n_train: vec![50, 10, 10, 10],
            metric: vec!["accuracy", "accuracy", "accuracy", "f1"].into(),
            mean: vec![90.0, 80.0, 70.0, 60.0],
            std: vec![1.0, 2.0, 3.0, 4.0],
            n: vec![5; 4],
        };
        let of = |way: &str| {
            let points = points(&table, way).into_iter();
            points.map(|point| (point.x, point.mean, point.std)).collect::<Vec<_>>()
        };
        assert_eq!(of("easiest"), [(0.1, 80.0, 2.0), (0.5, 90.0, 1.0)]);
        assert_eq!(of("hardest"), [(0.1, 70.0, 3.0)]);
        assert!(of(RANDOM).is_empty());
    }
}
