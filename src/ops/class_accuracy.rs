//! class_accuracy: accuracies of every network -> mean and std of 1 - accuracy. Next: `correlation`, `plot_classes`.

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, Task, many};
use polars::prelude::{col, lit};
use serde::{Deserialize, Serialize};

use super::hard_counts::class_stats;
use super::stats;

pub struct ClassAccuracy;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {}

impl Op for ClassAccuracy {
    type Params = Params;
    const NAME: &'static str = "class_accuracy";
    const VERSION: u32 = 1;
    const INPUTS: &'static [InputDecl] = &[many("accuracy")];
    const OUTPUTS: &'static [&'static str] = &["stats"];

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let rows = stats::stack(task.inputs.many("accuracy"))?;
        class_stats(stats::summary(rows, &["class"], lit(1.0) - col("accuracy"))?)
    }
}
