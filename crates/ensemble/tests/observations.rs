//! What training reports, against plain f64 loops.

mod common;

use common::{Reference, Synthetic};
use hspipe_ensemble::init::linear_layers;
use hspipe_ensemble::{Job, SampleSet, Schedule, TrainingSet, Unfinished, train};

#[test]
fn losses_logits_and_radii_are_those_of_plain_loops() {
    for (n, hidden, latent_layer) in
        [(203, vec![5, 4], 0), (401, vec![20, 20], 1), (97, vec![7], 0), (60, vec![13, 3, 6], 2)]
    {
        let data = Synthetic::new(n, 45, 2, 3);
        let set = TrainingSet::build(&data.pixels(), None).unwrap();
        let network = data.network(&hidden);
        let schedule = Schedule::Epochs { epochs: 25, radii_from: Some(22) };
        let evaluate = Some(set.samples());
        let job = Job { evaluate, schedule, latent_layer, ..data.job(&set, &network, &[3, 9]) };
        for (seed, trained) in [3, 9].into_iter().zip(train(&job).unwrap()) {
            let trained = trained.unwrap();
            let mut reference = Reference::new(&data, &network, seed);
            for (epoch, loss) in trained.losses.iter().enumerate() {
                let expected = reference.step(0.1);
                assert!((loss - expected).abs() < 3e-6 * expected, "epoch {epoch}: {loss}, not {expected}");
                let watched = trained.radii.iter().find(|(at, _)| *at as usize == epoch);
                assert_eq!(watched.is_some(), epoch >= 22);
                for (radius, expected) in
                    watched.iter().flat_map(|(_, r)| r.iter().zip(reference.radii(latent_layer)))
                {
                    assert!((radius - expected).abs() < 2e-6, "epoch {epoch}: {radius}, not {expected}");
                }
            }
            assert_eq!((trained.epochs, trained.losses.len()), (25, 25));
            let logits = reference.logits();
            assert_eq!(trained.logits.len(), logits.len());
            assert!(trained.logits.iter().zip(&logits).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-5));
            assert!((trained.final_loss - reference.step(0.1)).abs() < 1e-6);
            assert!(trained.final_loss < trained.losses[0]);
        }
    }
}

#[test]
fn momentum_is_that_of_plain_loops() {
    let data = Synthetic::new(203, 45, 2, 3);
    let set = TrainingSet::build(&data.pixels(), None).unwrap();
    let network = data.network(&[5, 4]);
    let schedule = Schedule::Epochs { epochs: 25, radii_from: None };
    for count in [1, 3, 8] {
        let seeds = [3, 9, 4, 5, 6, 7, 8, 2];
        let evaluate = Some(set.samples());
        let job = Job { evaluate, schedule, momentum: 0.9, ..data.job(&set, &network, &seeds[..count]) };
        for (seed, trained) in seeds.into_iter().zip(train(&job).unwrap()) {
            let trained = trained.unwrap();
            let mut reference = Reference::new(&data, &network, seed);
            for (epoch, loss) in trained.losses.iter().enumerate() {
                let expected = reference.step_on(0.1, 0.9);
                assert!((loss - expected).abs() < 1e-5 * expected, "epoch {epoch}: {loss}, not {expected}");
            }
            let logits = reference.logits();
            assert!(trained.logits.iter().zip(&logits).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-4));
        }
    }
}

/// A batch is what a set of its samples alone is: so each step is compared, and the order of an epoch is the one that fits.
#[test]
fn batches_are_those_of_plain_loops() {
    let data = Synthetic::new(250, 45, 2, 3);
    let set = TrainingSet::in_batches(&data.pixels(), None, 104).unwrap();
    let network = data.network(&[5, 4]);
    let schedule = Schedule::Epochs { epochs: 1, radii_from: None };
    let evaluate = Some(set.samples());
    let job = Job { evaluate, schedule, momentum: 0.9, ..data.job(&set, &network, &[3, 9, 4]) };
    let trained: Vec<_> = train(&job).unwrap().into_iter().map(Result::unwrap).collect();
    let logits_after = |order: [usize; 3], seed: u32| {
        let mut reference = Reference::new(&data, &network, seed);
        for batch in order {
            reference.step_on_some(batch * 104..((batch + 1) * 104).min(250), 0.1, 0.9);
        }
        reference.logits()
    };
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let fits = |order: &[usize; 3]| {
        trained.iter().zip([3, 9, 4]).all(|(trained, seed)| {
            let expected = logits_after(*order, seed);
            trained.logits.iter().zip(&expected).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-5)
        })
    };
    assert_eq!(orders.iter().filter(|order| fits(order)).count(), 1);
    let mut start = Reference::new(&data, &network, 3);
    assert!((trained[0].losses[0] - start.step(0.0)).abs() < 1e-5, "the loss is that before the steps");
}

/// One step from the seed's weights is -rate times the gradient, here by central differences.
#[test]
fn a_step_follows_the_gradient() {
    let data = Synthetic::new(131, 10, 2, 3);
    let set = TrainingSet::build(&data.pixels(), None).unwrap();
    let network = data.network(&[5, 4]);
    let schedule = Schedule::Epochs { epochs: 1, radii_from: None };
    let job = Job { learning_rate: 0.5, schedule, ..data.job(&set, &network, &[11]) };
    let trained = train(&job).unwrap().remove(0).unwrap();
    let start = linear_layers(11, &[20, 5, 4, 3]);
    for (layer, (after, before)) in trained.layers.iter().zip(&start).enumerate() {
        for (bias, at) in (0..before.weight.len()).map(|at| (false, at)).chain([(true, 0), (true, 2)]) {
            let loss = |by: f64| {
                let mut reference = Reference::new(&data, &network, 11);
                *reference.parameter(layer, bias, at) += by;
                reference.step(0.0)
            };
            let expected = -0.5 * (loss(1e-5) - loss(-1e-5)) / 2e-5;
            let value = |from: &hspipe_ensemble::init::Layer| {
                f64::from(if bias { from.bias[at] } else { from.weight[at] })
            };
            let step = value(after) - value(before);
            assert!((step - expected).abs() < 1e-6, "layer {layer}, {at}: {step}, not {expected}");
        }
    }
}

#[test]
fn a_subset_is_trained_on_and_others_are_evaluated() {
    let data = Synthetic::new(220, 30, 1, 3);
    let subset: Vec<u32> = (0..131).map(|i| (i * 7 + 3) % 220).collect();
    let chosen = data.chosen(&subset);
    let network = data.network(&[6, 4]);
    let set = TrainingSet::build(&data.pixels(), Some(&subset)).unwrap();
    let copied = TrainingSet::build(&chosen.pixels(), None).unwrap();
    let all = SampleSet::build(&data.pixels(), None).unwrap();
    let on_subset = Job { labels: &chosen.labels, evaluate: Some(&all), ..data.job(&set, &network, &[5]) };
    let on_copy = Job { evaluate: Some(copied.samples()), ..chosen.job(&copied, &network, &[5]) };
    let trained = train(&on_subset).unwrap().remove(0).unwrap();
    let again = train(&on_copy).unwrap().remove(0).unwrap();
    assert_eq!(trained.layers, again.layers);
    assert_eq!(trained.logits.len(), 220 * 3);
    for (row, position) in again.logits.chunks(3).zip(&subset) {
        assert_eq!(row, &trained.logits[3 * *position as usize..][..3]);
    }
}

#[test]
fn a_search_keeps_each_class_at_its_inversion() {
    let data = Synthetic::new(173, 30, 1, 3);
    let set = TrainingSet::build(&data.pixels(), None).unwrap();
    let network = data.network(&[5, 4]);
    let schedule = Schedule::Inversion { max_epochs: 3000, check_interval: 5, first_epoch: 20 };
    let search = Job { learning_rate: 0.5, schedule, ..data.job(&set, &network, &[1, 2, 3]) };
    let found: Vec<_> = train(&search).unwrap().into_iter().map(Result::unwrap).collect();
    let ends: Vec<u32> = found.iter().map(|trained| trained.epochs).collect();
    assert!(ends.iter().any(|end| *end != ends[0]), "they stop at different epochs: {ends:?}");
    for (seed, trained) in [1, 2, 3].into_iter().zip(&found) {
        let seen = trained.inversion.as_ref().unwrap();
        let last = seen.epochs.iter().map(|epoch| epoch.unwrap()).max().unwrap();
        assert_eq!(trained.epochs, last + 1, "it stops right after the last inversion");
        assert_eq!(trained.losses.len() as u32, trained.epochs);
        assert_eq!(trained.radii.last().unwrap().0, last);
        for (class, epoch) in seen.epochs.iter().enumerate() {
            let radius = |at: u32| trained.radii.iter().find(|(epoch, _)| *epoch == at).unwrap().1[class];
            let epoch = epoch.unwrap();
            assert!(epoch > 20 && radius(epoch) > radius(epoch - 5));
            let schedule = Schedule::Epochs { epochs: epoch + 1, radii_from: None };
            let up_to = Job { schedule, evaluate: Some(set.samples()), seeds: &[seed], ..search };
            let lone = train(&up_to).unwrap().remove(0).unwrap();
            for i in (0..173).filter(|i| data.labels[*i] == class as i32) {
                assert_eq!(seen.logits[3 * i..][..3], lone.logits[3 * i..][..3]);
            }
            if epoch == last {
                assert_eq!((&trained.layers, trained.final_loss), (&lone.layers, lone.final_loss));
                assert_eq!(trained.losses, lone.losses);
            }
        }
    }
}

#[test]
fn a_search_that_finds_nothing_ends_with_the_last_logits() {
    let data = Synthetic::new(90, 20, 1, 3);
    let set = TrainingSet::build(&data.pixels(), None).unwrap();
    let network = data.network(&[5]);
    let schedule = Schedule::Inversion { max_epochs: 12, check_interval: 5, first_epoch: 20 };
    let job = Job { schedule, evaluate: Some(set.samples()), ..data.job(&set, &network, &[1]) };
    let trained = train(&job).unwrap().remove(0).unwrap();
    let seen = trained.inversion.unwrap();
    assert_eq!((trained.epochs, seen.epochs), (12, vec![None; 3]));
    assert_eq!(seen.logits, trained.logits);
    assert_eq!(trained.radii.iter().map(|(epoch, _)| *epoch).collect::<Vec<_>>(), [0, 5, 10]);
}

#[test]
fn a_class_without_samples_has_no_radius() {
    let mut data = Synthetic::new(70, 20, 1, 3);
    data.labels.iter_mut().for_each(|label| *label = (*label).min(1));
    let set = TrainingSet::build(&data.pixels(), None).unwrap();
    let network = data.network(&[5]);
    let schedule = Schedule::Epochs { epochs: 2, radii_from: Some(0) };
    let trained = train(&Job { schedule, ..data.job(&set, &network, &[1]) }).unwrap().remove(0).unwrap();
    for (_, radii) in &trained.radii {
        assert!(radii[0].is_finite() && radii[1].is_finite() && radii[2].is_nan());
    }
}

/// Rates so high that samples are forgotten, and both lone networks and groups.
#[test]
fn dynamics_are_those_of_plain_loops() {
    let data = Synthetic::new(97, 20, 1, 3);
    let set = TrainingSet::build(&data.pixels(), None).unwrap();
    let network = data.network(&[6, 4]);
    let schedule = Schedule::Epochs { epochs: 30, radii_from: None };
    let seeds: Vec<u32> = (1..=8).collect();
    let mut forgotten = 0;
    for count in [1, 2, 3, 8] {
        let (rate, seeds) = (0.8, &seeds[..count]);
        let job = Job { schedule, dynamics: true, learning_rate: rate, ..data.job(&set, &network, seeds) };
        for (seed, trained) in seeds.iter().zip(train(&job).unwrap()) {
            let dynamics = trained.unwrap().dynamics.unwrap();
            let mut reference = Reference::new(&data, &network, *seed);
            let (mut margins, mut chances, mut squares) = (vec![0.0; 97], vec![0.0; 97], vec![0.0; 97]);
            let mut right: Vec<Vec<bool>> = vec![Vec::new(); 97];
            for _ in 0..30 {
                reference.step(rate);
                for (i, logits) in reference.logits().chunks(3).enumerate() {
                    let label = data.labels[i] as usize;
                    let others = (0..3).filter(|class| *class != label).map(|class| logits[class]);
                    let margin = logits[label] - others.fold(f64::NEG_INFINITY, f64::max);
                    let chance = 1.0 / logits.iter().map(|logit| (logit - logits[label]).exp()).sum::<f64>();
                    margins[i] += margin;
                    chances[i] += chance;
                    squares[i] += chance * chance;
                    right[i].push(margin > 0.0);
                }
            }
            let close = |ours: &[f64], theirs: &[f64]| {
                ours.len() == 97 && ours.iter().zip(theirs).all(|(a, b)| (a - b).abs() < 1e-3)
            };
            assert!(close(&dynamics.margin_sum, &margins));
            assert!(close(&dynamics.probability_sum, &chances));
            assert!(close(&dynamics.probability_squares, &squares));
            for (i, right) in right.iter().enumerate() {
                let lost = right.windows(2).filter(|pair| pair[0] && !pair[1]).count() as u32;
                let times = right.iter().filter(|right| **right).count() as u32;
                let first = right.iter().position(|right| *right).map(|epoch| epoch as u32);
                let ours = (dynamics.correct[i], dynamics.forgotten[i], dynamics.learned[i]);
                assert_eq!(ours, (times, lost, first), "seed {seed}, sample {i}");
                forgotten += lost;
            }
        }
    }
    assert!(forgotten > 0, "nothing was forgotten, so forgetting was not tested");
}

#[test]
fn a_diverged_network_says_when() {
    let data = Synthetic::new(90, 20, 1, 3);
    let set = TrainingSet::build(&data.pixels(), None).unwrap();
    let network = data.network(&[5]);
    let schedule = Schedule::Epochs { epochs: 3, radii_from: Some(0) };
    let job = Job { schedule, learning_rate: 3e38, ..data.job(&set, &network, &[1]) };
    let diverged = train(&job).unwrap().remove(0).unwrap_err();
    assert!(matches!(diverged, Unfinished::Diverged { epoch: 1..=3 }), "{diverged}");
}

/// No pixel is zero, so that the lists are as long as they can be.
#[test]
fn dense_samples_are_trained_on_like_any_other() {
    let mut data = Synthetic::new(170, 60, 3, 4);
    data.bytes.iter_mut().for_each(|byte| *byte |= 1);
    let set = TrainingSet::build(&data.pixels(), None).unwrap();
    let network = data.network(&[11, 6]);
    let job = Job { evaluate: Some(set.samples()), ..data.job(&set, &network, &[8]) };
    let trained = train(&job).unwrap().remove(0).unwrap();
    let mut reference = Reference::new(&data, &network, 8);
    for loss in &trained.losses {
        let expected = reference.step(0.1);
        assert!((loss - expected).abs() < 3e-6 * expected, "{loss}, not {expected}");
    }
    assert!(trained.logits.iter().zip(reference.logits()).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-5));
}
