//! Threads and batches change who computes a task, never a byte of it.

mod common;

use std::path::PathBuf;

use common::{ALL, Ask, Lab, Work};

const PIPELINE: &str = "
params: {seed: 7}
axes:
  noise_ratio: [0.1, 0.2]
  set: {count: 9}
stages:
  load: {}
  train: {axes: [noise_ratio, set], inputs: {images: load}, seed_by: [set]}
  summary: {axes: [noise_ratio], inputs: {scores: train}}
";
const TASKS: usize = 1 + 18 + 2;

fn run(threads: usize, batch: usize) -> (Vec<PathBuf>, Vec<Vec<Work>>) {
    let lab = Lab::new(PIPELINE, threads);
    let ran = lab.run(Ask { batch, ..ALL });
    assert_eq!(ran.report.computed.len(), TASKS);
    (lab.objects(), ran.log.batches())
}

/// The sizes of the batches in which the trainings with `noise_ratio` ran, largest first.
fn sizes(batches: &[Vec<Work>], noise_ratio: &str) -> Vec<usize> {
    let params = format!("{{\"noise_ratio\":{noise_ratio}}}");
    let trainings = batches.iter().filter(|batch| batch[0].op == "train" && batch[0].params == params);
    let mut sizes: Vec<usize> = trainings.map(Vec::len).collect();
    sizes.sort_by(|a, b| b.cmp(a));
    sizes
}

fn assert_tasks_differ_only_in_their_seeds(batch: &[Work]) {
    for (place, work) in batch.iter().enumerate() {
        assert_eq!(Work { seed: batch[0].seed, ..work.clone() }, batch[0]);
        assert!(!batch[..place].contains(work), "one task stands twice in a batch");
    }
}

#[test]
fn objects_are_the_same_on_any_threads_and_in_any_batches() {
    let (objects, _) = run(1, 1);
    assert_eq!(objects.len(), TASKS, "every task's result is another");
    // The last one has threads for six batches of four threads each.
    let cases = [(4, 1, vec![1; 9]), (1, 3, vec![3; 3]), (4, 8, vec![8, 1]), (24, 8, vec![3; 3])];
    for (threads, most, expected) in cases {
        let (same, batches) = run(threads, most);
        assert_eq!(same, objects, "{threads} threads, batches of {most}");
        for batch in &batches {
            assert_tasks_differ_only_in_their_seeds(batch);
        }
        assert_eq!(sizes(&batches, "0.1"), expected);
        assert_eq!(sizes(&batches, "0.2"), expected);
    }
}
