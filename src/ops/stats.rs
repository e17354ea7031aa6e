//! Means and standard deviations over runs, by polars.

use hspipe_engine::op::{OpError, Table};
use polars::prelude::*;

use crate::tables::Frame;

/// Any failure of polars, which only a broken table can cause.
pub fn failed(error: PolarsError) -> OpError {
    OpError::new("the tables cannot be aggregated").because(error)
}

/// The rows of all `tables`, one below the other.
pub fn stack(tables: &[Table]) -> Result<LazyFrame, OpError> {
    let mut frames = Vec::with_capacity(tables.len());
    for table in tables {
        frames.push(frame(table)?.lazy());
    }
    concat(frames, UnionArgs::default()).map_err(failed)
}

/// One table.
pub fn frame(table: &Table) -> Result<DataFrame, OpError> {
    Frame::read("rows", table.read()?)?.to_polars().map_err(failed)
}

/// Mean, population standard deviation and number of `value` for each value of `by`, in order of `by`.
pub fn summary(rows: LazyFrame, by: &[&str], value: Expr) -> Result<DataFrame, OpError> {
    let value = value.cast(DataType::Float64);
    let by: Vec<Expr> = by.iter().map(|name| col(*name)).collect();
    rows.group_by_stable(by.clone())
        .agg([
            value.clone().mean().alias("mean"),
            value.clone().std(0).alias("std"),
            value.count().cast(DataType::Int32).alias("n"),
        ])
        .sort_by_exprs(by, SortMultipleOptions::default())
        .collect()
        .map_err(failed)
}

/// A column of whole numbers.
pub fn ints(frame: &DataFrame, name: &str) -> Result<Vec<i32>, OpError> {
    let column = frame.column(name).map_err(failed)?.i32().map_err(failed)?;
    Ok(column.iter().map(Option::unwrap_or_default).collect())
}

/// A column of text.
pub fn texts(frame: &DataFrame, name: &str) -> Result<Vec<String>, OpError> {
    let column = frame.column(name).map_err(failed)?.str().map_err(failed)?;
    Ok(column.iter().map(|text| text.unwrap_or_default().to_string()).collect())
}

/// A column of numbers, null where there is none.
pub fn floats(frame: &DataFrame, name: &str) -> Result<Vec<Option<f64>>, OpError> {
    Ok(frame.column(name).map_err(failed)?.f64().map_err(failed)?.iter().collect())
}

/// A column of numbers, without the rows where there is none.
pub fn present(frame: &DataFrame, name: &str) -> Result<Vec<f64>, OpError> {
    Ok(floats(frame, name)?.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// python: numpy.mean([1, 2, 6]) = 3, numpy.std([1, 2, 6]) = 2.160246899469287
    #[test]
    fn the_std_is_the_populations() {
        let rows = df!("class" => [1, 0, 0, 0], "x" => [5, 1, 2, 6]).unwrap().lazy();
        let summary = summary(rows, &["class"], col("x")).unwrap();
        assert_eq!(ints(&summary, "class").unwrap(), [0, 1]);
        assert_eq!(floats(&summary, "mean").unwrap(), [Some(3.0), Some(5.0)]);
        assert_eq!(floats(&summary, "std").unwrap(), [Some(2.160246899469287), Some(0.0)]);
        assert_eq!(ints(&summary, "n").unwrap(), [3, 1]);
    }
}
