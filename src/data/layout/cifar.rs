//! CIFAR-10's binary files: five for training, one for testing.
//!
//! A file is a row of records, each a label byte and three planes (red, green, blue) of 32x32 bytes.
//! In: a folder, or the bytes of its files. Out: the files, or images of 3x32x32, or what is wrong.
//! Must not know: the published archive, checksums.

use std::path::Path;

use super::{Content, Found, SETS, named_files};
use crate::data::images::{self, Images};
use crate::data::labels::Labels;
use crate::data::samples::{Content as Samples, Rows, Set};
use crate::data::{Cause, DataError};

/// The six files, in the order in which they are joined.
pub const FILES: [&str; 6] = [
    "data_batch_1.bin",
    "data_batch_2.bin",
    "data_batch_3.bin",
    "data_batch_4.bin",
    "data_batch_5.bin",
    "test_batch.bin",
];

/// Names of the classes, a line for each; it may be missing.
const NAMES: &str = "batches.meta.txt";

const CHANNELS: usize = 3;
const SIDE: usize = 32;

/// Bytes of a label and its image.
pub const RECORD: usize = 1 + CHANNELS * SIDE * SIDE;

/// Labels are bytes.
const MAX_CLASSES: usize = 256;

/// What a good file is.
pub const WHAT: &str = "file of CIFAR-10's binary kind";

/// What is wrong with the bytes of a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CifarError {
    /// Not a whole number of records, or none.
    #[error("it is {0} bytes long, not a multiple of {RECORD}: a label and 3x32x32 pixels")]
    Length(usize),
    /// A label that is none of the classes.
    #[error("label {label} of image {image} is not one of the {classes} classes")]
    Label {
        /// As found.
        label: u8,
        /// In the file, 0-based.
        image: usize,
        /// Labels are below this.
        classes: usize,
    },
}

/// The files in a folder that has any of the six.
pub fn find(folder: &Path) -> Result<Option<Vec<Found>>, DataError> {
    let Some(mut files) = named_files(folder, &FILES, &[""])? else { return Ok(None) };
    let names = folder.join(NAMES);
    if names.is_file() {
        files.push(Found { name: NAMES.to_owned(), path: names });
    }
    Ok(Some(files))
}

/// Joins the files in their order.
pub fn rows(files: Vec<Content>) -> Result<Rows, DataError> {
    let (batches, names): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| file.name != NAMES);
    let records: usize = batches.iter().map(|file| file.bytes.len() / RECORD).sum();
    let path = batches.first().map(|file| file.path.clone()).unwrap_or_default();
    images::check_size(&path, &[records as u64, (RECORD - 1) as u64])?;
    let mut listed: Vec<String> = Vec::new();
    for file in names {
        let text = String::from_utf8_lossy(&file.bytes);
        listed.extend(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned));
    }
    let mut pixels = Vec::with_capacity(records * (RECORD - 1));
    let mut labels = Labels::default();
    labels.list(&listed);
    let mut sets = [SETS[0], SETS[2]].map(|name| Set { name: name.to_owned(), samples: 0 });
    for file in batches {
        check(&file.bytes, MAX_CLASSES).map_err(|error| file.broken(WHAT, error))?;
        for record in file.bytes.chunks_exact(RECORD) {
            // A number stands for the name in its place, if there are names.
            labels.push_number(i64::from(record[0]));
            pixels.extend_from_slice(&record[1..]);
        }
        let set = usize::from(file.name == FILES[FILES.len() - 1]);
        sets[set].samples += file.bytes.len() / RECORD;
    }
    let images = Images { pixels, channels: CHANNELS, height: SIDE, width: SIDE };
    let (content, texts, notices) = (Samples::Images(images), Vec::new(), Vec::new());
    Ok(Rows { content, labels, sets: sets.into(), texts, notices })
}

/// What is wrong with a file, if anything.
pub fn check_file(bytes: &[u8], classes: usize) -> Result<(), Cause> {
    Ok(check(bytes, classes)?)
}

fn check(bytes: &[u8], classes: usize) -> Result<(), CifarError> {
    if bytes.is_empty() || !bytes.len().is_multiple_of(RECORD) {
        return Err(CifarError::Length(bytes.len()));
    }
    let labels = bytes.iter().step_by(RECORD).enumerate();
    match labels.into_iter().find(|(_, label)| usize::from(**label) >= classes) {
        Some((image, &label)) => Err(CifarError::Label { label, image, classes }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::content;
    use super::*;

    /// A file with these labels; every byte of image i is i in red, i + 1 in green, i + 2 in blue.
    fn batch(labels: &[u8]) -> Vec<u8> {
        let record = |(image, label): (usize, &u8)| {
            let planes = (0..CHANNELS).flat_map(move |plane| [(image + plane) as u8; SIDE * SIDE]);
            [*label].into_iter().chain(planes).collect::<Vec<u8>>()
        };
        labels.iter().enumerate().flat_map(record).collect()
    }

    #[test]
    fn records_become_planes_in_the_order_of_the_files() {
        let mut files: Vec<_> =
            FILES.iter().enumerate().map(|(i, name)| content(name, batch(&[i as u8, 5]))).collect();
        let read = |files| {
            let rows = rows(files).unwrap();
            (rows.labels.classes().unwrap(), rows.sets, rows.content)
        };
        let (classes, sets, content_of) = read(files.clone());
        assert_eq!(classes.of, [0, 5, 1, 5, 2, 5, 3, 5, 4, 5, 5, 5].map(Some));
        assert_eq!((sets[0].samples, sets[1].samples, classes.classes[5].name.as_str()), (10, 2, "5"));
        let Samples::Images(images) = content_of else { panic!("these are images") };
        assert_eq!((images.channels, images.height, images.width), (3, 32, 32));
        let second = &images.pixels[3072..6144];
        assert_eq!((second[0], second[1023], second[1024], second[3071]), (1, 1, 2, 3));
        files.push(content(NAMES, b"plane\ncar\n\nbird\ncat\ndeer\ndog\nfrog\n".to_vec()));
        let names: Vec<String> = read(files).0.classes.into_iter().map(|class| class.name).collect();
        assert_eq!(names, ["plane", "car", "bird", "cat", "deer", "dog"]);
    }

    #[test]
    fn a_cut_file_and_a_wrong_label_are_named() {
        let good = batch(&[3, 9]);
        assert_eq!(check(&good, 10), Ok(()));
        assert_eq!(check(&good, 9), Err(CifarError::Label { label: 9, image: 1, classes: 9 }));
        assert_eq!(check(&good[..good.len() - 1], 10), Err(CifarError::Length(6145)));
        let error = rows(vec![content(FILES[0], vec![0; 10])]).unwrap_err();
        assert!(error.in_one_line().contains("data_batch_1.bin"), "{error}");
    }
}
