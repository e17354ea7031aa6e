//! The time of a search, and how many of the ten nearest it finds. `cargo bench -p hspipe-neighbours -- N WIDTH` measures so
//! many samples of so many features: mixtures of Gaussians that lie in 12 dimensions, bent into all of them.

#![allow(clippy::print_stdout)]

use std::time::Instant;

use hspipe_neighbours::{EXACT, Neighbour, Vectors, nearest, of_all_pairs, of_near_cells};
use rayon::prelude::*;

const NEAREST: usize = 10;
const HIDDEN: usize = 12;
const CLUSTERS: usize = 50;
/// Samples whose true neighbours are looked up.
const JUDGED: usize = 1000;

/// Numbers from 0 to 1, the same for the same index.
fn uniform(index: u64) -> f32 {
    let mut bits = index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((bits ^ bits >> 31) >> 40) as f32 / (1u32 << 24) as f32
}

/// About Gaussian, of variance 1.
fn gaussian(index: u64) -> f32 {
    (0..12).map(|part| uniform(index * 12 + part)).sum::<f32>() - 6.0
}

fn sample(at: usize, width: usize) -> Vec<f32> {
    let cluster = (uniform(at as u64) * CLUSTERS as f32) as u64;
    let centre = |axis: u64| 2.0 * gaussian((1 << 40) + cluster * 64 + axis);
    let hidden = |axis: u64| centre(axis) + gaussian((1 << 50) + at as u64 * 64 + axis);
    let hidden: [f32; HIDDEN] = std::array::from_fn(|axis| hidden(axis as u64));
    let feature = |feature: usize| {
        let weight = |axis: usize| gaussian((1 << 60) + (feature * HIDDEN + axis) as u64) * 0.3;
        let sum: f32 = hidden.iter().enumerate().map(|(axis, value)| value * weight(axis)).sum();
        sum.tanh() + 0.05 * gaussian((1 << 61) + (at * width + feature) as u64)
    };
    (0..width).map(feature).collect()
}

/// By comparing with all others.
fn truth(vectors: &Vectors, at: usize) -> Vec<usize> {
    let mut others: Vec<(u32, usize)> = (0..vectors.len())
        .filter(|other| *other != at)
        .map(|other| (vectors.distance(at, other).to_bits(), other))
        .collect();
    others.select_nth_unstable(NEAREST - 1);
    others.truncate(NEAREST);
    others.into_iter().map(|(_, other)| other).collect()
}

fn main() {
    let numbers: Vec<usize> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let (n, width) = (numbers.first().copied().unwrap_or(20_000), numbers.get(1).copied().unwrap_or(128));
    let parts: Vec<Vec<f32>> = (0..n).into_par_iter().map(|at| sample(at, width)).collect();
    let vectors = Vectors::of_features(&parts.concat(), width);
    drop(parts);
    let group: Vec<usize> = (0..n).collect();
    let measure = |name: &str, search: &dyn Fn() -> Vec<Vec<Neighbour>>| {
        let start = Instant::now();
        let found = search();
        let seconds = start.elapsed().as_secs_f64();
        let right: usize = (0..JUDGED)
            .into_par_iter()
            .map(|i| {
                let at = i * n / JUDGED;
                let truth = truth(&vectors, at);
                found[at].iter().filter(|found| truth.contains(&found.position)).count()
            })
            .sum();
        let recall = right as f64 / (JUDGED * NEAREST) as f64;
        println!("{n} x {width}, {name}: {seconds:.1} s, {:.2} % of the nearest", 100.0 * recall);
    };
    if n <= EXACT {
        measure("all pairs", &|| of_all_pairs(&vectors, &group, NEAREST));
        measure("near cells", &|| of_near_cells(&vectors, &group, NEAREST));
    } else {
        measure("near cells", &|| nearest(&vectors, &group, NEAREST));
    }
}
