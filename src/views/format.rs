//! A data frame as text for people, CSV, JSON or Parquet.
//!
//! In: a data frame and a format. Out: bytes. Knows neither files nor queries.

use std::path::Path;

use clap::ValueEnum;
use polars::prelude::*;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Number, Value};

use super::aligned::{Cell, Table};
use crate::tables::{of_polars, write_columns};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Aligned columns, for people
    Table,
    /// With a header; null is empty
    Csv,
    /// A list of objects
    Json,
    Parquet,
}

impl Format {
    /// The format that the ending of a file's name says.
    pub fn of_name(file: &Path) -> Option<Format> {
        let ending = file.extension()?.to_str()?.to_ascii_lowercase();
        [("csv", Format::Csv), ("json", Format::Json), ("parquet", Format::Parquet), ("txt", Format::Table)]
            .into_iter()
            .find_map(|(known, format)| (known == ending).then_some(format))
    }
}

/// The rows of `table` in `format`; as [`Format::Table`] at most `most` of them.
pub fn write(table: &DataFrame, format: Format, most: usize) -> anyhow::Result<Vec<u8>> {
    match format {
        Format::Table => Ok(aligned(&table.head(Some(most))).into_bytes()),
        Format::Csv => csv(table),
        Format::Json => json(table),
        Format::Parquet => {
            let (schema, columns) = of_polars(table)?;
            Ok(write_columns("rows", schema, columns)?)
        }
    }
}

fn names(table: &DataFrame) -> Vec<&str> {
    table.columns().iter().map(|column| column.name().as_str()).collect()
}

/// The values of one row.
fn row(table: &DataFrame, row: usize) -> PolarsResult<Vec<Value>> {
    table.columns().iter().map(|column| Ok(plain(&column.get(row)?))).collect()
}

/// A value as JSON has it; what JSON lacks as text. NaN and the infinities become null.
fn plain(value: &AnyValue) -> Value {
    match value {
        AnyValue::Null => Value::Null,
        AnyValue::Boolean(value) => (*value).into(),
        AnyValue::String(text) => (*text).into(),
        AnyValue::StringOwned(text) => text.as_str().into(),
        // By its own shortest text: 0.1, not 0.10000000149011612.
        AnyValue::Float32(value) => value.to_string().parse::<f64>().ok().and_then(Number::from_f64).into(),
        AnyValue::Float64(value) => Number::from_f64(*value).into(),
        AnyValue::List(values) => values.iter().map(|value| plain(&value)).collect(),
        value if value.is_integer() => match (value.extract::<i64>(), value.extract::<u64>()) {
            (Some(value), _) => value.into(),
            (None, value) => value.into(),
        },
        other => other.to_string().into(),
    }
}

fn aligned(table: &DataFrame) -> String {
    let mut lines = Table::new(&names(table));
    let is_number: Vec<bool> = table.columns().iter().map(|column| column.dtype().is_numeric()).collect();
    for at in 0..table.height() {
        let values = row(table, at).unwrap_or_default().into_iter().zip(&is_number);
        let cell = |(value, is_number): (Value, &bool)| {
            if *is_number { Cell::Number(number(&value)) } else { Cell::Text(text(&value, "-")) }
        };
        lines.row(values.map(cell).collect());
    }
    lines.text()
}

/// Four decimals for what is not whole, and the first digits of what is small.
fn number(value: &Value) -> String {
    match value.as_f64() {
        Some(float) if value.is_f64() => match float.abs() {
            _ if float.fract() == 0.0 && float.abs() < 1e15 => format!("{float:.0}"),
            size if size < 0.001 => format!("{float:.2e}"),
            _ => format!("{float:.4}"),
        },
        _ => text(value, "-"),
    }
}

/// One cell as text, with a word for null.
fn text(value: &Value, null: &str) -> String {
    match value {
        Value::Null => null.to_string(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn csv(table: &DataFrame) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(names(table))?;
    for at in 0..table.height() {
        writer.write_record(row(table, at)?.iter().map(|value| text(value, "")))?;
    }
    Ok(writer.into_inner()?)
}

/// One object a line, its keys in the order of the columns.
fn json(table: &DataFrame) -> anyhow::Result<Vec<u8>> {
    struct Row<'a>(&'a [&'a str], Vec<Value>);

    impl serde::Serialize for Row<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(Some(self.0.len()))?;
            for (name, value) in self.0.iter().zip(&self.1) {
                map.serialize_entry(name, value)?;
            }
            map.end()
        }
    }

    let names = names(table);
    let mut lines = Vec::with_capacity(table.height());
    for at in 0..table.height() {
        lines.push(serde_json::to_string(&Row(&names, row(table, at)?))?);
    }
    Ok(format!("[\n{}\n]\n", lines.join(",\n")).into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::Frame;

    fn sample() -> DataFrame {
        df!(
            "name" => [Some("a, b"), None],
            "mean" => [0.25, f64::NAN],
            "small" => [0.1f32, 2e-5],
            "count" => [3u32, u32::MAX],
            "hard" => [true, false],
        )
        .unwrap()
    }

    fn written(format: Format, most: usize) -> String {
        String::from_utf8(write(&sample(), format, most).unwrap()).unwrap()
    }

    #[test]
    fn each_format_says_the_same() {
        assert_eq!(
            written(Format::Csv, 0),
            "name,mean,small,count,hard\n\"a, b\",0.25,0.1,3,true\n,,0.00002,4294967295,false\n"
        );
        assert_eq!(
            written(Format::Json, 0),
            "[\n{\"name\":\"a, b\",\"mean\":0.25,\"small\":0.1,\"count\":3,\"hard\":true},\n\
             {\"name\":null,\"mean\":null,\"small\":0.00002,\"count\":4294967295,\"hard\":false}\n]\n"
        );
        assert_eq!(
            written(Format::Table, 9),
            "name    mean    small       count  hard\n\
             a, b  0.2500   0.1000           3  true\n\
             -          -  2.00e-5  4294967295  false\n"
        );
        assert_eq!(written(Format::Table, 1).lines().count(), 2);
        let bytes = write(&sample(), Format::Parquet, 0).unwrap();
        let back = Frame::read("rows", bytes).unwrap().to_polars().unwrap();
        assert!(back.equals_missing(&sample()));
    }
}
