//! A run that is stopped keeps the states of its tasks, and the next one goes on from there.

mod common;

use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::Bench;
use hspipe_engine::collect::{Keep, garbage};
use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, Registry, Task};
use hspipe_engine::run::RunReport;
use serde::{Deserialize, Serialize};

const STEPS: u8 = 6;

/// Takes its steps one by one, keeps a state after each, and wants the run to end once so many were
/// taken.
struct Slow {
    taken: Arc<Mutex<Vec<(u32, u8)>>>,
    stop_after: Arc<AtomicU32>,
}

#[derive(Serialize, Deserialize)]
struct Params {
    number: u32,
}

impl Op for Slow {
    type Params = Params;
    const NAME: &'static str = "slow";
    const VERSION: u32 = 1;
    const INPUTS: &'static [InputDecl] = &[];
    const OUTPUTS: &'static [&'static str] = &["out"];

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let first = task.checkpoint.load().map_or(0, |state| state[0]);
        for step in first..STEPS {
            let mut taken = self.taken.lock().unwrap();
            taken.push((task.params.number, step));
            task.checkpoint.save(&[&[step + 1]]);
            if taken.len() as u32 == self.stop_after.load(Ordering::Relaxed) {
                task.checkpoint.rhythm.stop.store(true, Ordering::Relaxed);
            }
            if task.checkpoint.rhythm.stop.load(Ordering::Relaxed) && step + 1 < STEPS {
                return Err(OpError::stopped());
            }
        }
        Ok(vec![("out", vec![task.params.number as u8])])
    }
}

/// Three such tasks and their cache.
struct Lab {
    taken: Arc<Mutex<Vec<(u32, u8)>>>,
    stop_after: Arc<AtomicU32>,
    bench: Bench,
}

impl Lab {
    fn new() -> Lab {
        let (taken, stop_after) = (Arc::default(), Arc::new(AtomicU32::new(u32::MAX)));
        let mut ops = Registry::default();
        ops.add(Slow { taken: Arc::clone(&taken), stop_after: Arc::clone(&stop_after) });
        let text = "params: {number: [1, 2, 3]}\nstages: {slow: {params: {number: $number}}}";
        Lab { taken, stop_after, bench: Bench::new(text, &ops) }
    }

    /// A run that is to end once `steps` were taken in it.
    fn run(&self, steps: u32, force: &[&str]) -> RunReport {
        self.taken.lock().unwrap().clear();
        self.stop_after.store(steps, Ordering::Relaxed);
        self.bench.run(force)
    }

    fn taken(&self) -> Vec<(u32, u8)> {
        self.taken.lock().unwrap().clone()
    }
}

fn steps(numbers: RangeInclusive<u32>) -> Vec<(u32, u8)> {
    numbers.flat_map(|number| (0..STEPS).map(move |step| (number, step))).collect()
}

#[test]
fn no_step_is_taken_twice() {
    let lab = Lab::new();
    let cut = lab.run(9, &[]);
    assert_eq!((cut.computed.len(), cut.not_started.len(), cut.failed.len()), (1, 2, 0));
    assert_eq!(lab.bench.kept().len(), 1, "of the task that was cut off");
    let garbage = garbage(&lab.bench.store, Keep { runs: 1, bytes: None, younger: Duration::ZERO }).unwrap();
    let checkpoints = lab.bench.store.root().join("checkpoints");
    assert!(garbage.items.iter().all(|item| !item.path.starts_with(&checkpoints)));
    let before = lab.taken();
    let rest = lab.run(u32::MAX, &[]);
    assert!(rest.is_complete() && rest.computed.len() == 2);
    assert_eq!(lab.bench.kept().len(), 0);
    assert_eq!([before, lab.taken()].concat(), steps(1..=3));
}

#[test]
fn what_is_forced_begins_at_the_beginning() {
    let lab = Lab::new();
    lab.run(9, &[]);
    assert_eq!(lab.taken().last(), Some(&(2, 2)));
    assert!(lab.run(u32::MAX, &["slow"]).is_complete());
    assert_eq!(lab.taken(), steps(1..=3));
    assert_eq!(lab.bench.kept().len(), 0);
}
