//! A network's bits depend on its seed, its data and its job: on nothing else.

mod common;

use common::{Numbers, Synthetic, job};
use hspipe_ensemble::{Instructions, Job, Network, Schedule, Trained, TrainingSet, train};

fn trained(job: &Job) -> Vec<Trained> {
    train(job).unwrap().into_iter().map(Result::unwrap).collect()
}

/// Every bit of a result, in one order.
fn bits(trained: &Trained) -> Vec<u64> {
    let values = trained.layers.iter().flat_map(|layer| layer.weight.iter().chain(&layer.bias));
    let singles = values.chain(&trained.logits).map(|value| u64::from(value.to_bits()));
    let radii = trained.radii.iter().flat_map(|(_, radii)| radii);
    let doubles = trained.losses.iter().chain([&trained.final_loss]).chain(radii);
    let mut bits: Vec<u64> = singles.chain(doubles.map(|value| value.to_bits())).collect();
    if let Some(dynamics) = &trained.dynamics {
        let sums = [&dynamics.margin_sum, &dynamics.probability_sum, &dynamics.probability_squares];
        bits.extend(sums.into_iter().flatten().map(|value| value.to_bits()));
        bits.extend(dynamics.correct.iter().chain(&dynamics.forgotten).map(|count| u64::from(*count)));
        bits.extend(dynamics.learned.iter().map(|epoch| epoch.map_or(u64::MAX, u64::from)));
    }
    bits
}

fn all_bits(trained: &[Trained]) -> Vec<Vec<u64>> {
    trained.iter().map(bits).collect()
}

const WATCHED: Schedule = Schedule::Epochs { epochs: 6, radii_from: Some(2) };

/// Samples to train on, of each kind: pixels, and features of more than one slice.
struct Data {
    set: TrainingSet,
    labels: Vec<i32>,
    momentum: f64,
}

const CLASSES: usize = 3;

fn both(n: usize, area: usize) -> [Data; 2] {
    let (pixels, features) = (Synthetic::new(n, area, 2, CLASSES), Numbers::new(n, 101, CLASSES));
    [
        Data {
            set: TrainingSet::build(&pixels.pixels(), None).unwrap(),
            labels: pixels.labels,
            momentum: 0.0,
        },
        Data {
            set: TrainingSet::build(&features.features(), None).unwrap(),
            labels: features.labels,
            momentum: 0.0,
        },
    ]
}

/// More samples than one partition has.
fn many() -> [Data; 2] {
    both(5301, 15)
}

/// The same in batches of more chunks than one.
fn in_batches() -> [Data; 2] {
    let (pixels, features) = (Synthetic::new(5301, 15, 2, CLASSES), Numbers::new(5301, 101, CLASSES));
    [
        Data {
            set: TrainingSet::in_batches(&pixels.pixels(), None, 1000).unwrap(),
            labels: pixels.labels,
            momentum: 0.9,
        },
        Data {
            set: TrainingSet::in_batches(&features.features(), None, 1000).unwrap(),
            labels: features.labels,
            momentum: 0.9,
        },
    ]
}

fn network(hidden: &[usize]) -> Network {
    Network { hidden: hidden.to_vec(), classes: CLASSES }
}

impl Data {
    /// With everything watched.
    fn job<'a>(&'a self, network: &'a Network, seeds: &'a [u32]) -> Job<'a> {
        let evaluate = Some(self.set.samples());
        let momentum = self.momentum;
        let job = job(&self.set, &self.labels, network, seeds);
        Job { schedule: WATCHED, dynamics: true, evaluate, momentum, ..job }
    }
}

#[test]
fn batch_mates_do_not_matter() {
    let each = [&[20, 20][..], &[5, 4], &[13]].map(|hidden| both(211, 45).map(|data| (hidden, data)));
    for (hidden, data) in each.into_iter().flatten() {
        let network = network(hidden);
        let seeds: Vec<u32> = (40..56).collect();
        let job = data.job(&network, &seeds);
        let together = all_bits(&trained(&job));
        for count in [1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 15] {
            let few = all_bits(&trained(&Job { seeds: &seeds[..count], ..job }));
            assert_eq!(few, together[..count], "{count} networks");
        }
        for (seed, together) in seeds.iter().zip(&together) {
            assert_eq!(bits(&trained(&Job { seeds: &[*seed], ..job })[0]), *together, "seed {seed}");
        }
    }
}

#[test]
fn threads_do_not_matter() {
    let network = network(&[20, 20]);
    for data in many().into_iter().chain(in_batches()) {
        let seeds: Vec<u32> = (0..19).collect();
        let job = data.job(&network, &seeds);
        let one = all_bits(&trained(&job));
        for threads in [0, 2, 3, 7] {
            assert_eq!(all_bits(&trained(&Job { threads, ..job })), one, "{threads} threads");
        }
    }
}

/// Tells nothing where the detected instructions are the portable ones.
#[test]
fn instructions_do_not_matter() {
    for data in many().into_iter().chain(in_batches()) {
        for hidden in [&[20, 20][..], &[5, 4]] {
            let network = network(hidden);
            let schedule = Schedule::Epochs { epochs: 2, radii_from: Some(0) };
            let seeds = [1, 2, 3, 4, 5, 6, 7, 8];
            let job = Job { schedule, ..data.job(&network, &seeds) };
            for count in [1, 2, 3, 8] {
                let detected = Job { seeds: &seeds[..count], ..job };
                let portable = Job { instructions: Instructions::portable(), ..detected };
                assert_eq!(all_bits(&trained(&portable)), all_bits(&trained(&detected)), "{count} networks");
            }
        }
    }
}

#[test]
fn searches_of_a_batch_are_those_of_lone_networks() {
    let data = Synthetic::new(173, 30, 1, 3);
    let set = TrainingSet::build(&data.pixels(), None).unwrap();
    let network = data.network(&[5, 4]);
    let schedule = Schedule::Inversion { max_epochs: 3000, check_interval: 5, first_epoch: 20 };
    let seeds = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    let job = Job {
        learning_rate: 0.5,
        schedule,
        dynamics: true,
        evaluate: Some(set.samples()),
        ..data.job(&set, &network, &seeds)
    };
    let together = trained(&job);
    assert!(together.iter().any(|one| one.epochs != together[0].epochs), "they stop at different epochs");
    for (seed, together) in seeds.iter().zip(&together) {
        let lone = trained(&Job { seeds: &[*seed], ..job }).remove(0);
        assert_eq!(bits(&lone), bits(together));
        assert_eq!(lone.inversion, together.inversion);
        let schedule = Schedule::Epochs { epochs: together.epochs, radii_from: None };
        let counted = trained(&Job { schedule, seeds: &[*seed], ..job }).remove(0);
        assert_eq!((counted.layers, counted.logits), (together.layers.clone(), together.logits.clone()));
    }
}

/// FNV-1a over the bits of a small training. It must be the same on every machine; whoever changes it on
/// purpose changes the results of all trainings.
#[test]
fn the_bits_are_those_of_every_machine() {
    const GOLDEN: [u64; 4] =
        [0x0e55_64dd_d0f3_d034, 0xe5c3_6dfd_b219_04bc, 0x8b1c_352b_ae17_6107, 0x2db8_3f22_ebae_5635];
    let network = network(&[20, 20]);
    for (data, golden) in many().iter().chain(&in_batches()).zip(GOLDEN) {
        let job = Job { dynamics: false, ..data.job(&network, &[7, 8, 9]) };
        for instructions in [Instructions::detect(), Instructions::portable()] {
            let bits = all_bits(&trained(&Job { instructions, ..job })).into_iter().flatten();
            let digest = bits.flat_map(u64::to_le_bytes).fold(0xcbf2_9ce4_8422_2325, |digest: u64, byte| {
                (digest ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
            });
            assert_eq!(digest, golden, "{instructions:?}: {digest:#018x}");
        }
    }
}
