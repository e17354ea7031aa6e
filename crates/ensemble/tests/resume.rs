//! A training that was cut off goes on from its states and ends with the same bits, wherever each network was.

mod common;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::{Numbers, Synthetic, job};
use hspipe_ensemble::{Job, Keeper, Network, Schedule, State, Trained, TrainingSet, Unfinished, train};

const SEEDS: [u32; 9] = [1, 2, 3, 4, 5, 6, 7, 8, 9];

/// States with the places of their networks.
type States = Vec<(usize, State)>;

/// Trains with every state kept, and an end as soon as `stop_after` steps are done.
fn kept(job: &Job, stop_after: u32) -> (Vec<Result<Trained, Unfinished>>, States) {
    let (stop, states) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    let keep = |place: usize, state: State| {
        if state.step() >= stop_after {
            stop.store(true, Ordering::Relaxed);
        }
        states.lock().unwrap().push((place, state));
    };
    let keeper = Keeper { every: Duration::ZERO, stop: &stop, keep: &keep };
    let trained = train(&Job { keeper: Some(keeper), ..*job }).unwrap();
    (trained, states.into_inner().unwrap())
}

/// The state of each network after some steps of its own, or none.
fn chosen(states: &[(usize, State)], steps: impl Fn(usize) -> u32) -> Vec<Option<State>> {
    let of = |place: usize| {
        let found = states.iter().find(|(of, state)| *of == place && state.step() == steps(place));
        found.map(|(_, state)| state.clone())
    };
    (0..SEEDS.len()).map(of).collect()
}

/// The samples are more than one partition holds.
#[test]
fn it_goes_on_wherever_each_network_was() {
    let data = Synthetic::new(2200, 30, 2, 3);
    let set = TrainingSet::build(&data.pixels(), None).unwrap();
    goes_on(&set, &data.labels, &data.network(&[5, 4]), 0.5);
}

/// So slowly that no search ends before the states that are taken up.
#[test]
fn it_goes_on_with_batches() {
    let data = Synthetic::new(2200, 30, 2, 3);
    let set = TrainingSet::in_batches(&data.pixels(), None, 504).unwrap();
    goes_on(&set, &data.labels, &data.network(&[5, 4]), 0.05);
}

#[test]
fn it_goes_on_with_features() {
    let data = Numbers::new(2200, 101, 3);
    let set = TrainingSet::build(&data.features(), None).unwrap();
    goes_on(&set, &data.labels, &data.network(&[5, 4]), 0.5);
}

fn goes_on(set: &TrainingSet, labels: &[i32], network: &Network, learning_rate: f64) {
    let all = Schedule::Epochs { epochs: 12, radii_from: Some(3) };
    let search = Schedule::Inversion { max_epochs: 12, check_interval: 2, first_epoch: 2 };
    for (schedule, dynamics, momentum) in
        [(all, true, 0.0), (all, false, 0.5), (search, true, 0.5), (search, true, 0.0)]
    {
        let evaluate = Some(set.samples());
        let job = Job { schedule, dynamics, evaluate, momentum, ..job(set, labels, network, &SEEDS) };
        let job = Job { learning_rate, ..job };
        let undisturbed = train(&job).unwrap();
        let (with_states, states) = kept(&job, u32::MAX);
        assert_eq!(with_states, undisturbed, "to keep states changes nothing");
        let same = |_: usize| 7u32;
        let different = |place: usize| [0u32, 3, 3, 11, 1][place % 5];
        for steps in [&same as &dyn Fn(usize) -> u32, &different] {
            let states = chosen(&states, steps);
            assert!(states.iter().filter(|state| state.is_some()).count() >= 5);
            let (resumed, later) = kept(&Job { states: &states, threads: 2, ..job }, u32::MAX);
            assert_eq!(resumed, undisturbed);
            assert!(later.iter().all(|(place, state)| state.step() > steps(*place)), "no step is done twice");
        }
    }
}

#[test]
fn a_stop_keeps_the_states() {
    let data = Synthetic::new(173, 30, 1, 3);
    let set = TrainingSet::build(&data.pixels(), None).unwrap();
    let network = data.network(&[5, 4]);
    let schedule = Schedule::Epochs { epochs: 400, radii_from: None };
    let job = Job { schedule, evaluate: Some(set.samples()), ..data.job(&set, &network, &SEEDS) };
    let (cut, states) = kept(&job, 50);
    assert!(cut.iter().all(|trained| *trained == Err(Unfinished::Stopped)));
    let last = |place: usize| {
        states.iter().filter(|(of, _)| *of == place).map(|(_, state)| state.step()).max().unwrap_or(0)
    };
    let states = chosen(&states, last);
    let resumed = train(&Job { states: &states, ..job }).unwrap();
    assert_eq!(resumed, train(&job).unwrap());
}

/// A state of another job is of no use, and does no harm.
#[test]
fn a_state_that_does_not_fit_counts_as_none() {
    let data = Synthetic::new(173, 30, 1, 3);
    let set = TrainingSet::build(&data.pixels(), None).unwrap();
    let networks = [data.network(&[5, 4]), data.network(&[6, 4])];
    let [other, job] = networks.each_ref().map(|network| data.job(&set, network, &SEEDS[..2]));
    let (_, states) = kept(&other, u32::MAX);
    let states: Vec<Option<State>> = states.into_iter().take(2).map(|(_, state)| Some(state)).collect();
    assert_eq!(train(&Job { states: &states, ..job }).unwrap(), train(&job).unwrap());
    for job in [Job { dynamics: true, ..other }, Job { momentum: 0.9, ..other }] {
        assert_eq!(train(&Job { states: &states, ..job }).unwrap(), train(&job).unwrap());
    }
}
