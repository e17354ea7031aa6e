//! Mistakes in a pipeline: each named with its place and a hint of what to do.

mod common;

use common::{expand, fake_ops};
use hspipe_engine::SpecError;
use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, ParamError, Registry, Task};
use hspipe_engine::spec::Spec;
use serde::{Deserialize, Serialize};

/// A pipeline without mistakes; each test makes one.
const RIGHT: &str = "
params:
  seed: 1
  datasets: [MNIST, KMNIST]
  runs: 2
  epochs: 500
  easy: [0, 0.5]
profiles:
  quick: {runs: 1}
axes:
  dataset: $datasets
  strategy: [stragglers, energy]
  set: {count: $runs}
  reduce: [easy, hard]
  remaining: {by: reduce, easy: $easy, hard: [1]}
stages:
  load:
    axes: [dataset]
  train:
    axes: [dataset, set]
    inputs: {images: load.images}
    params: {epochs: $epochs}
    seed_by: [dataset, set]
  identify:
    axes: [dataset, strategy, set]
    exclude: {strategy: energy, set: 1}
    inputs:
      labels: load.labels
      scores: {from: train.scores, when: {strategy: stragglers}}
  split:
    axes: [dataset, reduce, remaining]
    inputs: {hard: 'identify[strategy=energy].hard'}
  overlap:
    axes: [dataset]
    inputs: {labels: load.labels, hard: identify.hard}
targets:
  figure: [overlap]
  paper: [figure, split]
results:
  hard: identify.hard
";

/// The error of `text`, with ops that fit the pipeline without mistakes.
fn error_of(text: &str, sets: &[&str]) -> SpecError {
    let ones = [("train", "images"), ("overlap", "labels"), ("identify", "labels")];
    let (ops, _) = fake_ops(&Spec::parse(RIGHT, "pipeline.yaml").unwrap(), 1, &ones);
    expand(text, sets, &ops).err().expect("the mistake is noticed")
}

/// With `right` replaced by `wrong` the error says `what` at the place that `^` marks, and gives
/// `hint`.
#[track_caller]
fn refused(right: &str, wrong: &str, what: &str, hint: &str) {
    assert_eq!(RIGHT.matches(right).count(), 1, "`{right}` stands once");
    let marked = RIGHT.replace(right, wrong);
    let before = &marked[..marked.find('^').unwrap()];
    let line = 1 + before.matches('\n').count();
    let column = before.len() - before.rfind('\n').unwrap();
    let error = error_of(&marked.replace('^', ""), &[]);
    assert_eq!(error.to_string(), format!("pipeline.yaml:{line}:{column}: {what}"));
    assert_eq!(error.hint.as_deref(), Some(hint));
}

#[test]
fn unknown_names() {
    refused(
        "  overlap:\n",
        "  overlap:\n    op: ^overlp\n",
        "there is no op `overlp`",
        "did you mean `overlap`?",
    );
    refused("load.images", "^laod.images", "there is no stage `laod`", "did you mean `load`?");
    refused(
        "[overlap]",
        "[^overlaps]",
        "there is no target and no stage `overlaps`",
        "did you mean `overlap`?",
    );
    refused(
        "identify.hard\n",
        "^identity.hard\n",
        "there is no stage `identity`",
        "did you mean `identify`?",
    );
    refused("load.labels,", "^load.label,", "stage `load` has no table `label`", "did you mean `labels`?");
    refused("images: load", "^image: load", "op `train` has no input `image`", "did you mean `images`?");
    refused("easy: $easy", "easy: ^$eesy", "there is no parameter `eesy`", "did you mean `easy`?");
    refused("{epochs:", "{^epoch:", "op `train` has no parameter `epoch`", "did you mean `epochs`?");
    refused("{runs: 1}", "{^run: 1}", "there is no parameter `run`", "did you mean `runs`?");
}

#[test]
fn unknown_axes() {
    refused(
        "[dataset, reduce, remaining]",
        "[dataset, reduce, ^remainder]",
        "the axis `remainder` of stage `split` has no values",
        "did you mean `remaining`?",
    );
    refused(
        "{strategy: energy,",
        "{^stratgy: energy,",
        "this stage has no axis `stratgy`",
        "did you mean `strategy`?",
    );
    refused(
        "when: {strategy:",
        "when: {^stratgy:",
        "this stage has no axis `stratgy`",
        "did you mean `strategy`?",
    );
    refused(
        "seed_by: [dataset",
        "seed_by: [^data",
        "stage `train` has no axis `data`",
        "did you mean `dataset`?",
    );
    refused(
        "'identify[strategy=energy]",
        "^'identify[stratgy=energy]",
        "stage `identify` has no axis `stratgy`",
        "did you mean `strategy`?",
    );
}

#[test]
fn inputs_that_do_not_fit() {
    refused(
        "  overlap:\n    axes: [dataset]\n    inputs: {labels: load.labels, hard",
        "  ^overlap:\n    axes: [dataset]\n    inputs: {hard",
        "stage `overlap` lacks the input `labels` of op `overlap`",
        "add under inputs: labels: STAGE.TABLE",
    );
    refused(
        "  overlap:\n    axes: [dataset]\n    inputs: {labels: ",
        "  overlap:\n    inputs: {labels: ^",
        "`load.labels` is one table for each dataset, but the input `labels` of op `overlap` takes one table",
        "add the axis `dataset` to this stage, or fix it: load[dataset=...]",
    );
    refused(
        "images: load.images",
        "images: ^load",
        "stage `load` has several tables",
        "write load.TABLE with one of: images, labels",
    );
}

#[test]
fn stages_and_targets_that_cannot_be() {
    refused(
        "  split:\n",
        "  ^load:\n",
        "not valid YAML: duplicated key in mapping",
        "a name can stand only once here: rename or remove one of the two",
    );
    refused(
        "  train:\n    axes: [dataset, set]\n    inputs: {images: load.images}",
        "  ^train:\n    axes: [dataset, set]\n    inputs: {images: split}",
        "stages read each other in a circle: train -> split -> identify -> train",
        "take one of these inputs away, or let it read an earlier stage",
    );
    refused(
        "figure: [overlap]",
        "^load: [overlap]",
        "`load` is already the name of a stage",
        "every stage is a target of its own name: rename one of them",
    );
    refused(
        "  figure: [overlap]",
        "  all: [figure]\n  ^figure: [paper]",
        "the target `figure` contains itself",
        "break the circle figure -> paper -> figure",
    );
}

#[test]
fn axes_without_good_values() {
    let count = "the axis `set` needs a count from 0 to 10000000, not";
    refused("runs: 2", "runs: ^many", &format!("{count} many"), "write a whole number, such as 5");
    refused("$datasets", "^[MNIST, MNIST]", "the axis `dataset` has MNIST twice", "list each value once");
    refused(
        "{by: reduce, easy: $easy, hard: [1]}",
        "{by: ^reduce, easy: $easy}",
        "the axis `remaining` has no case for reduce=hard",
        "add a case to the axis: hard: [...]",
    );
    let error = error_of(RIGHT, &["datasets=[MNIST]", "runs=-1"]);
    assert_eq!(error.to_string(), format!("--set runs=-1: {count} -1"));
}

#[test]
fn conditions_that_say_nothing() {
    let hint = "write AXIS: VALUE, or leave the condition out";
    let what = "an empty condition holds at every point";
    let exclude = "exclude: {strategy: energy, set: 1}";
    refused(exclude, "exclude: ^{}", what, hint);
    refused(exclude, "exclude: [{strategy: energy}, ^{}]", what, hint);
    refused("when: {strategy: stragglers}", "when: ^{}", what, hint);
    let empty = error_of(&RIGHT.replace(exclude, "exclude:"), &[]);
    assert!(empty.to_string().ends_with(what), "{empty}");
    for value in ["", "[]", "null", "[energy, null]"] {
        let wrong = format!("exclude: {{^strategy: {value}}}");
        refused(
            exclude,
            &wrong,
            "the condition on `strategy` has no value",
            "write strategy: VALUE, or a list of values",
        );
    }
}

#[test]
fn values_that_no_axis_ever_has() {
    let never = |what: &str| format!("stage `identify` never has {what}");
    let energy = "did you mean `energy`?";
    refused("{strategy: energy,", "{strategy: ^enrgy,", &never("strategy=enrgy"), energy);
    refused("{strategy: energy,", "{strategy: [stragglers, ^enrgy],", &never("strategy=enrgy"), energy);
    refused("set: 1}", "set: ^\"1\"}", &never("set=1"), "a text is another value: write 1 without quotes");
    refused("set: 1}", "set: ^0.5}", &never("set=0.5"), "the axis counts: write a whole number from 0");
    refused(
        "when: {strategy: stragglers}",
        "when: {strategy: ^straglers}",
        &never("strategy=straglers"),
        "did you mean `stragglers`?",
    );
    refused("'identify[strategy=energy]", "^'identify[strategy=enrgy]", &never("strategy=enrgy"), energy);
    refused(
        "hard: identify.hard\n",
        "hard: ^identify[strategy=enrgy].hard\n",
        &never("strategy=enrgy"),
        energy,
    );
    refused(
        "figure: [overlap]",
        "figure: [^'overlap[dataset=MNST]']",
        "stage `overlap` never has dataset=MNST",
        "did you mean `MNIST`?",
    );
    refused(
        "hard: [1]}",
        "hard: [1], ^haard: [1]}",
        "stage `split` never has reduce=haard",
        "did you mean `hard`?",
    );
}

#[test]
fn what_is_taken_away_or_to_come_is_no_slip() {
    let (ops, _) = fake_ops(&Spec::parse(RIGHT, "pipeline.yaml").unwrap(), 1, &[]);
    // A set beyond those of now, a dataset of the file that --set has taken away.
    let text = RIGHT.replace("set: 1}", "set: 7}").replace("[overlap]", "['overlap[dataset=KMNIST]']");
    let (spec, _, graph) = expand(&text, &["datasets=[MNIST]"], &ops).unwrap();
    assert!(graph.select(&spec, &["figure".to_string()]).unwrap().is_empty());
    let of_the_line = graph.select(&spec, &["identify[set=\"1\"]".to_string()]).unwrap_err();
    assert!(of_the_line.to_string().contains("stage `identify` has no set=1"), "{of_the_line}");
}

/// An op whose parameters have types, as all real ones.
struct Train;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TrainParams {
    epochs: u32,
    rate: f64,
}

impl Op for Train {
    type Params = TrainParams;
    const NAME: &'static str = "train";
    const VERSION: u32 = 1;
    const INPUTS: &'static [InputDecl] = &[];
    const OUTPUTS: &'static [&'static str] = &["out"];

    fn canonical(&self, params: TrainParams) -> Result<TrainParams, ParamError> {
        if params.rate > 0.0 { Ok(params) } else { Err(ParamError::new("rate", "must be above 0")) }
    }

    fn run(&self, _: &Task<TrainParams>) -> Result<Outputs, OpError> {
        Err(OpError::new("never run"))
    }
}

#[track_caller]
fn ill_typed(text: &str, sets: &[&str], what: &str, hint: Option<&str>) {
    let mut ops = Registry::default();
    ops.add(Train);
    let error = expand(text, sets, &ops).err().expect("the mistake is noticed");
    assert_eq!(error.to_string(), what);
    assert_eq!(error.hint.as_deref(), hint);
}

#[test]
fn a_value_that_the_op_refuses_is_blamed_on_who_wrote_it() {
    const TEXT: &str = "params: {epochs: 500, rate: 0.1}\nstages:\n  train: {}\n";
    let list = TEXT.replace("500", "[100, x]");
    let own = TEXT.replace("{}", "{params: {epochs: 1.5}}");
    let own_list = TEXT.replace("{}", "{params: {epochs: [1, 2]}}");
    let axis = TEXT.replace("{}", "{axes: {epochs: $epochs}}");
    let no_rate = TEXT.replace(", rate: 0.1", "");
    let hint = Some("to run it for several values, make `epochs` an axis of stage `train`");
    let refused = "parameter `epochs` of op `train`: invalid type:";
    let whole = "a whole number from 0 to 4294967295";
    let text = format!("{refused} string \"x\", expected {whole}");

    ill_typed(&list, &[], &format!("pipeline.yaml:1:18: {text} (epochs=x)"), None);
    ill_typed(TEXT, &["epochs=[1, x]"], &format!("--set epochs=[1, x]: {text} (epochs=x)"), None);
    ill_typed(TEXT, &["epochs=x"], &format!("--set epochs=x: {text}"), None);
    let grouped = format!("--set epochs=1_000: {}", text.replace("\"x\"", "\"1_000\""));
    ill_typed(TEXT, &["epochs=1_000"], &grouped, Some("YAML reads `1_000` as a text: write 1000"));
    ill_typed(&axis, &["epochs=[1, x]"], &format!("--set epochs=[1, x]: {text}"), None);
    ill_typed(
        &own,
        &[],
        &format!("pipeline.yaml:3:28: {refused} floating point `1.5`, expected {whole}"),
        None,
    );
    ill_typed(&own_list, &[], &format!("pipeline.yaml:3:28: {refused} sequence, expected {whole}"), hint);
    let rate = "parameter `rate` of op `train`: must be above 0";
    ill_typed(TEXT, &["rate=0"], &format!("--set rate=0: {rate}"), None);
    ill_typed(TEXT, &["rate=[0.1, 0]"], &format!("--set rate=[0.1, 0]: {rate} (rate=0)"), None);
    ill_typed(&no_rate, &[], "pipeline.yaml:3:3: op `train`: missing field `rate`", None);
}

#[test]
fn sweeps_that_cannot_be() {
    const TEXT: &str = "params: {epochs: 500, rate: 0.1}\nstages:\n  train: {}\n";
    let hint = "write one value, or a list of values to compute each of them";
    ill_typed(TEXT, &["epochs=[]"], "--set epochs=[]: `epochs` has no value", Some(hint));
    let twice = "--set rate=[0.1, 1, 1.0]: `rate` has 1 twice";
    ill_typed(TEXT, &["rate=[0.1, 1, 1.0]"], twice, Some("list each value once"));
    let axis = TEXT.replace("500", "[1, 2]");
    let axis = axis.replace("{}", "{axes: {epochs: [1, 2]}, params: {epochs: $epochs}}");
    let what = "pipeline.yaml:3:18: the parameter `epochs` is swept, but this stage has an axis of that name";
    ill_typed(&axis, &[], what, Some("give the axis another name, or `epochs` one value"));
}
