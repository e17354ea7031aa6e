//! A run that is stopped keeps the states of its tasks, and the next one goes on from there.

mod common;

use std::collections::HashSet;
use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use common::expand;
use hspipe_engine::collect::{Keep, garbage};
use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, Registry, Task};
use hspipe_engine::plan::Plan;
use hspipe_engine::progress::Silent;
use hspipe_engine::run::{self, Options, Report};
use hspipe_engine::store::Store;
use serde::{Deserialize, Serialize};

const STEPS: u8 = 6;

/// Takes its steps one by one, keeps a state after each, and wants the run to end once so many were taken.
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

#[test]
fn no_step_is_taken_twice() {
    let (taken, stop_after) = (Arc::default(), Arc::new(AtomicU32::new(9)));
    let mut ops = Registry::default();
    ops.add(Slow { taken: Arc::clone(&taken), stop_after: Arc::clone(&stop_after) });
    let (_, _, graph) =
        expand("params: {number: [1, 2, 3]}\nstages: {slow: {params: {number: $number}}}", &[], &ops)
            .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::open(folder.path()).unwrap());
    let all: Vec<usize> = (0..graph.tasks.len()).collect();
    let run = || -> Report {
        let mut plan = Plan::make(&graph, &store, &HashSet::new());
        let options = Options { threads: 1, version: "test".into(), ..Options::default() };
        run::run(&graph, &mut plan, &store, &all, &options, &mut Silent).unwrap()
    };
    let checkpoints = || fs::read_dir(folder.path().join("checkpoints")).unwrap().count();

    let cut = run();
    assert_eq!((cut.computed.len(), cut.not_started.len(), cut.failed.len()), (1, 2, 0));
    assert_eq!(checkpoints(), 1, "of the task that was cut off");
    assert!(
        garbage(&store, Keep { runs: 1, bytes: None })
            .unwrap()
            .items
            .iter()
            .all(|item| { !item.path.starts_with(folder.path().join("checkpoints")) })
    );
    stop_after.store(u32::MAX, Ordering::Relaxed);
    let rest = run();
    assert!(rest.is_complete() && rest.computed.len() == 2);
    assert_eq!(checkpoints(), 0);
    let mut steps = taken.lock().unwrap().clone();
    steps.sort();
    let once: Vec<(u32, u8)> =
        (1..=3).flat_map(|number| (0..STEPS).map(move |step| (number, step))).collect();
    assert_eq!(steps, once);
}
