//! A task that fails blocks what reads it, and nothing else.

mod common;

use std::error::Error;

use common::{ALL, Ask, Lab};

const PIPELINE: &str = "
params: {seed: 7, fail: [by error, never]}
axes:
  fail: $fail
  set: {count: 2}
stages:
  load: {}
  aside: {inputs: {images: load}}
  train: {axes: [fail, set], inputs: {images: load}, seed_by: [set]}
  identify: {axes: [fail, set], inputs: {scores: train}}
  summary: {axes: [fail], inputs: {hard: identify}}
  plot: {inputs: {summaries: summary}}
";

#[test]
fn a_failure_blocks_what_reads_it_and_the_rest_completes() {
    for threads in [1, 4] {
        let lab = Lab::new(PIPELINE, threads);
        let ran = lab.run(ALL);
        let failed = ["train[fail=by error, set=0]", "train[fail=by error, set=1]"];
        let blocked = [
            "identify[fail=by error, set=0]",
            "identify[fail=by error, set=1]",
            "plot",
            "summary[fail=by error]",
        ];
        let completed = [
            "aside",
            "identify[fail=never, set=0]",
            "identify[fail=never, set=1]",
            "load",
            "summary[fail=never]",
            "train[fail=never, set=0]",
            "train[fail=never, set=1]",
        ];
        assert_eq!(ran.failed(), failed);
        assert_eq!(ran.names(&ran.report.blocked), blocked);
        assert_eq!(ran.computed(), completed);
        assert!(ran.report.not_started.is_empty() && !ran.report.is_complete());
        assert_eq!(ran.report.failed[0].1.to_string(), "told to fail");

        let again = lab.run(ALL);
        assert_eq!(again.failed(), failed, "a failure is not remembered as a result");
        assert!(again.computed().is_empty());
        assert_eq!(lab.complete(&["fail=never"]).computed(), ["plot"], "what completed is kept");
    }
}

#[test]
fn fail_fast_leaves_the_rest_not_started() {
    let lab = Lab::new(PIPELINE, 1);
    let ran = lab.run(Ask { fail_fast: true, ..ALL });
    assert_eq!(ran.computed(), ["load"]);
    assert_eq!(ran.failed(), ["train[fail=by error, set=0]"]);
    assert_eq!(
        ran.names(&ran.report.blocked),
        ["identify[fail=by error, set=0]", "plot", "summary[fail=by error]"]
    );
    let left = [
        "aside",
        "identify[fail=by error, set=1]",
        "identify[fail=never, set=0]",
        "identify[fail=never, set=1]",
        "summary[fail=never]",
        "train[fail=by error, set=1]",
        "train[fail=never, set=0]",
        "train[fail=never, set=1]",
    ];
    assert_eq!(ran.names(&ran.report.not_started), left);
}

#[test]
fn an_op_that_panics_fails_as_any_other() {
    let lab = Lab::new(PIPELINE, 1);
    let ran = lab.run(Ask { sets: &["fail=[by panic, never]"], ..ALL });
    assert_eq!(ran.failed(), ["train[fail=by panic, set=0]", "train[fail=by panic, set=1]"]);
    let error = &ran.report.failed[0].1;
    assert_eq!(error.to_string(), "a defect in op `train`: told to panic");
    assert!(error.source().is_none());
    assert_eq!(ran.report.computed.len(), 7);
}

/// Two stages that are one work which fails: one of them fails, what reads either is blocked.
#[test]
fn a_failure_blocks_the_readers_of_the_same_work() {
    const TWINS: &str = "
stages:
  train: {params: {fail: by error}}
  twin: {op: train, params: {fail: by error}}
  identify: {inputs: {scores: twin}}
";
    let ran = Lab::new(TWINS, 1).run(ALL);
    assert_eq!(ran.failed(), ["train"]);
    assert_eq!(ran.names(&ran.report.blocked), ["identify", "twin"]);
}
