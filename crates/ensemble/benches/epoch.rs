//! One epoch (forward, backward, step) of SimpleNN ensembles.

mod common;

use std::hint::black_box;
use std::time::{Duration, Instant};

use common::{Dataset, Numbers, simple_nn};
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hspipe_ensemble::{
    Generator, Instructions, Job, Network, Pixels, Schedule, TrainingSet, background, train,
};

type Group<'a> = BenchmarkGroup<'a, criterion::measurement::WallTime>;

/// What is trained, and how.
#[derive(Clone, Copy)]
struct Case<'a> {
    set: &'a TrainingSet,
    labels: &'a [i32],
    network: &'a Network,
    networks: usize,
    threads: usize,
    radii: bool,
    dynamics: bool,
    /// Whether each network leaves out a fifth of the samples, each another one.
    bags: bool,
    momentum: f64,
}

impl<'a> Case<'a> {
    /// Eight networks on one thread, with nothing watched.
    fn plain(set: &'a TrainingSet, labels: &'a [i32], network: &'a Network) -> Self {
        let (radii, dynamics, bags) = (false, false, false);
        Case { set, labels, network, networks: 8, threads: 1, radii, dynamics, bags, momentum: 0.0 }
    }
}

/// The time of a training of 1 + `epochs` less that of one epoch: what surrounds the epochs falls out.
fn time(case: Case, epochs: u64) -> Duration {
    let seeds: Vec<u32> = (0..case.networks as u32).collect();
    let bag = |seed: &u32| (0..case.labels.len()).map(|sample| sample % 5 != *seed as usize % 5).collect();
    let bags: Vec<Vec<bool>> = seeds.iter().filter(|_| case.bags).map(bag).collect();
    let run = |epochs: u32| {
        let start = Instant::now();
        let trained = train(&Job {
            set: case.set,
            labels: case.labels,
            network: case.network,
            seeds: &seeds,
            bags: &bags,
            learning_rate: 0.1,
            momentum: case.momentum,
            schedule: Schedule::Epochs { epochs, radii_from: case.radii.then_some(0) },
            dynamics: case.dynamics,
            evaluate: None,
            latent_layer: 0,
            threads: case.threads,
            states: &[],
            keeper: None,
            instructions: Instructions::detect(),
        });
        black_box(trained).expect("the job is sound");
        start.elapsed()
    };
    run(1 + epochs as u32).saturating_sub(run(1))
}

/// Its throughput is in samples seen by a network.
fn measure(group: &mut Group, id: BenchmarkId, case: Case) {
    group.throughput(Throughput::Elements((case.networks * case.labels.len()) as u64));
    group.bench_function(id, |bencher| bencher.iter_custom(|epochs| time(case, epochs)));
}

fn group<'a>(criterion: &'a mut Criterion, name: &str) -> Group<'a> {
    let mut group = criterion.benchmark_group(name);
    group.sample_size(10).warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_secs(2));
    group
}

fn build(data: &Dataset, n: usize) -> TrainingSet {
    TrainingSet::build(&data.pixels(n), None).expect("the samples are sound")
}

fn all(criterion: &mut Criterion) {
    let network = simple_nn();
    let (mnist, fashion) = (Dataset::read("MNIST", 19), Dataset::read("FashionMNIST", 50));
    for data in [&mnist, &fashion] {
        for n in [20_000, 70_000] {
            let set = build(data, n);
            let mut group = group(criterion, &format!("epoch, {}, n = {n}", data.name));
            for networks in [1, 4, 8, 16, 64] {
                for threads in [1, 2] {
                    let id = BenchmarkId::new(format!("{networks} networks"), format!("{threads} threads"));
                    let (labels, network) = (data.labels(n), &network);
                    let case = Case { networks, threads, ..Case::plain(&set, labels, network) };
                    measure(&mut group, id, case);
                }
            }
        }
    }

    let n = 20_000;
    let set = build(&mnist, n);
    let (labels, network) = (mnist.labels(n), &network);
    let plain = Case::plain(&set, labels, network);
    let mut observed =
        group(criterion, &format!("observed every epoch, {}, n = {n}, 8 networks", mnist.name));
    for (name, case) in [
        ("nothing", plain),
        ("radii", Case { radii: true, ..plain }),
        ("dynamics", Case { dynamics: true, ..plain }),
    ] {
        measure(&mut observed, BenchmarkId::from_parameter(name), case);
    }
    observed.finish();

    let batches = TrainingSet::in_batches(&mnist.pixels(n), None, 200).expect("the samples are sound");
    let mut steps = group(criterion, &format!("steps, {}, n = {n}, 8 networks", mnist.name));
    for (name, case) in [
        ("one", plain),
        ("one, a fifth left out", Case { bags: true, ..plain }),
        ("one, momentum", Case { momentum: 0.9, ..plain }),
        ("batches of 200", Case { set: &batches, ..plain }),
        ("batches of 200, a fifth left out", Case { set: &batches, bags: true, ..plain }),
    ] {
        measure(&mut steps, BenchmarkId::from_parameter(name), case);
    }
    steps.finish();

    let (white, name) = (mnist.inverted(), BenchmarkId::from_parameter("dark on white"));
    let set = build(&white, n);
    let mut colours = group(criterion, &format!("{}, n = {n}, 8 networks", white.name));
    measure(&mut colours, name, Case { set: &set, labels: white.labels(n), ..plain });
    colours.finish();

    let mut retraining = group(criterion, &format!("retraining, {}", mnist.name));
    for (networks, n) in [(8, 20_000), (5, 20_000), (5, 10_000), (5, 1_000)] {
        let set = build(&mnist, n);
        let id = BenchmarkId::new(format!("{networks} networks"), format!("{n} samples"));
        measure(&mut retraining, id, Case { set: &set, labels: mnist.labels(n), networks, ..plain });
    }
    retraining.finish();

    let mut densities = group(criterion, "share of pixels that are not background, n = 10000");
    for inked in [10, 20, 50, 80, 90, 91, 100] {
        let data = Dataset::random("random", 10_000, inked);
        let set = build(&data, 10_000);
        for networks in [1, 8] {
            let id = BenchmarkId::new(format!("{networks} networks"), format!("{inked} %"));
            measure(&mut densities, id, Case { set: &set, labels: data.labels(10_000), networks, ..plain });
        }
    }
}

/// Features, and as many bytes of which so many in a hundred are not background.
fn features(criterion: &mut Criterion) {
    let (n, width) = (10_000, 512);
    let numbers = Numbers::random(n, width);
    let mut sets = vec![(
        "features".to_string(),
        TrainingSet::build(&numbers.features(), None).expect("the samples are sound"),
    )];
    for inked in [100, 50] {
        let mut generator = Generator::new(1);
        let mut pixel = || if generator.below(100) < inked { 1 + generator.below(255) as u8 } else { 0 };
        let bytes: Vec<u8> = (0..n * width).map(|_| pixel()).collect();
        let background = &background(&bytes, width, 1);
        let pixels = Pixels { bytes: &bytes, n, area: width, mean: &[0.4], variance: &[0.1], background };
        let set = TrainingSet::build(&pixels, None).expect("the samples are sound");
        sets.push((format!("bytes, {inked} % inked"), set));
    }
    let (labels, network) = (numbers.labels.as_slice(), &simple_nn());
    let mut group = group(criterion, &format!("features and bytes, {n} x {width}"));
    for (name, set) in &sets {
        for (networks, threads) in [(1, 1), (8, 1), (16, 2)] {
            let id = BenchmarkId::new(format!("{networks} networks, {threads} threads"), name);
            let case = Case { networks, threads, ..Case::plain(set, labels, network) };
            measure(&mut group, id, case);
        }
    }
}

criterion_group!(benches, all, features);
criterion_main!(benches);
