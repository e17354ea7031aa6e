//! How the engine grows with the graph: expanding, planning, running trivial tasks, planning again
//! when all is cached.
//!
//!     cargo bench -p hspipe-engine --bench scale
//!
//! Prints, for 10,000 and for 100,000 tasks, seconds, tasks per second and the most memory that was
//! taken.

#![allow(clippy::print_stdout)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::sync::Arc;
use std::time::Instant;

use common::{expand, fake_ops};
use hspipe_engine::graph::TaskId;
use hspipe_engine::plan::Plan;
use hspipe_engine::progress::Silent;
use hspipe_engine::run::{self, Options};
use hspipe_engine::spec::Spec;
use hspipe_engine::store::Store;

/// As the paper's: sets, then many retrainings for each, then what gathers them. Ten tasks for each
/// set and ratio.
fn pipeline(sets: usize) -> String {
    format!(
        "
params: {{seed: 7}}
axes:
  set: {{count: {sets}}}
  ratio: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
stages:
  load: {{}}
  search: {{axes: [set], inputs: {{images: load}}, seed_by: [set]}}
  retrain: {{axes: [set, ratio], inputs: {{images: load, scores: search}}, seed_by: [set, ratio]}}
  summary: {{axes: [ratio], inputs: {{scores: retrain}}}}
"
    )
}

fn main() {
    for sets in [1_000, 10_000] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let text = pipeline(sets);
        let (ops, _) = fake_ops(&Spec::parse(&text, "pipeline.yaml").expect("the pipeline is sound"), 8, &[]);
        let store = Arc::new(Store::open(folder.path()).expect("the store opens"));
        let start = Instant::now();
        let (_, _, graph) = expand(&text, &[], &ops).expect("the pipeline is sound");
        let tasks: Vec<TaskId> = graph.tasks.ids().collect();
        line("expand", tasks.len(), start);
        let start = Instant::now();
        let mut plan = Plan::make(&graph, &store, &Default::default());
        line("plan, nothing cached", tasks.len(), start);
        let options = Options { threads: 2, version: "bench".into(), ..Options::default() };
        let start = Instant::now();
        let report = run::run(&graph, &mut plan, &store, &tasks, &options, &mut Silent).expect("it runs");
        assert_eq!(report.computed.len(), tasks.len());
        line("run trivial tasks", tasks.len(), start);
        let start = Instant::now();
        let plan = Plan::make(&graph, &store, &Default::default());
        assert_eq!(plan.count(tasks.iter().copied()).cached, tasks.len());
        line("plan, all cached", tasks.len(), start);
    }
}

fn line(what: &str, tasks: usize, start: Instant) {
    let seconds = start.elapsed().as_secs_f64();
    let rate = tasks as f64 / seconds;
    println!("{tasks:>7} tasks  {what:<22} {seconds:>7.3} s  {rate:>9.0} tasks/s  {} MB", peak_memory());
}

/// The most memory that this process has taken, in MB; 0 where the system does not say.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).map_or(0, |kb| kb / 1000)
}
