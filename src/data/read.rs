//! Reads the files of a dataset and checks them.
//!
//! In: a dataset, and the path or the stream of one of its files, gzipped or not. Out: bytes whose
//! length, checksum and IDX structure are right. Must not know: which folders or sources there are.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use sha2::Digest;

use super::idx::{self, Header, IdxError};
use super::{COUNT, Checksum, DataError, Dataset, FILES, Images, kind};

/// A file that passed every check.
#[derive(Debug)]
pub(super) struct Checked {
    /// Unpacked.
    pub raw: Vec<u8>,
    /// As published; only where the checksum is that of the gzipped file.
    pub gz: Option<Vec<u8>>,
    pub header: Header,
}

impl Checked {
    /// The form that a later check needs, with its ending: this is what a fetch stores.
    pub fn stored(&self) -> (&[u8], &'static str) {
        match &self.gz {
            Some(gz) => (gz, ".gz"),
            None => (&self.raw, ""),
        }
    }
}

/// Reads and checks all files, given in the order of `FILES`, and joins train and test.
pub(super) fn all(dataset: &Dataset, paths: &[PathBuf; COUNT]) -> Result<Images, DataError> {
    let mut sums = Vec::with_capacity(COUNT);
    let mut part = |file: usize| -> Result<Checked, DataError> {
        let checked = self::file(dataset, file, &paths[file])?;
        if !dataset.is_published() {
            sums.push(sha256(&checked.raw));
        }
        Ok(checked)
    };
    let [train, train_labels, test, test_labels] = [part(0)?, part(1)?, part(2)?, part(3)?];
    let mismatch = |one: usize, other: usize, why| {
        Err(DataError::Mismatch { one: paths[one].clone(), other: paths[other].clone(), why })
    };
    for (file, images, labels) in
        [(0, &train.header, &train_labels.header), (2, &test.header, &test_labels.header)]
    {
        if images.count != labels.count {
            return mismatch(file, file + 1, format!("{} images, {} labels", images.count, labels.count));
        }
    }
    let Header { height, width, .. } = train.header;
    if (height, width) != (test.header.height, test.header.width) {
        let why = format!("images of {height}x{width} and of {}x{}", test.header.height, test.header.width);
        return mismatch(0, 2, why);
    }
    dataset.pin(sums);
    let joined = |first: Checked, second: Checked, header_len: usize| {
        let mut bytes = first.raw;
        bytes.drain(..header_len);
        bytes.extend_from_slice(&second.raw[header_len..]);
        bytes
    };
    Ok(Images {
        pixels: joined(train, test, kind(0).header_len()),
        labels: joined(train_labels, test_labels, kind(1).header_len()),
        channels: 1,
        height,
        width,
    })
}

/// Reads and checks the file of this index; it is unpacked if its name ends in .gz.
pub(super) fn file(dataset: &Dataset, file: usize, path: &Path) -> Result<Checked, DataError> {
    let from = File::open(path).map_err(|source| unreadable(path, source))?;
    stream(dataset, file, path, from, path.extension().is_some_and(|e| e == "gz"))
}

/// [`file`] for bytes that come from elsewhere; `path` names that place in errors.
///
/// Never holds more than the file should have, whatever the stream or a header in it claims.
pub(super) fn stream(
    dataset: &Dataset,
    file: usize,
    path: &Path,
    from: impl Read,
    gz: bool,
) -> Result<Checked, DataError> {
    let name = || dataset.name().to_owned();
    let at = || path.to_owned();
    let broken = |error| DataError::Broken { name: name(), path: at(), source: Box::new(error) };
    let wrong = |expected: &Checksum, found: Checksum, broken: Option<IdxError>| DataError::WrongSum {
        name: name(),
        path: at(),
        expected: expected.to_string(),
        found: found.to_string(),
        broken: broken.map(Box::new),
    };
    let unpacked = |packed: &mut dyn Read| {
        read_bounded(dataset, file, &mut MultiGzDecoder::new(packed)).map_err(|error| match error {
            Unread::Idx(error) => broken(error),
            Unread::Io(source) => DataError::Unpack { name: name(), path: at(), source },
        })
    };
    let check = |raw: &[u8]| idx::check(raw, kind(file), dataset.class_limit());

    let (raw, packed) = match (dataset.sum(file), gz) {
        (Some(expected @ Checksum::Md5Gz(_)), true) => {
            let bytes = read_packed(dataset, file, from).map_err(|source| unreadable(path, source))?;
            let found = Checksum::Md5Gz(hex(&md5::Md5::digest(&bytes)).into());
            if found != *expected {
                return Err(wrong(expected, found, None));
            }
            (unpacked(&mut bytes.as_slice())?, Some(bytes))
        }
        (Some(Checksum::Md5Gz(_)), false) => {
            return Err(DataError::NeedsGz { name: name(), path: at(), file: FILES[file] });
        }
        (expected, gz) => {
            let raw = if gz {
                unpacked(&mut BufReader::new(from))?
            } else {
                read_bounded(dataset, file, &mut { from }).map_err(|error| match error {
                    Unread::Idx(error) => broken(error),
                    Unread::Io(source) => unreadable(path, source),
                })?
            };
            if let Some(expected) = expected {
                let found = sha256(&raw);
                if found != *expected {
                    return Err(wrong(expected, found, check(&raw).err()));
                }
            }
            (raw, None)
        }
    };
    let header = check(&raw).map_err(broken)?;
    Ok(Checked { raw, gz: packed, header })
}

/// The sum of an unpacked file.
pub(super) fn sha256(raw: &[u8]) -> Checksum {
    Checksum::Sha256(hex(&sha2::Sha256::digest(raw)).into())
}

enum Unread {
    Io(io::Error),
    Idx(IdxError),
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Reads an unpacked file, up to its known length or, where none is known, that in its header.
fn read_bounded(dataset: &Dataset, file: usize, mut from: &mut dyn Read) -> Result<Vec<u8>, Unread> {
    let mut bytes = Vec::new();
    let len = match dataset.raw_len(file) {
        Some(len) => len,
        None => {
            (&mut from).take(kind(file).header_len() as u64).read_to_end(&mut bytes)?;
            idx::header(&bytes, kind(file)).map_err(Unread::Idx)?.file_len
        }
    };
    // One more byte than there should be tells a longer file.
    let rest = (len + 1).saturating_sub(bytes.len() as u64);
    from.take(rest).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > len {
        return Err(Unread::Idx(IdxError::Long(len)));
    }
    Ok(bytes)
}

/// Reads a gzipped file as it is. Gzip makes nothing longer by more than a few bytes per block.
fn read_packed(dataset: &Dataset, file: usize, from: impl Read) -> io::Result<Vec<u8>> {
    let raw_len = dataset.raw_len(file).unwrap_or(idx::MAX_LEN);
    let mut bytes = Vec::new();
    from.take(raw_len + raw_len / 1000 + 1024).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn unreadable(path: &Path, source: io::Error) -> DataError {
    DataError::Io { doing: "read", path: path.to_owned(), source }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::idx::tests::idx;
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::fs;
    use std::io::Write as _;

    pub fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// Two train images, one test image, of 2x3 pixels.
    fn small() -> [Vec<u8>; COUNT] {
        let train: Vec<u8> = (0..12).collect();
        [
            idx(&[2, 2, 3], &train),
            idx(&[2], &[7, 200]),
            idx(&[1, 2, 3], &[20, 21, 22, 23, 24, 25]),
            idx(&[1], &[3]),
        ]
    }

    fn folder_of(files: &[Vec<u8>; COUNT]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in FILES.iter().zip(files) {
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        folder
    }

    fn load(folder: &Path) -> Result<Images, DataError> {
        let nowhere = super::super::Folders { user: None, project: "none".into(), system: "none".into() };
        super::super::load(&Dataset::at_path("small", folder), &nowhere)
    }

    #[test]
    fn train_comes_before_test_gzipped_or_not() {
        let raw = folder_of(&small());
        let images = load(raw.path()).unwrap();
        let pixels: Vec<u8> = (0..12).chain(20..26).collect();
        assert_eq!((images.labels.len(), images.height, images.width, images.classes()), (3, 2, 3, 201));
        assert_eq!((&images.pixels, &images.labels[..]), (&pixels, &[7, 200, 3][..]));

        let packed = tempfile::tempdir().unwrap();
        for (name, bytes) in FILES.iter().zip(small()) {
            fs::write(packed.path().join(format!("{name}.gz")), gzip(&bytes)).unwrap();
        }
        assert_eq!(load(packed.path()).unwrap(), images);
        let identity = |folder: &Path| Dataset::at_path("small", folder).identity().unwrap();
        assert_eq!(identity(packed.path()), identity(raw.path()));
    }

    #[test]
    fn a_file_that_changed_after_its_identity_was_taken_is_refused() {
        let folder = folder_of(&small());
        let dataset = Dataset::at_path("small", folder.path());
        let before = dataset.identity().unwrap();
        fs::write(folder.path().join(FILES[3]), idx(&[1], &[4])).unwrap();
        let nowhere = super::super::Folders { user: None, project: "none".into(), system: "none".into() };
        let error = super::super::load(&dataset, &nowhere).unwrap_err();
        assert!(matches!(&error, DataError::WrongSum { path, .. } if path.ends_with(FILES[3])), "{error}");
        assert_eq!(dataset.identity().unwrap(), before);
    }

    #[test]
    fn files_that_do_not_belong_together_are_named() {
        let mut files = small();
        files[1] = idx(&[3], &[7, 200, 1]);
        let error = load(folder_of(&files).path()).unwrap_err().to_string();
        assert!(error.contains(FILES[0]) && error.contains("2 images, 3 labels"), "{error}");
        let mut files = small();
        files[2] = idx(&[1, 3, 2], &[0; 6]);
        let error = load(folder_of(&files).path()).unwrap_err().to_string();
        assert!(error.contains("2x3") && error.contains("3x2"), "{error}");
    }

    #[test]
    fn a_gzip_bomb_and_a_cut_gzip_file_are_errors() {
        let mut files = small();
        // 64 MiB of zeros behind a header of one image.
        files[2].resize(64 << 20, 0);
        let packed = gzip(&files[2]);
        let dataset = Dataset::at_path("small", "unused");
        let read = |bytes: &[u8]| stream(&dataset, 2, Path::new("t10k.gz"), bytes, true).unwrap_err();
        let DataError::Broken { source, .. } = read(&packed) else { panic!("not broken") };
        assert_eq!(*source, IdxError::Long(22));
        let cut = gzip(&small()[2]);
        assert!(matches!(read(&cut[..cut.len() - 4]), DataError::Unpack { .. }));
    }

    #[test]
    fn a_wrong_sum_names_the_file_both_sums_and_what_is_broken() {
        let dataset = super::super::find("MNIST").unwrap();
        let error = stream(dataset, 3, Path::new("raw/t10k"), &idx(&[9], &[1])[..], false).unwrap_err();
        let line = error.in_one_line();
        for part in ["raw/t10k", "expected sha256:ff7bcfd4", "found sha256:", "cut short: 9 bytes"] {
            assert!(line.contains(part), "{line}");
        }
        assert!(error.hint().unwrap().contains("hspipe data fetch MNIST"));
    }

    #[test]
    fn kmnist_needs_the_gzipped_files() {
        let dataset = super::super::find("KMNIST").unwrap();
        let read = |gz| stream(dataset, 1, Path::new("labels"), &b"anything"[..], gz).unwrap_err();
        assert!(matches!(read(false), DataError::NeedsGz { .. }));
        let DataError::WrongSum { expected, found, .. } = read(true) else { panic!("not a wrong sum") };
        assert_eq!(expected, "md5-gz:e144d726b3acfaa3e44228e80efcd344");
        assert_eq!(found, "md5-gz:f0e166dc34d14d6c228ffac576c9a43c");
    }
}
