//! CIFAR's binary files: five for training and one for testing of CIFAR-10, one and one of CIFAR-100.
//!
//! A file is a row of records, each of labels and three planes (red, green, blue) of 32x32 bytes. CIFAR-10 has one
//! label; CIFAR-100 has two, of which the second is the finer, and that is the class. In: a folder, or
//! the bytes of its files. Out: the files, or images of 3x32x32, or what is wrong. Must not know: the
//! published archives, checksums.

use std::path::Path;

use super::{Content, Found, SETS, named_files};
use crate::data::images::{self, Images};
use crate::data::labels::Labels;
use crate::data::samples::{Content as Samples, Rows, Set};
use crate::data::{Cause, DataError};

/// The six files of CIFAR-10, in the order in which they are joined.
pub const FILES: [&str; 6] = [
    "data_batch_1.bin",
    "data_batch_2.bin",
    "data_batch_3.bin",
    "data_batch_4.bin",
    "data_batch_5.bin",
    "test_batch.bin",
];

/// The two files of CIFAR-100.
pub const FILES_100: [&str; 2] = ["train.bin", "test.bin"];

/// What the two datasets differ in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cifar {
    /// Ten classes.
    Ten,
    /// A hundred in twenty.
    Hundred,
}

const CHANNELS: usize = 3;
const SIDE: usize = 32;

/// Bytes of an image.
const IMAGE: usize = CHANNELS * SIDE * SIDE;

/// Bytes of labels and their image.
pub const RECORD: usize = Cifar::Ten.record();
/// The same of CIFAR-100.
pub const RECORD_100: usize = Cifar::Hundred.record();

/// Labels are bytes.
const MAX_CLASSES: usize = 256;

/// What a good file is.
pub const WHAT: &str = "file of CIFAR's binary kind";

/// What is wrong with the bytes of a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CifarError {
    /// Not a whole number of records, or none.
    #[error("it is {len} bytes long, not a multiple of {record}: labels and 3x32x32 pixels")]
    Length {
        /// Bytes.
        len: usize,
        /// Bytes.
        record: usize,
    },
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

impl Cifar {
    /// Labels of an image; the last is the class.
    const fn labels(self) -> usize {
        match self {
            Self::Ten => 1,
            Self::Hundred => 2,
        }
    }

    const fn record(self) -> usize {
        self.labels() + IMAGE
    }

    fn files(self) -> &'static [&'static str] {
        match self {
            Self::Ten => &FILES,
            Self::Hundred => &FILES_100,
        }
    }

    /// Names of the classes, a line for each; the file may be missing.
    fn names(self) -> &'static str {
        match self {
            Self::Ten => "batches.meta.txt",
            Self::Hundred => "fine_label_names.txt",
        }
    }

    /// The files in a folder that has any of them; of CIFAR-100, whose names are anybody's, both.
    pub fn find(self, folder: &Path) -> Result<Option<Vec<Found>>, DataError> {
        if self == Self::Hundred && !self.files().iter().all(|name| folder.join(name).is_file()) {
            return Ok(None);
        }
        let Some(mut files) = named_files(folder, self.files(), &[""])? else { return Ok(None) };
        let names = folder.join(self.names());
        if names.is_file() {
            files.push(Found { name: self.names().to_owned(), path: names });
        }
        Ok(Some(files))
    }

    /// Joins the files in their order. A number stands for the name in its place, if there are names.
    pub fn rows(self, files: Vec<Content>) -> Result<Rows, DataError> {
        let (batches, names): (Vec<_>, Vec<_>) =
            files.into_iter().partition(|file| file.name != self.names());
        let records: usize = batches.iter().map(|file| file.bytes.len() / self.record()).sum();
        let path = batches.first().map(|file| file.path.clone()).unwrap_or_default();
        images::check_size(&path, &[records as u64, IMAGE as u64])?;
        let mut pixels = Vec::with_capacity(records * IMAGE);
        let mut labels = Labels::default();
        for file in names {
            let text = String::from_utf8_lossy(&file.bytes);
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            labels.list(&lines.map(str::to_owned).collect::<Vec<_>>());
        }
        let mut sets = [SETS[0], SETS[2]].map(|name| Set { name: name.to_owned(), samples: 0 });
        for file in batches {
            self.check(&file.bytes, MAX_CLASSES).map_err(|error| file.broken(WHAT, error))?;
            for record in file.bytes.chunks_exact(self.record()) {
                let (of_image, image) = record.split_at(self.labels());
                of_image.iter().last().into_iter().for_each(|label| labels.push_number(i64::from(*label)));
                pixels.extend_from_slice(image);
            }
            let is_test = self.files().last().is_some_and(|last| file.name == *last);
            sets[usize::from(is_test)].samples += file.bytes.len() / self.record();
        }
        let images = Images { pixels, channels: CHANNELS, height: SIDE, width: SIDE };
        let (content, texts, notices) = (Samples::Images(images), Vec::new(), Vec::new());
        Ok(Rows { content, labels, sets: sets.into(), texts, notices })
    }

    /// What is wrong with a file, if anything.
    pub fn check_file(self, bytes: &[u8], classes: usize) -> Result<(), Cause> {
        Ok(self.check(bytes, classes)?)
    }

    fn check(self, bytes: &[u8], classes: usize) -> Result<(), CifarError> {
        let record = self.record();
        if bytes.is_empty() || !bytes.len().is_multiple_of(record) {
            return Err(CifarError::Length { len: bytes.len(), record });
        }
        let mut labels = bytes.iter().skip(self.labels() - 1).step_by(record).enumerate();
        match labels.find(|(_, label)| usize::from(**label) >= classes) {
            Some((image, &label)) => Err(CifarError::Label { label, image, classes }),
            None => Ok(()),
        }
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
            let rows = Cifar::Ten.rows(files).unwrap();
            (rows.labels.classes(&[]).unwrap(), rows.sets, rows.content)
        };
        let (classes, sets, content_of) = read(files.clone());
        assert_eq!(classes.of, [0, 5, 1, 5, 2, 5, 3, 5, 4, 5, 5, 5].map(Some));
        assert_eq!((sets[0].samples, sets[1].samples, classes.classes[5].name.as_str()), (10, 2, "5"));
        let Samples::Images(images) = content_of else { panic!("these are images") };
        assert_eq!((images.channels, images.height, images.width), (3, 32, 32));
        let second = &images.pixels[3072..6144];
        assert_eq!((second[0], second[1023], second[1024], second[3071]), (1, 1, 2, 3));
        files.push(content(Cifar::Ten.names(), b"plane\ncar\n\nbird\ncat\ndeer\ndog\nfrog\n".to_vec()));
        let names: Vec<String> = read(files).0.classes.into_iter().map(|class| class.name).collect();
        assert_eq!(names, ["plane", "car", "bird", "cat", "deer", "dog"]);
    }

    #[test]
    fn a_cut_file_and_a_wrong_label_are_named() {
        let good = batch(&[3, 9]);
        assert_eq!(Cifar::Ten.check(&good, 10), Ok(()));
        assert_eq!(Cifar::Ten.check(&good, 9), Err(CifarError::Label { label: 9, image: 1, classes: 9 }));
        assert_eq!(
            Cifar::Ten.check(&good[..good.len() - 1], 10),
            Err(CifarError::Length { len: 6145, record: 3073 })
        );
        let error = Cifar::Ten.rows(vec![content(FILES[0], vec![0; 10])]).unwrap_err();
        assert!(error.in_one_line().contains("data_batch_1.bin"), "{error}");
    }

    #[test]
    fn the_finer_label_of_cifar_100_is_the_class() {
        let record = |coarse: u8, fine: u8| [&[coarse, fine][..], &[fine; IMAGE]].concat();
        let (train, test) = ([record(11, 2), record(3, 0)].concat(), record(200, 1));
        let files = vec![content("train.bin", train.clone()), content("test.bin", test)];
        let named = [files, vec![content("fine_label_names.txt", b"apple\nbear\ncan\n".to_vec())]].concat();
        let read = Cifar::Hundred.rows(named).unwrap();
        let classes = read.labels.classes(&[]).unwrap();
        let names: Vec<&str> = classes.classes.iter().map(|class| class.name.as_str()).collect();
        assert_eq!((classes.of, names), ([2, 0, 1].map(Some).to_vec(), vec!["apple", "bear", "can"]));
        let Samples::Images(images) = read.content else { panic!("these are images") };
        let pixels = &images.pixels;
        assert_eq!((pixels.len(), pixels[0], pixels[3 * IMAGE - 1]), (3 * IMAGE, 2, 1));
        assert_eq!(
            Cifar::Hundred.check(&train, 2),
            Err(CifarError::Label { label: 2, image: 0, classes: 2 })
        );
        assert!(matches!(
            Cifar::Hundred.check(&train[1..], 100),
            Err(CifarError::Length { record: 3074, .. })
        ));
    }
}
