//! A small job for the tests of trainers.

use hspipe::nn::{
    Architecture, Course, Device, Job, Request, Samples, Schedule, Trained, Trainer, TrainerId,
};

use hspipe_ensemble::Generator;

/// 60 samples of three classes: bytes that differ by class, so that there is something to learn, and noisy
/// enough for the class manifolds to invert.
pub fn samples() -> (Samples, Vec<i32>) {
    let (pixels, labels) = ink();
    (Samples::new(pixels, [3, 3], vec![0.4], vec![0.04]), labels)
}

/// Their bytes, and their labels.
fn ink() -> (Vec<u8>, Vec<i32>) {
    let mut generator = Generator::new(5);
    let labels: Vec<i32> = (0..60).map(|i| i % 3).collect();
    let mut pixels = Vec::new();
    for label in &labels {
        pixels.extend((0..9).map(|p| (generator.below(200) + 25 * ((p + *label as u32) % 3)) as u8));
    }
    (pixels, labels)
}

/// The same samples where a channel, or most of it, is far from 0: paper of other colours; and as features. With their
/// names.
pub fn on_other_paper() -> Vec<(&'static str, Samples)> {
    let (ink, _) = ink();
    // A channel in front of the one that can be learned from.
    let behind = |channel: fn(usize) -> u8| {
        let of_sample = |(i, plane): (usize, &[u8])| [&[channel(i); 9], plane].concat();
        of_channels(ink.chunks(9).enumerate().flat_map(of_sample).collect(), 2)
    };
    vec![
        ("white behind a red channel of 255", behind(|_| 255)),
        ("one dark sample in a white channel", behind(|sample| if sample == 7 { 0 } else { 255 })),
        ("inverted", of_channels(ink.iter().map(|byte| 255 - byte).collect(), 1)),
        (
            "two neighbouring levels",
            of_channels(ink.iter().map(|byte| 230 + u8::from(*byte > 180)).collect(), 1),
        ),
        (
            "few of one level more",
            of_channels(ink.iter().map(|byte| 254 + u8::from(*byte > 20)).collect(), 1),
        ),
        ("features", features()),
    ]
}

/// The bytes as features of very different scales.
pub fn features() -> Samples {
    let bytes = ink().0;
    let scaled = |(at, byte): (usize, &u8)| f32::from(*byte) * [1e-6, 1.0, 1e6][at % 3];
    let values: Vec<f32> = bytes.iter().enumerate().map(scaled).collect();
    let of = |feature: usize| values.iter().skip(feature).step_by(9).map(|value| f64::from(*value));
    let mean: Vec<f64> = (0..9).map(|feature| of(feature).sum::<f64>() / 60.0).collect();
    let squares = |feature: usize| of(feature).map(|value| (value - mean[feature]).powi(2)).sum::<f64>();
    let variance: Vec<f64> = (0..9).map(|feature| squares(feature) / 59.0).collect();
    Samples::features(values, &mean, &variance)
}

/// 3 x 3 pixels of each channel, with the normalisation that they have: mean and unbiased variance of all samples.
fn of_channels(pixels: Vec<u8>, channels: usize) -> Samples {
    let values = |channel: usize| {
        let planes = pixels.chunks(9).skip(channel).step_by(channels);
        planes.flatten().map(|byte| f64::from(*byte) / 255.0)
    };
    let n = (pixels.len() / channels) as f64;
    let mean: Vec<f64> = (0..channels).map(|channel| values(channel).sum::<f64>() / n).collect();
    let squares = |channel: usize| values(channel).map(|value| (value - mean[channel]).powi(2)).sum::<f64>();
    let variance = (0..channels).map(|channel| squares(channel) / (n - 1.0)).collect();
    Samples::new(pixels, [3, 3], mean, variance)
}

/// How networks of this architecture are trained on the CPU, where a test asks for nothing else.
pub fn request(architecture: Architecture) -> Request {
    // Trainers do not look at it.
    let trainer = TrainerId::NATIVE;
    Request {
        architecture,
        learning_rate: 0.5,
        momentum: 0.0,
        batch_size: None,
        trainer,
        device: Device::Cpu,
    }
}

/// SimpleNN with two hidden layers.
pub fn simple() -> Request {
    request(Architecture::SimpleNN { hidden: vec![5, 4] })
}

/// A training of one network on the samples at the positions `train`, for one epoch, with its dynamics.
pub fn job<'a>(request: &'a Request, samples: &'a Samples, labels: &'a [i32], train: &'a [u32]) -> Job<'a> {
    let course = Course::of(Schedule::Epochs { epochs: 1, radii_from: None });
    Job {
        request,
        course: Course { dynamics: true, ..course },
        classes: 3,
        samples,
        labels,
        train,
        seeds: &[11],
        bags: &[],
        states: &[],
        keeper: None,
        threads: 1,
    }
}

/// One network, trained on some of the samples.
pub fn train(
    trainer: &dyn Trainer,
    train: &[u32],
    course: Course,
    learning_rate: f64,
) -> (Trained, Samples, Vec<i32>) {
    let (samples, labels) = samples();
    let request = Request { learning_rate, ..simple() };
    let course = Course { dynamics: true, ..course };
    let job = Job { course, ..job(&request, &samples, &labels, train) };
    let trained = trainer.train(&job).pop().unwrap().unwrap();
    (trained, samples, labels)
}
