//! detection_summary: how well scores find perturbed samples, in several draws -> means and spreads. Next: `plot_detection`.

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, Task, available};
use polars::prelude::{DataType, Expr, col};
use serde::{Deserialize, Serialize};

use super::stats;
use crate::tables;

pub struct DetectionSummary;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {}

impl Op for DetectionSummary {
    type Params = Params;
    const NAME: &'static str = "detection_summary";
    const VERSION: u32 = 2;
    /// Gathered over whatever tells draws apart.
    const INPUTS: &'static [InputDecl] = &[available("detection")];
    const OUTPUTS: &'static [&'static str] = &["detection_summary"];

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let missed = col("missed").cast(DataType::Float64) / col("perturbed").cast(DataType::Float64);
        let metrics: [(&str, Expr); 4] = [
            ("average_precision", col("average_precision")),
            ("auroc", col("auroc")),
            ("precision", col("precision")),
            ("missed", missed),
        ];
        let (mut metric, mut score) = (Vec::new(), Vec::new());
        let (mut mean, mut std, mut n) = (Vec::new(), Vec::new(), Vec::new());
        for (name, value) in metrics {
            let rows = stats::stack(task.inputs.many("detection"))?;
            let summary = stats::summary(rows, &["score"], value)?;
            metric.extend(vec![name; summary.height()]);
            score.extend(stats::texts(&summary, "score")?);
            mean.extend(stats::present(&summary, "mean")?);
            std.extend(stats::present(&summary, "std")?);
            n.extend(stats::ints(&summary, "n")?);
        }
        let (metric, score) = (metric.into(), score.into());
        let table = tables::DetectionSummary { metric, score, mean, std, n };
        Ok(vec![("detection_summary", table.write()?)])
    }
}
