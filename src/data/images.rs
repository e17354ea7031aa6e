//! Samples that are images, as bytes.
//!
//! In: images, one after the other or all at once. Out: [`Images`], which all have one size, or what does not fit.
//! Must not know: files' formats, labels, where the samples came from other than how to name that place.

use std::path::{Path, PathBuf};

use super::DataError;

/// The most bytes that the pixels of a dataset may take: a table's column of bytes holds no more.
/// What a header claims is compared with this before anything is allocated.
pub(super) const MAX_PIXELS: u64 = i32::MAX as u64;

/// Images of one size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Images {
    /// Row-major `[samples, channels, height, width]`, 0..=255.
    pub pixels: Vec<u8>,
    /// 1 (grey) or 3 (red, green, blue).
    pub channels: usize,
    /// Pixels.
    pub height: usize,
    /// Pixels.
    pub width: usize,
}

impl Images {
    /// Size and colour, as `28x28 grey`: width first.
    pub fn described(&self) -> String {
        described([self.channels, self.height, self.width])
    }
}

/// Checks sizes that a file claims, before anything of that size is made.
///
/// # Errors
/// [`DataError::TooLarge`] if the pixels would take more than [`MAX_PIXELS`] bytes.
pub(super) fn check_size(path: &Path, sizes: &[u64]) -> Result<(), DataError> {
    let product = sizes.iter().try_fold(1u64, |product, size| product.checked_mul(*size));
    match product {
        Some(bytes) if bytes <= MAX_PIXELS => Ok(()),
        _ => {
            let sizes: Vec<String> = sizes.iter().map(u64::to_string).collect();
            Err(DataError::TooLarge { path: path.to_owned(), sizes: sizes.join(" x ") })
        }
    }
}

/// One image: planes of `height` x `width` bytes, row-major.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Picture {
    /// 1 or 3.
    pub channels: usize,
    pub height: usize,
    pub width: usize,
    pub pixels: Vec<u8>,
}

impl Picture {
    /// Channels, height, width.
    pub fn shape(&self) -> [usize; 3] {
        [self.channels, self.height, self.width]
    }

    /// Of pixels of `stride` bytes each, row-major, whose first `channels` bytes count.
    pub fn from_interleaved(
        samples: &[u8],
        stride: usize,
        channels: usize,
        height: usize,
        width: usize,
    ) -> Picture {
        let mut pixels = Vec::with_capacity(height * width * channels);
        for channel in 0..channels {
            pixels.extend(samples.iter().skip(channel).step_by(stride));
        }
        Picture { channels, height, width, pixels }
    }
}

/// Gathers images that come one by one.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    pixels: Vec<u8>,
    /// Channels, height and width of the image that all must be like, and its place.
    first: Option<([usize; 3], PathBuf)>,
}

impl Gathering {
    /// For images like `picture`, whether or not it comes first.
    pub fn like(picture: &Picture, place: &Path) -> Gathering {
        Gathering { first: Some((picture.shape(), place.to_owned())), ..Gathering::default() }
    }

    /// Adds an image; `place` names it in errors.
    ///
    /// # Errors
    /// [`DataError::Mismatch`] if it is not like the others; [`DataError::TooLarge`].
    pub fn push(&mut self, picture: &Picture, place: &Path) -> Result<(), DataError> {
        let shape = picture.shape();
        let (expected, one) = self.first.get_or_insert_with(|| (shape, place.to_owned()));
        if shape != *expected {
            return Err(DataError::Mismatch {
                one: one.clone(),
                other: place.to_owned(),
                why: format!("the one is {}, the other {}", described(*expected), described(shape)),
                remedy: "bring all images to one size, and all to grey or all to colour; or let hspipe do it: `resize: [64, 64]` and \
                         `colour: rgb` in the dataset's map, or init --resize 64x64 --colour rgb",
            });
        }
        let bytes = (self.pixels.len() + picture.pixels.len()) as u64;
        check_size(place, &[bytes])?;
        self.pixels.extend_from_slice(&picture.pixels);
        Ok(())
    }

    /// Everything gathered.
    ///
    /// # Errors
    /// [`DataError::NoSamples`], with `path`.
    pub fn finish(self, path: &Path) -> Result<Images, DataError> {
        let Some(([channels, height, width], _)) = self.first else {
            return Err(DataError::NoSamples { path: path.to_owned() });
        };
        Ok(Images { pixels: self.pixels, channels, height, width })
    }
}

fn described([channels, height, width]: [usize; 3]) -> String {
    let colour = if channels == 1 { "grey" } else { "in colour" };
    format!("{width}x{height} {colour}")
}
