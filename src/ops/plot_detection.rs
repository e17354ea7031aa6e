//! plot_detection: how well scores find perturbed samples of several kinds -> a shaded table of scores by kinds (the target
//! `benchmark`).

use std::collections::BTreeMap;
use std::sync::Arc;

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, ParamError, Table, Task, available};
use hspipe_engine::value::show;
use serde::{Deserialize, Serialize};

use super::datasets::Datasets;
use super::plot::{Drawing, Drawn, figure_table, file_part};
use crate::figures::{self, Matrix, matrix};
use crate::tables::DetectionSummary;

pub struct PlotDetection {
    pub datasets: Arc<Datasets>,
}

/// The point of the axes that is drawn.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// As the figure calls it, once it is canonical.
    dataset: String,
}

/// What the cells show.
const METRIC: &str = "average_precision";

pub const DRAWING: Drawing = Drawing {
    op: PlotDetection::NAME,
    form: "shaded table, a row per score, a column per kind and share of perturbed samples",
    drawn: Drawn::all,
};

impl Op for PlotDetection {
    type Params = Params;
    const NAME: &'static str = "plot_detection";
    const VERSION: u32 = figures::VERSION + 1;
    /// Gathered over kind and share, of what can be made: samples that are no pictures have wrong labels alone.
    const INPUTS: &'static [InputDecl] = &[available("found")];
    const OUTPUTS: &'static [&'static str] = &["figure"];

    fn canonical(&self, params: Params) -> Result<Params, ParamError> {
        Ok(Params { dataset: self.datasets.label(&params.dataset) })
    }

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let tables = task.inputs.many("found");
        let mut columns = Vec::new();
        let mut of_scores: BTreeMap<String, Vec<Option<f64>>> = BTreeMap::new();
        for (column, table) in tables.iter().enumerate() {
            columns.push((coordinate(table, "noise_kind"), coordinate(table, "noise_share")));
            let found = DetectionSummary::read(table.read()?)?;
            let rows = found.metric.iter().zip(found.score.iter()).zip(&found.mean);
            for ((_, score), mean) in rows.filter(|((metric, _), _)| *metric == METRIC) {
                let values = of_scores.entry(score.to_string()).or_insert(vec![None; tables.len()]);
                values[column] = Some(*mean);
            }
        }
        let mut rows: Vec<(String, Vec<Option<f64>>)> = of_scores.into_iter().collect();
        let mean = |values: &[Option<f64>]| values.iter().flatten().sum::<f64>();
        rows.sort_by(|(_, a), (_, b)| mean(b).total_cmp(&mean(a)));
        let dataset = &task.params.dataset;
        let (rows, values) = rows.into_iter().unzip();
        let drawn = Matrix {
            title: format!("{dataset}: average precision of finding perturbed samples, by kind and share"),
            rows,
            columns,
            values,
        };
        figure_table(&format!("Benchmark/average_precision_{}", file_part(dataset)), matrix(&drawn)?)
    }
}

fn coordinate(table: &Table, axis: &str) -> String {
    table.coord(axis).map(show).unwrap_or_default()
}
