//! Samples as they come: bytes of pixels and their normalisation.
//!
//! In: borrowed bytes. Out: for each channel, the value of a byte and what normalisation takes from it. Both are
//! measured from the channel's background, the byte that most of its pixels have. So the background has the value 0, and
//! what is taken away is at most about seven standard deviations: f32 has digits enough for the difference. From the
//! byte 0 on a channel that is nearly constant would have values of thousands, less a shift of thousands. Knows no
//! networks and no lists.

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
    /// How many samples.
    pub n: usize,
    /// Pixels of a channel.
    pub area: usize,
    /// Per channel, on the scale 0..1.
    pub mean: &'a [f64],
    /// Per channel, on the scale 0..1.
    pub variance: &'a [f64],
    /// Per channel, as [`background`] gives it. Part of what fixes a network's bits: all lists that one network reads
    /// must have the same.
    pub background: &'a [u8],
}

/// For each channel the byte that most of its pixels have, the least of equals. `bytes` are samples of `channels` channels
/// of `area` pixels.
pub fn background(bytes: &[u8], area: usize, channels: usize) -> Vec<u8> {
    // Four counts of each byte: to count one byte over and over would wait for itself.
    let mut counts = vec![[[0u64; 256]; 4]; channels];
    for sample in bytes.chunks((area * channels).max(1)) {
        for (plane, counts) in sample.chunks(area.max(1)).zip(&mut counts) {
            for bytes in plane.chunks(4) {
                for (count, byte) in counts.iter_mut().zip(bytes) {
                    count[usize::from(*byte)] += 1;
                }
            }
        }
    }
    let commonest = |counts: [[u64; 256]; 4]| {
        let count = |byte: u8| counts.iter().map(|counts| counts[usize::from(byte)]).sum::<u64>();
        (0..=u8::MAX).rev().max_by_key(|byte| count(*byte)).unwrap_or(0)
    };
    counts.into_iter().map(commonest).collect()
}

/// A channel's place in a sample and its normalisation: a pixel p is `values[p] - shift`, and the background's value is 0.
#[derive(Clone, Debug)]
pub(crate) struct Channel {
    pub pixels: Range<usize>,
    pub background: u8,
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
        if self.background.len() != means {
            return Err(InputError::Backgrounds { means, backgrounds: self.background.len() });
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
        let normalisation = self.mean.iter().zip(self.variance).zip(self.background).enumerate();
        normalisation
            .map(|(channel, ((mean, variance), background))| {
                let deviation = (variance + EPSILON).sqrt();
                let zero = f64::from(*background);
                Channel {
                    pixels: channel * self.area..(channel + 1) * self.area,
                    background: *background,
                    values: std::array::from_fn(|byte| ((byte as f64 - zero) / 255.0 / deviation) as f32),
                    shift: ((mean - zero / 255.0) / deviation) as f32,
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_background_is_the_commonest_byte_of_a_channel() {
        let bytes = [[7, 7, 1, 9, 0, 255, 255], [7, 2, 2, 255, 1, 3, 0]].concat();
        assert_eq!(background(&bytes, 7, 1), [7]);
        assert_eq!(background(&[3, 1, 1, 3], 2, 1), [1], "the least of equals");
        assert_eq!(background(&[5, 5, 0, 0, 9, 5, 0, 255], 2, 2), [5, 0]);
        assert_eq!(background(&[], 0, 2), [0, 0]);
    }

    #[test]
    fn a_constant_channel_is_nothing_whatever_its_byte() {
        let bytes = [255; 12];
        let pixels =
            Pixels { bytes: &bytes, n: 3, area: 4, mean: &[1.0], variance: &[0.0], background: &[255] };
        let channel = pixels.channels().remove(0);
        assert_eq!((channel.values[255], channel.shift), (0.0, 0.0));
    }
}
