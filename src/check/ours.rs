//! Our numbers, from the tables in Results/.
//!
//! In: the folder. Out: [`Value`]s, of what has been computed. Must not know the published ones.

use std::path::Path;

use anyhow::Context;

use super::Value;
use super::places::Table;
use crate::tables::Frame;

/// Every value that the tables hold, once for each figure that shows it. Only labels without noise, and hard samples
/// counted in the whole dataset, are the paper's.
pub fn values(results: &Path) -> anyhow::Result<Vec<Value>> {
    let mut values = Vec::new();
    for (table, name) in [
        (Table::HardCounts, "hard_counts"),
        (Table::ClassAccuracy, "class_errors"),
        (Table::RetrainMetrics, "retrain_summary"),
    ] {
        let file = results.join(format!("{name}.parquet"));
        let bytes = match std::fs::read(&file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
        };
        values.extend(of_table(table, &Frame::read(name, bytes)?)?);
    }
    Ok(values)
}

fn of_table(table: Table, frame: &Frame) -> anyhow::Result<Vec<Value>> {
    let texts = |names: &[&'static str]| -> anyhow::Result<Vec<(&'static str, Vec<String>)>> {
        let column = |name: &&'static str| -> anyhow::Result<_> {
            Ok((*name, frame.text(name)?.into_iter().map(String::from).collect()))
        };
        names.iter().map(column).collect()
    };
    let numbers = |name: &'static str| -> anyhow::Result<(&'static str, Vec<String>)> {
        let show = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
        Ok((name, frame.f64_or_null(name)?.into_iter().map(show).collect()))
    };
    let classes = || -> anyhow::Result<(&'static str, Vec<String>)> {
        Ok(("class", frame.i32("class")?.iter().map(i32::to_string).collect()))
    };
    let columns = match table {
        Table::HardCounts => {
            [texts(&["dataset", "strategy", "level"])?, vec![numbers("noise_ratio")?, classes()?]].concat()
        }
        Table::ClassAccuracy => [texts(&["dataset"])?, vec![classes()?]].concat(),
        Table::RetrainMetrics => {
            let texts = texts(&["dataset", "strategy", "level", "reduce", "test_set", "metric"])?;
            [texts, vec![numbers("noise_ratio")?, numbers("train_ratio")?, numbers("remaining_ratio")?]]
                .concat()
        }
    };
    let (means, stds, n) = (frame.f64_or_null("mean")?, frame.f64_or_null("std")?, frame.i32("n")?);
    let mut values = Vec::new();
    for row in 0..frame.rows() {
        let find =
            |name: &str| columns.iter().find(|(column, _)| *column == name).map(|(_, values)| &values[row]);
        let field = |name: &str| find(name).cloned().unwrap_or_default();
        let is_papers = find("noise_ratio").is_none_or(|ratio| ratio == "0")
            && find("level").is_none_or(|level| level == "dataset")
            // Rows over all train ratios have none.
            && find("train_ratio").is_none_or(|ratio| !ratio.is_empty());
        if let (true, Some(mean)) = (is_papers, means[row]) {
            let mean = if table == Table::ClassAccuracy { 1.0 - mean } else { mean };
            let places = table.places(&field).into_iter();
            values.extend(places.map(|place| Value { place, mean, std: stds[row], n: n[row] }));
        }
    }
    Ok(values)
}
