//! A training by libtorch that was cut off goes on where it was, within an epoch too, and ends with the same bits.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hspipe::nn::{
    Architecture, BatchSize, Course, Job, Keeper, Request, Samples, Schedule, TrainError, Trained, Trainer,
};

use super::{Torch, fixture};

/// Trains one network, cut off again and again after one state more than so many. Returns it, and how often that was.
fn in_pieces(job: &Job, states_each: usize) -> (Trained, usize) {
    let (mut state, mut cuts) = (None, 0);
    loop {
        let (stop, kept) = (AtomicBool::new(false), Mutex::new(Vec::new()));
        let keep = |_: usize, state: Vec<u8>| {
            let mut kept = kept.lock().unwrap();
            kept.push(state);
            stop.store(kept.len() >= states_each, Ordering::Relaxed);
        };
        let keeper = Some(Keeper { every: Duration::ZERO, stop: &stop, keep: &keep });
        let mut trained = Torch.train(&Job { states: &[state], keeper, ..*job });
        match trained.pop().unwrap() {
            Ok(trained) => return (trained, cuts),
            Err(TrainError::Stopped) => {
                cuts += 1;
                state = kept.into_inner().unwrap().pop();
            }
            Err(error) => panic!("{error}"),
        }
    }
}

fn assert_same(pieces: &Trained, whole: &Trained) {
    assert_eq!(pieces.parameters, whole.parameters);
    assert_eq!((&pieces.losses, &pieces.radii), (&whole.losses, &whole.radii));
    assert_eq!((&pieces.logits, &pieces.dynamics), (&whole.logits, &whole.dynamics));
    assert_eq!((&pieces.inversion, pieces.epochs), (&whole.inversion, whole.epochs));
}

#[test]
fn a_simple_network_goes_on() {
    let (samples, labels) = fixture::samples();
    let search = Schedule::Inversion { max_epochs: 60, check_interval: 5, first_epoch: 20 };
    let epochs = Schedule::Epochs { epochs: 9, radii_from: Some(2) };
    for (schedule, batch_size) in [(search, None), (epochs, Some(BatchSize::Of(7))), (epochs, None)] {
        let train: Vec<u32> = (0..45).collect();
        let request = Request { batch_size, ..fixture::simple() };
        let job = fixture::job(&request, &samples, &labels, &train);
        let job = Job { course: Course { schedule, ..job.course }, ..job };
        let whole = Torch.train(&job).pop().unwrap().unwrap();
        let (pieces, cuts) = in_pieces(&job, 4);
        assert!(cuts >= 1);
        assert_same(&pieces, &whole);
    }
}

#[test]
fn a_resnet_goes_on() {
    let pixels = (0..6 * 81u64).map(|at| (at * at * 7 + at * 31) as u8).collect();
    let samples = Samples::new(pixels, [9, 9], vec![0.4], vec![0.08]);
    let request = fixture::request(Architecture::ResNet);
    let request = Request { learning_rate: 0.001, batch_size: Some(BatchSize::Of(2)), ..request };
    let job = fixture::job(&request, &samples, &[0, 1, 2, 0, 1, 2], &[0, 1, 2, 3, 4, 5]);
    let schedule = Schedule::Epochs { epochs: 2, radii_from: None };
    let job = Job { course: Course { schedule, ..job.course }, ..job };
    let whole = Torch.train(&job).pop().unwrap().unwrap();
    let (pieces, cuts) = in_pieces(&job, 1);
    assert_eq!(cuts, 3, "after every second of the three steps of two epochs");
    assert_same(&pieces, &whole);
}
