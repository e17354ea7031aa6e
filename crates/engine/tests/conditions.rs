//! Inputs that only some points have, and values that `--set` has taken away.

mod common;

use common::{ALL, Ask, Lab};
use hspipe_engine::plan::State;

const PIPELINE: &str = "
params: {epochs: 10, networks: [A, B]}
axes:
  strategy: [stragglers, energy]
  network: $networks
stages:
  search: {params: {epochs: $epochs}}
  fit: {axes: [network]}
  identify:
    axes: [strategy]
    inputs:
      search: {from: search, when: {strategy: stragglers}}
      fit: {from: 'fit[network=B]', when: {strategy: energy}}
  overlap: {inputs: {hard: identify}}
  energy: {inputs: {hard: 'identify[strategy=energy]'}}
";

#[test]
fn a_point_needs_only_the_inputs_that_apply_to_it() {
    let lab = Lab::new(PIPELINE, 1);
    let ran = lab.run(Ask { words: &["identify[strategy=stragglers]"], ..ALL });
    assert_eq!(ran.computed(), ["identify[strategy=stragglers]", "search"]);
    lab.complete(&[]);
    let ran = lab.complete(&["epochs=20"]);
    assert_eq!(ran.computed(), ["identify[strategy=stragglers]", "overlap", "search"]);
}

#[test]
fn what_is_taken_away_leaves_out_its_readers_and_a_gather_reads_the_rest() {
    let ran = Lab::new(PIPELINE, 1).complete(&["networks=[A]"]);
    assert_eq!(ran.computed(), ["fit[network=A]", "identify[strategy=stragglers]", "overlap", "search"]);
    for task in ["identify[strategy=energy]", "energy"] {
        assert!(matches!(ran.after.states[ran.task(task)], State::Absent), "{task}");
    }
    let overlap = &ran.graph.tasks[ran.task("overlap")];
    assert_eq!(ran.names(overlap.inputs[0].items.iter()), ["identify[strategy=stragglers]"]);
}
