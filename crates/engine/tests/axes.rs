//! Random small pipelines against a naive evaluator: which tasks there are, what each reads, what
//! is one work.

mod common;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write;

use common::{Lab, graph};
use hspipe_engine::graph::{ById, Graph, Id, TaskId};
use hspipe_engine::key::{Digest, Manifest, TaskKey};
use hspipe_engine::plan;
use hspipe_engine::store::Output;
use hspipe_engine::value::Value;
use proptest::prelude::*;

/// The fake ops take `strategy` and `noise_ratio` as parameters too; `set` reaches a key by seeds
/// and gathers only.
const AXES: [&str; 3] = ["strategy", "noise_ratio", "set"];

/// A pipeline before it is text. Axes are places in [`AXES`], stages are places in `stages`.
#[derive(Clone, Debug)]
struct Model {
    /// How many values each axis has: 0, 1, ...
    domains: [usize; 3],
    stages: Vec<StageModel>,
}

#[derive(Clone, Debug)]
struct StageModel {
    axes: Vec<usize>,
    /// Points to leave out: those with this value on the axis at this place among `axes`.
    exclude: Option<(usize, usize)>,
    params: BTreeMap<&'static str, usize>,
    /// Its op's name unless given.
    role: Option<&'static str>,
    seed_by: Option<Vec<usize>>,
    /// Each reads a stage, with some axes fixed to some values.
    inputs: Vec<(usize, BTreeMap<usize, Vec<usize>>)>,
}

fn stages(count: usize) -> impl Strategy<Value = Vec<StageModel>> {
    (0..count).map(stage).collect::<Vec<_>>()
}

/// A stage that reads some of the `earlier` stages before it. Fixed values go one beyond the
/// largest domain, so that some are values which no axis has.
fn stage(earlier: usize) -> impl Strategy<Value = StageModel> {
    let axes = || prop::sample::subsequence(vec![0, 1, 2], 0..=3).prop_shuffle();
    let fix =
        prop::collection::btree_map(0..3usize, prop::sample::subsequence(vec![0, 1, 2, 3], 1..=2), 0..=2);
    let inputs = prop::collection::vec((0..earlier.max(1), fix), 0..=earlier.min(2));
    let params = prop::collection::btree_map(prop::sample::select(vec!["x", "y"]), 0..2usize, 0..=2);
    let exclude = prop::option::weighted(0.3, (0..3usize, 0..3usize));
    let role = prop::option::of(prop::sample::select(vec!["search", "fit"]));
    (axes(), exclude, params, role, prop::option::of(axes()), inputs).prop_map(
        |(axes, exclude, params, role, seed_by, inputs)| StageModel {
            exclude: exclude.filter(|(place, _)| *place < axes.len()),
            seed_by: seed_by.map(|by| by.into_iter().filter(|axis| axes.contains(axis)).collect()),
            axes,
            params,
            role,
            inputs,
        },
    )
}

/// What a user may do to a pipeline between two runs.
#[derive(Clone, Debug)]
enum Change {
    /// Another value of a parameter, if the stage has it.
    Param(usize, &'static str, usize),
    /// More or fewer values of an axis.
    Domain(usize, usize),
    Role(usize, &'static str),
}

fn changes() -> impl Strategy<Value = Change> {
    prop_oneof![
        3 => (0..4usize, prop::sample::select(vec!["x", "y"]), 0..3usize)
            .prop_map(|(stage, name, value)| Change::Param(stage, name, value)),
        2 => (0..3usize, 1..=4usize).prop_map(|(axis, size)| Change::Domain(axis, size)),
        1 => (0..4usize, prop::sample::select(vec!["search", "fit"]))
            .prop_map(|(stage, role)| Change::Role(stage, role)),
    ]
}

impl Change {
    fn of(&self, model: &Model) -> Model {
        let mut model = model.clone();
        let stages = model.stages.len();
        match *self {
            Change::Param(stage, name, value) => {
                model.stages[stage % stages].params.entry(name).and_modify(|old| *old = value);
            }
            Change::Domain(axis, size) => model.domains[axis] = size,
            Change::Role(stage, role) => model.stages[stage % stages].role = Some(role),
        }
        model
    }
}

fn models() -> impl Strategy<Value = Model> {
    (prop::array::uniform3(1..=3usize), (2..=4usize).prop_flat_map(stages)).prop_map(
        |(domains, mut stages)| {
            let axes: Vec<Vec<usize>> = stages.iter().map(|stage| stage.axes.clone()).collect();
            for (upstream, fix) in stages.iter_mut().flat_map(|stage| &mut stage.inputs) {
                fix.retain(|axis, _| axes[*upstream].contains(axis));
            }
            Model { domains, stages }
        },
    )
}

/// How a model is written down: none of this may change a key.
struct Style {
    prefix: &'static str,
    params_backwards: bool,
}

const PLAIN: Style = Style { prefix: "s", params_backwards: false };

impl StageModel {
    /// Stages that the same fake op fits: as many inputs, drawing or not.
    fn op(&self) -> String {
        format!("{}{}", if self.seed_by.is_some() { "draw" } else { "take" }, self.inputs.len())
    }
}

fn names(axes: &[usize]) -> String {
    axes.iter().map(|axis| AXES[*axis]).collect::<Vec<_>>().join(", ")
}

fn text(model: &Model, style: &Style) -> String {
    let mut text = "params:\n  seed: 1\n".to_string();
    for (axis, values) in model.domains.iter().enumerate() {
        writeln!(text, "  values{axis}: {:?}", (0..*values).collect::<Vec<_>>()).unwrap();
    }
    // Values beyond the domains are those of a profile, so that they are no slips.
    let all = "[0, 1, 2, 3]";
    writeln!(text, "profiles: {{all: {{values0: {all}, values1: {all}, values2: {all}}}}}\naxes:").unwrap();
    for (axis, name) in AXES.iter().enumerate() {
        writeln!(text, "  {name}: $values{axis}").unwrap();
    }
    text += "stages:\n";
    for (place, stage) in model.stages.iter().enumerate() {
        writeln!(text, "  {}{place}:", style.prefix).unwrap();
        writeln!(
            text,
            "    op: {}\n{}    axes: [{}]",
            stage.op(),
            stage.role.map(|role| format!("    role: {role}\n")).unwrap_or_default(),
            names(&stage.axes)
        )
        .unwrap();
        if let Some((place, value)) = stage.exclude {
            writeln!(text, "    exclude: {{{}: {value}}}", AXES[stage.axes[place]]).unwrap();
        }
        let mut params: Vec<String> = stage.params.iter().map(|(name, x)| format!("{name}: {x}")).collect();
        if style.params_backwards {
            params.reverse();
        }
        writeln!(text, "    params: {{{}}}", params.join(", ")).unwrap();
        if let Some(by) = &stage.seed_by {
            writeln!(text, "    seed_by: [{}]", names(by)).unwrap();
        }
        text += "    inputs:\n";
        for (input, (upstream, fix)) in stage.inputs.iter().enumerate() {
            let fix: Vec<String> =
                fix.iter().map(|(axis, values)| format!("{}={values:?}", AXES[*axis])).collect();
            writeln!(text, "      input{input}: '{}{upstream}[{}]'", style.prefix, fix.join(", ")).unwrap();
        }
    }
    text
}

/// Axes and values of a task, some or all.
type Coords = BTreeMap<String, Value>;

/// A task as the naive evaluator finds it.
#[derive(Clone, Debug, PartialEq)]
struct Naive {
    stage: usize,
    /// The value on each of [`AXES`] that the stage has.
    point: BTreeMap<usize, usize>,
    /// For each input, the tasks read, by their places among all, and their coordinates on gathered
    /// axes.
    inputs: Vec<Vec<(usize, Coords)>>,
    /// Whether an input is empty.
    absent: bool,
    /// All that its result depends on, in words.
    work: String,
}

fn evaluate(model: &Model) -> Vec<Naive> {
    let mut tasks: Vec<Naive> = Vec::new();
    for (number, stage) in model.stages.iter().enumerate() {
        let earlier = tasks.clone();
        for values in product(stage.axes.iter().map(|axis| model.domains[*axis])) {
            let excluded = stage.exclude.is_some_and(|(place, value)| values[place] == value);
            let point: BTreeMap<usize, usize> = stage.axes.iter().copied().zip(values).collect();
            let inputs: Option<Vec<_>> = stage
                .inputs
                .iter()
                .map(|(upstream, fix)| read(model, &earlier, *upstream, fix, &point))
                .collect();
            if let (false, Some(inputs)) = (excluded, inputs) {
                let absent = inputs.iter().any(Vec::is_empty);
                let work = work(stage, &point, &inputs, &earlier);
                tasks.push(Naive { stage: number, point, inputs, absent, work });
            }
        }
    }
    tasks
}

/// Every combination of values below `limits`, the last fastest.
fn product(limits: impl Iterator<Item = usize>) -> Vec<Vec<usize>> {
    limits.fold(vec![Vec::new()], |points, limit| {
        let longer = |point: Vec<usize>| (0..limit).map(move |value| [point.clone(), vec![value]].concat());
        points.into_iter().flat_map(longer).collect()
    })
}

/// The tasks of `upstream` that a point reads: of an axis that is fixed the fixed values, of one
/// that the point has its value, of any other all. Empty if all of them are taken away; `None` if
/// there never were any.
fn read(
    model: &Model,
    tasks: &[Naive],
    upstream: usize,
    fix: &BTreeMap<usize, Vec<usize>>,
    point: &BTreeMap<usize, usize>,
) -> Option<Vec<(usize, Coords)>> {
    if fix.iter().any(|(axis, values)| values.iter().all(|value| *value >= model.domains[*axis])) {
        return Some(Vec::new());
    }
    let fits = |axis: &usize, value: &usize| match (fix.get(axis), point.get(axis)) {
        (Some(fixed), _) => fixed.contains(value),
        (None, Some(own)) => own == value,
        (None, None) => true,
    };
    let gathered = |axis: usize| match fix.get(&axis) {
        Some(values) => values.len() > 1,
        None => !point.contains_key(&axis),
    };
    let mut found = (0..tasks.len())
        .filter(|id| tasks[*id].stage == upstream)
        .filter(|id| tasks[*id].point.iter().all(|(axis, value)| fits(axis, value)))
        .peekable();
    found.peek()?;
    let present = found.filter(|id| !tasks[*id].absent);
    Some(present.map(|id| (id, coords(&tasks[id].point, gathered))).collect())
}

/// The coordinates of `point` on the axes that `chosen` chooses.
fn coords(point: &BTreeMap<usize, usize>, chosen: impl Fn(usize) -> bool) -> Coords {
    let of_axes = point.iter().filter(|(axis, _)| chosen(**axis));
    of_axes.map(|(axis, value)| (AXES[*axis].to_string(), Value::from(*value))).collect()
}

/// What makes the result: op, parameters, seed, and the work behind each table with its gathered
/// coordinates.
fn work(
    stage: &StageModel,
    point: &BTreeMap<usize, usize>,
    inputs: &[Vec<(usize, Coords)>],
    tasks: &[Naive],
) -> String {
    let params = coords(point, |axis| AXES[axis] != "set");
    let role = stage.role.map_or_else(|| stage.op(), String::from);
    let seed = stage.seed_by.as_ref().map(|by| (role, coords(point, |axis| by.contains(&axis))));
    let mut text = format!("{} {:?} {params:?} {seed:?}", stage.op(), stage.params);
    for items in inputs {
        let items: Vec<_> = items.iter().map(|(item, coords)| (coords, &tasks[*item].work)).collect();
        write!(text, "({items:?})").unwrap();
    }
    text
}

/// The manifest of every task, as if each had made a file that only its key determines; `None` if
/// absent.
fn manifests(graph: &Graph) -> Vec<Option<Manifest>> {
    let (mut manifests, mut outputs) = (Vec::new(), ById::<TaskId, Vec<Output>>::default());
    for task in graph.tasks.ids() {
        let present = graph.tasks[task].absent.is_none();
        let manifest =
            present.then(|| plan::manifest(graph, task, |item| plan::Made::Tables(&outputs[item])).unwrap());
        let digest = manifest.as_ref().map(|manifest| Digest::of(manifest.key().hex().as_bytes()));
        outputs.push(
            digest.map(|digest| Output { table: "out".to_string(), digest, bytes: 0 }).into_iter().collect(),
        );
        manifests.push(manifest);
    }
    manifests
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(150))]

    #[test]
    fn joins_are_those_of_nested_loops(model in models()) {
        let (_, graph) = graph(&text(&model, &PLAIN), &[]);
        let expected = evaluate(&model);
        prop_assert_eq!(graph.tasks.len(), expected.len());
        for ((id, task), naive) in graph.tasks.with_ids().zip(&expected) {
            let point: Coords = graph.coords(id).map(|(axis, value)| (axis.to_string(), value.clone())).collect();
            prop_assert_eq!(point, coords(&naive.point, |_| true));
            prop_assert_eq!(task.stage.index(), naive.stage);
            prop_assert_eq!(task.absent.is_some(), naive.absent);
            if !naive.absent {
                let inputs: Vec<Vec<(usize, Coords)>> = task.inputs.iter().map(|input| {
                    let coords = |item| graph.gathered_coords(input, item).into_iter().collect();
                    input.items.iter().map(|item| (item.index(), coords(*item))).collect()
                }).collect();
                prop_assert_eq!(&inputs, &naive.inputs);
            }
        }
    }

    #[test]
    fn keys_are_equal_if_and_only_if_the_work_is(model in models()) {
        let (_, graph) = graph(&text(&model, &PLAIN), &[]);
        let (mut keys, mut works) = (HashMap::new(), HashMap::new());
        for (manifest, naive) in manifests(&graph).iter().zip(&evaluate(&model)) {
            let Some(manifest) = manifest else { continue };
            let key = manifest.key();
            let same_key = keys.entry(key).or_insert((naive.work.clone(), manifest.clone()));
            prop_assert_eq!(same_key, &(naive.work.clone(), manifest.clone()));
            prop_assert_eq!(*works.entry(naive.work.clone()).or_insert(key), key);
        }
    }

    #[test]
    fn names_of_stages_and_the_order_of_params_enter_no_key(model in models()) {
        let keys = |style: &Style| -> Vec<Option<TaskKey>> {
            let (_, graph) = graph(&text(&model, style), &[]);
            manifests(&graph).iter().map(|manifest| Some(manifest.as_ref()?.key())).collect()
        };
        prop_assert_eq!(keys(&PLAIN), keys(&Style { prefix: "other", params_backwards: true }));
    }
}

proptest! {
    // Each case runs up to four times, on a disk.
    #![proptest_config(config(40))]

    /// Every work that was never done is done once, and nothing else is.
    #[test]
    fn a_change_reruns_what_a_naive_evaluator_says(model in models(), changes in prop::collection::vec(changes(), 1..=3)) {
        let mut lab = Lab::new(text(&model, &PLAIN), 2);
        let (mut done, mut model) = (BTreeSet::new(), model);
        for change in std::iter::once(None).chain(changes.iter().map(Some)) {
            model = change.map_or(model.clone(), |change| change.of(&model));
            lab.text = text(&model, &PLAIN);
            let naive = evaluate(&model);
            let works: BTreeSet<String> =
                naive.iter().filter(|task| !task.absent).map(|task| task.work.clone()).collect();
            let new: Vec<String> = works.difference(&done).cloned().collect();
            let ran = lab.complete(&[]);
            let mut computed: Vec<String> = ran.report.computed.iter().map(|task| naive[task.index()].work.clone()).collect();
            computed.sort();
            prop_assert_eq!(computed, new);
            done.extend(works);
        }
    }
}
