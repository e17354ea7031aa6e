//! An epoch of eight networks on one thread, against the floor of its multiply-adds: the time of as many of them and nothing
//! else. Both in turns, since a shared machine is not always as fast. Linux only: it asks /proc for processor time.

#![allow(clippy::print_stdout)]

mod common;

use std::hint::black_box;

use common::{Dataset, Numbers};
use hspipe_ensemble::peak::multiply_adds;
use hspipe_ensemble::{Instructions, Job, Network, Schedule, TrainingSet, train};

const NETWORKS: usize = 8;
/// Epochs of the longer of two trainings, less those of the shorter one.
const MORE: u32 = 2;

struct Case<'a> {
    name: &'a str,
    set: TrainingSet,
    labels: &'a [i32],
    /// Units of the hidden layers.
    hidden: [usize; 2],
    momentum: f64,
    /// Values of all samples that are multiplied: all of features, of pixels those that are not background.
    values: usize,
    /// Passes that only look, of an epoch; one more learns.
    looks: usize,
}

impl Case<'_> {
    /// Multiply-adds of vectors in an epoch. Each layer has those of the way forward, of its gradient, and but for the first
    /// of the way back.
    fn multiply_adds(&self) -> usize {
        let [first, second] = self.hidden;
        let rest = self.labels.len() * (first * second + second * 10);
        (2 + self.looks) * first * self.values + (3 + self.looks) * rest
    }

    /// Seconds of a training of so many epochs.
    fn training(&self, epochs: u32) -> f64 {
        let seeds: [u32; NETWORKS] = std::array::from_fn(|seed| seed as u32);
        let network = Network { hidden: self.hidden.to_vec(), classes: 10 };
        let start = processor_seconds();
        let trained = train(&Job {
            set: &self.set,
            labels: self.labels,
            network: &network,
            seeds: &seeds,
            bags: &[],
            learning_rate: 0.05,
            momentum: self.momentum,
            schedule: Schedule::Epochs { epochs, radii_from: None },
            // As scores ask for, where batches are.
            dynamics: self.looks > 0,
            evaluate: None,
            latent_layer: 0,
            threads: 1,
            states: &[],
            keeper: None,
            instructions: Instructions::detect(),
        });
        black_box(trained).expect("the job is sound");
        processor_seconds() - start
    }
}

/// What this thread has had of a processor.
fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|word| word.parse::<f64>().ok());
    nanoseconds.map_or(f64::NAN, |nanoseconds| nanoseconds / 1e9)
}

fn main() {
    let (rounds, words): (Vec<String>, Vec<String>) = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with("--"))
        .partition(|word| word.parse::<usize>().is_ok());
    let rounds = rounds.first().and_then(|word| word.parse().ok()).unwrap_or(7);
    let n = 20_000;
    let numbers = Numbers::random(n, 512);
    let mnist = Dataset::read("MNIST", 19);
    let pixels = mnist.pixels(n);
    let inked = pixels.bytes.iter().filter(|byte| **byte != 0).count();
    let case = |name, set: Result<TrainingSet, _>, labels, values, looks| {
        let (hidden, momentum) = if looks > 0 { ([50, 20], 0.9) } else { ([20, 20], 0.0) };
        Case { name, set: set.expect("the samples are sound"), labels, hidden, momentum, values, looks }
    };
    let (features, labels) = (numbers.features(), numbers.labels.as_slice());
    let cases = [
        case("features, one step", TrainingSet::build(&features, None), labels, n * 512, 0),
        case("features, batches of 200", TrainingSet::in_batches(&features, None, 200), labels, n * 512, 1),
        case("pixels, one step", TrainingSet::build(&pixels, None), mnist.labels(n), inked, 0),
        case(
            "pixels, batches of 200",
            TrainingSet::in_batches(&pixels, None, 200),
            mnist.labels(n),
            inked,
            1,
        ),
    ];
    let wanted = |case: &&Case| words.iter().all(|word| case.name.contains(word.as_str()));
    for case in cases.iter().filter(wanted) {
        let count = case.multiply_adds();
        // The least of each: what others do on the machine only adds. What surrounds the epochs falls out.
        let [mut floor, mut one, mut more] = [f64::INFINITY; 3];
        for _ in 0..rounds {
            let start = processor_seconds();
            black_box(multiply_adds(Instructions::detect(), count));
            floor = floor.min(processor_seconds() - start);
            one = one.min(case.training(1));
            more = more.min(case.training(1 + MORE));
        }
        let epoch = (more - one) / f64::from(MORE);
        println!(
            "{}, {n} samples, 8 networks: {:.0} million multiply-adds, floor {:.1} ms, epoch {:.1} ms: {:.2} times",
            case.name,
            count as f64 / 1e6,
            floor * 1e3,
            epoch * 1e3,
            epoch / floor,
        );
    }
}
