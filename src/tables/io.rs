//! Columns to Parquet bytes and back. The same columns always give the same bytes.
//!
//! In: arrays with their names and types, or bytes. Out: bytes, or a [`Frame`]. Must not know what they mean.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchReader};
use arrow_schema::{DataType, Field, Schema as ArrowSchema, SchemaRef};
use arrow_select::concat::concat_batches;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::schema::types::ColumnPath;

use super::values::ELEMENT;
use super::{Kind, Texts, Values};
use crate::caught::caught;

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
    /// That of a column which holds `array`; only a list's length is taken from there.
    pub(super) fn data_type(self, array: &dyn Array) -> DataType {
        match self {
            Kind::Int32 => DataType::Int32,
            Kind::UInt32 => DataType::UInt32,
            Kind::Float32 => DataType::Float32,
            Kind::Float64 => DataType::Float64,
            Kind::Text => DataType::Utf8,
            Kind::Bool => DataType::Boolean,
            Kind::Binary => DataType::Binary,
            Kind::Vector => array.data_type().clone(),
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
    for field in schema.fields() {
        let path = match field.data_type() {
            DataType::Binary => ColumnPath::from(field.name().as_str()),
            DataType::FixedSizeList(..) => {
                ColumnPath::new([field.name(), "list", ELEMENT].map(str::to_string).to_vec())
            }
            _ => continue,
        };
        // Pixels, pictures and features neither repeat nor sort: a dictionary and bounds only cost.
        properties = properties
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_statistics_enabled(path, EnabledStatistics::None);
    }
    let list = longest_list(&schema);
    if let Some(length) = list {
        properties = properties.set_max_row_group_row_count(Some((GROUP / length).max(1)));
    }
    let batch = RecordBatch::try_new(schema.clone(), columns).map_err(shape)?;
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties.build())).map_err(failed)?;
    match list {
        None => writer.write(&batch).map_err(failed)?,
        Some(_) => {
            for start in (0..batch.num_rows()).step_by(PART) {
                let rows = PART.min(batch.num_rows() - start);
                writer.write(&batch.slice(start, rows)).map_err(failed)?;
            }
        }
    }
    writer.into_inner().map_err(failed)
}

/// Numbers in lists of one row group: 32 MB. A group is in memory until it is written.
const GROUP: usize = 1 << 23;

/// Rows of lists that are written or read together. What the writer notes of each number takes three times its room.
const PART: usize = 1 << 10;

/// The length of the longest lists, if any column holds lists.
fn longest_list(schema: &ArrowSchema) -> Option<usize> {
    let length = |field: &Arc<Field>| match field.data_type() {
        DataType::FixedSizeList(_, length) => Some((*length).max(1) as usize),
        _ => None,
    };
    schema.fields().iter().filter_map(length).max()
}

/// A table as it is read, some rows after the others: for what is too large to be in memory twice.
pub struct Parts {
    table: String,
    reader: ParquetRecordBatchReader,
}

impl Parts {
    /// Reads the head of Parquet bytes; `table` names it in errors.
    ///
    /// # Errors
    /// It is no Parquet.
    pub fn read(table: &str, bytes: Vec<u8>) -> Result<Parts, TableError> {
        let open = || {
            let builder = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes))?;
            let rows = longest_list(builder.schema()).map_or(1 << 16, |_| PART);
            Ok(builder.with_batch_size(rows).build()?)
        };
        Ok(Parts { reader: undamaged(table, open)?, table: table.to_string() })
    }

    /// Whether the table has a column of this name, of any type.
    pub fn has(&self, column: &str) -> bool {
        self.reader.schema().column_with_name(column).is_some()
    }

    /// All rows that are left, as one table.
    pub fn whole(mut self) -> Result<Frame, TableError> {
        let schema = self.reader.schema();
        let batches = self.by_ref().map(|part| Ok(part?.batch)).collect::<Result<Vec<_>, TableError>>()?;
        let Parts { table, .. } = self;
        match concat_batches(&schema, &batches) {
            Ok(batch) => Ok(Frame { table, batch }),
            Err(source) => Err(TableError::Read { table, source: source.into() }),
        }
    }
}

impl Iterator for Parts {
    type Item = Result<Frame, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        let reader = &mut self.reader;
        let batch = undamaged(&self.table, || Ok(reader.next().transpose()?)).transpose()?;
        Some(batch.map(|batch| Frame { table: self.table.clone(), batch }))
    }
}

/// What reading gives. At some damage the crate that reads Parquet panics.
fn undamaged<T>(
    table: &str,
    read: impl FnOnce() -> Result<T, Box<dyn std::error::Error + Send + Sync>>,
) -> Result<T, TableError> {
    let read = caught(read).unwrap_or_else(|| Err("it is damaged".into()));
    read.map_err(|source| TableError::Read { table: table.to_string(), source })
}

/// A table as read.
pub struct Frame {
    table: String,
    batch: RecordBatch,
}

impl Frame {
    /// Reads Parquet bytes; `table` names it in errors.
    pub fn read(table: &str, bytes: Vec<u8>) -> Result<Frame, TableError> {
        Parts::read(table, bytes)?.whole()
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
    use crate::tables::{Features, Frame, Noise, Parts, Samples, TableError, Vectors};

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

    #[test]
    fn lists_come_back_part_by_part() {
        let (n, width) = (2500, 3);
        let table = |width: usize| Features {
            sample_id: (0..n).collect(),
            values: Vectors::new((0..n as usize * width).map(|i| i as f32 / 7.0).collect(), width),
        };
        let bytes = table(width).write().unwrap();
        assert_eq!(bytes, table(width).write().unwrap());
        let parts = Parts::read("features", bytes.clone()).unwrap();
        assert!(parts.has("values") && !parts.has("pixels"));
        let (mut at, mut count) = (0, 0);
        for part in parts {
            let part = Features::of(&part.unwrap()).unwrap();
            assert_eq!(part.values.width(), width);
            for (id, row) in part.sample_id.iter().zip(part.values.iter()) {
                assert_eq!((*id, row[2]), (at, (at * 3 + 2) as f32 / 7.0));
                at += 1;
            }
            count += 1;
        }
        assert_eq!((at, count), (n, 3));
        assert_eq!(Features::read(bytes).unwrap().values.iter().count(), 2500);
        let none = Features { sample_id: vec![], values: Vectors::new(vec![], 4) }.write().unwrap();
        assert_eq!(Features::read(none).unwrap().values.width(), 4);
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
