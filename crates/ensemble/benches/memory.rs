//! The memory of a training, against that of samples, weights and lists. Linux only: it asks /proc.

#![allow(clippy::print_stdout)]

mod common;

use common::{AREA, Dataset, Numbers, simple_nn};
use hspipe_ensemble::{Instructions, Job, Schedule, TrainingSet, train};

/// A line of /proc/self/status, in MB.
fn status(name: &str) -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kilobytes.map_or(f64::NAN, |kilobytes| kilobytes / 1024.0)
}

/// Sets the mark of the highest memory to what is used now.
fn reset_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// Name and density of a dataset, samples, networks, threads.
const CASES: [(&str, u32, usize, usize, usize); 9] = [
    ("MNIST", 19, 20_000, 8, 1),
    ("MNIST", 19, 20_000, 16, 2),
    ("MNIST", 19, 70_000, 16, 2),
    ("MNIST", 19, 1_000, 5, 1),
    ("FashionMNIST", 50, 20_000, 8, 1),
    ("FashionMNIST", 50, 20_000, 16, 2),
    ("FashionMNIST", 50, 70_000, 16, 2),
    ("dense", 100, 20_000, 16, 2),
    (FEATURES, 0, 1_000_000, 16, 2),
];

const FEATURES: &str = "512 features";

/// Each case has a process of its own, since memory that one has freed would serve the next.
fn main() {
    match std::env::args().skip(1).find_map(|word| word.parse::<usize>().ok()) {
        Some(case) => measure(CASES[case]),
        None => {
            let this = std::env::current_exe().expect("this program has a path");
            for case in 0..CASES.len() {
                let status = std::process::Command::new(&this).arg(case.to_string()).status();
                assert!(status.expect("this program can be run").success());
            }
        }
    }
}

fn measure((name, inked, n, networks, threads): (&str, u32, usize, usize, usize)) {
    // What is given: bytes of pixels, or f32.
    let (given, labels, set, lists) = match name {
        FEATURES => {
            let data = Numbers::random(n, 512);
            let before = status("VmRSS");
            let set = TrainingSet::build(&data.features(), None);
            (n * 512 * size_of::<f32>(), data.labels, set, status("VmRSS") - before)
        }
        _ => {
            let data = match name {
                "dense" => Dataset::random(name, n, inked),
                _ => Dataset::read(name, inked),
            };
            let before = status("VmRSS");
            let set = TrainingSet::build(&data.pixels(n), None);
            let lists = status("VmRSS") - before;
            (n * AREA, data.labels(n).to_vec(), set, lists)
        }
    };
    let set = set.expect("the samples are sound");
    let before = status("VmRSS");
    reset_peak();
    let seeds: Vec<u32> = (0..networks as u32).collect();
    let trained = train(&Job {
        set: &set,
        labels: &labels,
        network: &simple_nn(),
        seeds: &seeds,
        bags: &[],
        learning_rate: 0.1,
        momentum: 0.0,
        schedule: Schedule::Epochs { epochs: 2, radii_from: Some(0) },
        latent_layer: 0,
        dynamics: false,
        evaluate: None,
        states: &[],
        keeper: None,
        threads,
        instructions: Instructions::detect(),
    });
    let training = status("VmHWM") - before;
    let trained = trained.expect("the job is sound");
    let layers = trained.iter().flatten().flat_map(|network| &network.layers);
    let weights: usize = layers.map(|layer| 4 * (layer.weight.len() + layer.bias.len())).sum();
    let (given, weights) = (given as f64 / 1e6, weights as f64 / 1e6);
    println!(
        "{name}, n = {n}, {networks} networks, {threads} threads: samples {given:.1} MB, weights {weights:.1} MB, \
         lists {lists:.1} MB; training needs {training:.1} MB with its weights: {:.2} times samples, weights and lists",
        (given + lists + training) / (given + weights + lists)
    );
}
