//! Images: PNG, JPEG, WebP, BMP, TIFF and GIF.
//!
//! In: the bytes of one image, and how it is [`Wanted`]. Out: its planes of 8 bits, grey or red,
//! green and blue, or what is wrong. The same bytes give the same planes on any machine: whatever
//! touches a pixel counts in whole numbers. Must not know: paths, labels, datasets.
//!
//! Grey stays grey, and colour stays colour even where every pixel is grey, unless a colour is wanted.
//! Fewer than 8 bits are scaled to 8; more are refused, since a part of each would be lost. An alpha
//! channel is left out where it is opaque everywhere; else there has to be a background. Of a file
//! with several pictures nothing says which is meant: it is refused.
//!
//! A file of this folder for each format makes a [`Raster`]; `exif`, `convert` and `resize` do the rest.

mod bmp;
mod convert;
mod error;
mod exif;
mod format;
mod gif;
mod jpeg;
mod png;
mod resize;
mod tiff;
mod webp;

pub use error::{Fault, PictureError};
pub use exif::Turn;
pub use format::Format;

use rayon::prelude::*;

use super::images::Picture;
use super::reading::{Colour, Reading};
use crate::caught::caught;

/// What a good file is.
pub(super) const WHAT: &str = "image";

/// Endings of the names of files that are read.
pub(super) const ENDINGS: [&str; 11] =
    ["png", "jpg", "jpeg", "jpe", "jfif", "webp", "bmp", "dib", "tif", "tiff", "gif"];

/// The most bytes that one decoded image may have. Its header is compared with this before anything
/// is allocated.
const MAX_BYTES: u64 = 64 << 20;

/// The same of an image that is made smaller at once: 89 million pixels in colour, more than cameras give.
const MAX_RESIZED: u64 = 256 << 20;

/// How an image is wanted. By default as it is in its file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Height and width in pixels, each at least 1.
    pub size: Option<[usize; 2]>,
    pub colour: Option<Colour>,
    /// What lies behind an image that is transparent in places: red, green, blue.
    pub background: Option<[u8; 3]>,
    /// Whether it is turned as its EXIF says. Pixels are stored as the sensor lay in the camera.
    pub upright: bool,
}

impl Wanted {
    /// As the user has it: upright, since people look at images so.
    pub fn by(reading: &Reading) -> Wanted {
        let size = reading.resize.map(|sides| sides.map(|side| side as usize));
        Wanted { size, colour: reading.colour, background: reading.background, upright: true }
    }
}

/// An image as it was wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decoded {
    pub picture: Picture,
    /// How its EXIF says that it has to be turned; it was if [`Wanted::upright`].
    pub turn: Turn,
}

/// Decodes an image.
///
/// # Errors
/// It is of no known format, damaged, or nothing that can be had without loss.
pub(super) fn decode(bytes: &[u8], wanted: &Wanted) -> Result<Decoded, PictureError> {
    let format = Format::of(bytes).ok_or_else(|| PictureError::Unknown(format::described(bytes)))?;
    let limit = if wanted.size.is_some() { MAX_RESIZED } else { MAX_BYTES };
    let fault = |fault| PictureError::Bad { format, fault };
    // Hostile bytes must not end the program, whoever wrote the decoder.
    let raster = caught(|| format.decode(bytes, limit));
    let raster = raster.unwrap_or_else(|| Err(Fault::Decode("it is damaged".to_owned()))).map_err(fault)?;
    let turn = raster.turn;
    let mut picture = convert::opaque(raster, wanted.background).map_err(fault)?;
    if wanted.upright {
        picture = turn.apply(picture);
    }
    if let Some(colour) = wanted.colour {
        picture = convert::coloured(picture, colour);
    }
    if let Some(size) = wanted.size {
        picture = resize::resized(picture, size);
    }
    Ok(Decoded { picture, turn })
}

/// Decodes images in their order: many at once, but never all.
pub(super) fn decode_each<'a>(
    images: &'a [&'a [u8]],
    wanted: &'a Wanted,
) -> impl Iterator<Item = Result<Decoded, PictureError>> + 'a {
    let at_once = 4 * rayon::current_num_threads();
    images
        .chunks(at_once)
        .flat_map(|some| some.par_iter().map(|bytes| decode(bytes, wanted)).collect::<Vec<_>>())
}

/// What a person should know where images were turned.
pub(super) fn turned(images: usize) -> Option<String> {
    match images {
        0 => None,
        1 => Some("1 image is turned as its EXIF says".to_owned()),
        _ => Some(format!("{images} images are turned as their EXIF says")),
    }
}

/// What a format's decoder makes: pixels as they are stored.
#[derive(Debug)]
struct Raster {
    /// 1 (grey) or 3 (red, green, blue), without alpha.
    channels: usize,
    /// Whether each pixel ends with alpha: 255 is opaque.
    alpha: bool,
    height: usize,
    width: usize,
    /// Row-major, pixel by pixel.
    samples: Vec<u8>,
    turn: Turn,
}

impl Format {
    /// Decodes bytes of this format to at most `limit` bytes.
    fn decode(self, bytes: &[u8], limit: u64) -> Result<Raster, Fault> {
        match self {
            Self::Png => png::decode(bytes, limit),
            Self::Jpeg => jpeg::decode(bytes, limit),
            Self::WebP => webp::decode(bytes, limit),
            Self::Bmp => bmp::decode(bytes, limit),
            Self::Tiff => tiff::decode(bytes, limit),
            Self::Gif => gif::decode(bytes, limit),
        }
    }
}

/// Checks the size that a header claims.
fn check_size(width: u64, height: u64, channels: u64, limit: u64) -> Result<(), Fault> {
    match width.checked_mul(height).and_then(|area| area.checked_mul(channels)) {
        Some(bytes) if bytes > 0 && bytes <= limit => Ok(()),
        _ => Err(Fault::Size { width, height, limit }),
    }
}

/// Whether a palette, entry by entry, is the grey levels themselves: 0, 1, 2, ..., or black and white.
/// So formats say grey that have palettes alone.
fn is_grey(palette: &[[u8; 3]]) -> bool {
    let is = |levels: &mut dyn Iterator<Item = u8>| {
        palette.iter().zip(levels).all(|(entry, level)| *entry == [level; 3])
    };
    match palette.len() {
        0 | 1 => false,
        2 => is(&mut [0, 255].into_iter()),
        _ => is(&mut (0..=255)),
    }
}

#[cfg(test)]
pub(super) mod tests;
