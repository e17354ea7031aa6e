//! Samples as networks see them: bytes of pixels and their normalisation.

use std::collections::BTreeMap;
#[cfg(feature = "torch")]
use std::sync::OnceLock;
use std::sync::{Arc, Mutex};

use hspipe_ensemble::{InputError, Pixels, SampleLists, TrainingSet};

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
    /// What the native trainer reads, by the number of samples trained on; made when first wanted.
    lists: Mutex<BTreeMap<usize, Arc<Lists>>>,
    #[cfg(feature = "torch")]
    pub(super) tensor: OnceLock<Mutex<tch::Tensor>>,
}

/// Lists of pixels: of the samples trained on, and of all if these are more.
pub struct Lists {
    pub train: TrainingSet,
    all: Option<SampleLists>,
}

impl Lists {
    /// Of all samples.
    pub fn all(&self) -> &SampleLists {
        self.all.as_ref().unwrap_or(self.train.samples())
    }
}

/// Keeps a constant image from dividing by zero.
#[cfg(any(test, feature = "torch"))]
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
            lists: Mutex::default(),
            #[cfg(feature = "torch")]
            tensor: OnceLock::new(),
        }
    }

    /// Values per sample.
    #[cfg(any(test, feature = "torch"))]
    pub fn width(&self) -> usize {
        self.area * self.mean.len()
    }

    /// The lists for training on the first `train` samples; threads that want the same ones wait for them.
    pub fn lists(&self, train: usize) -> Result<Arc<Lists>, InputError> {
        let mut lists = self.lists.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(found) = lists.get(&train) {
            return Ok(found.clone());
        }
        let pixels = Pixels {
            bytes: &self.pixels,
            n: self.n,
            area: self.area,
            mean: &self.mean,
            variance: &self.variance,
        };
        let first: Vec<u32> = (0..train as u32).collect();
        let more = (train < self.n).then(|| SampleLists::build(&pixels, None)).transpose()?;
        let made = Arc::new(Lists { train: TrainingSet::build(&pixels, Some(&first))?, all: more });
        lists.insert(train, made.clone());
        Ok(made)
    }

    /// For each channel, the normalised value of each byte: (p/255 - mean) / sqrt(variance + 1e-9).
    #[cfg(any(test, feature = "torch"))]
    pub fn lookup(&self) -> Vec<[f32; 256]> {
        let scale = |(mean, variance): (&f64, &f64)| {
            let std = (variance + EPSILON).sqrt();
            std::array::from_fn(|byte| ((byte as f64 / 255.0 - mean) / std) as f32)
        };
        self.mean.iter().zip(&self.variance).map(scale).collect()
    }

    /// All samples normalised: n x width, row-major.
    #[cfg(any(test, feature = "torch"))]
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
