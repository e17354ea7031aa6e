//! Samples as networks see them: bytes of pixels and their normalisation.

use std::any::Any;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock};

use hspipe_ensemble::{InputError, Pixels, SampleLists, TrainingSet, background};

/// `n` samples of `channels` x `height` x `width` pixels.
pub struct Samples {
    /// n * channels * height * width bytes, row-major.
    pub pixels: Vec<u8>,
    pub n: usize,
    pub height: usize,
    pub width: usize,
    /// Per channel, on the scale 0..1.
    pub mean: Vec<f64>,
    /// Unbiased, per channel, on the scale 0..1.
    pub variance: Vec<f64>,
    /// What the native trainer reads, made when first wanted: the sets that were trained on last, and all samples.
    sets: Mutex<VecDeque<(Vec<u32>, Lazy<TrainingSet>)>>,
    all: Lazy<SampleLists>,
    /// Per channel, of all samples: so a network's bits depend on no choice among them.
    background: OnceLock<Vec<u8>>,
    /// What another trainer has made of the samples, kept with them.
    pub made: OnceLock<Box<dyn Any + Send + Sync>>,
}

/// Threads that want the same thing wait for the first of them to make it.
type Lazy<T> = Arc<OnceLock<Result<T, InputError>>>;

/// Training sets kept. More would fill the memory; fewer would build lists anew for the next batch of networks.
const KEPT: usize = 4;

/// Lists of pixels: of the samples trained on, and of all.
pub struct Lists {
    train: Lazy<TrainingSet>,
    /// Absent if all are trained on.
    all: Option<Lazy<SampleLists>>,
}

impl Lists {
    pub fn train(&self) -> Result<&TrainingSet, InputError> {
        got(&self.train)
    }

    /// Of all samples.
    pub fn all(&self) -> Result<&SampleLists, InputError> {
        match &self.all {
            Some(all) => got(all),
            None => Ok(self.train()?.samples()),
        }
    }
}

/// What has been made; `Lists` are given out only after that.
fn got<T>(lazy: &Lazy<T>) -> Result<&T, InputError> {
    lazy.get().map_or(Err(InputError::NoSamples), |made| made.as_ref().map_err(Clone::clone))
}

/// Keeps a constant image from dividing by zero.
const EPSILON: f64 = 1e-9;

impl Samples {
    /// `shape` is height and width; there are as many channels as means.
    pub fn new(pixels: Vec<u8>, shape: [usize; 2], mean: Vec<f64>, variance: Vec<f64>) -> Self {
        let [height, width] = shape;
        Samples {
            n: pixels.len() / (height * width * mean.len()).max(1),
            pixels,
            height,
            width,
            mean,
            variance,
            sets: Mutex::default(),
            all: Lazy::default(),
            background: OnceLock::new(),
            made: OnceLock::new(),
        }
    }

    /// Pixels of a channel.
    fn area(&self) -> usize {
        self.height * self.width
    }

    /// Channels, height, width.
    pub fn shape(&self) -> [usize; 3] {
        [self.mean.len(), self.height, self.width]
    }

    /// The lists for training on the samples at the positions `train`.
    pub fn lists(&self, train: &[u32]) -> Lists {
        let pixels = Pixels {
            bytes: &self.pixels,
            n: self.n,
            area: self.area(),
            mean: &self.mean,
            variance: &self.variance,
            background: self
                .background
                .get_or_init(|| background(&self.pixels, self.area(), self.mean.len())),
        };
        let set = {
            let mut sets = self.sets.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            let found = sets.iter().position(|(positions, _)| positions == train);
            let set =
                found.and_then(|at| sets.remove(at)).unwrap_or_else(|| (train.to_vec(), Lazy::default()));
            sets.push_front(set.clone());
            sets.truncate(KEPT);
            set.1
        };
        set.get_or_init(|| TrainingSet::build(&pixels, Some(train)));
        let is_all = train.len() == self.n && train.iter().enumerate().all(|(i, at)| i == *at as usize);
        let all = (!is_all).then(|| self.all.clone());
        if let Some(all) = &all {
            all.get_or_init(|| SampleLists::build(&pixels, None));
        }
        Lists { train: set, all }
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
        for (i, plane) in self.pixels.chunks(self.area().max(1)).enumerate() {
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
        let samples = Samples::new(vec![0, 255, 0, 255], [1, 1], vec![0.5, 0.0], vec![0.25, 1.0]);
        assert_eq!((samples.n, samples.shape()), (2, [2, 1, 1]));
        let values = samples.normalised();
        assert!((values[0] + 1.0).abs() < 1e-6 && (values[1] - 1.0).abs() < 1e-6);
    }
}
