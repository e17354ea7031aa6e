//! The reason given for a task's state: what changed, from what to what, or what it waits for.

mod common;

use std::fs;

use common::{ALL, Ask, Lab, Ran};
use hspipe_engine::graph::TaskId;
use hspipe_engine::key::Change;
use hspipe_engine::plan::TaskState;
use hspipe_engine::why::{Reason, Why};
use serde_json::json;

const PIPELINE: &str = "
params: {seed: 7, runs: 2, epochs: 500, level: dataset, networks: [A, B]}
axes:
  network: $networks
  set: {count: $runs}
stages:
  load: {}
  train: {axes: [set], inputs: {images: load}, params: {epochs: $epochs}, seed_by: [set]}
  identify: {axes: [set], inputs: {scores: train}, params: {level: $level}}
  summary: {inputs: {hard: identify}}
  variant: {axes: [network], inputs: {images: load}}
  chosen: {inputs: {variant: 'variant[network=B]'}}
";

/// A cache in which everything has run once, remembered.
fn lab() -> Lab {
    let lab = Lab::new(PIPELINE, 1);
    lab.remember(&lab.complete(&[]));
    lab
}

/// The pipeline under `sets`, planned but not run (but for `load`, which is cached).
fn planned(lab: &Lab, sets: &[&str]) -> Ran {
    lab.run(Ask { sets, words: &["load"], ..ALL })
}

fn reason(lab: &Lab, ran: &Ran, task: &str) -> Reason {
    Why::new(&ran.graph, &ran.before, &lab.store).reason(ran.task(task))
}

fn changes(reason: Reason) -> Vec<String> {
    match reason {
        Reason::Changed(changes) => changes.iter().map(Change::to_string).collect(),
        other => panic!("{other:?}"),
    }
}

fn upstream(reason: Reason) -> (TaskId, Reason) {
    match reason {
        Reason::Upstream { task, reason } => (task, *reason),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_changed_parameter_shows_old_and_new() {
    let lab = lab();
    let ran = planned(&lab, &["epochs=100", "seed=8"]);
    let Reason::Changed(found) = reason(&lab, &ran, "train[set=0]") else { panic!("it has changed") };
    let param = |name: &str, old, new| Change::Param { name: name.to_string(), old, new };
    let expected = [param("epochs", json!(500), json!(100)), param("seed.root", json!(7), json!(8))];
    assert_eq!(found, expected);
}

#[test]
fn old_is_the_value_of_the_last_run_that_had_the_task() {
    let lab = lab();
    lab.remember(&lab.complete(&["epochs=100", "runs=1"]));
    let ran = planned(&lab, &["epochs=300"]);
    assert_eq!(changes(reason(&lab, &ran, "train[set=0]")), ["epochs 100 -> 300"]);
    assert_eq!(changes(reason(&lab, &ran, "train[set=1]")), ["epochs 500 -> 300"]);
}

#[test]
fn what_no_run_had_was_never_computed() {
    let lab = lab();
    let ran = planned(&lab, &["runs=3"]);
    assert!(matches!(reason(&lab, &ran, "train[set=2]"), Reason::Never));
    match reason(&lab, &ran, "train[set=1]") {
        Reason::Cached(record) => {
            assert!(
                matches!(ran.before.states[ran.task("train[set=1]")], TaskState::Cached { key, .. } if key == record.key)
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_waits_names_the_first_cause_not_the_next() {
    let lab = lab();
    let ran = planned(&lab, &["epochs=100", "level=class"]);
    let (task, cause) = upstream(reason(&lab, &ran, "summary"));
    assert_eq!(ran.graph.name(task), "train[set=0]");
    assert_eq!(changes(cause), ["epochs 500 -> 100"]);
}

#[test]
fn a_changed_input_is_named() {
    let lab = lab();
    lab.run(Ask { sets: &["epochs=100"], words: &["train"], ..ALL });
    let ran = planned(&lab, &["epochs=100"]);
    assert_eq!(changes(reason(&lab, &ran, "identify[set=0]")), ["input scores changed"]);
    lab.run(Ask { sets: &["runs=3"], words: &["identify"], ..ALL });
    let ran = planned(&lab, &["runs=3"]);
    assert_eq!(changes(reason(&lab, &ran, "summary")), ["input hard: 2 -> 3 tables"]);
}

#[test]
fn a_missing_file_and_a_value_taken_away_are_told() {
    let lab = lab();
    let before = planned(&lab, &[]);
    fs::remove_file(before.object(&lab, "train[set=0]")).unwrap();
    let ran = planned(&lab, &["networks=[A]"]);
    assert!(matches!(reason(&lab, &ran, "train[set=0]"), Reason::Missing { .. }));
    match reason(&lab, &ran, "chosen") {
        Reason::Absent(why) => assert_eq!(why.to_string(), "variant has no network=B now, only A"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_value_that_is_new_in_a_sweep_is_compared_with_the_last_runs_first() {
    let lab = lab();
    let sweep = ["epochs=[500, 600]"];
    assert_eq!(
        changes(reason(&lab, &planned(&lab, &sweep), "train[epochs=600, set=0]")),
        ["epochs 500 -> 600"]
    );
    let ran = lab.complete(&["epochs=[600, 700]"]);
    lab.remember(&ran);
    assert_eq!(changes(reason(&lab, &planned(&lab, &["epochs=800"]), "train[set=0]")), ["epochs 600 -> 800"]);
}
