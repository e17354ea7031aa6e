//! Four IDX files: images and labels for training, images and labels for testing, as MNIST has them.
//!
//! An IDX file is a magic number, the sizes, then bytes. In: a folder, or the bytes of its files,
//! unpacked. Out: the files, or grey images, or what is wrong. Must not know: gzip, checksums.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{Content, Found, SETS, inside};
use crate::data::file::Compression;
use crate::data::images::{self, Images, MAX_PIXELS};
use crate::data::labels::Labels;
use crate::data::samples::{Content as Samples, Rows, Set};
use crate::data::{Cause, DataError};

/// The four files, in the order used throughout; each may be gzipped and then ends in .gz.
pub const FILES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// With what the names of EMNIST's files begin. Its images lie on their sides: rows are stored as columns (Cohen et al.
/// 2017).
const EMNIST: &str = "emnist-";

/// Labels are bytes.
const MAX_CLASSES: usize = 256;

/// The longest unpacked file that is read where no length is known beforehand. A header is a claim;
/// this bounds what it can make us allocate.
pub const MAX_LEN: u64 = MAX_PIXELS;

/// The files in a folder that has any of them, under these names or as others write them: `train-images.idx3-ubyte`,
/// `test_labels_idx1_ubyte.gz`.
pub fn find(folder: &Path) -> Result<Option<Vec<Found>>, DataError> {
    if !folder.is_dir() {
        return Ok(None);
    }
    let mut paths = inside(folder)?;
    // What is not gzipped first.
    paths.sort_by_key(|path| (Compression::of(path), path.clone()));
    let named: Vec<(&PathBuf, String, String)> = paths
        .iter()
        .filter(|path| path.is_file())
        .filter_map(|path| usual_name(path).map(|(name, split)| (path, name, split)))
        .filter(|(_, name, _)| FILES.contains(&name.as_str()))
        .collect();
    let splits: BTreeSet<&str> = named.iter().map(|(.., split)| split.as_str()).collect();
    let Some(split) = splits.first() else { return Ok(None) };
    if splits.len() > 1 {
        let found: Vec<&str> =
            splits.iter().map(|split| if split.is_empty() { "mnist" } else { *split }).collect();
        let why = format!("it has the files of several datasets: {}", found.join(", "));
        return Err(DataError::unfit(folder, why, "put the four files of each into a folder of its own"));
    }
    let of = |file: &str| named.iter().find(|(_, name, _)| name == file).map(|(path, ..)| (*path).clone());
    let missing: Vec<String> =
        FILES.into_iter().filter(|file| of(file).is_none()).map(|file| format!("{split}{file}")).collect();
    if !missing.is_empty() {
        return Err(DataError::Incomplete { path: folder.to_owned(), missing });
    }
    // The name says that rows and columns are to be changed, so it is a part of the key.
    let prefix = if split.is_empty() { "" } else { EMNIST };
    let found =
        FILES.into_iter().filter_map(|file| Some(Found { name: format!("{prefix}{file}"), path: of(file)? }));
    Ok(Some(found.collect()))
}

/// A file's name as MNIST has it, and with what it begins if it is of a split of EMNIST: `emnist-letters-`.
fn usual_name(path: &Path) -> Option<(String, String)> {
    let name = path.file_name()?.to_str()?.to_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name).replace(['.', '_'], "-");
    let (split, name) = match name.strip_prefix(EMNIST).and_then(|rest| rest.split_once('-')) {
        Some((split, rest)) => (format!("{EMNIST}{split}-"), rest.to_owned()),
        None => (String::new(), name),
    };
    Some((name.replacen("test-", "t10k-", 1), split))
}

/// Joins the four files, train first.
pub fn rows(files: Vec<Content>) -> Result<Rows, DataError> {
    let mut headers = Vec::with_capacity(FILES.len());
    for (index, file) in files.iter().enumerate() {
        let header = check(&file.bytes, Kind::of(index), MAX_CLASSES);
        headers.push(header.map_err(|error| file.broken(WHAT, error))?);
    }
    let (Ok([train, train_labels, test, test_labels]), [a, b, c, d]) =
        (<[Content; 4]>::try_from(files), headers.as_slice())
    else {
        return Err(DataError::NoSamples { path: FILES[0].into() });
    };
    let mismatch = |one: &Content, other: &Content, why| {
        let remedy = "the four files must come from one dataset";
        Err(DataError::Mismatch { one: one.path.clone(), other: other.path.clone(), why, remedy })
    };
    for (images, labels, held, named) in [(&train, &train_labels, a, b), (&test, &test_labels, c, d)] {
        if held.count != named.count {
            return mismatch(images, labels, format!("{} images, {} labels", held.count, named.count));
        }
    }
    let (height, width) = (a.height, a.width);
    if (height, width) != (c.height, c.width) {
        let why = format!("images of {height}x{width} and of {}x{}", c.height, c.width);
        return mismatch(&train, &test, why);
    }
    images::check_size(&train.path, &[(a.count + c.count) as u64, height as u64, width as u64])?;
    let joined = |first: Content, second: Content, header_len: usize| {
        let mut bytes = first.bytes;
        bytes.drain(..header_len);
        bytes.extend_from_slice(&second.bytes[header_len..]);
        bytes
    };
    let labels = joined(train_labels, test_labels, Kind::Labels.header_len());
    let is_transposed = train.name.starts_with(EMNIST);
    let mut pixels = joined(train, test, Kind::Images.header_len());
    let mut notices = Vec::new();
    if is_transposed {
        pixels.chunks_exact_mut(height * width).for_each(|image| transpose(image, height, width));
        notices.push("images of EMNIST are stored on their sides, and are set upright".to_owned());
    }
    let (height, width) = if is_transposed { (width, height) } else { (height, width) };
    let set = |(name, header): (&&str, &Header)| Set { name: (*name).to_owned(), samples: header.count };
    Ok(Rows {
        content: Samples::Images(Images { pixels, channels: 1, height, width }),
        labels: Labels::of_numbers(labels.into_iter().map(i64::from)),
        sets: [SETS[0], SETS[2]].iter().zip([a, c]).map(set).collect(),
        texts: Vec::new(),
        notices,
    })
}

/// Changes rows and columns of an image.
fn transpose(image: &mut [u8], height: usize, width: usize) {
    let stored = image.to_vec();
    for (at, pixel) in image.iter_mut().enumerate() {
        *pixel = stored[at % height * width + at / height];
    }
}

/// What is wrong with the file of this index, if anything.
pub fn check_file(file: usize, bytes: &[u8], classes: usize) -> Result<(), Cause> {
    check(bytes, Kind::of(file), classes)?;
    Ok(())
}

/// Bytes of the whole file of this index, by its header, of which `bytes` is as much as
/// [`HEADER_LEN`].
pub fn file_len(file: usize, bytes: &[u8]) -> Result<u64, IdxError> {
    Ok(header(bytes, Kind::of(file))?.file_len)
}

/// The longest header.
pub const HEADER_LEN: u64 = 16;

/// What a good file is.
pub const WHAT: &str = "IDX file";

/// What a file should hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Images,
    Labels,
}

impl Kind {
    /// What the file of this index holds.
    fn of(file: usize) -> Kind {
        if file.is_multiple_of(2) { Self::Images } else { Self::Labels }
    }

    fn magic(self) -> [u8; 4] {
        match self {
            Self::Images => [0, 0, 8, 3],
            Self::Labels => [0, 0, 8, 1],
        }
    }

    /// Bytes before the first pixel or label.
    fn header_len(self) -> usize {
        match self {
            Self::Images => 16,
            Self::Labels => 8,
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Images => "images",
            Self::Labels => "labels",
        }
    }
}

/// What is wrong with the bytes of an IDX file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdxError {
    /// Too short for any IDX file.
    #[error("it is {0} bytes long, too short for an IDX header")]
    NoHeader(usize),
    /// Not an IDX file of bytes.
    #[error("it begins with {found}, an IDX file of {expected} begins with {magic}")]
    Magic {
        /// The first four bytes in hex, and what they are if that is known.
        found: String,
        /// `images` or `labels`.
        expected: &'static str,
        /// The four bytes it should begin with.
        magic: String,
    },
    /// Labels for images or the other way round.
    #[error("it holds {found}, not {expected}")]
    Kind {
        /// `images` or `labels`.
        found: &'static str,
        /// The other.
        expected: &'static str,
    },
    /// A size of zero.
    #[error("its header says {0}: nothing")]
    Empty(String),
    /// More than any file that is read may hold.
    #[error("its header says {sizes}, which is beyond the limit of {limit} bytes")]
    TooBig {
        /// Such as `60000 x 28 x 28`.
        sizes: String,
        /// Bytes.
        limit: u64,
    },
    /// Shorter than its header says.
    #[error("it is cut short: {holds} bytes long, {says} by its header")]
    Short {
        /// Bytes by the header.
        says: u64,
        /// Bytes there are.
        holds: u64,
    },
    /// Longer than it may be; by how much was not looked at.
    #[error("it is longer than the {0} bytes it should have")]
    Long(u64),
    /// A label that is none of the classes.
    #[error("label {label} at position {position} is not one of the {classes} classes")]
    Label {
        /// As found.
        label: u8,
        /// 0-based.
        position: usize,
        /// Labels are below this.
        classes: usize,
    },
}

/// The sizes in a header, checked against what may be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Header {
    /// Images or labels.
    pub count: usize,
    /// Pixels; 1 for labels.
    pub height: usize,
    /// Pixels; 1 for labels.
    pub width: usize,
    /// Bytes of the whole file, header included.
    pub file_len: u64,
}

/// Reads the header at the beginning of `bytes`; the rest may be missing.
fn header(bytes: &[u8], kind: Kind) -> Result<Header, IdxError> {
    let word = |i: usize| -> Option<[u8; 4]> { bytes.get(4 * i..4 * i + 4)?.try_into().ok() };
    let short = || IdxError::NoHeader(bytes.len());
    let magic = word(0).ok_or_else(short)?;
    if magic != kind.magic() {
        return Err(wrong_magic(magic, kind));
    }
    let size = |i: usize| word(i).map(u32::from_be_bytes).ok_or_else(short);
    let sizes = match kind {
        Kind::Images => vec![size(1)?, size(2)?, size(3)?],
        Kind::Labels => vec![size(1)?],
    };
    let text = || sizes.iter().map(u32::to_string).collect::<Vec<_>>().join(" x ");
    if sizes.contains(&0) {
        return Err(IdxError::Empty(text()));
    }
    // Three times 32 bits overflow 64, hence checked.
    let file_len = sizes
        .iter()
        .try_fold(1u64, |product, &size| product.checked_mul(size.into()))
        .and_then(|payload| payload.checked_add(kind.header_len() as u64))
        .filter(|&len| len <= MAX_LEN)
        .ok_or_else(|| IdxError::TooBig { sizes: text(), limit: MAX_LEN })?;
    let dim = |i: usize| sizes.get(i).map_or(1, |&size| size as usize);
    Ok(Header { count: dim(0), height: dim(1), width: dim(2), file_len })
}

/// Checks a whole file: its header, its length and, of labels, that all are below `classes`.
fn check(bytes: &[u8], kind: Kind, classes: usize) -> Result<Header, IdxError> {
    let header = header(bytes, kind)?;
    let holds = bytes.len() as u64;
    if holds < header.file_len {
        return Err(IdxError::Short { says: header.file_len, holds });
    }
    if holds > header.file_len {
        return Err(IdxError::Long(header.file_len));
    }
    if kind == Kind::Labels {
        let labels = &bytes[kind.header_len()..];
        if let Some(position) = labels.iter().position(|&label| usize::from(label) >= classes) {
            return Err(IdxError::Label { label: labels[position], position, classes });
        }
    }
    Ok(header)
}

fn wrong_magic(found: [u8; 4], kind: Kind) -> IdxError {
    for other in [Kind::Images, Kind::Labels] {
        if found == other.magic() {
            return IdxError::Kind { found: other.noun(), expected: kind.noun() };
        }
    }
    let hex = |bytes: [u8; 4]| bytes.map(|byte| format!("{byte:02x}")).join(" ");
    let known = match found {
        [0x1f, 0x8b, ..] => " (gzip; its name should end in .gz)",
        [b'<', ..] => " (a web page, it seems)",
        _ => "",
    };
    IdxError::Magic {
        found: format!("{}{known}", hex(found)),
        expected: kind.noun(),
        magic: hex(kind.magic()),
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use std::fs;

    /// An IDX file with these sizes and this payload, right or wrong.
    pub fn idx(sizes: &[u32], payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0, 0, 8, sizes.len() as u8];
        sizes.iter().for_each(|size| bytes.extend(size.to_be_bytes()));
        bytes.extend(payload);
        bytes
    }

    #[test]
    fn good_files_give_their_sizes() {
        let images = idx(&[2, 3, 1], &[1, 2, 3, 4, 5, 6]);
        assert_eq!(
            check(&images, Kind::Images, 10),
            Ok(Header { count: 2, height: 3, width: 1, file_len: 22 })
        );
        let labels = idx(&[3], &[0, 9, 5]);
        assert_eq!(check(&labels, Kind::Labels, 10).map(|h| (h.count, h.file_len)), Ok((3, 11)));
    }

    #[test]
    fn files_are_found_under_the_names_that_others_give_them() {
        let folder = tempfile::tempdir().unwrap();
        let names = [
            "train-images.idx3-ubyte",
            "train_labels_idx1_ubyte",
            "Test-images-idx3-ubyte.gz",
            "t10k-labels.idx1-ubyte",
        ];
        for name in names {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let found = find(folder.path()).unwrap().unwrap();
        let found: Vec<(&str, &str)> = found
            .iter()
            .map(|file| (file.name.as_str(), file.path.file_name().unwrap().to_str().unwrap()))
            .collect();
        assert_eq!(found, FILES.into_iter().zip(names).collect::<Vec<_>>());
        fs::remove_file(folder.path().join(names[3])).unwrap();
        assert!(find(folder.path()).unwrap_err().to_string().contains("lacks t10k-labels-idx1-ubyte"));
    }

    #[test]
    fn images_of_emnist_are_set_upright() {
        let folder = tempfile::tempdir().unwrap();
        let files = [
            idx(&[1, 2, 3], &[1, 2, 3, 4, 5, 6]),
            idx(&[1], &[26]),
            idx(&[1, 2, 3], &[7; 6]),
            idx(&[1], &[1]),
        ];
        for (name, bytes) in FILES.iter().zip(&files) {
            let name = format!("emnist-letters-{}", name.replace("t10k", "test"));
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        let found = find(folder.path()).unwrap().unwrap();
        let contents =
            found.into_iter().zip(files).map(|(Found { name, path }, bytes)| Content { name, path, bytes });
        let read = rows(contents.collect()).unwrap();
        let Samples::Images(images) = read.content else { panic!("these are images") };
        assert_eq!((images.height, images.width, &images.pixels[..6]), (3, 2, &[1, 4, 2, 5, 3, 6][..]));
        assert_eq!(read.labels.numbers().collect::<Vec<_>>(), [26, 1]);
        fs::write(folder.path().join("emnist-digits-train-images-idx3-ubyte"), "").unwrap();
        assert!(
            find(folder.path())
                .unwrap_err()
                .to_string()
                .contains("several datasets: emnist-digits-, emnist-letters-")
        );
    }

    #[test]
    fn a_cut_file_is_told_at_any_length() {
        let images = idx(&[2, 3, 1], &[1, 2, 3, 4, 5, 6]);
        for len in 0..images.len() {
            let error = check(&images[..len], Kind::Images, 10).unwrap_err();
            let expected = match len {
                ..16 => IdxError::NoHeader(len),
                _ => IdxError::Short { says: 22, holds: len as u64 },
            };
            assert_eq!(error, expected);
        }
        let long = [images, vec![0]].concat();
        assert_eq!(check(&long, Kind::Images, 10), Err(IdxError::Long(22)));
    }

    #[test]
    fn labels_are_not_images_and_html_is_neither() {
        let labels = idx(&[3], &[0, 9, 5]);
        let error = check(&labels, Kind::Images, 10).unwrap_err();
        assert_eq!(error, IdxError::Kind { found: "labels", expected: "images" });
        let error = check(b"<html>no such file</html>", Kind::Labels, 10).unwrap_err();
        assert!(error.to_string().contains("web page"), "{error}");
    }

    #[test]
    fn sizes_beyond_reason_are_refused_before_they_are_believed() {
        for sizes in [[u32::MAX, 28, 28], [u32::MAX; 3], [3_000_000, 28, 28]] {
            assert!(matches!(header(&idx(&sizes, &[]), Kind::Images), Err(IdxError::TooBig { .. })));
        }
        assert!(matches!(header(&idx(&[0, 28, 28], &[]), Kind::Images), Err(IdxError::Empty(_))));
    }

    #[test]
    fn a_label_out_of_range_is_named_with_its_position() {
        let labels = idx(&[3], &[0, 9, 10]);
        let error = check(&labels, Kind::Labels, 10).unwrap_err();
        assert_eq!(error, IdxError::Label { label: 10, position: 2, classes: 10 });
        assert!(check(&labels, Kind::Labels, 256).is_ok());
    }
}
