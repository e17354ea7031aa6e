//! An archive that holds all files of a published dataset.
//!
//! In: the archive as a file. Out: its members, unpacked, of an archive whose checksum is the published one. Must not
//! know: where the archive comes from, what is in the files.

use std::fs::File;
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use flate2::read::GzDecoder;
use zip::ZipArchive;
use zip::result::ZipError;

use super::DataError;
use super::checksum::md5_of;
use super::file::{self, Compression};
use super::known::{Archive, Packing, Published};
use super::read::{self, Checked};

/// Reads a whole archive and compares its checksum; then the file stands at its beginning again.
///
/// # Errors
/// [`DataError::WrongSum`], or that it cannot be read; `path` names it.
pub(super) fn check(
    published: &Published,
    archive: &Archive,
    path: &Path,
    file: &mut File,
) -> Result<(), DataError> {
    let wrong = |found| DataError::WrongSum {
        name: published.name.to_owned(),
        path: path.to_owned(),
        expected: format!("md5:{}", archive.md5),
        found,
        broken: None,
    };
    let unreadable = |source| file::unreadable(path, source);
    let len = file.metadata().map_err(unreadable)?.len();
    if len > archive.len {
        return Err(wrong(format!("more than its {} bytes", archive.len)));
    }
    file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    let found = md5_of(file).map_err(unreadable)?;
    file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    if found == archive.md5 { Ok(()) } else { Err(wrong(format!("md5:{found} of {len} bytes"))) }
}

/// Hands over each file whose index is in `wanted`, checked. The archive has been checked.
///
/// # Errors
/// [`DataError::Unpack`], or what a file's own check says.
pub(super) fn unpack(
    published: &Published,
    archive: &Archive,
    path: &Path,
    from: File,
    wanted: &[usize],
    mut take: impl FnMut(usize, Checked),
) -> Result<(), DataError> {
    let cannot = |source: io::Error| DataError::Unpack { path: path.to_owned(), source };
    match archive.packing {
        Packing::TarGz => {
            let folder = Path::new(archive.folder);
            let mut members = tar::Archive::new(GzDecoder::new(BufReader::new(from)));
            for member in members.entries().map_err(cannot)? {
                let member = member.map_err(cannot)?;
                let inside = member.path().map_err(cannot)?.into_owned();
                let index = published.files.iter().position(|file| folder.join(file.name) == inside);
                if let Some(index) = index.filter(|index| wanted.contains(index)) {
                    take(
                        index,
                        read::stream(published, index, &path.join(&inside), member, Compression::None)?,
                    );
                }
            }
        }
        Packing::Zip => {
            let broken = |error: ZipError| cannot(io::Error::from(error));
            let mut members = ZipArchive::new(BufReader::new(from)).map_err(broken)?;
            for &index in wanted {
                let Some(known) = published.files.get(index) else { continue };
                let inside = format!("{}/{}.gz", archive.folder, known.name);
                let member = members.by_name(&inside).map_err(broken)?;
                // A header is a claim; gzip makes nothing longer by more than a few bytes per block.
                let member = member.take(known.len + known.len / 1000 + 1024);
                take(index, read::stream(published, index, &path.join(&inside), member, Compression::Gzip)?);
            }
        }
    }
    Ok(())
}
