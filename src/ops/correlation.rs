//! correlation: hard counts and class-level errors -> Pearson's r over the classes.

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, Task, one};
use polars::prelude::*;
use serde::{Deserialize, Serialize};

use super::stats;
use crate::tables;

pub struct Correlation;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {}

impl Op for Correlation {
    type Params = Params;
    const NAME: &'static str = "correlation";
    const VERSION: u32 = 1;
    const INPUTS: &'static [InputDecl] = &[one("counts"), one("errors")];
    const OUTPUTS: &'static [&'static str] = &["correlation"];

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let counts = stats::frame(task.inputs.one("counts")?)?.lazy().select([col("class"), col("mean")]);
        let errors = stats::frame(task.inputs.one("errors")?)?.lazy();
        let errors = errors.select([col("class"), col("mean").alias("error")]);
        let (classes, pearson) =
            pearson(counts.join(errors, [col("class")], [col("class")], JoinArgs::new(JoinType::Inner)))?;
        let correlation = tables::Correlation { pearson: vec![pearson], classes: vec![classes] };
        Ok(vec![("correlation", correlation.write()?)])
    }
}

/// The number of rows and Pearson's r of `mean` and `error`; none where one of the two does not vary.
fn pearson(rows: LazyFrame) -> Result<(i32, Option<f64>), OpError> {
    let result = rows
        .select([
            pearson_corr(col("mean"), col("error")).alias("r"),
            col("mean").count().cast(DataType::Int32).alias("n"),
        ])
        .collect()
        .map_err(stats::failed)?;
    let r = stats::floats(&result, "r")?.first().copied().flatten().filter(|r| r.is_finite());
    Ok((stats::ints(&result, "n")?.first().copied().unwrap_or(0), r))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// python: numpy.corrcoef([1, 2, 4], [1, 3, 4])[0, 1] = 0.9285714285714286
    #[test]
    fn pearson_is_numpys() {
        let rows = df!("mean" => [1.0, 2.0, 4.0], "error" => [1.0, 3.0, 4.0]).unwrap();
        let (n, r) = pearson(rows.lazy()).unwrap();
        assert!(n == 3 && (r.unwrap() - 0.928_571_428_571_428_6).abs() < 1e-12, "{r:?}");
        let flat = df!("mean" => [1.0, 1.0], "error" => [1.0, 3.0]).unwrap();
        assert_eq!(pearson(flat.lazy()).unwrap().1, None);
    }
}
