//! What can be wrong with samples or a job.

use std::fmt;

/// Shapes or numbers that do not fit together.
#[derive(Clone, Debug, PartialEq)]
pub enum InputError {
    /// The pixels are not n samples of as many channels as there are means, of `area` pixels each.
    Pixels {
        /// Bytes given.
        bytes: usize,
        /// Samples, as given.
        n: usize,
        /// Pixels of a channel, as given.
        area: usize,
        /// Means given: the number of channels.
        means: usize,
    },
    /// The numbers are not n samples of `width` features.
    Features {
        /// Numbers given.
        values: usize,
        /// Samples, as given.
        n: usize,
        /// Features per sample, as given.
        width: usize,
    },
    /// A feature is NaN or infinite.
    Feature {
        /// The sample's place among all, from 0.
        sample: usize,
        /// Its place in the sample, from 0.
        feature: usize,
        /// What it is.
        value: f32,
    },
    /// There must be as many variances as means.
    Channels {
        /// Means given.
        means: usize,
        /// Variances given.
        variances: usize,
    },
    /// There must be as many backgrounds as means.
    Backgrounds {
        /// Means given.
        means: usize,
        /// Backgrounds given.
        backgrounds: usize,
    },
    /// A mean or a variance is not finite, or a variance is negative.
    Normalisation,
    /// A subset names a sample that is not there.
    Position {
        /// What it names, from 0.
        position: u32,
        /// Samples that there are.
        n: usize,
    },
    /// Samples per step must be a multiple of 8, and at least that.
    Batch(usize),
    /// There is nothing to train on.
    NoSamples,
    /// A network needs a hidden layer, and every layer a unit.
    Network,
    /// The radii are of a hidden layer.
    LatentLayer {
        /// The layer asked for, from 0.
        layer: usize,
        /// Hidden layers that there are.
        layers: usize,
    },
    /// There must be as many labels as samples.
    Labels {
        /// Labels given.
        labels: usize,
        /// Samples to train on.
        samples: usize,
    },
    /// There must be a bag for each seed, or none at all, and each must say of every sample whether it is in, and hold one.
    Bags {
        /// Bags given.
        bags: usize,
        /// Seeds given.
        seeds: usize,
    },
    /// Radii are of all samples, so they cannot be watched where networks leave some out.
    RadiiOfBags,
    /// A label must be one of the classes.
    Label {
        /// The first label that is not.
        label: i32,
        /// Labels are in 0..classes.
        classes: usize,
    },
    /// The learning rate is not finite.
    LearningRate(f64),
    /// The momentum is not in 0..1.
    Momentum(f64),
    /// A search for the inversion of every class needs samples of every class.
    EmptyClass {
        /// The first class without samples.
        class: usize,
    },
    /// Epochs between two looks at the radii, at least 1.
    CheckInterval,
    /// Samples to evaluate must be as wide as those trained on.
    Width {
        /// Values per sample of those to evaluate.
        evaluated: usize,
        /// Values per sample of those trained on.
        trained: usize,
    },
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            InputError::Pixels { bytes, n, area, means } => {
                write!(f, "{bytes} bytes are not {n} samples of {means} channels of {area} pixels")
            }
            InputError::Features { values, n, width } => {
                write!(f, "{values} numbers are not {n} samples of {width} features")
            }
            InputError::Feature { sample, feature, value } => {
                write!(
                    f,
                    "feature {feature} of sample {sample}, both counted from 0, is {value}, not a finite number"
                )
            }
            InputError::Channels { means, variances } => {
                write!(f, "{means} means, but {variances} variances")
            }
            InputError::Backgrounds { means, backgrounds } => {
                write!(f, "{means} means, but {backgrounds} backgrounds")
            }
            InputError::Normalisation => {
                f.write_str("a mean or a variance is not finite, or a variance is negative")
            }
            InputError::Position { position, n } => {
                write!(f, "the subset names position {position}, but there are {n} samples")
            }
            InputError::Batch(size) => {
                write!(f, "a step cannot take {size} samples: it takes a multiple of 8")
            }
            InputError::NoSamples => f.write_str("there are no samples to train on"),
            InputError::Network => {
                f.write_str("a network needs a hidden layer, and at least one unit in each layer")
            }
            InputError::LatentLayer { layer, layers } => {
                write!(f, "there are {layers} hidden layers, so none has the index {layer}")
            }
            InputError::Labels { labels, samples } => write!(f, "{labels} labels for {samples} samples"),
            InputError::Bags { bags, seeds } => {
                write!(
                    f,
                    "{bags} bags for {seeds} networks do not fit: each needs one, of all samples, and not empty"
                )
            }
            InputError::RadiiOfBags => {
                f.write_str("radii cannot be watched where networks leave samples out")
            }
            InputError::Label { label, classes } => {
                write!(f, "label {label} is not one of {classes} classes")
            }
            InputError::EmptyClass { class } => {
                write!(f, "class {class} has no sample to train on, so it cannot invert")
            }
            InputError::CheckInterval => f.write_str("radii cannot be checked every 0 epochs"),
            InputError::LearningRate(rate) => write!(f, "the learning rate {rate} is not finite"),
            InputError::Momentum(momentum) => {
                write!(f, "the momentum {momentum} is not from 0 to below 1")
            }
            InputError::Width { evaluated, trained } => {
                write!(f, "samples of {evaluated} values for networks trained on {trained}")
            }
        }
    }
}

impl std::error::Error for InputError {}
