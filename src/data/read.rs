//! Reads a dataset's files and checks them.
//!
//! In: a published dataset, and the path or the stream of one of its files, gzipped or not; or a
//! user's file. Out: unpacked bytes whose length, checksum and structure are right, where these are
//! known. Must not know: which folders or sources there are.

use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::checksum::{Checksum, md5_gz, sha256_of};
use super::file::{Long, Unread, at_most, is_gz, open, unreadable};
use super::known::Published;
use super::layout::{Content, Layout, idx};
use super::reading::Reading;
use super::samples::Samples;
use super::{Cause, DataError, unpacked};

/// A file that passed every check.
#[derive(Debug)]
pub(super) struct Checked {
    /// Unpacked.
    pub raw: Vec<u8>,
    /// As published; only where the checksum is that of the gzipped file.
    pub gz: Option<Vec<u8>>,
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

/// Reads and checks all files of a published dataset, given in their order, and joins them.
pub(super) fn all(published: &Published, paths: &[PathBuf]) -> Result<Samples, DataError> {
    let mut files = Vec::with_capacity(paths.len());
    for (index, (path, file)) in paths.iter().zip(published.files).enumerate() {
        let bytes = self::file(published, index, path)?.raw;
        files.push(Content { name: file.name.to_owned(), path: path.clone(), bytes });
    }
    let first = published.first_label;
    let rows = published.layout.rows(files, &Reading::default())?;
    if let Some(label) = rows.labels.numbers().find(|label| *label < i64::from(first)) {
        let source = format!("label {label} is below {first}, the first of {}", published.name);
        let path = paths.first().cloned().unwrap_or_default();
        return Err(DataError::Broken { path, what: published.layout.what(), source: source.into() });
    }
    Ok(Samples::of_published(rows, published.class_names, first))
}

/// Reads and checks the file of this index; it is unpacked if its name ends in .gz.
pub(super) fn file(published: &Published, file: usize, path: &Path) -> Result<Checked, DataError> {
    let from = open(path)?;
    let Some(archive) = published.checked_archive() else {
        return stream(published, file, path, from, is_gz(path));
    };
    let folder = path.parent().unwrap_or(Path::new("."));
    match unpacked::sum(published, file, folder) {
        Some(sum) => checked(published, file, path, from, is_gz(path), &sum),
        None => Err(DataError::NeedsArchive {
            name: published.name.to_owned(),
            path: path.to_owned(),
            archive: archive.name,
        }),
    }
}

/// [`file`] for bytes that come from elsewhere; `path` names that place in errors.
///
/// Never holds more than the file should have, whatever the stream or a header in it claims.
pub(super) fn stream(
    published: &Published,
    file: usize,
    path: &Path,
    from: impl Read,
    gz: bool,
) -> Result<Checked, DataError> {
    match published.files.get(file) {
        Some(known) => checked(published, file, path, from, gz, &known.sum),
        None => Err(DataError::NoSamples { path: path.to_owned() }),
    }
}

/// [`stream`], with the sum that the file must have. Where that is of a whole archive nothing is compared: the archive
/// has been, and these bytes come out of it.
fn checked(
    published: &Published,
    file: usize,
    path: &Path,
    from: impl Read,
    gz: bool,
    sum: &Checksum,
) -> Result<Checked, DataError> {
    let name = || published.name.to_owned();
    let at = || path.to_owned();
    let what = published.layout.what();
    let broken = |source: Cause| DataError::Broken { path: at(), what, source };
    let Some(known) = published.files.get(file) else {
        return Err(DataError::NoSamples { path: at() });
    };
    let wrong = |found: Checksum, broken: Option<Cause>| DataError::WrongSum {
        name: name(),
        path: at(),
        expected: sum.to_string(),
        found: found.to_string(),
        broken,
    };
    let classes = match published.class_names.len() {
        0 => 256,
        classes => classes + usize::from(published.first_label),
    };
    let check = |raw: &[u8]| published.layout.check_file(file, raw, classes);
    let unpack = |packed: &mut dyn Read| {
        at_most(known.len, &mut MultiGzDecoder::new(packed)).map_err(|error| match error {
            Unread::TooLong => broken(Box::new(Long(known.len))),
            Unread::Io(source) => DataError::Unpack { path: at(), source },
        })
    };

    let (raw, packed) = match (sum, gz) {
        (Checksum::Md5Gz(_), false) => {
            return Err(DataError::NeedsGz { name: name(), path: at(), file: known.name });
        }
        (Checksum::Md5Gz(_), true) => {
            // Gzip makes nothing longer by more than a few bytes per block.
            let mut bytes = Vec::new();
            let limit = known.len + known.len / 1000 + 1024;
            from.take(limit).read_to_end(&mut bytes).map_err(|source| unreadable(path, source))?;
            let found = md5_gz(&bytes);
            if found != *sum {
                return Err(wrong(found, None));
            }
            (unpack(&mut bytes.as_slice())?, Some(bytes))
        }
        (Checksum::Sha256(_) | Checksum::Md5(_) | Checksum::Md5Zip(_), gz) => {
            let raw = if gz {
                unpack(&mut BufReader::new(from))?
            } else {
                at_most(known.len, &mut { from }).map_err(|error| match error {
                    Unread::TooLong => broken(Box::new(Long(known.len))),
                    Unread::Io(source) => unreadable(path, source),
                })?
            };
            match sum.of_unpacked(&raw) {
                Some(found) if found != *sum => return Err(wrong(found, check(&raw).err())),
                _ => (raw, None),
            }
        }
    };
    check(&raw).map_err(broken)?;
    Ok(Checked { raw, gz: packed })
}

/// Reads a user's file of the given index in its layout, unpacked if its name ends in .gz.
///
/// Never holds more than the file itself has, or what its header says if it is packed.
pub(super) fn whole(layout: Layout, index: usize, path: &Path) -> Result<Vec<u8>, DataError> {
    let mut from = open(path)?;
    let mut bytes = Vec::new();
    if !is_gz(path) {
        from.read_to_end(&mut bytes).map_err(|source| unreadable(path, source))?;
        return Ok(bytes);
    }
    let broken = |source: Cause| DataError::Broken { path: path.to_owned(), what: layout.what(), source };
    let unpack = |source| DataError::Unpack { path: path.to_owned(), source };
    let mut unpacked = MultiGzDecoder::new(BufReader::new(from));
    (&mut unpacked).take(idx::HEADER_LEN).read_to_end(&mut bytes).map_err(unpack)?;
    let len = layout.packed_len(index, &bytes).map_err(broken)?;
    let rest =
        at_most(len.saturating_sub(bytes.len() as u64), &mut unpacked).map_err(|error| match error {
            Unread::TooLong => broken(Box::new(Long(len))),
            Unread::Io(source) => unpack(source),
        })?;
    bytes.extend(rest);
    Ok(bytes)
}

/// The sum of a user's file, unpacked if its name ends in .gz.
pub(super) fn digest(path: &Path) -> Result<Checksum, DataError> {
    let mut file = open(path)?;
    if is_gz(path) {
        let mut unpacked = MultiGzDecoder::new(BufReader::new(file)).take(idx::MAX_LEN);
        return sha256_of(&mut unpacked)
            .map_err(|source| DataError::Unpack { path: path.to_owned(), source });
    }
    sha256_of(&mut file).map_err(|source| unreadable(path, source))
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::known;
    use super::super::layout::idx::tests::idx;
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write as _;

    pub fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn published(name: &str) -> &'static Published {
        known::published().find(|published| published.name == name).unwrap()
    }

    #[test]
    fn a_wrong_sum_names_the_file_both_sums_and_what_is_broken() {
        let mnist = published("MNIST");
        let error = stream(mnist, 3, Path::new("raw/t10k"), &idx(&[9], &[1])[..], false).unwrap_err();
        let line = error.in_one_line();
        for part in ["raw/t10k", "expected sha256:ff7bcfd4", "found sha256:", "cut short: 9 bytes"] {
            assert!(line.contains(part), "{line}");
        }
        assert!(error.hint().unwrap().contains("hspipe data fetch MNIST"));
        // 64 MiB of zeros where 10,008 bytes should be.
        let bomb = gzip(&vec![0; 64 << 20]);
        let error = stream(mnist, 3, Path::new("t10k.gz"), &bomb[..], true).unwrap_err();
        assert!(error.in_one_line().contains("longer than the 10008 bytes"), "{error}");
    }

    #[test]
    fn kmnist_needs_the_gzipped_files() {
        let kmnist = published("KMNIST");
        let read = |gz| stream(kmnist, 1, Path::new("labels"), &b"anything"[..], gz).unwrap_err();
        assert!(matches!(read(false), DataError::NeedsGz { .. }));
        let DataError::WrongSum { expected, found, .. } = read(true) else { panic!("not a wrong sum") };
        assert_eq!(expected, "md5-gz:e144d726b3acfaa3e44228e80efcd344");
        assert_eq!(found, "md5-gz:f0e166dc34d14d6c228ffac576c9a43c");
    }
}
