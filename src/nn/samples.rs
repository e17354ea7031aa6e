//! Samples as networks see them: bytes of pixels and their normalisation, or features.

use std::any::Any;
use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock};

use hspipe_ensemble::{Features, InputError, Pixels, SampleSet, TrainingSet, background};

/// Samples, and what trainers have made of them.
pub struct Samples {
    pub n: usize,
    content: Content,
    /// What the native trainer reads, made when first wanted: the sets that were trained on last, and all samples.
    sets: Mutex<VecDeque<Set>>,
    all: Lazy<SampleSet>,
    /// What another trainer has made of the samples, kept with them.
    pub made: OnceLock<Box<dyn Any + Send + Sync>>,
}

/// The positions of samples that are trained on, how many a step takes (none for all), and what is made of them.
type Set = (Vec<u32>, Option<usize>, Lazy<TrainingSet>);

/// What samples are.
enum Content {
    Pixels(Images),
    Features {
        /// n * width numbers, row-major, each feature with mean 0 and variance 1.
        values: Arc<Vec<f32>>,
        width: usize,
    },
}

/// Samples of as many channels as there are means, each of `height` x `width` pixels.
struct Images {
    /// n * channels * height * width bytes, row-major.
    pixels: Vec<u8>,
    height: usize,
    width: usize,
    /// Per channel, on the scale 0..1.
    mean: Vec<f64>,
    /// Unbiased, per channel, on the scale 0..1.
    variance: Vec<f64>,
    /// Per channel, of all samples: so a network's bits depend on no choice among them.
    background: OnceLock<Vec<u8>>,
}

/// Threads that want the same thing wait for the first of them to make it.
type Lazy<T> = Arc<OnceLock<Result<T, InputError>>>;

/// Training sets kept. More lists of pixels would fill the memory; fewer would be built anew for the next batch of networks.
const KEPT: usize = 4;

/// What the native trainer reads: the samples trained on, and all.
pub struct Lists {
    train: Lazy<TrainingSet>,
    /// Absent if all are trained on.
    all: Option<Lazy<SampleSet>>,
}

impl Lists {
    pub fn train(&self) -> Result<&TrainingSet, InputError> {
        got(&self.train)
    }

    /// Of all samples.
    pub fn all(&self) -> Result<&SampleSet, InputError> {
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

impl Samples {
    /// `shape` is height and width; there are as many channels as means.
    pub fn new(pixels: Vec<u8>, shape: [usize; 2], mean: Vec<f64>, variance: Vec<f64>) -> Self {
        let [height, width] = shape;
        let n = pixels.len() / (height * width * mean.len()).max(1);
        let background = OnceLock::new();
        Self::of(n, Content::Pixels(Images { pixels, height, width, mean, variance, background }))
    }

    /// `values` are n x width numbers, row-major, with the mean and the variance of each of the `width` features. They
    /// are standardised in place: (value - mean) / sqrt(variance), and 0 for a feature that does not vary.
    pub fn features(mut values: Vec<f32>, mean: &[f64], variance: &[f64]) -> Self {
        let scale: Vec<f64> = variance.iter().map(|variance| inverse(variance.sqrt())).collect();
        for row in values.chunks_mut(mean.len().max(1)) {
            for ((value, mean), scale) in row.iter_mut().zip(mean).zip(&scale) {
                *value = ((f64::from(*value) - mean) * scale) as f32;
            }
        }
        let (n, width) = (values.len() / mean.len().max(1), mean.len());
        Self::of(n, Content::Features { values: Arc::new(values), width })
    }

    fn of(n: usize, content: Content) -> Self {
        Samples { n, content, sets: Mutex::default(), all: Lazy::default(), made: OnceLock::new() }
    }

    /// Channels, height, width; of features 1, 1 and their number.
    pub fn shape(&self) -> [usize; 3] {
        match &self.content {
            Content::Pixels(images) => [images.mean.len(), images.height, images.width],
            Content::Features { width, .. } => [1, 1, *width],
        }
    }

    /// Channels, height, width of images; none of features.
    pub fn image_shape(&self) -> Option<[usize; 3]> {
        matches!(self.content, Content::Pixels(_)).then(|| self.shape())
    }

    /// What the native trainer reads for training on the samples at the positions `train`, in steps on `batch` of them or
    /// on all.
    pub fn lists(&self, train: &[u32], batch: Option<usize>) -> Lists {
        let samples = self.native();
        let set = {
            let mut sets = self.sets.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            let found = sets.iter().position(|(positions, size, _)| positions == train && *size == batch);
            let set = found
                .and_then(|at| sets.remove(at))
                .unwrap_or_else(|| (train.to_vec(), batch, Lazy::default()));
            sets.push_front(set.clone());
            sets.truncate(KEPT);
            set.2
        };
        set.get_or_init(|| match batch {
            Some(size) => TrainingSet::in_batches(samples, Some(train), size),
            None => TrainingSet::build(samples, Some(train)),
        });
        let is_all = train.len() == self.n && train.iter().enumerate().all(|(i, at)| i == *at as usize);
        let all = (!is_all).then(|| self.all.clone());
        if let Some(all) = &all {
            all.get_or_init(|| SampleSet::build(samples, None));
        }
        Lists { train: set, all }
    }

    /// As the native trainer is given them.
    fn native(&self) -> hspipe_ensemble::Samples<'_> {
        let n = self.n;
        match &self.content {
            Content::Pixels(images) => {
                let Images { pixels: bytes, mean, variance, .. } = images;
                let area = images.area();
                let background = images.background.get_or_init(|| background(bytes, area, mean.len()));
                (&Pixels { bytes, n, area, mean, variance, background }).into()
            }
            Content::Features { values, width } => (&Features { values, n, width: *width }).into(),
        }
    }

    /// All samples normalised: n x width, row-major.
    pub fn normalised(&self) -> Cow<'_, [f32]> {
        match &self.content {
            Content::Pixels(images) => Cow::Owned(images.normalised()),
            Content::Features { values, .. } => Cow::Borrowed(values),
        }
    }
}

/// 0 of a number that has no inverse in f32.
fn inverse(number: f64) -> f64 {
    let inverse = 1.0 / number;
    if (inverse as f32).is_finite() { inverse } else { 0.0 }
}

/// Keeps a constant image from dividing by zero.
const EPSILON: f64 = 1e-9;

impl Images {
    /// Pixels of a channel.
    fn area(&self) -> usize {
        self.height * self.width
    }

    /// For each channel, the normalised value of each byte: (p/255 - mean) / sqrt(variance + 1e-9).
    fn lookup(&self) -> Vec<[f32; 256]> {
        let scale = |(mean, variance): (&f64, &f64)| {
            let std = (variance + EPSILON).sqrt();
            std::array::from_fn(|byte| ((byte as f64 / 255.0 - mean) / std) as f32)
        };
        self.mean.iter().zip(&self.variance).map(scale).collect()
    }

    fn normalised(&self) -> Vec<f32> {
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

    #[test]
    fn features_have_their_own_scale() {
        let values = vec![1e-6, 2000.0, 7.0, 3e-6, 2010.0, 7.0];
        let samples = Samples::features(values, &[2e-6, 2005.0, 7.0], &[2e-12, 50.0, 0.0]);
        assert_eq!((samples.n, samples.shape(), samples.image_shape()), (2, [1, 1, 3], None));
        let half = 0.5f32.sqrt();
        let near = |(a, b): (&f32, f32)| (a - b).abs() < 1e-6;
        assert!(samples.normalised().iter().zip([-half, -half, 0.0, half, half, 0.0]).all(near));
        assert_eq!(samples.lists(&[1], None).train().unwrap().samples().len(), 1);
        assert_eq!(samples.lists(&[1], None).all().unwrap().len(), 2);
        let broken = Samples::features(vec![0.0, f32::NAN], &[0.0], &[1.0]);
        assert!(matches!(broken.lists(&[1], None).train(), Err(InputError::Feature { sample: 1, .. })));
        assert!(broken.lists(&[0], None).train().is_ok());
    }
}
