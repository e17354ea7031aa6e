//! A table in a file of any format, read some columns and some rows at a time.
//!
//! In: a file's bytes. Out: its columns' names and types, and batches of rows of the columns that are wanted. Must not
//! know what a column means.

use std::collections::HashSet;
use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, Schema, SchemaRef};
use bytes::Bytes;

use super::super::{Content as File, has_ending};
use super::csv::Csv;
use super::error::TableError;
use super::parquet::Parquet;
use crate::data::some::some;

/// A table.
pub struct Frame {
    format: Format,
    schema: SchemaRef,
}

enum Format {
    Parquet(Parquet),
    Csv(Csv),
    Arrow(Bytes),
}

/// Rows of some columns.
pub type Batches<'a> = Box<dyn Iterator<Item = Result<RecordBatch, TableError>> + 'a>;

impl Frame {
    /// Looks at what the table has.
    ///
    /// # Errors
    /// It cannot be read; two columns have one name.
    pub fn open(file: File) -> Result<Frame, TableError> {
        let frame = Self::of(file)?;
        let mut names = HashSet::new();
        match frame.schema.fields().iter().find(|field| !names.insert(field.name())) {
            Some(field) => Err(TableError::Twice(field.name().clone())),
            None => Ok(frame),
        }
    }

    fn of(file: File) -> Result<Frame, TableError> {
        let bytes = Bytes::from(file.bytes);
        // The path may say that the file is gzipped.
        let name = Path::new(&file.name);
        if has_ending(name, &["parquet"]) {
            let parquet = Parquet::open(bytes)?;
            return Ok(Frame { schema: parquet.schema().clone(), format: Format::Parquet(parquet) });
        }
        if has_ending(name, &["arrow", "feather"]) {
            let schema = arrow(&bytes, None)?.1;
            return Ok(Frame { schema, format: Format::Arrow(bytes) });
        }
        let csv = Csv::open(bytes)?;
        Ok(Frame { schema: csv.schema().clone(), format: Format::Csv(csv) })
    }

    /// The columns.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// How many lines at the head of the file were taken for comments.
    pub fn comments(&self) -> usize {
        match &self.format {
            Format::Csv(csv) => csv.comments(),
            Format::Parquet(_) | Format::Arrow(_) => 0,
        }
    }

    /// The place of the column of this name.
    ///
    /// # Errors
    /// There is none.
    pub fn column(&self, name: &str) -> Result<usize, TableError> {
        self.schema.index_of(name).map_err(|_| TableError::Missing {
            wanted: format!("`{name}`"),
            found: names(&self.schema),
            hint: "all files need the same columns: name the file that has them, or mend the others"
                .to_owned(),
        })
    }

    /// All rows, in order, of the columns at these places, in the order of the places.
    ///
    /// # Errors
    /// Damage; a column that would fill the memory.
    pub fn batches(&self, columns: &[usize]) -> Result<Batches<'_>, TableError> {
        match &self.format {
            Format::Parquet(parquet) => parquet.batches(columns),
            Format::Csv(csv) => Ok(csv.batches(columns)),
            Format::Arrow(bytes) => Ok(arrow(bytes, Some(columns.to_vec()))?.0),
        }
    }
}

/// The names of the columns, for errors.
pub fn names(schema: &Schema) -> String {
    const MOST: usize = 20;
    some(schema.fields().iter().map(|field| field.name()), MOST)
}

/// A file, or a stream of messages: Hugging Face writes the latter under the same ending.
fn arrow(bytes: &Bytes, columns: Option<Vec<usize>>) -> Result<(Batches<'static>, SchemaRef), TableError> {
    let broken = |error: ArrowError| TableError::Arrow("Arrow", error);
    let bytes = Cursor::new(bytes.clone());
    if bytes.get_ref().starts_with(b"ARROW1") {
        let reader = FileReader::try_new(bytes, columns).map_err(broken)?;
        let schema = Arc::new(reader.schema().as_ref().clone());
        return Ok((Box::new(reader.map(move |batch| batch.map_err(broken))), schema));
    }
    let reader = StreamReader::try_new(bytes, columns).map_err(broken)?;
    let schema = Arc::new(reader.schema().as_ref().clone());
    Ok((Box::new(reader.map(move |batch| batch.map_err(broken))), schema))
}
