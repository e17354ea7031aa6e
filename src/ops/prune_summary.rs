//! prune_summary: metrics of networks that were retrained on a part of the samples -> their mean and std over networks, and
//! those of random parts beside them. Next: `plot_pruning`.

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, Table, Task, available};
use hspipe_engine::value::show;
use polars::prelude::{IntoLazy, col, df};
use serde::{Deserialize, Serialize};

use super::stats;
use crate::tables::{self, Metrics};

pub struct PruneSummary;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {}

/// What random parts are called among the ways to keep samples.
pub const RANDOM: &str = "random";

impl Op for PruneSummary {
    type Params = Params;
    const NAME: &'static str = "prune_summary";
    const VERSION: u32 = 1;
    /// Gathered over kept_share and run, the first over keep as well.
    const INPUTS: &'static [InputDecl] = &[available("kept"), available("random")];
    const OUTPUTS: &'static [&'static str] = &["prune_summary"];

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let (mut keeps, mut shares, mut sizes) = (Vec::new(), Vec::new(), Vec::new());
        let (mut metrics, mut values) = (Vec::new(), Vec::new());
        let kept = task.inputs.many("kept").iter().map(|table| (table, None));
        let random = task.inputs.many("random").iter().map(|table| (table, Some(RANDOM.to_string())));
        for (table, keep) in kept.chain(random) {
            let keep = keep.or_else(|| table.coord("keep").map(show)).ok_or_else(|| lacks("keep"))?;
            let share = share(table)?;
            let Metrics { test_set, accuracy, precision, recall, f1, n_train, .. } =
                Metrics::read(table.read()?)?;
            // Samples that are tested have no score, so none of them is hard or easy.
            let Some(row) = test_set.iter().position(|set| set == "full") else { continue };
            for (metric, column) in
                [("accuracy", accuracy), ("precision", precision), ("recall", recall), ("f1", f1)]
            {
                keeps.push(keep.clone());
                shares.push(share);
                sizes.push(n_train[row]);
                metrics.push(metric);
                values.push(column[row]);
            }
        }
        let by = ["keep", "kept_share", "n_train", "metric"];
        let rows = df!(
            by[0] => keeps, by[1] => shares, by[2] => sizes, by[3] => metrics, "value" => values,
        );
        let summary = stats::summary(rows.map_err(stats::failed)?.lazy(), &by, col("value"))?;
        let summary = tables::PruneSummary {
            keep: stats::texts(&summary, by[0])?.into(),
            kept_share: stats::present(&summary, by[1])?,
            n_train: stats::ints(&summary, by[2])?,
            metric: stats::texts(&summary, by[3])?.into(),
            mean: stats::present(&summary, "mean")?,
            std: stats::present(&summary, "std")?,
            n: stats::ints(&summary, "n")?,
        };
        Ok(vec![("prune_summary", summary.write()?)])
    }
}

fn share(table: &Table) -> Result<f64, OpError> {
    table.coord("kept_share").and_then(|value| value.as_f64()).ok_or_else(|| lacks("kept_share"))
}

fn lacks(axis: &str) -> OpError {
    OpError::new(format!("prune_summary needs the axis `{axis}` among those gathered"))
}
