//! QMNIST: four IDX files, of which those of the labels have a row of eight numbers for each digit.
//!
//! The first number of a row is the class; the others say who wrote the digit, and where NIST has it. In: a folder, or
//! the bytes of its files, unpacked. Out: the files, or grey images, or what is wrong. Must not know: gzip, checksums.
//! The rows are described at <https://github.com/facebookresearch/qmnist>.

use std::path::Path;

use super::{Content, Found, idx, named_files};
use crate::data::samples::Rows;
use crate::data::{Cause, DataError};

/// The four files, in the order in which MNIST has its own; each may be gzipped and then ends in .gz.
pub const FILES: [&str; 4] = [
    "qmnist-train-images-idx3-ubyte",
    "qmnist-train-labels-idx2-int",
    "qmnist-test-images-idx3-ubyte",
    "qmnist-test-labels-idx2-int",
];

/// An IDX file of numbers of 32 bits in two dimensions.
const MAGIC: [u8; 4] = [0, 0, 12, 2];

/// Numbers in a row.
const COLUMNS: usize = 8;

/// Bytes of a row.
const ROW: usize = COLUMNS * 4;

/// Bytes before the first row: the magic number, rows, columns.
pub const HEADER_LEN: usize = 12;

/// What a good file is.
pub const WHAT: &str = "IDX file of QMNIST";

/// What is wrong with the bytes of a file of labels.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowsError {
    /// Another file.
    #[error("it does not begin as labels of QMNIST do: 00 00 0c 02, rows, {COLUMNS} columns")]
    Header,
    /// Cut, or more than the header says.
    #[error("it is {holds} bytes long, {says} by its header")]
    Length {
        /// Bytes.
        holds: usize,
        /// Bytes.
        says: u64,
    },
    /// A class that is none.
    #[error("label {label} at position {position} is not one of the {classes} classes")]
    Label {
        /// As found.
        label: u32,
        /// 0-based.
        position: usize,
        /// Labels are below this.
        classes: usize,
    },
}

/// The files in a folder that has any of them.
pub fn find(folder: &Path) -> Result<Option<Vec<Found>>, DataError> {
    named_files(folder, &FILES, &["", ".gz"])
}

/// Joins the four files, train first: as those of MNIST, once the labels are as MNIST has them.
pub fn rows(mut files: Vec<Content>) -> Result<Rows, DataError> {
    for file in files.iter_mut().skip(1).step_by(2) {
        file.bytes = plain(&file.bytes, 256).map_err(|error| file.broken(WHAT, error))?;
    }
    idx::rows(files)
}

/// What is wrong with the file of this index, if anything.
pub fn check_file(file: usize, bytes: &[u8], classes: usize) -> Result<(), Cause> {
    if file.is_multiple_of(2) {
        return idx::check_file(file, bytes, classes);
    }
    plain(bytes, classes)?;
    Ok(())
}

/// Bytes of the whole file of this index, by the header with which it begins.
pub fn file_len(file: usize, bytes: &[u8]) -> Result<u64, Cause> {
    if file.is_multiple_of(2) { Ok(idx::file_len(file, bytes)?) } else { Ok(len(bytes)?) }
}

/// The length of a file of labels, by its header.
fn len(bytes: &[u8]) -> Result<u64, RowsError> {
    let word = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    match (bytes.get(..4), word(4), word(8)) {
        (Some(magic), Some(rows), Some(columns)) if magic == MAGIC && columns as usize == COLUMNS => {
            Ok(HEADER_LEN as u64 + u64::from(rows) * ROW as u64)
        }
        _ => Err(RowsError::Header),
    }
}

/// Rows of labels as an IDX file of MNIST has labels: a byte each.
fn plain(bytes: &[u8], classes: usize) -> Result<Vec<u8>, RowsError> {
    let says = len(bytes)?;
    if bytes.len() as u64 != says {
        return Err(RowsError::Length { holds: bytes.len(), says });
    }
    let rows = &bytes[HEADER_LEN..];
    let mut plain = [&[0, 0, 8, 1], &bytes[4..8]].concat();
    for (position, row) in rows.chunks_exact(ROW).enumerate() {
        let label = u32::from_be_bytes([row[0], row[1], row[2], row[3]]);
        match u8::try_from(label) {
            Ok(byte) if usize::from(byte) < classes => plain.push(byte),
            _ => return Err(RowsError::Label { label, position, classes }),
        }
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::super::tests::content;
    use super::*;
    use crate::data::layout::idx::tests::idx;
    use crate::data::samples::Content as Samples;

    /// A file of labels in the layout of QMNIST.
    fn labels_of(labels: &[u32]) -> Vec<u8> {
        let mut bytes = [&MAGIC[..], &(labels.len() as u32).to_be_bytes(), &8u32.to_be_bytes()].concat();
        for label in labels {
            bytes.extend([*label, 4, 3, 2, 1, 0, 9, 8].into_iter().flat_map(u32::to_be_bytes));
        }
        bytes
    }

    #[test]
    fn the_first_number_of_a_row_is_the_class() {
        let raw = [
            idx(&[2, 1, 3], &[1, 2, 3, 4, 5, 6]),
            labels_of(&[7, 0]),
            idx(&[1, 1, 3], &[7, 8, 9]),
            labels_of(&[3]),
        ];
        let files = FILES.iter().zip(&raw).map(|(name, bytes)| content(name, bytes.clone())).collect();
        let read = rows(files).unwrap();
        assert_eq!(read.labels.numbers().collect::<Vec<_>>(), [7, 0, 3]);
        let Samples::Images(images) = read.content else { panic!("these are images") };
        assert_eq!(images.pixels, (1..=9).collect::<Vec<u8>>());
        for (file, bytes) in raw.iter().enumerate() {
            assert!(check_file(file, bytes, 8).is_ok());
            assert_eq!(file_len(file, &bytes[..12.max(bytes.len().min(16))]).unwrap(), bytes.len() as u64);
        }
    }

    #[test]
    fn what_is_wrong_with_labels_is_told() {
        let good = labels_of(&[7, 10]);
        assert_eq!(plain(&good, 10), Err(RowsError::Label { label: 10, position: 1, classes: 10 }));
        for len in 0..good.len() {
            let expected = match len {
                ..HEADER_LEN => RowsError::Header,
                _ => RowsError::Length { holds: len, says: 76 },
            };
            assert_eq!(plain(&good[..len], 256), Err(expected));
        }
        assert_eq!(plain(&idx(&[2], &[1, 2]), 256), Err(RowsError::Header));
        let error = rows(FILES.iter().map(|name| content(name, vec![0; 20])).collect()).unwrap_err();
        assert!(error.in_one_line().contains("qmnist-train-labels"), "{error}");
    }
}
