//! A result table for people.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int32Type, Int64Type, UInt32Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, FieldRef};

use super::aligned::{Cell, Table};
use crate::tables::SWEPT;

/// All rows of `batch`. Numbers have at most three decimals, but for those that a parameter was set to.
pub fn table(batch: &RecordBatch) -> Table {
    let schema = batch.schema();
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let mut table = Table::new(&names);
    for row in 0..batch.num_rows() {
        let columns = batch.columns().iter().zip(schema.fields());
        let cell = |(column, field): (&ArrayRef, &FieldRef)| match column.data_type() {
            DataType::Float64 if field.metadata().contains_key(SWEPT) && column.is_valid(row) => {
                Cell::Number(column.as_primitive::<Float64Type>().value(row).to_string())
            }
            _ => cell(column, row),
        };
        table.row(columns.map(cell).collect());
    }
    table
}

fn cell(column: &ArrayRef, row: usize) -> Cell {
    if column.is_null(row) {
        return Cell::Number("-".into());
    }
    match column.data_type() {
        DataType::Boolean => Cell::Text(if column.as_boolean().value(row) { "yes" } else { "no" }.into()),
        DataType::Utf8 => Cell::Text(column.as_string::<i32>().value(row).to_string()),
        DataType::Int32 => Cell::Number(column.as_primitive::<Int32Type>().value(row).to_string()),
        DataType::Int64 => Cell::Number(column.as_primitive::<Int64Type>().value(row).to_string()),
        DataType::UInt32 => Cell::Number(column.as_primitive::<UInt32Type>().value(row).to_string()),
        DataType::Float32 => Cell::Number(decimals(column.as_primitive::<Float32Type>().value(row).into())),
        DataType::Float64 => Cell::Number(decimals(column.as_primitive::<Float64Type>().value(row))),
        other => Cell::Text(format!("({other})")),
    }
}

fn decimals(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value}") } else { format!("{value:.3}") }
}
