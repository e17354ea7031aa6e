//! Our numbers, from the result tables.
//!
//! In: the tables by their names. Out: [`Value`]s, of what has been computed, apart for each value of swept parameters. Must not know
//! the published ones.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_schema::DataType;

use super::Value;
use super::places::Table;
use crate::tables::{Frame, SWEPT};

/// Values by what was swept, such as `learning_rate=0.2`; empty if nothing was.
pub type BySwept = Vec<(String, Vec<Value>)>;

/// The result table of a name; none if nothing of it has been computed.
pub type Tables<'a> = dyn Fn(&str) -> anyhow::Result<Option<Frame>> + 'a;

/// Every value that the tables hold, once for each figure that shows it. Only labels without noise, and hard samples
/// counted in the whole dataset, are the paper's.
pub fn values(tables: &Tables) -> anyhow::Result<BySwept> {
    let mut values = BySwept::new();
    for (table, name) in [
        (Table::HardCounts, "hard_counts"),
        (Table::ClassAccuracy, "class_errors"),
        (Table::RetrainMetrics, "retrain_summary"),
    ] {
        if let Some(frame) = tables(name)? {
            of_table(table, &frame, &mut values)?;
        }
    }
    Ok(values)
}

fn of_table(table: Table, frame: &Frame, values: &mut BySwept) -> anyhow::Result<()> {
    let texts = |names: &[&'static str]| -> anyhow::Result<Vec<(&'static str, Vec<String>)>> {
        let column = |name: &&'static str| -> anyhow::Result<_> { Ok((*name, frame.texts(name)?)) };
        names.iter().map(column).collect()
    };
    let numbers = |name: &'static str| -> anyhow::Result<(&'static str, Vec<String>)> {
        let show = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
        Ok((name, frame.column::<Vec<Option<f64>>>(name)?.into_iter().map(show).collect()))
    };
    let classes = || -> anyhow::Result<(&'static str, Vec<String>)> {
        Ok(("class", frame.column::<Vec<i32>>("class")?.iter().map(i32::to_string).collect()))
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
    let (means, stds): (Vec<Option<f64>>, Vec<Option<f64>>) = (frame.column("mean")?, frame.column("std")?);
    let n: Vec<i32> = frame.column("n")?;
    let swept = swept(frame);
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
            let found = places.map(|place| Value { place, mean, std: stds[row], n: n[row] });
            match values.iter_mut().find(|(at, _)| *at == swept[row]) {
                Some((_, values)) => values.extend(found),
                None => values.push((swept[row].clone(), found.collect())),
            }
        }
    }
    Ok(())
}

/// For each row, the values of the parameters that were swept.
pub fn swept(frame: &Frame) -> Vec<String> {
    let schema = frame.batch().schema();
    let mut rows = vec![Vec::new(); frame.rows()];
    for (field, column) in schema.fields().iter().zip(frame.batch().columns()) {
        let Some(name) = field.metadata().get(SWEPT) else { continue };
        for (row, parts) in rows.iter_mut().enumerate() {
            let value = match column.data_type() {
                DataType::Int64 => column.as_primitive::<Int64Type>().value(row).to_string(),
                DataType::Float64 => column.as_primitive::<Float64Type>().value(row).to_string(),
                DataType::Utf8 => column.as_string::<i32>().value(row).to_string(),
                other => other.to_string(),
            };
            parts.push(format!("{name}={value}"));
        }
    }
    rows.into_iter().map(|parts| parts.join(", ")).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Float64Array, Int32Array, StringArray};
    use arrow_schema::{Field, Schema};

    use super::*;
    use crate::tables::write_columns;

    #[test]
    fn values_of_a_swept_parameter_are_kept_apart() {
        let text = |value: &str| -> ArrayRef { Arc::new(StringArray::from(vec![value; 4])) };
        let numbers = |values: [f64; 4]| -> ArrayRef { Arc::new(Float64Array::from(values.to_vec())) };
        let whole = |values: [i32; 4]| -> ArrayRef { Arc::new(Int32Array::from(values.to_vec())) };
        let columns = [
            ("learning_rate", numbers([0.1, 0.1, 0.2, 0.2])),
            ("dataset", text("MNIST")),
            ("noise_ratio", numbers([0.0; 4])),
            ("strategy", text("energy")),
            ("level", text("dataset")),
            ("class", whole([0, 1, 0, 1])),
            ("mean", numbers([10.0, 11.0, 20.0, 21.0])),
            ("std", numbers([1.0; 4])),
            ("n", whole([15; 4])),
        ];
        let field = |(name, column): &(&str, ArrayRef)| {
            let field = Field::new(*name, column.data_type().clone(), false);
            let swept = (*name == "learning_rate").then(|| (SWEPT.to_string(), name.to_string()));
            field.with_metadata(swept.into_iter().collect::<HashMap<_, _>>())
        };
        let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
        let columns = columns.into_iter().map(|(_, column)| column).collect();
        let bytes = write_columns("hard_counts", schema, columns).unwrap();
        let mut values = BySwept::new();
        of_table(Table::HardCounts, &Frame::read("hard_counts", bytes).unwrap(), &mut values).unwrap();
        let means: Vec<(&str, Vec<f64>)> = values
            .iter()
            .map(|(swept, values)| (swept.as_str(), values.iter().map(|value| value.mean).collect()))
            .collect();
        assert_eq!(means, [("learning_rate=0.1", vec![10.0, 11.0]), ("learning_rate=0.2", vec![20.0, 21.0])]);
    }
}
