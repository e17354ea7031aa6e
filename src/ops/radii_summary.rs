//! radii_summary: radii of every network -> mean and std per class and epoch. Next: `plot_radii`.

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, Task, many};
use polars::prelude::col;
use serde::{Deserialize, Serialize};

use super::stats;
use crate::tables::{RADII_SUMMARY, write};

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
        let columns = vec![
            stats::ints(&summary, "epoch")?.into(),
            stats::ints(&summary, "class")?.into(),
            stats::present(&summary, "mean")?.into(),
            stats::present(&summary, "std")?.into(),
            stats::ints(&summary, "n")?.into(),
        ];
        Ok(vec![("radii_summary", write(&RADII_SUMMARY, columns)?)])
    }
}
