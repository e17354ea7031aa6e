//! Inputs that only some points have, and values that `--set` has taken away.

mod common;

use common::{ALL, Ask, Lab, expand, fake_ops};
use hspipe_engine::graph::{Id, TaskId};
use hspipe_engine::plan::TaskState;
use hspipe_engine::spec::Spec;

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
fn a_condition_may_name_a_parameter_and_a_case_keeps_its_type() {
    const TEXT: &str = "
params: {left_out: [a, b], kinds: [1, 2]}
axes:
  letter: [a, b, c]
  kind: $kinds
  ragged: {by: kind, 1: [x], 2: [y, z]}
stages:
  letters: {axes: [letter], exclude: {letter: $left_out}}
  kinds: {axes: [kind, ragged]}
";
    assert_eq!(Lab::new(TEXT, 1).complete(&[]).names(&[TaskId::at(0)]), ["letters[letter=c]"]);
    assert_eq!(Lab::new(TEXT, 1).complete(&["left_out=[]"]).graph.stage("letters").unwrap().tasks.len(), 3);
    let texts = TEXT.replace("[1, 2]", "['1', '2']").replace(" 1: [x], 2:", " '1': [x], '2':");
    let tasks = |text: &str| Lab::new(text, 1).complete(&[]).graph.stage("kinds").unwrap().tasks.len();
    assert_eq!((tasks(TEXT), tasks(&texts)), (3, 3));
    // Written in two ways, one number.
    let twice = TEXT.replace("2: [y, z]", "2: [y, z], 1.0: [w]");
    let (ops, _) = fake_ops(&Spec::parse(TEXT, "pipeline.yaml").unwrap(), 1, &[]);
    let error = expand(&twice, &[], &ops).err().unwrap();
    assert_eq!(error.what, "the axis `ragged` has the case 1 twice");
}

#[test]
fn what_is_taken_away_leaves_out_its_readers_and_a_gather_reads_the_rest() {
    let ran = Lab::new(PIPELINE, 1).complete(&["networks=[A]"]);
    assert_eq!(ran.computed(), ["fit[network=A]", "identify[strategy=stragglers]", "overlap", "search"]);
    for task in ["identify[strategy=energy]", "energy"] {
        assert!(matches!(ran.after.states[ran.task(task)], TaskState::Absent), "{task}");
    }
    let overlap = &ran.graph.tasks[ran.task("overlap")];
    assert_eq!(ran.names(overlap.inputs[0].items.iter()), ["identify[strategy=stragglers]"]);
}

#[test]
fn an_op_says_which_optional_inputs_it_reads() {
    const TEXT: &str = "
axes: {unread: [search, fit], needed: [fit, nothing]}
stages:
  search: {}
  fit: {}
  identify:
    axes: [unread]
    inputs:
      search: {from: search, when: {unread: [search, fit]}}
      fit: {from: fit, when: {unread: [search, fit]}}
";
    let of = |text: &str| {
        let (ops, _) = fake_ops(&Spec::parse(text, "pipeline.yaml").unwrap(), 1, &[]);
        expand(text, &[], &ops)
    };
    let (_, _, graph) = of(TEXT).unwrap();
    let inputs = graph.stage("identify").unwrap().tasks.clone().map(|task| {
        let inputs = graph.tasks[task].inputs.iter();
        inputs.map(|input| input.name.to_string()).collect::<Vec<String>>()
    });
    assert_eq!(inputs.collect::<Vec<_>>(), [["fit"], ["search"]]);
    let mistakes = |when: &str| {
        let stage = format!(
            "  mistakes: {{axes: [needed], inputs: {{fit: {{from: fit, when: {{needed: {when}}}}}}}}}\n"
        );
        of(&(TEXT.to_string() + &stage)).map(|_| ()).map_err(|error| error.what)
    };
    assert_eq!(mistakes("fit"), Ok(()));
    let lacks =
        "stage `mistakes` lacks the input `fit` of op `mistakes` at points where its `when` does not hold";
    assert_eq!(mistakes("nothing"), Err(lacks.to_string()));
}
