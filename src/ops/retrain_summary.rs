//! retrain_summary: metrics of retrained networks -> mean and std over sets and networks. Next: the plots.

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, Table, Task, available};
use polars::prelude::{IntoLazy, col, df};
use serde::{Deserialize, Serialize};

use super::stats;
use crate::tables::{self, Metrics};

pub struct RetrainSummary;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {}

impl Op for RetrainSummary {
    type Params = Params;
    const NAME: &'static str = "retrain_summary";
    const VERSION: u32 = 1;
    /// Gathered over train_ratio, set, remaining_ratio and run.
    const INPUTS: &'static [InputDecl] = &[available("metrics")];
    const OUTPUTS: &'static [&'static str] = &["retrain_summary"];

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let (mut train_ratios, mut remaining_ratios, mut test_sets) = (vec![], vec![], vec![]);
        let (mut metrics, mut values) = (vec![], vec![]);
        for table in task.inputs.many("metrics") {
            let Metrics { test_set, accuracy, precision, recall, f1, .. } = Metrics::read(table.read()?)?;
            let (train_ratio, remaining_ratio) =
                (coord(table, "train_ratio")?, coord(table, "remaining_ratio")?);
            for (metric, column) in
                [("accuracy", accuracy), ("precision", precision), ("recall", recall), ("f1", f1)]
            {
                for (test_set, value) in test_set.iter().zip(column) {
                    // Once for its own train ratio, once for all together.
                    for train_ratio in [Some(train_ratio), None] {
                        train_ratios.push(train_ratio);
                        remaining_ratios.push(remaining_ratio);
                        test_sets.push(test_set.to_string());
                        metrics.push(metric);
                        values.push(value);
                    }
                }
            }
        }
        let by = ["train_ratio", "remaining_ratio", "test_set", "metric"];
        let rows = df!(
            by[0] => train_ratios, by[1] => remaining_ratios, by[2] => test_sets, by[3] => metrics,
            "value" => values,
        );
        let summary = stats::summary(rows.map_err(stats::failed)?.lazy(), &by, col("value"))?;
        let summary = tables::RetrainSummary {
            train_ratio: stats::floats(&summary, by[0])?,
            remaining_ratio: stats::present(&summary, by[1])?,
            test_set: stats::texts(&summary, by[2])?.into(),
            metric: stats::texts(&summary, by[3])?.into(),
            mean: stats::floats(&summary, "mean")?,
            std: stats::floats(&summary, "std")?,
            n: stats::ints(&summary, "n")?,
        };
        Ok(vec![("retrain_summary", summary.write()?)])
    }
}

/// The value of a gathered axis of numbers.
fn coord(table: &Table, axis: &str) -> Result<f64, OpError> {
    let found = table.coord(axis).and_then(|value| value.as_f64());
    found.ok_or_else(|| OpError::new(format!("retrain_summary needs the axis `{axis}` among those gathered")))
}
