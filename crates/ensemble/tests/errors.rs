//! What does not fit is refused with a reason, never with a panic.

mod common;

use common::Synthetic;
use hspipe_ensemble::{InputError, Job, Network, Pixels, SampleLists, Schedule, TrainingSet, train};

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
    let refused = |pixels: Pixels| SampleLists::build(&pixels, None).unwrap_err();
    assert!(SampleLists::build(&good, Some(&[1, 1, 0])).is_ok());
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
    let wider = Synthetic::new(30, 9, 1, 3);
    let wider = SampleLists::build(&wider.pixels(), None).unwrap();
    assert_eq!(
        refused(Job { evaluate: Some(&wider), ..job }),
        InputError::Width { evaluated: 9, trained: 8 }
    );
    assert!(train(&Job { seeds: &[], ..job }).unwrap().is_empty());
}
