//! What is wrong with an image, and what to do about it.

use super::format::{Format, Known};

/// What is wrong with the bytes of an image.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// Of no format that is read.
    #[error("it is {}; hspipe reads PNG, JPEG, WebP, BMP, TIFF and GIF", .0.what)]
    Unknown(&'static Known),
    /// Of such a format.
    #[error("this {format} {fault}")]
    Bad {
        /// By its first bytes, whatever its name says.
        format: Format,
        /// What is wrong.
        fault: Fault,
    },
}

/// What is wrong with an image of a known format.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// More than an image may have, or nothing.
    #[error("says that it is {width}x{height}: hspipe reads images of {} MiB at most", .limit >> 20)]
    Size {
        /// Pixels.
        width: u64,
        /// Pixels.
        height: u64,
        /// Bytes.
        limit: u64,
    },
    /// More than 8 bits per channel.
    #[error("has {0} bits per channel: save it with 8")]
    Deep(u8),
    /// Somewhere one can see through it.
    #[error("is transparent in places: put it on a background and save it without alpha")]
    Transparent,
    /// Such as CMYK.
    #[error("has {0}, neither grey nor red, green and blue: save it in RGB")]
    Colours(String),
    /// Frames or pages.
    #[error("holds several pictures: save the one that is meant")]
    Several,
    /// Without its end.
    #[error("is cut short")]
    Cut,
    /// The decoder complains.
    #[error("cannot be decoded: {0}")]
    Decode(String),
}

impl PictureError {
    /// What the user can do about it, in a line.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unknown(known) => known.hint,
            Self::Bad { fault: Fault::Size { .. }, .. } => "make it smaller, or take it away",
            Self::Bad { fault: Fault::Cut | Fault::Decode(_), .. } => {
                "copy it anew from where it came from, or take it away"
            }
            Self::Bad { .. } => "save it anew as a PNG or JPEG image of 8 bits, or take it away",
        }
    }
}

/// What a decoder says.
pub(super) fn failed(error: impl std::fmt::Display) -> Fault {
    Fault::Decode(error.to_string())
}
