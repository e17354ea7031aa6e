//! hard_counts: counts of every set -> mean and std per class. Next: `correlation`, `plot_classes`.

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, Task, available};
use polars::prelude::col;
use serde::{Deserialize, Serialize};

use super::stats;
use crate::tables::ClassStats;

pub struct HardCounts;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {}

impl Op for HardCounts {
    type Params = Params;
    const NAME: &'static str = "hard_counts";
    const VERSION: u32 = 1;
    const INPUTS: &'static [InputDecl] = &[available("counts")];
    const OUTPUTS: &'static [&'static str] = &["stats"];

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        class_stats(stats::summary(stats::stack(task.inputs.many("counts"))?, &["class"], col("hard"))?)
    }
}

/// The table `stats` of a summary by class.
pub fn class_stats(summary: polars::frame::DataFrame) -> Result<Outputs, OpError> {
    let stats = ClassStats {
        class: stats::ints(&summary, "class")?,
        mean: stats::present(&summary, "mean")?,
        std: stats::present(&summary, "std")?,
        n: stats::ints(&summary, "n")?,
    };
    Ok(vec![("stats", stats.write()?)])
}
