//! Reads a dataset's files and checks them.
//!
//! In: a published dataset, and the path or the stream of one of its files, gzipped or not; or a
//! user's file. Out: unpacked bytes whose length, checksum and structure are right, where these are
//! known. Must not know: which folders or sources there are.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::checksum::{Checksum, sha256_of};
use super::file::{Compression, Long, Unread, at_most, open, unreadable};
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
    /// As published, with the ending of its name; only where the checksum is that of the compressed file.
    pub compressed: Option<(Vec<u8>, &'static str)>,
}

impl Checked {
    /// The form that a later check needs, with its ending: this is what a fetch stores.
    pub fn stored(&self) -> (&[u8], &'static str) {
        match &self.compressed {
            Some((bytes, ending)) => (bytes, ending),
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

/// Reads and checks the file of this index; it is unpacked if its name says that it is compressed.
pub(super) fn file(published: &Published, file: usize, path: &Path) -> Result<Checked, DataError> {
    let from = open(path)?;
    let Some(archive) = published.checked_archive() else {
        return stream(published, file, path, from, Compression::of(path));
    };
    let folder = path.parent().unwrap_or(Path::new("."));
    match unpacked::sum(published, file, folder) {
        Some(sum) => checked(published, file, path, from, Compression::of(path), &sum),
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
    compression: Compression,
) -> Result<Checked, DataError> {
    match published.files.get(file) {
        Some(known) => checked(published, file, path, from, compression, &known.sum),
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
    compression: Compression,
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
    let unpack = |from: &mut dyn Read| {
        at_most(known.len, &mut compression.unpacked(from)).map_err(|error| match (error, compression) {
            (Unread::TooLong, _) => broken(Box::new(Long(known.len))),
            (Unread::Io(source), Compression::None) => unreadable(path, source),
            (Unread::Io(source), _) => DataError::Unpack { path: at(), source },
        })
    };

    let (raw, compressed) = match published.needs(file) {
        Some(needed) if needed != compression => {
            let needed = published.compressed_name(file);
            return Err(DataError::NeedsCompressed { name: name(), path: at(), needed });
        }
        Some(_) => {
            // Neither gzip nor bzip2 makes anything longer by more than a hundredth.
            let mut bytes = Vec::new();
            let limit = known.len + known.len / 100 + 1024;
            from.take(limit).read_to_end(&mut bytes).map_err(|source| unreadable(path, source))?;
            match sum.of_compressed(&bytes) {
                Some(found) if found != *sum => return Err(wrong(found, None)),
                _ => (unpack(&mut bytes.as_slice())?, Some((bytes, compression.ending()))),
            }
        }
        None => {
            let raw = unpack(&mut { from })?;
            match sum.of_unpacked(&raw) {
                Some(found) if found != *sum => return Err(wrong(found, check(&raw).err())),
                _ => (raw, None),
            }
        }
    };
    check(&raw).map_err(broken)?;
    Ok(Checked { raw, compressed })
}

/// Reads a user's file of the given index in its layout, unpacked if its name says that it is compressed.
///
/// Never holds more than the file itself has, or what its layout or its header says if it is compressed.
pub(super) fn whole(layout: Layout, index: usize, path: &Path) -> Result<Vec<u8>, DataError> {
    let mut from = open(path)?;
    let mut bytes = Vec::new();
    let compression = Compression::of(path);
    if compression == Compression::None {
        from.read_to_end(&mut bytes).map_err(|source| unreadable(path, source))?;
        return Ok(bytes);
    }
    let broken = |source: Cause| DataError::Broken { path: path.to_owned(), what: layout.what(), source };
    let unpack = |source| DataError::Unpack { path: path.to_owned(), source };
    let mut unpacked = compression.unpacked(from);
    (&mut unpacked).take(idx::HEADER_LEN).read_to_end(&mut bytes).map_err(unpack)?;
    let len = layout.unpacked_len(index, &bytes).map_err(broken)?;
    let rest =
        at_most(len.saturating_sub(bytes.len() as u64), &mut unpacked).map_err(|error| match error {
            Unread::TooLong => broken(Box::new(Long(len))),
            Unread::Io(source) => unpack(source),
        })?;
    bytes.extend(rest);
    Ok(bytes)
}

/// The sum of a user's file, unpacked if its name says that it is compressed.
pub(super) fn digest(path: &Path) -> Result<Checksum, DataError> {
    let file = open(path)?;
    let compression = Compression::of(path);
    if compression == Compression::None {
        return sha256_of(&mut { file }).map_err(|source| unreadable(path, source));
    }
    sha256_of(&mut compression.unpacked(file).take(idx::MAX_LEN))
        .map_err(|source| DataError::Unpack { path: path.to_owned(), source })
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::known;
    use super::super::layout::idx::tests::idx;
    use super::*;
    use flate2::write::GzEncoder;
    use std::io::Write as _;

    pub fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn published(name: &str) -> &'static Published {
        known::published().find(|published| published.name == name).unwrap()
    }

    #[test]
    fn a_wrong_sum_names_the_file_both_sums_and_what_is_broken() {
        let mnist = published("MNIST");
        let error =
            stream(mnist, 3, Path::new("raw/t10k"), &idx(&[9], &[1])[..], Compression::None).unwrap_err();
        let line = error.in_one_line();
        for part in ["raw/t10k", "expected sha256:ff7bcfd4", "found sha256:", "cut short: 9 bytes"] {
            assert!(line.contains(part), "{line}");
        }
        assert!(error.hint().unwrap().contains("hspipe data fetch MNIST"));
        // 64 MiB of zeros where 10,008 bytes should be.
        let bomb = gzip(&vec![0; 64 << 20]);
        let error = stream(mnist, 3, Path::new("t10k.gz"), &bomb[..], Compression::Gzip).unwrap_err();
        assert!(error.in_one_line().contains("longer than the 10008 bytes"), "{error}");
    }

    #[test]
    fn kmnist_needs_the_gzipped_files() {
        let kmnist = published("KMNIST");
        let read =
            |compression| stream(kmnist, 1, Path::new("labels"), &b"anything"[..], compression).unwrap_err();
        assert!(matches!(read(Compression::None), DataError::NeedsCompressed { .. }));
        let DataError::WrongSum { expected, found, .. } = read(Compression::Gzip) else {
            panic!("not a wrong sum")
        };
        assert_eq!(expected, "md5-gz:e144d726b3acfaa3e44228e80efcd344");
        assert_eq!(found, "md5-gz:f0e166dc34d14d6c228ffac576c9a43c");
    }
}
