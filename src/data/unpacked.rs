//! What was unpacked from an archive of which alone a checksum is published: a note beside the files.
//!
//! In: a dataset, a folder, the sums of the files that came out of the archive once that had been checked. Out: the
//! note, and from then on the sum that each file must have. The note is `NAME.sha256`: a line that names the archive and
//! its checksum, then lines as `sha256sum` writes them. Must not know: how a file is checked, where archives come from.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

use super::checksum::Checksum;
use super::known::{Archive, Published};

/// Where the note about these files is.
pub(super) fn path(published: &Published, folder: &Path) -> PathBuf {
    folder.join(format!("{}.sha256", published.name.to_lowercase()))
}

/// The note: the sum of each file that was unpacked, by its name.
pub(super) fn note(archive: &Archive, sums: &[(&str, Checksum)]) -> String {
    let lines = sums.iter().filter_map(|(name, sum)| match sum {
        Checksum::Sha256(hex) => Some(format!("{hex}  {name}\n")),
        _ => None,
    });
    [heading(archive)].into_iter().chain(lines).collect()
}

/// The sum of the file of this index, by the note in its folder; none if there is no note of what came out of the
/// published archive.
pub(super) fn sum(published: &Published, file: usize, folder: &Path) -> Option<Checksum> {
    let known = published.files.get(file)?;
    let text = fs::read_to_string(path(published, folder)).ok()?;
    let lines = text.strip_prefix(&heading(published.checked_archive()?))?.lines();
    let mut sums = lines.filter_map(|line| line.split_once("  "));
    let (hex, _) = sums.find(|(_, name)| *name == known.name)?;
    Some(Checksum::Sha256(Cow::Owned(hex.to_owned())))
}

fn heading(archive: &Archive) -> String {
    format!("# unpacked by hspipe from {}, md5 {}\n", archive.name, archive.md5)
}
