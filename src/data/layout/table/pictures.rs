//! The column of images of a table: the bytes of each, or Hugging Face's struct of `bytes` and `path`.
//!
//! In: the tables, and the name of the column. Out: images of one size. Must not know the other columns, how an image
//! is decoded.

use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;

use super::error::TableError;
use super::frame::Frame;
use super::labels;
use crate::data::DataError;
use crate::data::images::{self, Gathering, Images};
use crate::data::picture::{self, Decoded, Turn, Wanted, turned};
use crate::data::reading::Reading;

/// Decodes the images of all rows, `rows` in all.
pub fn read(
    parts: &[(&Path, &Frame)],
    column: &str,
    rows: usize,
    reading: &Reading,
    notices: &mut Vec<String>,
) -> Result<Images, DataError> {
    let (mut gathered, wanted) = (Gathering::default(), Wanted::by(reading));
    let (mut total, mut turns) = (0u64, 0);
    for (path, frame) in parts {
        let broken = |error: TableError| error.of(path);
        let at = frame.column(column).map_err(broken)?;
        let mut row = 0;
        for batch in frame.batches(&[at]).map_err(broken)? {
            let batch = batch.map_err(broken)?;
            let pictures = batch.column(0);
            let found = (0..batch.num_rows())
                .map(|i| bytes_of(pictures, i).ok_or_else(|| broken(lacking(pictures, i, column, row + i))));
            let images = found.collect::<Result<Vec<&[u8]>, DataError>>()?;
            for decoded in picture::decode_each(&images, &wanted) {
                let place = PathBuf::from(format!("{}, row {row}", path.display()));
                let Decoded { picture, turn } = decoded.map_err(|error| DataError::Broken {
                    path: place.clone(),
                    what: picture::WHAT,
                    source: Box::new(error),
                })?;
                if total == 0 {
                    // All have one size: what is too much is told before it is there.
                    images::check_size(path, &[rows as u64, picture.pixels.len() as u64])?;
                }
                gathered.push(&picture, &place)?;
                turns += usize::from(turn != Turn::None);
                (row, total) = (row + 1, total + 1);
            }
        }
    }
    notices.extend(turned(turns));
    gathered.finish(parts.first().map(|(path, _)| *path).unwrap_or(Path::new("")))
}

/// Why a row has no bytes: they may lie at a path.
fn lacking(array: &ArrayRef, i: usize, column: &str, row: usize) -> TableError {
    let of_struct = array.as_struct_opt().and_then(|pair| pair.column_by_name("path"));
    let paths = of_struct.unwrap_or(array);
    let path =
        (i < paths.len() && paths.is_valid(i)).then(|| labels::texts(paths.as_ref())(i).map(str::to_owned));
    match path.flatten() {
        Some(path) => TableError::Paths { column: column.to_owned(), path },
        None => TableError::Null { row },
    }
}

/// The bytes of a row; none where they are null, or no bytes.
fn bytes_of(array: &ArrayRef, row: usize) -> Option<&[u8]> {
    let array = array.as_struct_opt().and_then(|pair| pair.column_by_name("bytes")).unwrap_or(array);
    if array.is_null(row) {
        return None;
    }
    match array.data_type() {
        DataType::Binary => Some(array.as_binary::<i32>().value(row)),
        DataType::LargeBinary => Some(array.as_binary::<i64>().value(row)),
        DataType::BinaryView => Some(array.as_binary_view().value(row)),
        _ => None,
    }
}
