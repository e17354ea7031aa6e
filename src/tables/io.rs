//! Columns to Parquet bytes and back. The same columns always give the same bytes.
//!
//! In: arrays with their names and types, or bytes. Out: bytes, or a [`Frame`]. Must not know what they mean.

use arrow_array::{ArrayRef, RecordBatch, RecordBatchReader};
use arrow_schema::{DataType, SchemaRef};
use arrow_select::concat::concat_batches;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::schema::types::ColumnPath;

use super::{Kind, Texts, Values};

#[derive(Debug, thiserror::Error)]
pub enum TableError {
    #[error("the columns of table `{table}` do not fit its schema")]
    Shape { table: String, source: arrow_schema::ArrowError },
    #[error("table `{table}` cannot be written as Parquet")]
    Write { table: String, source: parquet::errors::ParquetError },
    #[error("table `{table}` is not readable Parquet")]
    Read { table: String, source: Box<dyn std::error::Error + Send + Sync> },
    #[error("table `{table}` has no column `{column}` of type {kind:?}")]
    Column { table: String, column: String, kind: Kind },
}

impl Kind {
    pub(super) fn data_type(self) -> DataType {
        match self {
            Kind::Int32 => DataType::Int32,
            Kind::UInt32 => DataType::UInt32,
            Kind::Float32 => DataType::Float32,
            Kind::Float64 => DataType::Float64,
            Kind::Text => DataType::Utf8,
            Kind::Bool => DataType::Boolean,
            Kind::Binary => DataType::Binary,
        }
    }
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

    /// A column of this name.
    ///
    /// # Errors
    /// There is none, or it holds values of another type, or nulls that it may not.
    pub fn column<V: Values>(&self, name: &str) -> Result<V, TableError> {
        let found = self.batch.column_by_name(name).and_then(V::of_array);
        found.ok_or_else(|| TableError::Column {
            table: self.table.clone(),
            column: name.to_string(),
            kind: V::KIND,
        })
    }

    /// Texts of a column, owned.
    pub fn texts(&self, name: &str) -> Result<Vec<String>, TableError> {
        Ok(self.column::<Texts>(name)?.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use crate::tables::{Frame, Noise, Samples, TableError};

    fn samples(columns: [Vec<i32>; 4]) -> Samples {
        let [position, sample_id, label, clean_label] = columns;
        Samples { position, sample_id, label, clean_label }
    }

    #[test]
    fn columns_come_back_and_bytes_are_the_same() {
        let two = || samples([vec![0, 1], vec![7, 5], vec![3, 2], vec![3, 9]]);
        let bytes = two().write().unwrap();
        assert_eq!(bytes, two().write().unwrap());
        assert_eq!(Samples::read(bytes.clone()).unwrap().sample_id, [7, 5]);
        let frame = Frame::read("samples", bytes.clone()).unwrap();
        assert!(frame.has("label") && !frame.has("lost"));
        assert!(matches!(frame.column::<Vec<f32>>("label"), Err(TableError::Column { .. })));
        assert!(Noise::read(bytes).is_err(), "another table");
        let uneven = samples([vec![0], vec![], vec![], vec![]]);
        assert!(matches!(uneven.write(), Err(TableError::Shape { .. })));
        let noise = Noise { noisy: vec![0], found: vec![0], noise_recall: vec![None] }.write().unwrap();
        assert_eq!(Noise::read(noise.clone()).unwrap().noise_recall, [None]);
        let frame = Frame::read("noise", noise).unwrap();
        assert!(frame.column::<Vec<f64>>("noise_recall").is_err(), "a null is not a number");
        assert!(Frame::read("x", b"PAR1 no".to_vec()).is_err());
    }

    /// Whatever a byte becomes and wherever the file ends: an error, or a table.
    #[test]
    fn damage_is_an_error() {
        let column = |step: i32| (0..500).map(|i| i * step % 91).collect::<Vec<i32>>();
        let whole = samples([1, 3, 7, 5].map(column)).write().unwrap();
        for at in (0..whole.len()).step_by(whole.len() / 400) {
            let _ = Samples::read(whole[..at].to_vec()).map(|samples| samples.label.len());
            for bit in [1, 16, 128] {
                let mut flipped = whole.clone();
                flipped[at] ^= bit;
                let _ = Samples::read(flipped).map(|samples| samples.label.len());
            }
        }
    }
}
