//! What a training can be given: bytes of pixels, or numbers.
//!
//! In: either. Out: what both have. Must not know how a pass reads them.

use crate::{Features, InputError, Pixels};

/// Samples as they come.
#[derive(Clone, Copy)]
pub enum Samples<'a> {
    /// Bytes, each of which stands for a number.
    Pixels(Pixels<'a>),
    /// Numbers.
    Features(Features<'a>),
}

impl Samples<'_> {
    /// How many samples.
    pub fn n(&self) -> usize {
        match self {
            Samples::Pixels(pixels) => pixels.n,
            Samples::Features(features) => features.n,
        }
    }

    /// Values per sample.
    pub fn width(&self) -> usize {
        match self {
            Samples::Pixels(pixels) => pixels.width(),
            Samples::Features(features) => features.width,
        }
    }

    pub(crate) fn check(&self) -> Result<(), InputError> {
        match self {
            Samples::Pixels(pixels) => pixels.check(),
            Samples::Features(features) => features.check(),
        }
    }
}

impl<'a> From<&Pixels<'a>> for Samples<'a> {
    fn from(pixels: &Pixels<'a>) -> Self {
        Samples::Pixels(*pixels)
    }
}

impl<'a> From<&Features<'a>> for Samples<'a> {
    fn from(features: &Features<'a>) -> Self {
        Samples::Features(*features)
    }
}
