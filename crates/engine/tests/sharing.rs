//! Several runs on one cache at the same time share the work: no task is done twice.

mod common;

use std::sync::Arc;

use common::{expand, fake_ops};
use hspipe_engine::graph::TaskId;
use hspipe_engine::plan::{Plan, TaskState};
use hspipe_engine::progress::Silent;
use hspipe_engine::run::{self, Options};
use hspipe_engine::spec::Spec;
use hspipe_engine::store::Store;

const PIPELINE: &str = "
params: {seed: 7}
axes:
  set: {count: 60}
stages:
  load: {}
  train: {axes: [set], inputs: {images: load}, seed_by: [set]}
  identify: {axes: [set], inputs: {scores: train}}
  summary: {inputs: {scores: identify}}
";

#[test]
fn runs_beside_each_other_do_each_task_once() {
    let folder = tempfile::tempdir().unwrap();
    let spec = Spec::parse(PIPELINE, "pipeline.yaml").unwrap();
    let (ops, log) = fake_ops(&spec, 4, &[]);
    let run = || {
        // Each has a store of its own, as each process has.
        let store = Arc::new(Store::open(folder.path()).unwrap());
        let (_, _, graph) = expand(PIPELINE, &[], &ops).unwrap();
        let mut plan = Plan::make(&graph, &store, &Default::default());
        let tasks: Vec<TaskId> = graph.tasks.ids().collect();
        let options = Options { threads: 2, version: "test".into(), ..Options::default() };
        let report = run::run(&graph, &mut plan, &store, &tasks, &options, &mut Silent).unwrap();
        assert!(report.is_complete());
        report.computed.len()
    };
    let computed: Vec<usize> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..3).map(|_| scope.spawn(run)).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    assert_eq!(computed.iter().sum::<usize>(), 1 + 60 + 60 + 1, "{computed:?}");
    assert_eq!(log.tasks(), 1 + 60 + 60 + 1);
    assert_eq!(std::fs::read_dir(folder.path().join("locks")).unwrap().count(), 0);
}

/// A key does not have the order of axes, so that what an op makes must not either: else who comes first decides.
#[test]
fn the_order_of_axes_reaches_no_op() {
    let made = |axes: &str| {
        let pipeline = format!(
            "
params: {{seed: 7}}
axes: {{kind: [a], set: {{count: 3}}}}
stages:
  load: {{}}
  train: {{axes: {axes}, inputs: {{images: load}}, seed_by: [set]}}
  summary: {{inputs: {{scores: train}}}}
"
        );
        let folder = tempfile::tempdir().unwrap();
        let spec = Spec::parse(&pipeline, "pipeline.yaml").unwrap();
        let (ops, _) = fake_ops(&spec, 4, &[]);
        let store = Arc::new(Store::open(folder.path()).unwrap());
        let (_, _, graph) = expand(&pipeline, &[], &ops).unwrap();
        let mut plan = Plan::make(&graph, &store, &Default::default());
        let tasks: Vec<TaskId> = graph.tasks.ids().collect();
        let options = Options { threads: 1, version: "test".into(), ..Options::default() };
        assert!(run::run(&graph, &mut plan, &store, &tasks, &options, &mut Silent).unwrap().is_complete());
        let TaskState::Cached { key, outputs } = &plan.states[*tasks.last().unwrap()] else {
            panic!("it is done")
        };
        (key.hex(), outputs[0].digest.hex())
    };
    assert_eq!(made("[kind, set]"), made("[set, kind]"));
}
