//! What does not fit is refused with a reason, never with a panic.

mod common;

use std::sync::Arc;

use common::Synthetic;
use hspipe_ensemble::{Features, InputError, Job, Network, Pixels, SampleSet, Schedule, TrainingSet, train};

#[test]
fn pixels_that_do_not_fit_are_refused() {
    let good = Pixels {
        bytes: &[0; 12],
        n: 2,
        area: 3,
        mean: &[0.1, 0.2],
        variance: &[0.1, 0.2],
        background: &[0, 9],
    };
    let refused = |pixels: Pixels| SampleSet::build(&pixels, None).unwrap_err();
    assert!(SampleSet::build(&good, Some(&[1, 1, 0])).is_ok());
    assert_eq!(refused(Pixels { n: 3, ..good }), InputError::Pixels { bytes: 12, n: 3, area: 3, means: 2 });
    assert!(matches!(refused(Pixels { n: usize::MAX, ..good }), InputError::Pixels { .. }));
    assert!(matches!(refused(Pixels { area: 0, bytes: &[], ..good }), InputError::Pixels { .. }));
    assert_eq!(refused(Pixels { variance: &[0.1], ..good }), InputError::Channels { means: 2, variances: 1 });
    let backgrounds = InputError::Backgrounds { means: 2, backgrounds: 1 };
    assert_eq!(refused(Pixels { background: &[0], ..good }), backgrounds);
    assert_eq!(refused(Pixels { mean: &[0.1, f64::NAN], ..good }), InputError::Normalisation);
    assert_eq!(refused(Pixels { variance: &[0.1, -1.0], ..good }), InputError::Normalisation);
    assert_eq!(
        TrainingSet::build(&good, Some(&[0, 2])).unwrap_err(),
        InputError::Position { position: 2, n: 2 }
    );
}

#[test]
fn features_that_do_not_fit_are_refused() {
    let mut values = vec![0.5; 12];
    values[7] = f32::NAN;
    values[10] = f32::NEG_INFINITY;
    let values = Arc::new(values);
    let all = Features { values: &values, n: 4, width: 3 };
    let refused = |features: Features, subset| SampleSet::build(&features, subset).unwrap_err();
    let at = |error| match error {
        InputError::Feature { sample, feature, value } => (sample, feature, value.to_string()),
        other => panic!("{other}"),
    };
    assert_eq!(at(refused(all, None)), (2, 1, "NaN".into()));
    assert_eq!(at(refused(all, Some(&[0, 3, 2]))), (3, 1, "-inf".into()));
    assert!(SampleSet::build(&all, Some(&[1, 0, 1])).is_ok(), "what is not chosen does not matter");
    assert_eq!(refused(all, Some(&[0, 4])), InputError::Position { position: 4, n: 4 });
    let wide = InputError::Features { values: 12, n: 4, width: 4 };
    assert_eq!(refused(Features { width: 4, ..all }, None), wide);
    for (n, width) in [(usize::MAX, 3), (12, 0), (0, 12)] {
        let error = refused(Features { n, width, ..all }, None);
        assert_eq!(error, InputError::Features { values: 12, n, width });
    }
    let pixels = Synthetic::new(30, 8, 1, 3);
    let set = TrainingSet::build(&pixels.pixels(), None).unwrap();
    let narrow = SampleSet::build(&all, Some(&[0])).unwrap();
    let network = pixels.network(&[4]);
    let job = Job { evaluate: Some(&narrow), ..pixels.job(&set, &network, &[1]) };
    assert_eq!(train(&job).unwrap_err(), InputError::Width { evaluated: 3, trained: 8 });
}

#[test]
fn jobs_that_do_not_fit_are_refused() {
    let data = Synthetic::new(30, 8, 1, 3);
    let set = TrainingSet::build(&data.pixels(), None).unwrap();
    let network = data.network(&[4]);
    let job = data.job(&set, &network, &[1]);
    let refused = |job: Job| train(&job).unwrap_err();
    assert_eq!(
        refused(Job { labels: &data.labels[1..], ..job }),
        InputError::Labels { labels: 29, samples: 30 }
    );
    for label in [-1, 3] {
        let mut labels = data.labels.clone();
        labels[7] = label;
        assert_eq!(refused(Job { labels: &labels, ..job }), InputError::Label { label, classes: 3 });
    }
    for hidden in [vec![], vec![4, 0]] {
        let network = Network { hidden, classes: 3 };
        assert_eq!(refused(Job { network: &network, ..job }), InputError::Network);
    }
    assert_eq!(refused(Job { latent_layer: 1, ..job }), InputError::LatentLayer { layer: 1, layers: 1 });
    assert_eq!(refused(Job { learning_rate: f64::INFINITY, ..job }), InputError::LearningRate(f64::INFINITY));
    for momentum in [-0.1, 1.0, f64::INFINITY] {
        assert_eq!(refused(Job { momentum, ..job }), InputError::Momentum(momentum));
    }
    let none = TrainingSet::build(&data.pixels(), Some(&[])).unwrap();
    assert_eq!(refused(Job { set: &none, labels: &[], ..job }), InputError::NoSamples);
    let search = |check_interval| Schedule::Inversion { max_epochs: 9, check_interval, first_epoch: 2 };
    assert_eq!(refused(Job { schedule: search(0), ..job }), InputError::CheckInterval);
    let without_one: Vec<i32> =
        data.labels.iter().map(|label| if *label == 1 { 2 } else { *label }).collect();
    assert_eq!(
        refused(Job { schedule: search(5), labels: &without_one, ..job }),
        InputError::EmptyClass { class: 1 }
    );
    let n = data.labels.len();
    for bags in [vec![vec![true; n]; 2], vec![vec![true; n - 1]], vec![vec![false; n]]] {
        let refused = refused(Job { bags: &bags, ..job });
        assert_eq!(refused, InputError::Bags { bags: bags.len(), seeds: 1 });
    }
    let whole = [vec![true; n]];
    let radii = Schedule::Epochs { epochs: 3, radii_from: Some(1) };
    for schedule in [radii, search(5)] {
        assert_eq!(refused(Job { bags: &whole, schedule, ..job }), InputError::RadiiOfBags);
    }
    for size in [0, 12] {
        let refused = TrainingSet::in_batches(&data.pixels(), None, size).unwrap_err();
        assert_eq!(refused, InputError::Batch(size));
    }
    let wider = Synthetic::new(30, 9, 1, 3);
    let wider = SampleSet::build(&wider.pixels(), None).unwrap();
    assert_eq!(
        refused(Job { evaluate: Some(&wider), ..job }),
        InputError::Width { evaluated: 9, trained: 8 }
    );
    assert!(train(&Job { seeds: &[], ..job }).unwrap().is_empty());
}
