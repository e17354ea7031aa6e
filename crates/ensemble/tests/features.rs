//! Networks that learn from numbers, against plain f64 loops and against networks that learn from bytes.

mod common;

use std::sync::Arc;

use common::{Numbers, Reference, Synthetic, job};
use hspipe_ensemble::{Features, Job, SampleSet, Schedule, TrainingSet, train};

/// More features than a slice has, fewer than a vector has lanes, and a subset in another order.
#[test]
fn losses_logits_and_radii_are_those_of_plain_loops() {
    for (n, width, hidden) in [(401, 197, vec![20, 20]), (203, 5, vec![6, 4]), (97, 98, vec![7])] {
        let data = Numbers::new(n, width, 3);
        let mut subset: Vec<u32> = (0..n as u32).filter(|at| at % 5 != 1).collect();
        subset.rotate_left(7);
        let set = TrainingSet::build(&data.features(), Some(&subset)).unwrap();
        let all = SampleSet::build(&data.features(), None).unwrap();
        let chosen = |rows: &[Vec<f64>]| subset.iter().map(|at| rows[*at as usize].clone()).collect();
        let labels: Vec<i32> = subset.iter().map(|at| data.labels[*at as usize]).collect();
        let network = data.network(&hidden);
        let schedule = Schedule::Epochs { epochs: 60, radii_from: Some(59) };
        let job = Job { schedule, evaluate: Some(&all), ..job(&set, &labels, &network, &[3, 9, 4]) };
        for (seed, trained) in job.seeds.iter().zip(train(&job).unwrap()) {
            let trained = trained.unwrap();
            let mut reference = Reference::of(chosen(&data.wide()), &labels, &network, *seed);
            for (epoch, loss) in trained.losses.iter().enumerate() {
                let expected = reference.step(0.1);
                assert!((loss - expected).abs() < 3e-6 * expected, "epoch {epoch}: {loss}, not {expected}");
            }
            assert!(trained.final_loss < trained.losses[0]);
            for (radius, expected) in trained.radii[0].1.iter().zip(reference.radii(0)) {
                assert!((radius - expected).abs() < 3e-6, "radius {radius}, not {expected}");
            }
            let logits = reference.logits_of(&data.wide());
            assert_eq!(trained.logits.len(), logits.len());
            let furthest = trained.logits.iter().zip(&logits).map(|(a, b)| (f64::from(*a) - b).abs());
            let furthest = furthest.fold(0.0, f64::max);
            assert!(furthest < 5e-5, "a logit is {furthest} off");
        }
    }
}

/// Networks see the same numbers, and only round differently.
#[test]
fn normalised_bytes_are_learnt_as_bytes_are() {
    let data = Synthetic::new(700, 61, 2, 3);
    let values = Arc::new(data.normalised().concat().iter().map(|value| *value as f32).collect());
    let features = Features { values: &values, n: 700, width: 122 };
    let network = data.network(&[20, 20]);
    let trained = |set: &TrainingSet| {
        let schedule = Schedule::Epochs { epochs: 60, radii_from: Some(55) };
        let evaluate = Some(set.samples());
        let job = Job { schedule, evaluate, dynamics: true, ..data.job(set, &network, &[1, 2, 3, 4, 5]) };
        let trained = train(&job).unwrap();
        trained.into_iter().map(Result::unwrap).collect::<Vec<_>>()
    };
    let bytes = trained(&TrainingSet::build(&data.pixels(), None).unwrap());
    let numbers = trained(&TrainingSet::build(&features, None).unwrap());
    for (bytes, numbers) in bytes.iter().zip(&numbers) {
        let near = |a: &f64, b: &f64| (a - b).abs() < 3e-6;
        assert!(bytes.losses.iter().zip(&numbers.losses).all(|(a, b)| near(a, b)));
        assert!(
            bytes.radii.iter().zip(&numbers.radii).all(|(a, b)| a
                .1
                .iter()
                .zip(&b.1)
                .all(|(a, b)| near(a, b)))
        );
        assert!(bytes.logits.iter().zip(&numbers.logits).all(|(a, b)| (a - b).abs() < 5e-5));
        let correct = |trained: &hspipe_ensemble::Trained| trained.dynamics.clone().unwrap().correct;
        assert_eq!(correct(bytes), correct(numbers));
    }
}

/// A set keeps the shared numbers and copies none of them.
#[test]
fn the_numbers_are_shared() {
    let data = Numbers::new(50, 7, 3);
    let sets = [None, Some(&[3, 4][..])].map(|subset| SampleSet::build(&data.features(), subset).unwrap());
    assert_eq!(Arc::strong_count(&data.values), 3);
    assert_eq!([sets[0].len(), sets[1].len(), sets[1].width()], [50, 2, 7]);
}
