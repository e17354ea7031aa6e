//! Parameters with several values: random small pipelines and sweeps against the runs of each value
//! alone.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use common::{ALL, Ask, Lab, graph};
use hspipe_engine::estimate::expect;
use hspipe_engine::graph::{ById, Graph, Id, TaskId};
use hspipe_engine::key::{Digest, TaskKey};
use hspipe_engine::plan;
use hspipe_engine::store::Output;
use hspipe_engine::value::{Value, show};
use proptest::prelude::*;

/// `n` counts the axis `set`, `seed` is the root of draws, `layers` is a list itself.
const PARAMS: [&str; 5] = ["x", "y", "n", "seed", "layers"];
const VALUES: [[&str; 3]; 5] =
    [["1", "2", "3"], ["a", "b", "c"], ["0", "1", "3"], ["7", "8", "9"], ["[1]", "[1, 2]", "[]"]];

#[derive(Clone, Debug)]
struct StageModel {
    strategy: bool,
    set: bool,
    draws: bool,
    /// Places in [`PARAMS`] of those that its op declares.
    params: Vec<usize>,
    /// Each reads a stage, perhaps with `set` fixed to some values.
    inputs: Vec<(usize, Option<Vec<usize>>)>,
}

fn stage(earlier: usize) -> impl Strategy<Value = StageModel> {
    let params = prop::sample::subsequence(vec![0, 1, 4], 0..=1);
    let fix = prop::option::weighted(0.3, prop::sample::subsequence(vec![0, 1, 2], 1..=2));
    let inputs = prop::collection::vec((0..earlier.max(1), fix), 0..=earlier.min(2));
    (any::<bool>(), any::<bool>(), any::<bool>(), params, inputs).prop_map(
        |(strategy, set, draws, params, inputs)| StageModel { strategy, set, draws, params, inputs },
    )
}

fn models() -> impl Strategy<Value = Vec<StageModel>> {
    (2..=5usize).prop_flat_map(|count| (0..count).map(stage).collect::<Vec<_>>()).prop_map(|mut stages| {
        let sets: Vec<bool> = stages.iter().map(|stage| stage.set).collect();
        for (upstream, fix) in stages.iter_mut().flat_map(|stage| &mut stage.inputs) {
            *fix = fix.take().filter(|_| sets[*upstream]);
        }
        stages
    })
}

fn text(stages: &[StageModel]) -> String {
    let mut text = "params: {x: 1, y: a, n: 1, seed: 7, layers: [1]}\n".to_string();
    text += "axes: {strategy: [s, t], set: {count: $n}}\nstages:\n";
    for (place, stage) in stages.iter().enumerate() {
        let axes = [("strategy", stage.strategy), ("set", stage.set)];
        let axes: Vec<&str> = axes.into_iter().filter_map(|(axis, has)| has.then_some(axis)).collect();
        writeln!(text, "  s{place}:\n    axes: [{}]", axes.join(", ")).unwrap();
        let params: Vec<String> =
            stage.params.iter().map(|param| format!("{0}: ${0}", PARAMS[*param])).collect();
        writeln!(text, "    params: {{{}}}", params.join(", ")).unwrap();
        if stage.draws {
            writeln!(text, "    seed_by: [{}]", axes.join(", ")).unwrap();
        }
        text += "    inputs:\n";
        for (input, (upstream, fix)) in stage.inputs.iter().enumerate() {
            let fix = fix.as_ref().map(|values| format!("[set={values:?}]")).unwrap_or_default();
            writeln!(text, "      input{input}: 's{upstream}{fix}'").unwrap();
        }
    }
    text
}

/// The parameters that matter to each stage.
fn depends(stages: &[StageModel]) -> Vec<BTreeSet<&'static str>> {
    let mut all: Vec<BTreeSet<&str>> = Vec::new();
    for stage in stages {
        let mut own: BTreeSet<&str> = stage.params.iter().map(|param| PARAMS[*param]).collect();
        own.extend(stage.set.then_some("n"));
        own.extend(stage.draws.then_some("seed"));
        own.extend(stage.inputs.iter().flat_map(|(upstream, _)| all[*upstream].clone()));
        all.push(own);
    }
    all
}

/// A task by stage and coordinates, with its key; none if it is absent.
type Tasks = BTreeSet<(String, BTreeMap<String, String>, Option<TaskKey>)>;

/// All tasks, as if each had made a file that only its key determines.
fn tasks(graph: &Graph, also: impl Fn(&str) -> BTreeMap<String, String>) -> Tasks {
    let (mut tasks, mut outputs) = (Tasks::new(), ById::<TaskId, Vec<Output>>::default());
    for task in graph.tasks.ids() {
        let present = graph.tasks[task].absent.is_none();
        let manifest = plan::manifest(graph, task, |item| plan::Made::Tables(&outputs[item]));
        let key = present.then(|| manifest.unwrap().key());
        let digest = key.map(|key| Digest::of(key.hex().as_bytes()));
        outputs.push(
            digest.map(|digest| Output { table: "out".into(), digest, bytes: 0 }).into_iter().collect(),
        );
        let stage = &graph.stage_of(task).name;
        let mut coords = also(stage);
        coords.extend(graph.coords(task).map(|(axis, value)| (axis.to_string(), show(value))));
        tasks.insert((stage.clone(), coords, key));
    }
    tasks
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_sweep_is_the_union_of_its_single_runs(
        stages in models(),
        chosen in prop::collection::btree_map(
            0..PARAMS.len(), prop::sample::subsequence(vec![0, 1, 2], 1..=3).prop_shuffle(), 0..=3),
    ) {
        let text = text(&stages);
        let depends = depends(&stages);
        let sets: Vec<String> = chosen.iter().map(|(param, values)| {
            let values: Vec<&str> = values.iter().map(|value| VALUES[*param][*value]).collect();
            format!("{}=[{}]", PARAMS[*param], values.join(", "))
        }).collect();
        let (_, swept) = graph(&text, &sets.iter().map(String::as_str).collect::<Vec<_>>());
        for (stage, depends) in swept.stages.iter().zip(&depends) {
            let wanted = chosen.keys().map(|param| PARAMS[*param]).filter(|param| depends.contains(param));
            prop_assert_eq!(stage.swept().iter().map(String::as_str).collect::<BTreeSet<_>>(), wanted.collect());
        }

        let mut singles = Tasks::new();
        let mut combinations: Vec<Vec<(usize, usize)>> = vec![Vec::new()];
        for (param, values) in &chosen {
            let longer = |point: Vec<(usize, usize)>| {
                values.iter().map(move |value| [point.clone(), vec![(*param, *value)]].concat())
            };
            combinations = combinations.into_iter().flat_map(longer).collect();
        }
        for combination in combinations {
            let words = combination.iter().map(|(param, value)| (PARAMS[*param], VALUES[*param][*value]));
            let sets: Vec<String> = words.clone().map(|(param, value)| format!("{param}={value}")).collect();
            let (_, single) = graph(&text, &sets.iter().map(String::as_str).collect::<Vec<_>>());
            singles.extend(tasks(&single, |stage| {
                let depends = &depends[stage[1..].parse::<usize>().unwrap()];
                let words = words.clone().filter(|(param, _)| depends.contains(param));
                words.map(|(param, value)| (param.to_string(), value.to_string())).collect()
            }));
        }
        prop_assert_eq!(tasks(&swept, |_| BTreeMap::new()), singles);
    }
}

const PIPELINE: &str = "
params: {seed: 7, runs: 2, rate: 0.1, layers: [20, 20], snapshot: last}
axes: {set: {count: $runs}}
stages:
  load: {}
  train: {axes: [set], inputs: {images: load}, params: {rate: $rate, layers: $layers}, seed_by: [set]}
  identify: {axes: [set], inputs: {scores: train}, params: {snapshot: $snapshot}}
  counts: {inputs: {hard: identify}}
  figure: {inputs: {counts: counts}}
targets: {paper: [figure]}
";

#[test]
fn a_new_value_computes_what_it_changes_and_nothing_twice() {
    let lab = Lab::new(PIPELINE, 2);
    lab.complete(&[]);
    let ran = lab.complete(&["rate=[0.1, 0.2]"]);
    assert_eq!(ran.computed().len(), 2 + 2 + 1 + 1, "two sets of 0.2, {:?}", ran.computed());
    assert!(ran.computed().iter().all(|name| name.contains("rate=0.2")), "{:?}", ran.computed());
    assert_eq!(lab.complete(&["rate=[0.2, 0.1]"]).computed(), [""; 0]);
    let ran = lab.complete(&["snapshot=[last, inversion]", "rate=0.2"]);
    assert_eq!(ran.computed().iter().filter(|name| name.starts_with("train")).count(), 0);
    assert_eq!(ran.graph.stage("train").unwrap().swept(), [""; 0], "it does not read the snapshot");
    // The sets of runs=2 are among those of runs=3.
    let ran = lab.complete(&["runs=[2, 3]"]);
    let trained: Vec<String> = ran.computed().into_iter().filter(|name| name.starts_with("train")).collect();
    assert_eq!(trained, ["train[runs=3, set=2]"]);
}

#[test]
fn shared_work_is_estimated_once() {
    let lab = Lab::new(PIPELINE, 1);
    let networks = |sets: &[&str]| {
        let ran = lab.run(Ask { sets, words: &["load"], ..ALL });
        let all: Vec<TaskId> = ran.graph.tasks.ids().collect();
        // Nothing is known of what load makes, as in a first run.
        let empty = plan::Plan::make(&ran.graph, &Lab::new(PIPELINE, 1).store, &Default::default());
        assert!(matches!(empty.states[TaskId::at(1)], plan::TaskState::Depends));
        expect(&ran.graph, &empty, &lab.store, &all).total().networks
    };
    assert_eq!(networks(&["runs=[2, 3, 5]"]), 5);
    assert_eq!(networks(&["runs=[2, 3]", "rate=[0.1, 0.2]"]), 6);
}

#[test]
fn swept_parameters_can_be_fixed() {
    let text = PIPELINE.replace("targets:", "  first: {inputs: {scores: 'train[rate=0.1]'}}\ntargets:");
    let (spec, graph) = graph(&text, &["rate=[0.1, 0.2]", "layers=[[20, 20], [50, 50]]"]);
    let select = |word: &str| {
        let tasks = graph.select(&spec, &[word.to_string()]).map_err(|error| error.to_string())?;
        Ok::<_, String>(tasks.into_iter().map(|task| graph.name(task)).collect::<Vec<_>>())
    };
    assert_eq!(graph.stage("figure").unwrap().axes, ["layers", "rate"]);
    assert_eq!(
        select("figure[rate=0.2]").unwrap(),
        ["figure[layers=[20, 20], rate=0.2]", "figure[layers=[50, 50], rate=0.2]"]
    );
    assert_eq!(select("figure[rate=0.2, layers=[50, 50]]").unwrap(), ["figure[layers=[50, 50], rate=0.2]"]);
    assert_eq!(select("figure[layers=[[50, 50], [20, 20]]]").unwrap().len(), 4);
    assert_eq!(select("paper").unwrap().len(), 4, "a target has all values");
    assert!(select("figure[rate=0.3]").unwrap_err().contains("stage `figure` has no rate=0.3"));
    // Where the pipeline fixes it, it is no axis downstream.
    assert_eq!(graph.stage("first").unwrap().axes, ["layers"]);
    let first = graph.stage("first").unwrap().tasks.clone().next().unwrap();
    let read: Vec<String> = graph.tasks[first].inputs[0].items.iter().map(|item| graph.name(*item)).collect();
    let train = "train[layers=[20, 20], rate=0.1";
    assert_eq!(read, [format!("{train}, set=0]"), format!("{train}, set=1]")]);
}

#[test]
fn a_sweep_may_stand_in_the_file_and_be_taken_back() {
    let text = PIPELINE.replace("rate: 0.1", "rate: [0.1, 0.2]").replace("layers: [20", "layers: [[5], [20");
    let text = text.replace("20, 20]", "20, 20]]");
    let (_, swept) = graph(&text, &[]);
    assert_eq!(swept.stage("train").unwrap().tasks.len(), 2 * 2 * 2);
    let values: Vec<&Value> = swept.domain(swept.stage("train").unwrap(), "rate").collect();
    assert_eq!(values, [&Value::from(0.1), &Value::from(0.2)]);
    let (_, single) = graph(&text, &["rate=0.3", "layers=[30, 30]"]);
    assert_eq!(single.stage("train").unwrap().axes, ["set"]);
    // No set at all for one value: what needs it is left out there, and only there.
    let (_, none) = graph(PIPELINE, &["runs=[0, 2]"]);
    let absent = |name: &str| {
        let task = none.tasks.ids().find(|task| none.name(*task) == name).unwrap();
        none.tasks[task].absent.as_ref().map(|absence| absence.to_string())
    };
    assert_eq!(absent("figure[runs=0]").as_deref(), Some("identify has no set now"));
    assert_eq!(absent("figure[runs=2]"), None);
}
