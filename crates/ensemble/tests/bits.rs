//! A network's bits depend on its seed, its data and its job: on nothing else.

mod common;

use common::Synthetic;
use hspipe_ensemble::{Instructions, Job, Schedule, Trained, TrainingSet, train};

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

/// More samples than one partition has.
fn many() -> Synthetic {
    Synthetic::new(5301, 15, 2, 3)
}

#[test]
fn batch_mates_do_not_matter() {
    for hidden in [&[20, 20][..], &[5, 4], &[13]] {
        let data = Synthetic::new(211, 45, 2, 3);
        let set = TrainingSet::build(&data.pixels(), None).unwrap();
        let network = data.network(hidden);
        let seeds: Vec<u32> = (40..56).collect();
        let evaluate = Some(set.samples());
        let job = Job { schedule: WATCHED, dynamics: true, evaluate, ..data.job(&set, &network, &seeds) };
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
    let data = many();
    let set = TrainingSet::build(&data.pixels(), None).unwrap();
    let network = data.network(&[20, 20]);
    let seeds: Vec<u32> = (0..19).collect();
    let evaluate = Some(set.samples());
    let job = Job { schedule: WATCHED, dynamics: true, evaluate, ..data.job(&set, &network, &seeds) };
    let one = all_bits(&trained(&job));
    for threads in [0, 2, 3, 7] {
        assert_eq!(all_bits(&trained(&Job { threads, ..job })), one, "{threads} threads");
    }
}

/// Tells nothing where the detected instructions are the portable ones.
#[test]
fn instructions_do_not_matter() {
    let data = many();
    let set = TrainingSet::build(&data.pixels(), None).unwrap();
    for hidden in [&[20, 20][..], &[5, 4]] {
        let network = data.network(hidden);
        let schedule = Schedule::Epochs { epochs: 2, radii_from: Some(0) };
        let seeds = [1, 2, 3, 4, 5, 6, 7, 8];
        let evaluate = Some(set.samples());
        let job = Job { schedule, dynamics: true, evaluate, ..data.job(&set, &network, &seeds) };
        for count in [1, 2, 3, 8] {
            let detected = Job { seeds: &seeds[..count], ..job };
            let portable = Job { instructions: Instructions::portable(), ..detected };
            assert_eq!(all_bits(&trained(&portable)), all_bits(&trained(&detected)), "{count} networks");
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
    const GOLDEN: u64 = 0x0e55_64dd_d0f3_d034;
    let data = many();
    let set = TrainingSet::build(&data.pixels(), None).unwrap();
    let network = data.network(&[20, 20]);
    let job =
        Job { schedule: WATCHED, evaluate: Some(set.samples()), ..data.job(&set, &network, &[7, 8, 9]) };
    for instructions in [Instructions::detect(), Instructions::portable()] {
        let bits = all_bits(&trained(&Job { instructions, ..job })).into_iter().flatten();
        let digest = bits.flat_map(u64::to_le_bytes).fold(0xcbf2_9ce4_8422_2325, |digest: u64, byte| {
            (digest ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        });
        assert_eq!(digest, GOLDEN, "{instructions:?}: {digest:#018x}");
    }
}
