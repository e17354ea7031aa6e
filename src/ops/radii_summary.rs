//! radii_summary: radii of every network -> mean and std per class and epoch. Next: `plot_radii`.

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, Task, many};
use polars::prelude::col;
use serde::{Deserialize, Serialize};

use super::stats;
use crate::tables;

pub struct RadiiSummary;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {}

impl Op for RadiiSummary {
    type Params = Params;
    const NAME: &'static str = "radii_summary";
    const VERSION: u32 = 1;
    const INPUTS: &'static [InputDecl] = &[many("radii")];
    const OUTPUTS: &'static [&'static str] = &["radii_summary"];

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let rows = stats::stack(task.inputs.many("radii"))?;
        let summary = stats::summary(rows, &["epoch", "class"], col("radius"))?;
        let summary = tables::RadiiSummary {
            epoch: stats::ints(&summary, "epoch")?,
            class: stats::ints(&summary, "class")?,
            mean: stats::present(&summary, "mean")?,
            std: stats::present(&summary, "std")?,
            n: stats::ints(&summary, "n")?,
        };
        Ok(vec![("radii_summary", summary.write()?)])
    }
}
