//! Tables as polars' data frames, and back.
//!
//! In: a [`Frame`], or a data frame. Out: the other. polars' own reader of Parquet would bring a second stack for files,
//! streams and networks, a hundred crates. Must not know what columns mean.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types;
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Float32Array, Float64Array, Int32Array, Int64Array,
    StringArray, UInt32Array, UInt64Array,
};
use arrow_schema::{Field, Schema, SchemaRef};
use polars::prelude::*;

use super::Frame;

impl Frame {
    /// The same columns, and rows in the same order.
    ///
    /// # Errors
    /// A column of a type that no table has.
    pub fn to_polars(&self) -> PolarsResult<DataFrame> {
        let (schema, rows) = (self.batch().schema(), self.rows());
        let columns = schema.fields().iter().zip(self.batch().columns());
        let columns: PolarsResult<Vec<Column>> =
            columns.map(|(field, array)| column(field.name(), array)).collect();
        DataFrame::new(rows, columns?)
    }
}

fn column(name: &str, array: &ArrayRef) -> PolarsResult<Column> {
    macro_rules! numbers {
        ($arrow:ty, $polars:ty) => {
            array.as_primitive::<$arrow>().iter().collect::<$polars>().with_name(name.into()).into_column()
        };
    }
    Ok(match array.data_type() {
        arrow_schema::DataType::Int32 => numbers!(types::Int32Type, Int32Chunked),
        arrow_schema::DataType::Int64 => numbers!(types::Int64Type, Int64Chunked),
        arrow_schema::DataType::UInt32 => numbers!(types::UInt32Type, UInt32Chunked),
        arrow_schema::DataType::UInt64 => numbers!(types::UInt64Type, UInt64Chunked),
        arrow_schema::DataType::Float32 => numbers!(types::Float32Type, Float32Chunked),
        arrow_schema::DataType::Float64 => numbers!(types::Float64Type, Float64Chunked),
        arrow_schema::DataType::Boolean => {
            BooleanChunked::from_iter_options(name.into(), array.as_boolean().iter()).into_column()
        }
        arrow_schema::DataType::Utf8 => {
            StringChunked::from_iter_options(name.into(), array.as_string::<i32>().iter()).into_column()
        }
        arrow_schema::DataType::FixedSizeList(element, width)
            if *element.data_type() == arrow_schema::DataType::Float32 =>
        {
            let rows = array.as_fixed_size_list();
            let values = rows.len() * (*width).max(0) as usize;
            let name = name.into();
            let mut lists =
                ListPrimitiveChunkedBuilder::<Float32Type>::new(name, rows.len(), values, DataType::Float32);
            for row in 0..rows.len() {
                lists.append_slice(rows.value(row).as_primitive::<types::Float32Type>().values());
            }
            lists.finish().into_column()
        }
        arrow_schema::DataType::Binary => {
            BinaryChunked::from_iter_options(name.into(), array.as_binary::<i32>().iter()).into_column()
        }
        other => polars_bail!(ComputeError: "the column `{name}` is of type {other}"),
    })
}

/// The columns of a data frame as Parquet has them. What is neither number, text, bytes nor true or false is text.
///
/// # Errors
/// A defect of polars.
pub fn of_polars(frame: &DataFrame) -> PolarsResult<(SchemaRef, Vec<ArrayRef>)> {
    let arrays = frame.columns().iter().map(array).collect::<PolarsResult<Vec<ArrayRef>>>()?;
    let field = |(column, array): (&Column, &ArrayRef)| {
        Field::new(column.name().as_str(), array.data_type().clone(), true)
    };
    let fields: Vec<Field> = frame.columns().iter().zip(&arrays).map(field).collect();
    Ok((Arc::new(Schema::new(fields)), arrays))
}

fn array(column: &Column) -> PolarsResult<ArrayRef> {
    Ok(match column.dtype() {
        DataType::Int32 => Arc::new(column.i32()?.iter().collect::<Int32Array>()),
        DataType::UInt32 => Arc::new(column.u32()?.iter().collect::<UInt32Array>()),
        DataType::UInt64 => Arc::new(column.u64()?.iter().collect::<UInt64Array>()),
        kind if kind.is_integer() => {
            Arc::new(column.cast(&DataType::Int64)?.i64()?.iter().collect::<Int64Array>())
        }
        DataType::Float32 => Arc::new(column.f32()?.iter().collect::<Float32Array>()),
        DataType::Float64 => Arc::new(column.f64()?.iter().collect::<Float64Array>()),
        DataType::Boolean => Arc::new(column.bool()?.iter().collect::<BooleanArray>()),
        DataType::String => Arc::new(column.str()?.iter().collect::<StringArray>()),
        DataType::Binary => Arc::new(column.binary()?.iter().collect::<BinaryArray>()),
        _ => {
            let value = |row: usize| match column.get(row)? {
                AnyValue::Null => Ok(None),
                value => Ok(Some(value.to_string())),
            };
            let texts = (0..column.len()).map(value).collect::<PolarsResult<Vec<Option<String>>>>()?;
            Arc::new(StringArray::from(texts))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::{Features, Vectors, write_columns};

    #[test]
    fn every_type_goes_there_and_comes_back() {
        let frame = df!(
            "i32" => [Some(-1i32), None],
            "i64" => [Some(i64::MAX), None],
            "u32" => [Some(u32::MAX), None],
            "u64" => [Some(u64::MAX), None],
            "f32" => [Some(0.1f32), None],
            "f64" => [Some(f64::NAN), None],
            "bool" => [Some(true), None],
            "text" => [Some("Käse"), None],
            "bytes" => [Some(&b"\x00\xff"[..]), None],
        )
        .unwrap();
        let (schema, arrays) = of_polars(&frame).unwrap();
        let bytes = write_columns("all", schema, arrays).unwrap();
        let back = Frame::read("all", bytes).unwrap().to_polars().unwrap();
        assert_eq!(back.schema(), frame.schema());
        assert!(back.equals_missing(&frame), "{back}");
        let features = Features { sample_id: vec![0, 1], values: Vectors::new(vec![1.0, 2.0, 3.0, 4.0], 2) };
        let lists = Frame::read("features", features.write().unwrap()).unwrap().to_polars().unwrap();
        let second = lists.column("values").unwrap().get(1).unwrap();
        assert_eq!(second, AnyValue::List(Series::new("".into(), [3.0f32, 4.0])));
        let none = frame.head(Some(0));
        let (schema, arrays) = of_polars(&none).unwrap();
        let bytes = write_columns("none", schema, arrays).unwrap();
        assert_eq!(Frame::read("none", bytes).unwrap().to_polars().unwrap().schema(), frame.schema());
    }
}
