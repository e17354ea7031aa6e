//! Runs on record: their order is that of their numbers, whatever the clock says, and damage hides
//! no other.

mod common;

use std::fs;

use common::Lab;
use hspipe_engine::history::{RunRecord, newest_first, numbered_newest_first};

fn lab_with_runs() -> (Lab, Vec<RunRecord>) {
    let lab = Lab::new("params: {rate: 1}\nstages: {train: {params: {rate: $rate}}}", 1);
    let mut runs = Vec::new();
    // The clock was ten years ahead during the first run, and was then set back.
    for (rate, at) in [(1, 2_000_000_000), (2, 1_700_000_000), (3, 1_600_000_000)] {
        let ran = lab.complete(&[&format!("rate={rate}")]);
        let run = RunRecord { at, ..RunRecord::of(&ran.graph, &ran.after, &[], ran.params.clone(), "test") };
        run.save(&lab.store).unwrap();
        runs.push(run);
    }
    (lab, runs)
}

#[test]
fn the_newest_run_is_the_last_one_whatever_the_clock_says() {
    let (lab, runs) = lab_with_runs();
    let found: Vec<(u64, u64)> =
        numbered_newest_first(&lab.store).map(|(number, run)| (number, run.at)).collect();
    assert_eq!(found, [(3, runs[2].at), (2, runs[1].at), (1, runs[0].at)]);
}

#[test]
fn a_damaged_run_is_passed_over_or_read_as_another() {
    let (lab, _) = lab_with_runs();
    let path = lab.store.root().join("runs/000002.json");
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        for damaged in [whole[..at].to_vec(), {
            let mut flipped = whole.clone();
            flipped[at] ^= 1 << (at % 8);
            flipped
        }] {
            fs::write(&path, damaged).unwrap();
            let found = newest_first(&lab.store).count();
            assert!((2..=3).contains(&found), "byte {at}");
        }
    }
}
