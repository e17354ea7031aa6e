//! The native trainer against the one that uses libtorch: in turns on the same samples, two threads each, since
//! machines are noisy. Prints milliseconds per epoch and network, and their ratio.

#![allow(clippy::print_stdout)]

#[path = "../../ensemble/benches/common/mod.rs"]
#[allow(dead_code)]
mod common;

use std::time::Instant;

use common::{Dataset, simple_nn};
use hspipe::nn::{Architecture, Course, Device, Job, Request, Samples, Schedule, Trainer, TrainerId};

const SAMPLES: usize = 20_000;
const ROUNDS: usize = 9;
const THREADS: usize = 2;

/// Networks that the native trainer is given at once.
const BATCH: u32 = 16;

fn main() {
    let native = TrainerId::NATIVE.trainer().unwrap_or_else(|| panic!("there is no native trainer"));
    for (name, inked) in [("MNIST", 19), ("FashionMNIST", 50)] {
        let data = Dataset::read(name, inked);
        let pixels = data.pixels(SAMPLES);
        let samples = Samples::new(
            pixels.bytes.to_vec(),
            [28, pixels.area / 28],
            pixels.mean.to_vec(),
            pixels.variance.to_vec(),
        );
        let labels = data.labels(SAMPLES);
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            ours.push(per_network(BATCH as usize, |epochs| {
                run(native, &samples, labels, epochs, &(0..BATCH).collect::<Vec<u32>>(), THREADS);
            }));
            // libtorch trains one network on a thread, as the scheduler has it do.
            theirs.push(per_network(THREADS, |epochs| {
                std::thread::scope(|scope| {
                    for seed in 0..THREADS as u32 {
                        let samples = &samples;
                        scope.spawn(move || run(&hspipe_torch::Torch, samples, labels, epochs, &[seed], 1));
                    }
                });
            }));
        }
        let ratios: Vec<f64> = theirs.iter().zip(&ours).map(|(theirs, ours)| theirs / ours).collect();
        println!(
            "{}, n = {SAMPLES}: native {:.2} ms, libtorch {:.2} ms per epoch and network (medians of {ROUNDS}); \
             ratio {:.1}, from {:.1} to {:.1}",
            data.name,
            quantile(&ours, 0.5),
            quantile(&theirs, 0.5),
            quantile(&ratios, 0.5),
            quantile(&ratios, 0.0),
            quantile(&ratios, 1.0)
        );
    }
}

/// Milliseconds per epoch: a training of 7 epochs less one of 1, so that what surrounds the epochs falls out.
fn per_network(networks: usize, train: impl Fn(u32)) -> f64 {
    let time = |epochs: u32| {
        let start = Instant::now();
        train(epochs);
        start.elapsed().as_secs_f64()
    };
    let one = time(1);
    (time(7) - one) * 1e3 / 6.0 / networks as f64
}

fn run(trainer: &dyn Trainer, samples: &Samples, labels: &[i32], epochs: u32, seeds: &[u32], threads: usize) {
    let request = Request {
        architecture: Architecture::SimpleNN { hidden: simple_nn().hidden },
        learning_rate: 0.1,
        momentum: 0.0,
        batch_size: None,
        // Trainers do not look at it.
        trainer: TrainerId::NATIVE,
        device: Device::Cpu,
    };
    let trained = trainer.train(&Job {
        request: &request,
        course: Course::of(Schedule::Epochs { epochs, radii_from: None }),
        classes: simple_nn().classes,
        samples,
        labels,
        train: &(0..SAMPLES as u32).collect::<Vec<u32>>(),
        seeds,
        bags: &[],
        states: &[],
        keeper: None,
        threads,
    });
    assert!(trained.iter().all(Result::is_ok));
}

fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[(share * (sorted.len() - 1) as f64) as usize]
}
