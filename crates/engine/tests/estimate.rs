//! What is ahead is counted, and judged by what was measured before.

mod common;

use common::{ALL, Ask, Lab};
use hspipe_engine::estimate::{Estimate, expect};
use hspipe_engine::graph::TaskId;

const PIPELINE: &str = "
params: {seed: 7, runs: 4}
axes:
  set: {count: $runs}
stages:
  load: {}
  train: {axes: [set], inputs: {images: load}, seed_by: [set]}
  summary: {inputs: {scores: train}}
";

/// Of everything, as it was before the run.
fn before(lab: &Lab, sets: &[&str]) -> Estimate {
    let ran = lab.run(Ask { sets, words: &["load"], ..ALL });
    let all: Vec<TaskId> = ran.graph.tasks.ids().collect();
    expect(&ran.graph, &ran.before, &lab.store, &all).total()
}

#[test]
fn an_estimate_counts_what_is_missing_and_learns_from_what_is_there() {
    let lab = Lab::new(PIPELINE, 1);
    let first = before(&lab, &[]);
    assert_eq!(first, Estimate { networks: 4, seconds: 120.0, bytes: 4000, measured: false });
    lab.complete(&[]);
    assert_eq!(before(&lab, &[]), Estimate { measured: true, ..Estimate::default() });
    let more = before(&lab, &["runs=6"]);
    assert_eq!((more.networks, more.measured), (2, true));
    // Fake ops take next to no time, and their tables are short.
    assert!(more.seconds < 1.0 && more.bytes > 0 && more.bytes < 2000, "{more:?}");
}

#[test]
fn after_a_parameter_has_changed_the_last_run_says_how_long_tasks_take() {
    let lab = Lab::new(PIPELINE, 1);
    let ran = lab.complete(&[]);
    let unknown = before(&lab, &["seed=8"]);
    assert_eq!((unknown.networks, unknown.seconds, unknown.measured), (4, 120.0, false));
    lab.remember(&ran);
    let known = before(&lab, &["seed=8"]);
    assert_eq!((known.networks, known.measured), (4, true));
    assert!(known.seconds < 1.0, "{known:?}");
}
