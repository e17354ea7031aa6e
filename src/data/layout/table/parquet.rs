//! Tables in Parquet.
//!
//! In: a file's bytes. Out: its columns, and batches of rows that fit into the memory. Must not know what a column means.

use arrow_schema::SchemaRef;
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::Type;
use parquet::file::metadata::ParquetMetaData;

use super::error::TableError;
use super::frame::Batches;

/// Rows that are decoded at once, at most, and bytes that they may take then, about: one large image in a dictionary can
/// stand in every row.
const ROWS: usize = 4096;
const BATCH: i64 = 256 << 20;

/// A column that is larger than this when it is unpacked, and by so many times, holds no images: those shrink no further.
const UNPACKED: i64 = 64 << 20;
const SHRUNK: i64 = 100;

/// A table in Parquet.
pub struct Parquet {
    bytes: Bytes,
    metadata: ArrowReaderMetadata,
}

impl Parquet {
    /// Reads the end of the file, which says what is in it.
    pub fn open(bytes: Bytes) -> Result<Parquet, TableError> {
        let metadata = ArrowReaderMetadata::load(&bytes, ArrowReaderOptions::default())?;
        Ok(Parquet { bytes, metadata })
    }

    pub fn schema(&self) -> &SchemaRef {
        self.metadata.schema()
    }

    /// All rows of some columns.
    ///
    /// # Errors
    /// Damage; a column that would fill the memory.
    pub fn batches(&self, columns: &[usize]) -> Result<Batches<'static>, TableError> {
        let rows_at_once = rows_at_once(self.metadata.metadata(), columns)?;
        let builder =
            ParquetRecordBatchReaderBuilder::new_with_metadata(self.bytes.clone(), self.metadata.clone());
        let mask = ProjectionMask::roots(builder.parquet_schema(), columns.iter().copied());
        let reader = builder.with_projection(mask).with_batch_size(rows_at_once).build()?;
        Ok(Box::new(reader.map(|batch| batch.map_err(|error| TableError::Arrow("Parquet", error)))))
    }
}

/// How many rows may be decoded at once: a value of bytes is no larger than its column in its row group.
fn rows_at_once(metadata: &ParquetMetaData, columns: &[usize]) -> Result<usize, TableError> {
    let root = |leaf: usize| metadata.file_metadata().schema_descr().get_column_root_idx(leaf);
    let mut largest = 1;
    for group in metadata.row_groups() {
        for (_, column) in group
            .columns()
            .iter()
            .enumerate()
            .filter(|(leaf, _)| columns.contains(&root(*leaf)))
            .filter(|(_, column)| column.column_type() == Type::BYTE_ARRAY)
        {
            let (bytes, packed) = (column.uncompressed_size(), column.compressed_size());
            if bytes > UNPACKED && bytes / SHRUNK > packed {
                return Err(TableError::Bomb { column: column.column_path().string(), bytes, packed });
            }
            largest = largest.max(bytes);
        }
    }
    Ok(usize::try_from(BATCH / largest).unwrap_or(1).clamp(1, ROWS))
}
