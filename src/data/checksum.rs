//! Checksums: what they are of, how they are written, and how they are taken of bytes.
//!
//! In: bytes. Out: [`Checksum`]. Must not know: files, datasets.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::io::{self, Read};

use sha2::Digest;

/// What a file's bytes must hash to, in lower-case hex.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Checksum {
    /// Of the file unpacked.
    Sha256(Cow<'static, str>),
    /// Of the file unpacked, where nothing better is published.
    Md5(Cow<'static, str>),
    /// Of the gzipped file as published; then the gzipped file itself is needed.
    Md5Gz(Cow<'static, str>),
    /// Of the file packed by bzip2 as published; then that file itself is needed.
    Md5Bz2(Cow<'static, str>),
    /// Of the zip archive that the file is published in, where no sum of the file is. With the file's name it says what
    /// the file contains as well as a sum of its own does.
    Md5Zip(Cow<'static, str>),
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sha256(hex) => write!(f, "sha256:{hex}"),
            Self::Md5(hex) => write!(f, "md5:{hex}"),
            Self::Md5Gz(hex) => write!(f, "md5-gz:{hex}"),
            Self::Md5Bz2(hex) => write!(f, "md5-bz2:{hex}"),
            Self::Md5Zip(hex) => write!(f, "md5-zip:{hex}"),
        }
    }
}

/// The sum of an unpacked file.
pub(super) fn sha256(raw: &[u8]) -> Checksum {
    Checksum::Sha256(hex(&sha2::Sha256::digest(raw)).into())
}

impl Checksum {
    /// The sum of this kind of an unpacked file; none where that is of what it is packed in.
    pub(super) fn of_unpacked(&self, raw: &[u8]) -> Option<Checksum> {
        match self {
            Self::Sha256(_) => Some(sha256(raw)),
            Self::Md5(_) => Some(Self::Md5(md5(raw).into())),
            Self::Md5Gz(_) | Self::Md5Bz2(_) | Self::Md5Zip(_) => None,
        }
    }

    /// The sum of this kind of a compressed file; none where that is of the file unpacked.
    pub(super) fn of_compressed(&self, bytes: &[u8]) -> Option<Checksum> {
        match self {
            Self::Md5Gz(_) => Some(Self::Md5Gz(md5(bytes).into())),
            Self::Md5Bz2(_) => Some(Self::Md5Bz2(md5(bytes).into())),
            Self::Sha256(_) | Self::Md5(_) | Self::Md5Zip(_) => None,
        }
    }
}

/// The sum of an unpacked file, read from a stream and never held.
pub(super) fn sha256_of(from: &mut dyn Read) -> io::Result<Checksum> {
    Ok(Checksum::Sha256(digest_of::<sha2::Sha256>(from)?.into()))
}

/// In lower-case hex, of a stream that is never held.
pub(super) fn md5_of(from: &mut dyn Read) -> io::Result<String> {
    digest_of::<md5::Md5>(from)
}

fn digest_of<D: Digest>(from: &mut dyn Read) -> io::Result<String> {
    let mut hasher = D::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(hex(&hasher.finalize())),
            Ok(n) => hasher.update(&buffer[..n]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// In lower-case hex.
pub(super) fn md5(bytes: &[u8]) -> String {
    hex(&md5::Md5::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
