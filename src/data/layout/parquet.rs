//! One Parquet file, or a folder of them, with a column of images and one of labels.
//!
//! Images are PNG or JPEG, as bytes or in Hugging Face's struct of `bytes` and `path`. In: a path, or
//! the files' bytes. Out: the files, train first, or images with their class names if the file has
//! any. Must not know: how an image is decoded.

use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, downcast_integer_array};
use arrow_schema::{ArrowError, DataType, Schema};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;

use super::{Content, Found, has_ending, label};
use crate::data::DataError;
use crate::data::file::unreadable;
use crate::data::images::{self, Gathering, Images};
use crate::data::picture::{self, Wanted};

/// Columns that may hold the images, and the labels.
const IMAGES: [&str; 2] = ["image", "img"];
const LABELS: [&str; 1] = ["label"];

/// Beginnings of files' names that tell their place; all others come after the first of these.
const SETS: [&str; 3] = ["train", "val", "test"];

/// Rows that are decoded at once, at most, and bytes that they may take then, about: one large image in a dictionary can
/// stand in every row.
const ROWS: usize = 256;
const BATCH: i64 = 256 << 20;

/// A column that is larger than this when it is unpacked, and by so many times, holds no images: those shrink no further.
const UNPACKED: i64 = 64 << 20;
const SHRUNK: i64 = 100;

/// What a good file is.
pub const WHAT: &str = "Parquet file of images and labels";

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// No Parquet, or a damaged file, or one packed in a way that is not read.
    #[error("it cannot be read as Parquet")]
    Parquet(#[from] ParquetError),
    /// As above.
    #[error("it cannot be read as Parquet")]
    Arrow(#[from] ArrowError),
    /// As above, and its reader did not expect it.
    #[error("it is damaged")]
    Damaged,
    /// A column is missing.
    #[error("it has no column `{wanted}`; its columns are {found}")]
    Missing {
        /// Names that would do.
        wanted: String,
        /// Names that there are.
        found: String,
    },
    /// A column has another type.
    #[error("column `{column}` is {found}: {wanted} are needed")]
    Type {
        /// Its name.
        column: String,
        /// Its type.
        found: String,
        /// Types.
        wanted: &'static str,
    },
    /// A column that would fill the memory.
    #[error("column `{column}` claims {bytes} bytes, packed into {packed}")]
    Bomb {
        /// Its name.
        column: String,
        /// Of a row group.
        bytes: i64,
        /// In the file.
        packed: i64,
    },
    /// A row without image or label.
    #[error("row {row} has no {what}")]
    Null {
        /// From 0.
        row: usize,
        /// `image` or `label`.
        what: &'static str,
    },
}

/// The file itself, or the files of a folder that has any.
pub fn find(path: &Path) -> Result<Option<Vec<Found>>, DataError> {
    let mut paths = Vec::new();
    if path.is_file() {
        paths.push(path.to_owned());
    } else if path.is_dir() {
        let cannot = |source| unreadable(path, source);
        for entry in fs::read_dir(path).map_err(cannot)? {
            paths.push(entry.map_err(cannot)?.path());
        }
    }
    // What is no file is named when it is to be read.
    paths.retain(|path| !path.is_dir() && has_ending(path, &["parquet"]));
    paths.sort_by_key(|path| (place(path), path.clone()));
    // A file is known by its place in the row: its name says nothing about the samples.
    let found = |(i, path)| Found { name: format!("{}.parquet", i + 1), path };
    let files: Vec<Found> = paths.into_iter().enumerate().map(found).collect();
    Ok(if files.is_empty() { None } else { Some(files) })
}

/// Train first, then what is of no set, then the other sets.
fn place(path: &Path) -> usize {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    match SETS.iter().position(|set| name.starts_with(set)) {
        Some(0) => 0,
        Some(set) => set + 1,
        None => 1,
    }
}

/// Decodes the rows of all files in their order.
pub fn images(files: Vec<Content>) -> Result<Images, DataError> {
    let mut gathered = Gathering::default();
    let mut names = Vec::new();
    let first = files.first().map(|file| file.path.clone()).unwrap_or_default();
    for mut file in files {
        let bytes = Bytes::from(std::mem::take(&mut file.bytes));
        let own = guarded_rows(&file, bytes, &mut gathered)?;
        if names.is_empty() {
            names = own;
        }
    }
    let mut numbered = images::numbered(gathered.labels());
    numbered.iter_mut().zip(names).for_each(|(number, name)| *number = name);
    gathered.finish(numbered, &first)
}

/// [`rows`] of a file that may be damaged: at some damage the crate that reads Parquet panics.
fn guarded_rows(file: &Content, bytes: Bytes, gathered: &mut Gathering) -> Result<Vec<String>, DataError> {
    let read = AssertUnwindSafe(|| rows(file, bytes, gathered));
    panic::catch_unwind(read).unwrap_or_else(|_| Err(file.broken(WHAT, TableError::Damaged)))
}

/// Gathers the rows of one file, and returns the names that it gives to classes.
fn rows(file: &Content, bytes: Bytes, gathered: &mut Gathering) -> Result<Vec<String>, DataError> {
    let broken = |error: TableError| file.broken(WHAT, error);
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(|error| broken(error.into()))?;
    let schema = builder.schema().clone();
    let image = column(&schema, &IMAGES).map_err(broken)?;
    let class = column(&schema, &LABELS).map_err(broken)?;
    check_types(&schema, image, class).map_err(broken)?;
    let rows_at_once = rows_at_once(builder.metadata(), image).map_err(broken)?;
    let all_rows = builder.metadata().file_metadata().num_rows().max(0) as u64;
    let mask = ProjectionMask::roots(builder.parquet_schema(), [image, class]);
    let reader = builder.with_projection(mask).with_batch_size(rows_at_once).build();
    let mut row = 0;
    for batch in reader.map_err(|error| broken(error.into()))? {
        let batch = batch.map_err(|error| broken(error.into()))?;
        let of = |index: usize| batch.column_by_name(schema.field(index).name());
        let (Some(pictures), Some(labels)) = (of(image), of(class)) else { continue };
        let pictures = out_of_struct(pictures);
        for i in 0..batch.num_rows() {
            let null = |what| broken(TableError::Null { row, what });
            let picture = bytes_of(pictures, i).ok_or_else(|| null("image"))?;
            let number = number(labels, i).ok_or_else(|| null("label"))?;
            let place = PathBuf::from(format!("{}, row {row}", file.path.display()));
            let decoded = picture::decode(picture, &Wanted::default());
            let picture = decoded.map(|decoded| decoded.picture).map_err(|error| DataError::Broken {
                path: place.clone(),
                what: picture::WHAT,
                source: Box::new(error),
            })?;
            if row == 0 {
                // All have one size: what is too much is told before it is there.
                images::check_size(&file.path, &[all_rows, picture.pixels.len() as u64])?;
            }
            gathered.push(&picture, label(number, &place)?, &place)?;
            row += 1;
        }
    }
    Ok(class_names(&schema, schema.field(class).name()))
}

/// How many rows may be decoded at once: a value is no larger than its column in its row group.
fn rows_at_once(metadata: &ParquetMetaData, image: usize) -> Result<usize, TableError> {
    let root = |leaf: usize| metadata.file_metadata().schema_descr().get_column_root_idx(leaf);
    let mut largest = 1;
    for group in metadata.row_groups() {
        for (_, column) in group.columns().iter().enumerate().filter(|(leaf, _)| root(*leaf) == image) {
            let (bytes, packed) = (column.uncompressed_size(), column.compressed_size());
            if bytes > UNPACKED && bytes / SHRUNK > packed {
                return Err(TableError::Bomb { column: column.column_path().string(), bytes, packed });
            }
            largest = largest.max(bytes);
        }
    }
    Ok(usize::try_from(BATCH / largest).unwrap_or(1).clamp(1, ROWS))
}

fn column(schema: &Schema, names: &[&str]) -> Result<usize, TableError> {
    names.iter().find_map(|name| schema.index_of(name).ok()).ok_or_else(|| TableError::Missing {
        wanted: names.join("` or `"),
        found: schema.fields().iter().map(|field| field.name().as_str()).collect::<Vec<_>>().join(", "),
    })
}

fn check_types(schema: &Schema, image: usize, class: usize) -> Result<(), TableError> {
    let is_binary =
        |kind: &DataType| matches!(kind, DataType::Binary | DataType::LargeBinary | DataType::BinaryView);
    let image = schema.field(image);
    let is_image = match image.data_type() {
        DataType::Struct(fields) => fields.iter().any(|f| f.name() == "bytes" && is_binary(f.data_type())),
        kind => is_binary(kind),
    };
    let wanted = "bytes of PNG or JPEG, or a struct with such `bytes`,";
    let class = schema.field(class);
    for (field, good, wanted) in
        [(image, is_image, wanted), (class, class.data_type().is_integer(), "whole numbers")]
    {
        if !good {
            let (column, found) = (field.name().clone(), field.data_type().to_string());
            return Err(TableError::Type { column, found, wanted });
        }
    }
    Ok(())
}

/// The images' bytes, out of their struct if they are in one.
fn out_of_struct(array: &ArrayRef) -> &ArrayRef {
    array.as_struct_opt().and_then(|pair| pair.column_by_name("bytes")).unwrap_or(array)
}

/// The bytes of a row, in any of the types that [`check_types`] lets pass; none where they are null.
fn bytes_of(array: &ArrayRef, row: usize) -> Option<&[u8]> {
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

/// The whole number of a row, of any width; none where it is null.
fn number(array: &ArrayRef, row: usize) -> Option<i128> {
    if array.is_null(row) {
        return None;
    }
    downcast_integer_array!(
        array => Some(array.value(row).into()),
        _ => None,
    )
}

/// The names of classes in what Hugging Face's `datasets` notes in a file.
fn class_names(schema: &Schema, column: &str) -> Vec<String> {
    let note = schema.metadata().get("huggingface");
    let note: Option<serde_json::Value> = note.and_then(|text| serde_json::from_str(text).ok());
    let names = note.as_ref().and_then(|note| note["info"]["features"][column]["names"].as_array());
    let names = names.into_iter().flatten().map(|name| name.as_str().map(str::to_owned));
    names.collect::<Option<_>>().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::super::own::Own;
    use super::super::super::picture::tests::grey;
    use super::super::tests::content;
    use super::*;
    use arrow_array::{Int16Array, LargeBinaryArray, RecordBatch, StringArray};
    use parquet::arrow::ArrowWriter;
    use std::sync::Arc;

    fn read(bytes: &[u8]) -> Result<Images, String> {
        images(vec![content("x.parquet", bytes.to_vec())]).map_err(|error| error.in_one_line())
    }

    /// A file with these columns.
    fn table(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
        let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, c)| (n, c, true)));
        let batch = batch.unwrap();
        let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.into_inner().unwrap()
    }

    /// Grey images of one pixel and their labels.
    fn plain(pixels: &[u8], labels: Vec<Option<i16>>) -> Vec<u8> {
        let images: Vec<Vec<u8>> = pixels.iter().map(|pixel| grey(1, 1, &[*pixel])).collect();
        let images = LargeBinaryArray::from_iter_values(images);
        table(vec![("img", Arc::new(images)), ("label", Arc::new(Int16Array::from(labels)))])
    }

    /// tests/data/README.md says how pyarrow made the file.
    #[test]
    fn what_hugging_face_writes_is_read_with_its_class_names() {
        let insects = read(include_bytes!("../../../tests/data/insects.parquet")).unwrap();
        assert_eq!((insects.channels, insects.height, insects.width), (3, 2, 3));
        assert_eq!(insects.labels, [0, 2, 1, 2, 0, 1]);
        assert_eq!(insects.class_names, ["ant", "bee", "wasp"]);
        assert_eq!((insects.pixels[0], insects.pixels[18], insects.pixels[107]), (0, 10, 50));
    }

    #[test]
    fn a_folder_is_read_train_first_whatever_its_files_are_called() {
        let folder = tempfile::tempdir().unwrap();
        for (name, pixels) in
            [("test-0.parquet", [5, 6]), ("more.parquet", [3, 4]), ("train-0.parquet", [1, 2])]
        {
            fs::write(folder.path().join(name), plain(&pixels, vec![Some(0), Some(1)])).unwrap();
        }
        let own = |path: &Path| Own::new("mine".into(), path.into());
        let images = own(folder.path()).load().unwrap().into_images();
        assert_eq!(
            (images.pixels, images.class_names),
            ((1..=6).collect(), vec!["0".to_owned(), "1".to_owned()])
        );
        let before = own(folder.path()).identity().unwrap();
        fs::rename(folder.path().join("train-0.parquet"), folder.path().join("train-9.parquet")).unwrap();
        assert_eq!(own(folder.path()).identity().unwrap(), before);
    }

    /// A large image in every row, which a dictionary and gzip make small.
    #[test]
    fn what_would_fill_the_memory_is_refused_before_it_does() {
        let image = grey(4000, 4000, &vec![0; 16_000_000]);
        let rows = 200;
        let images = LargeBinaryArray::from_iter_values(std::iter::repeat_n(&image, rows));
        let labels: Vec<Option<i16>> = (0..rows).map(|row| Some(row as i16 % 2)).collect();
        let bytes = table(vec![("image", Arc::new(images)), ("label", Arc::new(Int16Array::from(labels)))]);
        assert!(bytes.len() < 200_000, "{}", bytes.len());
        let error = read(&bytes).unwrap_err();
        assert!(error.contains("200 x 16000000 bytes"), "{error}");

        let column = vec![0; 100 << 20];
        let images = LargeBinaryArray::from_iter_values([&column]);
        let columns: [(&str, ArrayRef); 2] =
            [("image", Arc::new(images)), ("label", Arc::new(Int16Array::from(vec![0])))];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let packed = parquet::basic::Compression::ZSTD(Default::default());
        let how = parquet::file::properties::WriterProperties::builder().set_compression(packed).build();
        let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(how)).unwrap();
        writer.write(&batch).unwrap();
        let error = read(&writer.into_inner().unwrap()).unwrap_err();
        assert!(error.contains("column `image` claims 1048"), "{error}");
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let refused = |bytes: Vec<u8>, parts: [&str; 2]| {
            let error = read(&bytes).unwrap_err();
            assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        };
        refused(plain(&[1, 2], vec![Some(0), None]), ["x.parquet", "row 1 has no label"]);
        refused(plain(&[1, 2], vec![Some(0), Some(-3)]), ["row 1", "its label is -3"]);
        let text = || Arc::new(StringArray::from(vec!["cat"])) as ArrayRef;
        let image = || Arc::new(LargeBinaryArray::from_vec(vec![b"GIF89a"])) as ArrayRef;
        let one = || Arc::new(Int16Array::from(vec![0])) as ArrayRef;
        refused(
            table(vec![("image", image()), ("label", one())]),
            ["x.parquet, row 0", "this GIF cannot be decoded"],
        );
        refused(table(vec![("image", image()), ("label", text())]), ["`label` is Utf8", "whole numbers"]);
        refused(table(vec![("image", text()), ("label", one())]), ["`image` is Utf8", "PNG or JPEG"]);
        refused(table(vec![("image", image()), ("class", one())]), ["no column `label`", "image, class"]);
        refused(
            table(vec![("picture", image()), ("label", one())]),
            ["no column `image` or `img`", "picture"],
        );
        let good = plain(&[1, 2], vec![Some(0), Some(1)]);
        refused(good[..good.len() - 9].to_vec(), ["x.parquet", "cannot be read as Parquet"]);
        let mut damaged = include_bytes!("../../../tests/data/insects.parquet").to_vec();
        damaged[14] = 0;
        refused(damaged, ["x.parquet", "it is damaged"]);
    }
}
