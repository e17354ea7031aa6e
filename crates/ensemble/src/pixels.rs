//! Samples as they come: bytes of pixels and their normalisation.
//!
//! In: borrowed bytes. Out: for each channel, the value of a byte and what normalisation takes from it. Knows
//! no networks and no lists.

use std::ops::Range;

use crate::InputError;

/// Keeps a constant image from dividing by zero.
const EPSILON: f64 = 1e-9;

/// `n` samples of `mean.len()` channels of `area` pixels. A pixel p stands for
/// (p/255 - mean) / sqrt(variance + 1e-9), with the mean and the variance of its channel.
#[derive(Clone, Copy)]
pub struct Pixels<'a> {
    /// n * channels * area bytes, row-major.
    pub bytes: &'a [u8],
    pub n: usize,
    pub area: usize,
    /// Per channel, on the scale 0..1.
    pub mean: &'a [f64],
    /// Per channel, on the scale 0..1.
    pub variance: &'a [f64],
}

/// A channel's place in a sample and its normalisation: a pixel p is `values[p] - shift`.
#[derive(Clone, Debug)]
pub(crate) struct Channel {
    pub pixels: Range<usize>,
    pub values: [f32; 256],
    pub shift: f32,
}

impl<'a> Pixels<'a> {
    /// Values per sample.
    pub fn width(&self) -> usize {
        self.area * self.mean.len()
    }

    /// The bytes of one sample. Call `check` first.
    pub(crate) fn sample(&self, index: usize) -> &'a [u8] {
        &self.bytes[index * self.width()..][..self.width()]
    }

    pub(crate) fn check(&self) -> Result<(), InputError> {
        let (means, variances) = (self.mean.len(), self.variance.len());
        if means != variances {
            return Err(InputError::Channels { means, variances });
        }
        let numbers = self.mean.iter().chain(self.variance);
        if !numbers.clone().all(|value| value.is_finite()) || self.variance.iter().any(|value| *value < 0.0) {
            return Err(InputError::Normalisation);
        }
        match self.area.checked_mul(means).and_then(|width| width.checked_mul(self.n)) {
            Some(expected) if expected == self.bytes.len() && (expected > 0 || self.n == 0) => Ok(()),
            _ => Err(InputError::Pixels { bytes: self.bytes.len(), n: self.n, area: self.area, means }),
        }
    }

    pub(crate) fn channels(&self) -> Vec<Channel> {
        let normalisation = self.mean.iter().zip(self.variance).enumerate();
        normalisation
            .map(|(channel, (mean, variance))| {
                let deviation = (variance + EPSILON).sqrt();
                Channel {
                    pixels: channel * self.area..(channel + 1) * self.area,
                    values: std::array::from_fn(|byte| (byte as f64 / 255.0 / deviation) as f32),
                    shift: (mean / deviation) as f32,
                }
            })
            .collect()
    }
}
