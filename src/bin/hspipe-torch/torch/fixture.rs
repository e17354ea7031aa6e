//! A small job for the tests of trainers.

use hspipe::nn::{Architecture, Job, Samples, Schedule, Trained, Trainer};
use std::sync::LazyLock;

use hspipe_ensemble::Generator;

/// 60 samples of three classes: bytes that differ by class, so that there is something to learn, and noisy
/// enough for the class manifolds to invert.
pub fn samples() -> (Samples, Vec<i32>) {
    let mut generator = Generator::new(5);
    let labels: Vec<i32> = (0..60).map(|i| i % 3).collect();
    let mut pixels = Vec::new();
    for label in &labels {
        pixels.extend((0..9).map(|p| (generator.below(200) + 25 * ((p + *label as u32) % 3)) as u8));
    }
    (Samples::new(pixels, [3, 3], vec![0.4], vec![0.04]), labels)
}

/// A search-free training of one network on the samples at the positions `train`, with its dynamics.
pub fn job<'a>(samples: &'a Samples, labels: &'a [i32], train: &'a [u32]) -> Job<'a> {
    static SIMPLE: LazyLock<Architecture> = LazyLock::new(|| Architecture::SimpleNN { hidden: vec![5, 4] });
    Job {
        architecture: &SIMPLE,
        classes: 3,
        samples,
        labels,
        train,
        learning_rate: 0.5,
        batch_size: None,
        schedule: Schedule::Epochs { epochs: 1, radii_from: None },
        latent_layer: 0,
        dynamics: true,
        seeds: &[11],
        states: &[],
        keeper: None,
        threads: 1,
        device: "cpu",
    }
}

/// One network, trained on some of the samples.
pub fn train(
    trainer: &dyn Trainer,
    train: &[u32],
    schedule: Schedule,
    latent_layer: usize,
    learning_rate: f64,
) -> (Trained, Samples, Vec<i32>) {
    let (samples, labels) = samples();
    let job = Job { schedule, latent_layer, learning_rate, ..job(&samples, &labels, train) };
    let trained = trainer.train(&job).pop().unwrap().unwrap();
    (trained, samples, labels)
}
