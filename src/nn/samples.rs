//! Samples as networks see them: bytes of pixels and their normalisation.

#[cfg(feature = "torch")]
use std::sync::{Mutex, OnceLock};

/// `n` samples of `channels` x `area` pixels.
pub struct Samples {
    /// n * channels * area bytes, row-major.
    pub pixels: Vec<u8>,
    pub n: usize,
    pub area: usize,
    /// Per channel, on the scale 0..1.
    pub mean: Vec<f64>,
    /// Unbiased, per channel, on the scale 0..1.
    pub variance: Vec<f64>,
    #[cfg(feature = "torch")]
    pub(super) tensor: OnceLock<Mutex<tch::Tensor>>,
}

/// Keeps a constant image from dividing by zero.
const EPSILON: f64 = 1e-9;

impl Samples {
    pub fn new(pixels: Vec<u8>, area: usize, mean: Vec<f64>, variance: Vec<f64>) -> Self {
        let width = (area * mean.len()).max(1);
        Samples {
            n: pixels.len() / width,
            pixels,
            area,
            mean,
            variance,
            #[cfg(feature = "torch")]
            tensor: OnceLock::new(),
        }
    }

    /// Values per sample.
    pub fn width(&self) -> usize {
        self.area * self.mean.len()
    }

    /// For each channel, the normalised value of each byte: (p/255 - mean) / sqrt(variance + 1e-9).
    pub fn lookup(&self) -> Vec<[f32; 256]> {
        let scale = |(mean, variance): (&f64, &f64)| {
            let std = (variance + EPSILON).sqrt();
            std::array::from_fn(|byte| ((byte as f64 / 255.0 - mean) / std) as f32)
        };
        self.mean.iter().zip(&self.variance).map(scale).collect()
    }

    /// All samples normalised: n x width, row-major.
    pub fn normalised(&self) -> Vec<f32> {
        let lookup = self.lookup();
        let mut values = Vec::with_capacity(self.pixels.len());
        for (i, plane) in self.pixels.chunks(self.area.max(1)).enumerate() {
            let table = &lookup[i % lookup.len()];
            values.extend(plane.iter().map(|pixel| table[usize::from(*pixel)]));
        }
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_have_their_own_normalisation() {
        let samples = Samples::new(vec![0, 255, 0, 255], 1, vec![0.5, 0.0], vec![0.25, 1.0]);
        assert_eq!((samples.n, samples.width()), (2, 2));
        let values = samples.normalised();
        assert!((values[0] + 1.0).abs() < 1e-6 && (values[1] - 1.0).abs() < 1e-6);
    }
}
