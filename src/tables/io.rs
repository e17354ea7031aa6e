//! Columns to Parquet bytes and back. The same columns always give the same bytes.
//!
//! In: a [`Schema`] and [`Column`]s, or bytes. Out: bytes, or a [`Frame`]. Must not know what they mean.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Float32Array, Float64Array, Int32Array, Int64Array,
    RecordBatch, RecordBatchReader, StringArray, UInt32Array,
};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Schema as ArrowSchema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::schema::types::ColumnPath;

use super::{Kind, Schema};

#[derive(Debug, thiserror::Error)]
pub enum TableError {
    #[error("the columns of table `{table}` do not fit its schema")]
    Shape { table: String, source: arrow::error::ArrowError },
    #[error("table `{table}` cannot be written as Parquet")]
    Write { table: String, source: parquet::errors::ParquetError },
    #[error("table `{table}` is not readable Parquet")]
    Read { table: String, source: Box<dyn std::error::Error + Send + Sync> },
    #[error("table `{table}` has no column `{column}` of type {kind:?}")]
    Column { table: String, column: String, kind: Kind },
}

/// The values of one column.
pub struct Column(pub ArrayRef);

macro_rules! column_from {
    ($($value:ty => $array:ty;)*) => {
        $(impl From<Vec<$value>> for Column {
            fn from(values: Vec<$value>) -> Self {
                Column(Arc::new(<$array>::from(values)))
            }
        })*
    };
}

column_from! {
    i32 => Int32Array;
    i64 => Int64Array;
    u32 => UInt32Array;
    f32 => Float32Array;
    f64 => Float64Array;
    Option<f64> => Float64Array;
    Option<i32> => Int32Array;
    bool => BooleanArray;
    String => StringArray;
    Option<String> => StringArray;
    &str => StringArray;
}

impl From<Vec<Vec<u8>>> for Column {
    fn from(values: Vec<Vec<u8>>) -> Self {
        Column(Arc::new(BinaryArray::from_iter_values(values)))
    }
}

impl Kind {
    fn data_type(self) -> DataType {
        match self {
            Kind::Int32 => DataType::Int32,
            Kind::Int64 => DataType::Int64,
            Kind::UInt32 => DataType::UInt32,
            Kind::Float32 => DataType::Float32,
            Kind::Float64 => DataType::Float64,
            Kind::Text => DataType::Utf8,
            Kind::Bool => DataType::Boolean,
            Kind::Binary => DataType::Binary,
        }
    }
}

/// The Parquet bytes of a table of `schema`; one [`Column`] for each of its columns, in order.
pub fn write(schema: &Schema, columns: Vec<Column>) -> Result<Vec<u8>, TableError> {
    let fields: Vec<Field> = schema
        .columns
        .iter()
        .map(|column| Field::new(column.name, column.kind.data_type(), column.nullable))
        .collect();
    let arrays = columns.into_iter().map(|column| column.0).collect();
    write_columns(schema.name, Arc::new(ArrowSchema::new(fields)), arrays)
}

/// The Parquet bytes of columns under an arrow schema, with fixed writer properties: no clock, no version
/// of any crate in the file.
pub fn write_columns(table: &str, schema: SchemaRef, columns: Vec<ArrayRef>) -> Result<Vec<u8>, TableError> {
    let shape = |source| TableError::Shape { table: table.to_string(), source };
    let failed = |source| TableError::Write { table: table.to_string(), source };
    let mut properties = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_created_by("hspipe".to_string())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3).map_err(failed)?))
        .set_max_row_group_row_count(Some(1 << 20));
    for field in schema.fields().iter().filter(|field| *field.data_type() == DataType::Binary) {
        // Pixels and pictures neither repeat nor sort: a dictionary and bounds only cost.
        let path = ColumnPath::from(field.name().as_str());
        properties = properties
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_statistics_enabled(path, EnabledStatistics::None);
    }
    let batch = RecordBatch::try_new(schema.clone(), columns).map_err(shape)?;
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties.build())).map_err(failed)?;
    writer.write(&batch).map_err(failed)?;
    writer.into_inner().map_err(failed)
}

/// A table as read.
pub struct Frame {
    table: String,
    batch: RecordBatch,
}

impl Frame {
    /// Reads Parquet bytes; `table` names it in errors.
    pub fn read(table: &str, bytes: Vec<u8>) -> Result<Frame, TableError> {
        let read = || -> Result<RecordBatch, Box<dyn std::error::Error + Send + Sync>> {
            let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes))?
                .with_batch_size(1 << 16)
                .build()?;
            let schema = reader.schema();
            let batches = reader.collect::<Result<Vec<_>, _>>()?;
            Ok(concat_batches(&schema, &batches)?)
        };
        // At some damage the crate that reads Parquet panics.
        let read = std::panic::catch_unwind(std::panic::AssertUnwindSafe(read));
        let batch = read.unwrap_or_else(|_| Err("it is damaged".into()));
        let batch = batch.map_err(|source| TableError::Read { table: table.to_string(), source })?;
        Ok(Frame { table: table.to_string(), batch })
    }

    /// Columns that are in memory already.
    pub fn of(table: &str, batch: RecordBatch) -> Frame {
        Frame { table: table.to_string(), batch }
    }

    pub fn rows(&self) -> usize {
        self.batch.num_rows()
    }

    pub fn batch(&self) -> &RecordBatch {
        &self.batch
    }

    /// Whether the table has a column of this name, of any type.
    pub fn has(&self, column: &str) -> bool {
        self.batch.column_by_name(column).is_some()
    }

    fn array<A: Array + 'static>(&self, column: &str, kind: Kind) -> Result<&A, TableError> {
        let array = self.batch.column_by_name(column).and_then(|array| array.as_any().downcast_ref());
        array.ok_or_else(|| TableError::Column {
            table: self.table.clone(),
            column: column.to_string(),
            kind,
        })
    }

    pub fn i32(&self, column: &str) -> Result<&[i32], TableError> {
        Ok(self.array::<Int32Array>(column, Kind::Int32)?.values())
    }

    /// A column that may hold nulls.
    pub fn i32_or_null(&self, column: &str) -> Result<Vec<Option<i32>>, TableError> {
        Ok(self.array::<Int32Array>(column, Kind::Int32)?.iter().collect())
    }

    pub fn f32(&self, column: &str) -> Result<&[f32], TableError> {
        Ok(self.array::<Float32Array>(column, Kind::Float32)?.values())
    }

    pub fn f64(&self, column: &str) -> Result<&[f64], TableError> {
        Ok(self.array::<Float64Array>(column, Kind::Float64)?.values())
    }

    /// A column that may hold nulls.
    pub fn f64_or_null(&self, column: &str) -> Result<Vec<Option<f64>>, TableError> {
        Ok(self.array::<Float64Array>(column, Kind::Float64)?.iter().collect())
    }

    pub fn bool(&self, column: &str) -> Result<Vec<bool>, TableError> {
        Ok(self.array::<BooleanArray>(column, Kind::Bool)?.values().iter().collect())
    }

    pub fn text(&self, column: &str) -> Result<Vec<&str>, TableError> {
        Ok(self.array::<StringArray>(column, Kind::Text)?.iter().map(Option::unwrap_or_default).collect())
    }

    pub fn binary(&self, column: &str) -> Result<&BinaryArray, TableError> {
        self.array(column, Kind::Binary)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::{NOISE, SAMPLES};

    #[test]
    fn columns_come_back_and_bytes_are_the_same() {
        let columns = || vec![vec![0, 1].into(), vec![7, 5].into(), vec![3, 2].into(), vec![3, 9].into()];
        let bytes = write(&SAMPLES, columns()).unwrap();
        assert_eq!(bytes, write(&SAMPLES, columns()).unwrap());
        let frame = Frame::read("samples", bytes).unwrap();
        assert_eq!(frame.i32("sample_id").unwrap(), [7, 5]);
        assert!(matches!(frame.f32("label"), Err(TableError::Column { .. })));
        assert!(write(&SAMPLES, vec![vec![0].into()]).is_err());
        let noise = write(&NOISE, vec![vec![0].into(), vec![0].into(), vec![None::<f64>].into()]).unwrap();
        let noise = Frame::read("noise", noise).unwrap();
        assert_eq!(noise.f64_or_null("noise_recall").unwrap(), [None]);
        assert!(noise.has("found") && !noise.has("lost"));
        assert!(Frame::read("x", b"PAR1 no".to_vec()).is_err());
    }

    /// Whatever a byte becomes and wherever the file ends: an error, or a table.
    #[test]
    fn damage_is_an_error() {
        let column = |step: i32| Column::from((0..500).map(|i| i * step % 91).collect::<Vec<i32>>());
        let whole = write(&SAMPLES, vec![column(1), column(3), column(7), column(5)]).unwrap();
        for at in (0..whole.len()).step_by(whole.len() / 400) {
            let _ = Frame::read("cut", whole[..at].to_vec()).map(|frame| frame.rows());
            for bit in [1, 16, 128] {
                let mut flipped = whole.clone();
                flipped[at] ^= bit;
                let _ = Frame::read("flipped", flipped).map(|frame| frame.rows());
            }
        }
    }
}
