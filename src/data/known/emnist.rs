//! EMNIST: six datasets of handwritten digits and letters, all in one zip archive.
//!
//! Out: an entry for each. NIST publishes no sums of the files in the archive; its own is that by which torchvision
//! checks it (torchvision/datasets/mnist.py). How many samples there are is told by Cohen et al., "EMNIST: an extension
//! of MNIST to handwritten letters", <https://arxiv.org/abs/1702.05373>, but of the letters, of which the archive has
//! 124,800 and 20,800. Must not know: how anything is read or fetched.

use std::borrow::Cow;

use super::{Archive, Checksum, Packing, Published, PublishedFile, idx_images, idx_labels};
use crate::data::layout::Layout;

const MD5: &str = "58c8d27c78d21e728a6bc7b3cc06412e";

const fn in_zip(name: &'static str, len: u64) -> PublishedFile {
    PublishedFile { name, len, sum: Checksum::Md5Zip(Cow::Borrowed(MD5)) }
}

/// A dataset of so many samples for training and for testing, and whose labels begin at `$first`.
macro_rules! split {
    ($split:literal, $train:literal, $test:literal, $class_names:expr, $first:literal) => {
        Published {
            name: concat!("EMNIST-", $split),
            folder: "EMNIST",
            layout: Layout::Idx,
            class_names: $class_names,
            first_label: $first,
            files: &[
                in_zip(concat!("emnist-", $split, "-train-images-idx3-ubyte"), idx_images($train)),
                in_zip(concat!("emnist-", $split, "-train-labels-idx1-ubyte"), idx_labels($train)),
                in_zip(concat!("emnist-", $split, "-test-images-idx3-ubyte"), idx_images($test)),
                in_zip(concat!("emnist-", $split, "-test-labels-idx1-ubyte"), idx_labels($test)),
            ],
            mirrors: &["https://biometrics.nist.gov/cs_links/EMNIST/"],
            archive: Some(Archive {
                name: "gzip.zip",
                md5: MD5,
                len: 561_753_746,
                folder: "gzip",
                packing: Packing::Zip,
            }),
            // No package of npm, PyPI or Debian is known to carry these files.
            package: None,
        }
    };
}

/// The six splits, as torchvision orders and calls them.
pub(super) static EMNIST: [Published; 6] = [
    split!("byclass", 697_932, 116_323, &BY_CLASS, 0),
    split!("bymerge", 697_932, 116_323, &MERGED, 0),
    split!("balanced", 112_800, 18_800, &MERGED, 0),
    split!("letters", 124_800, 20_800, &LETTERS, 1),
    split!("digits", 240_000, 40_000, &DIGITS, 0),
    split!("mnist", 60_000, 10_000, &DIGITS, 0),
];

static DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

/// Capitals and small letters are one class.
#[rustfmt::skip]
static LETTERS: [&str; 26] = [
    "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m",
    "n", "o", "p", "q", "r", "s", "t", "u", "v", "w", "x", "y", "z",
];

/// Small letters that look like their capitals are in one class with these.
#[rustfmt::skip]
static MERGED: [&str; 47] = [
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9",
    "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M",
    "N", "O", "P", "Q", "R", "S", "T", "U", "V", "W", "X", "Y", "Z",
    "a", "b", "d", "e", "f", "g", "h", "n", "q", "r", "t",
];

#[rustfmt::skip]
static BY_CLASS: [&str; 62] = [
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9",
    "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M",
    "N", "O", "P", "Q", "R", "S", "T", "U", "V", "W", "X", "Y", "Z",
    "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m",
    "n", "o", "p", "q", "r", "s", "t", "u", "v", "w", "x", "y", "z",
];
