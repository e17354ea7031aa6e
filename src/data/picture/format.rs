//! What a file is, by its first bytes.
//!
//! In: bytes. Out: the format that reads them; or, for errors, what they are and what to do about it.

use std::fmt;

/// The formats that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Portable Network Graphics.
    Png,
    /// JPEG, in JFIF, EXIF or bare.
    Jpeg,
    /// WebP, with or without loss.
    WebP,
    /// Windows' bitmaps.
    Bmp,
    /// Tagged Image File Format.
    Tiff,
    /// Graphics Interchange Format.
    Gif,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::WebP => "WebP",
            Self::Bmp => "BMP",
            Self::Tiff => "TIFF",
            Self::Gif => "GIF",
        })
    }
}

impl Format {
    /// The format whose signature is at the beginning of `bytes`.
    pub(super) fn of(bytes: &[u8]) -> Option<Format> {
        match bytes {
            [0x89, b'P', b'N', b'G', ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::WebP),
            [b'B', b'M', ..] => Some(Self::Bmp),
            [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Some(Self::Tiff),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            _ => None,
        }
    }
}

/// A kind of file that people put where an image should be.
#[derive(Debug, PartialEq, Eq)]
pub struct Known {
    /// As in `it is ...`.
    pub(super) what: &'static str,
    /// What the user can do about it.
    pub(super) hint: &'static str,
}

macro_rules! known {
    ($what:expr, $hint:expr) => {
        &Known { what: $what, hint: $hint }
    };
}

const CONVERT: &str = "convert it to PNG or JPEG, or take it away";
const ANEW: &str = "copy it anew from where it came from, or take it away";
const AWAY: &str = "take it away";

/// How files begin that are not read: at this offset these bytes. The first that fits counts.
const SIGNATURES: [(usize, &[u8], &Known); 37] = {
    const HEIC: &Known = known!("a HEIC photograph", "HEIC is not read: convert it to JPEG or PNG");
    const VIDEO: &Known = known!("a video", AWAY);
    const RAW: &Known = known!("a raw photograph", "develop it to JPEG or PNG");
    const HTML: &Known = known!("an HTML page", "the download gave a page, not the picture: get it anew");
    const JXL: &Known = known!("a JPEG XL picture", CONVERT);
    const JP2: &Known = known!("a JPEG 2000 picture", CONVERT);
    const ARRAY: &Known =
        known!("an array of NumPy", "a .npy or .npz file is a dataset of its own: give its path");
    [
        (4, b"ftypheic", HEIC),
        (4, b"ftypheix", HEIC),
        (4, b"ftyphevc", HEIC),
        (4, b"ftypmif1", HEIC),
        (4, b"ftypmsf1", HEIC),
        (4, b"ftypavif", known!("an AVIF picture", CONVERT)),
        (4, b"ftypavis", known!("an AVIF picture", CONVERT)),
        (4, b"ftypcrx ", RAW),
        (4, b"ftyp", VIDEO),
        (8, b"AVI ", VIDEO),
        (0, b"\x1aE\xdf\xa3", VIDEO),
        (0, b"%PDF", known!("a PDF", "take the picture out of it, as PNG or JPEG")),
        (0, b"%!PS", known!("a PostScript file", CONVERT)),
        (0, b"8BPS", known!("a Photoshop file", CONVERT)),
        (0, b"\xff\x0a", JXL),
        (0, b"\0\0\0\x0cJXL ", JXL),
        (0, b"\0\0\0\x0cjP  ", JP2),
        (0, b"\xff\x4f\xff\x51", JP2),
        (0, b"\0\0\x01\0", known!("an icon", CONVERT)),
        (128, b"DICM", known!("a DICOM image", "convert it to PNG, by pydicom or dcm2pnm")),
        (0, b"FUJIFILMCCD-RAW", RAW),
        (0, b"IIRO", RAW),
        (0, b"IIU\0", RAW),
        (0, b"v/1\x01", known!("an OpenEXR picture", CONVERT)),
        (0, b"P4\n", known!("a picture of Netpbm", CONVERT)),
        (0, b"P5\n", known!("a picture of Netpbm", CONVERT)),
        (0, b"P6\n", known!("a picture of Netpbm", CONVERT)),
        (0, b"\x93NUMPY", ARRAY),
        (0, b"PAR1", known!("a Parquet file", "a .parquet file is a dataset of its own: give its path")),
        (0, b"\x89HDF", known!("an HDF5 file", AWAY)),
        (0, b"PK\x03\x04", known!("a ZIP archive", "unpack it")),
        (0, b"\x1f\x8b", known!("gzipped", "unpack it")),
        (0, b"\0\x05\x16\x07", known!("what macOS notes beside a file", AWAY)),
        (
            0,
            b"version https://git-lfs",
            known!("a pointer of Git LFS, not the picture", "run `git lfs pull` there"),
        ),
        (0, b"<!doctype html", HTML),
        (0, b"<html", HTML),
        (0, b"<svg", known!("an SVG drawing", CONVERT)),
    ]
};

/// What bytes are that no format here begins with.
pub(super) fn described(bytes: &[u8]) -> &'static Known {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let begins = |offset: usize, signature: &[u8]| {
        let at = |bytes: &[u8]| {
            bytes.get(offset..offset + signature.len()).is_some_and(|b| b.eq_ignore_ascii_case(signature))
        };
        at(bytes) || (signature[0] == b'<' && at(text))
    };
    if let Some((_, _, known)) = SIGNATURES.iter().find(|(offset, signature, _)| begins(*offset, signature)) {
        return known;
    }
    if bytes.is_empty() {
        return known!("empty", ANEW);
    }
    if bytes.iter().all(|byte| *byte == 0) {
        return known!("nothing but zeros", ANEW);
    }
    let head = &bytes[..bytes.len().min(512)];
    if head.windows(4).any(|four| four.eq_ignore_ascii_case(b"<svg")) {
        return known!("an SVG drawing", CONVERT);
    }
    if head.iter().all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e | 0x80..)) {
        return known!("text", AWAY);
    }
    known!("of no kind that is known here", "save it anew as a PNG or JPEG image of 8 bits, or take it away")
}
