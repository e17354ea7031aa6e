//! One epoch of SimpleNN ensembles on 20,000 samples. Reads MNIST from $HSPIPE_DATA/MNIST/raw or the project's
//! data folder; without it, random pixels that are as sparse.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use hspipe_ensemble::{Generator, Instructions, Job, Network, Pixels, Schedule, TrainingSet, train};

const SAMPLES: usize = 20_000;
const AREA: usize = 784;

fn data() -> (Vec<u8>, Vec<i32>) {
    let root = std::env::var("HSPIPE_DATA");
    let root = root.unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../data").into());
    let raw = Path::new(&root).join("MNIST/raw");
    let read = |name: &str| std::fs::read(raw.join(name)).ok();
    if let (Some(images), Some(labels)) = (read("train-images-idx3-ubyte"), read("train-labels-idx1-ubyte")) {
        let labels = labels[8..].iter().take(SAMPLES).map(|label| i32::from(*label));
        return (images[16..][..SAMPLES * AREA].to_vec(), labels.collect());
    }
    let mut generator = Generator::new(1);
    let mut pixel = || if generator.below(100) < 19 { 1 + generator.below(255) as u8 } else { 0 };
    ((0..SAMPLES * AREA).map(|_| pixel()).collect(), (0..SAMPLES).map(|i| (i % 10) as i32).collect())
}

/// The time of a training of 1 + `epochs` less that of one epoch: what surrounds the epochs falls out.
fn time(job: &Job, epochs: u32) -> Duration {
    let run = |epochs: u32| {
        let start = Instant::now();
        let schedule = Schedule::Epochs { epochs, radii_from: None };
        black_box(train(&Job { schedule, ..*job })).expect("the job is sound");
        start.elapsed()
    };
    run(1 + epochs).saturating_sub(run(1))
}

fn epochs(criterion: &mut Criterion) {
    let (bytes, labels) = data();
    let pixels = Pixels { bytes: &bytes, n: SAMPLES, area: AREA, mean: &[0.1307], variance: &[0.0949] };
    let set = TrainingSet::build(&pixels, None).expect("the samples are sound");
    let network = Network { hidden: vec![20, 20], classes: 10 };
    let seeds: Vec<u32> = (0..16).collect();
    let mut group = criterion.benchmark_group("epoch");
    group.sample_size(10).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(2));
    for networks in [1, 8, 16] {
        for threads in [1, 2] {
            let job = Job {
                set: &set,
                labels: &labels,
                network: &network,
                seeds: &seeds[..networks],
                learning_rate: 0.1,
                schedule: Schedule::Epochs { epochs: 1, radii_from: None },
                dynamics: false,
                evaluate: None,
                threads,
                instructions: Instructions::detect(),
            };
            let id = BenchmarkId::new(format!("{networks} networks"), format!("{threads} threads"));
            group.bench_function(id, |bencher| bencher.iter_custom(|count| time(&job, count as u32)));
        }
    }
    group.finish();
}

criterion_group!(benches, epochs);
criterion_main!(benches);
