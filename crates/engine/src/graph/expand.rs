//! Stages to tasks: upstream stages first, each point bound to its parameters, seed and inputs.
//!
//! A stage in which parameters are swept is expanded once for each combination of their values,
//! each time as if that were all there is. So its tasks are those of the single runs.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::bind::Binder;
use super::domain::{self, Points};
use super::join::{Join, Joined};
use super::limit::{MOST_TASKS, too_many};
use super::sweep;
use super::{ById, Graph, Id, Slice, Stage, StageId, Task, TaskInput, TaskRange, ValueId, Values};
use crate::error::SpecError;
use crate::names;
use crate::op::{AnyOp, InputDecl, IsPlace, Reads, Registry};
use crate::settings::Settings;
use crate::spec::{Spec, StageSpec};
use crate::value::Value;

pub(super) fn expand(spec: &Spec, settings: &Settings, ops: &Registry) -> Result<Graph, SpecError> {
    let mut graph = Graph { stages: ById::default(), tasks: ById::default(), values: Values::default() };
    for index in upstream_first(&spec.stages)? {
        expand_stage(spec, settings, ops, &spec.stages[index], &mut graph)?;
    }
    super::known::check(spec, settings, ops)?;
    // Names in targets and results are checked here, so that a slip shows before anything runs.
    for target in spec.targets.iter() {
        if graph.stage(&target.name.text).is_some() {
            let what = format!("`{}` is already the name of a stage", target.name.text);
            return Err(SpecError::new(target.name.at, what)
                .hint("every stage is a target of its own name: rename one of them".to_string()));
        }
        super::select::target(&graph, spec, target, &mut Vec::new())?;
    }
    for reference in spec.results.iter().flat_map(|result| &result.of) {
        graph.resolve_table(reference)?;
    }
    Ok(graph)
}

/// The stages in an order in which each comes after those that it reads, as written where that
/// leaves a choice.
fn upstream_first(stages: &[StageSpec]) -> Result<Vec<usize>, SpecError> {
    let index: HashMap<&str, usize> =
        stages.iter().enumerate().map(|(i, stage)| (stage.name.text.as_str(), i)).collect();
    let (mut order, mut state) = (Vec::new(), vec![Visit::New; stages.len()]);
    for start in 0..stages.len() {
        visit(stages, &index, start, &mut Vec::new(), &mut state, &mut order)?;
    }
    Ok(order)
}

#[derive(Clone, Copy, PartialEq)]
enum Visit {
    New,
    Open,
    Done,
}

fn visit<'a>(
    stages: &'a [StageSpec],
    index: &HashMap<&str, usize>,
    at: usize,
    path: &mut Vec<&'a str>,
    state: &mut [Visit],
    order: &mut Vec<usize>,
) -> Result<(), SpecError> {
    let stage = &stages[at];
    match state[at] {
        Visit::Done => return Ok(()),
        Visit::Open => {
            let start = path.iter().position(|name| *name == stage.name.text).unwrap_or(0);
            let cycle = format!("{} -> {}", path[start..].join(" -> "), stage.name.text);
            let what = format!("stages read each other in a circle: {cycle}");
            return Err(SpecError::new(stage.name.at, what)
                .hint("take one of these inputs away, or let it read an earlier stage".to_string()));
        }
        Visit::New => {}
    }
    state[at] = Visit::Open;
    path.push(&stage.name.text);
    for (_, input) in &stage.inputs {
        let name = &input.from.stage;
        match index.get(name.text.as_str()) {
            Some(upstream) => visit(stages, index, *upstream, path, state, order)?,
            None => {
                return Err(SpecError::new(name.at, format!("there is no stage `{}`", name.text))
                    .hint(names::hint(&name.text, index.keys().copied())));
            }
        }
    }
    path.pop();
    state[at] = Visit::Done;
    order.push(at);
    Ok(())
}

fn expand_stage(
    spec: &Spec,
    settings: &Settings,
    ops: &Registry,
    stage: &StageSpec,
    graph: &mut Graph,
) -> Result<(), SpecError> {
    let op = ops.get(&stage.op.text).cloned().ok_or_else(|| {
        SpecError::new(stage.op.at, format!("there is no op `{}`", stage.op.text))
            .hint(names::hint(&stage.op.text, ops.names()))
    })?;
    check_inputs(stage, op.as_ref())?;
    let sweeps = sweep::of_stage(spec, settings, stage, op.as_ref(), graph)?;
    let first = graph.tasks.len();
    let (mut slices, mut axes, mut whole) = (Vec::new(), Vec::new(), Vec::new());
    for at in sweep::combinations(&sweeps, stage)? {
        let read = sweeps.iter().zip(&at).filter(|(sweep, _)| sweep.is_read);
        let one: Vec<(&str, &Value)> =
            read.map(|(sweep, id)| (sweep.name.as_str(), graph.values.get(*id))).collect();
        let settings = settings.with(&one);
        let start = graph.tasks.len();
        let points = domain::points(spec, &settings, stage, &sweeps, &at, &mut graph.values)?;
        expand_points(&settings, stage, &op, ops.places(), &points, &at, graph)?;
        if graph.tasks.len() - first > MOST_TASKS {
            return Err(too_many(stage));
        }
        let Points { axes: names, domains, whole: are_whole, .. } = points;
        (axes, whole) = (names, are_whole);
        let tasks = TaskRange::between(start, graph.tasks.len());
        slices.push(Slice { at, tasks, domains: domains.into() });
    }
    let reads: BTreeSet<String> =
        stage.inputs.iter().map(|(_, input)| input.from.stage.text.clone()).collect();
    graph.stages.push(Stage {
        name: stage.name.text.clone(),
        about: stage.about.clone(),
        op,
        axes,
        swept: sweeps.len(),
        reads: reads.into_iter().collect(),
        tasks: TaskRange::between(first, graph.tasks.len()),
        whole,
        slices,
    });
    Ok(())
}

/// Adds a task for each point, where `at` are the values of the swept parameters, the first axes.
fn expand_points(
    settings: &Settings,
    stage: &StageSpec,
    op: &Arc<dyn AnyOp>,
    is_place: IsPlace,
    points: &Points,
    at: &[ValueId],
    graph: &mut Graph,
) -> Result<(), SpecError> {
    let mut binder = Binder::new(settings, stage, op.clone(), points, at.len(), is_place)?;
    // The others are always read, and are there: see `check_inputs`.
    let is_optional = |declared: &&InputDecl| declared.arity.may_lack();
    let optional: Vec<&InputDecl> = op.inputs().iter().filter(is_optional).collect();
    let mut joins = Vec::new();
    for (name, input) in &stage.inputs {
        let join = Join::new(graph, &input.from, &points.axes, at)?;
        join.check_arity(graph, op.as_ref(), name, &input.from)?;
        let when = domain::resolve_conditions(settings, &input.when, &points.axes, &graph.values)?;
        let is_optional = optional.iter().any(|declared| declared.name == name.text);
        joins.push((Arc::<str>::from(name.text.as_str()), join, when, &input.from, is_optional));
    }
    let this = StageId::at(graph.stages.len());
    'points: for coords in &points.points {
        let params = binder.params(&graph.values, coords)?;
        let (mut inputs, mut absent) = (Vec::with_capacity(joins.len()), None);
        for (name, join, when, reference, is_optional) in &joins {
            let is_unread = || *is_optional && op.reads(&params, name) == Reads::Never;
            if !domain::matches(when, coords) || is_unread() {
                continue;
            }
            match join.at(graph, coords, reference)? {
                Joined::Items(items) => inputs.push(TaskInput {
                    name: name.clone(),
                    output: join.output,
                    gathered: join.gathered.clone(),
                    items,
                }),
                Joined::Nothing(why) => absent = Some(why),
                Joined::Excluded => continue 'points,
            }
        }
        let is_given = |declared: &InputDecl| {
            let mut joins = joins.iter();
            joins.any(|(name, _, when, ..)| **name == *declared.name && domain::matches(when, coords))
        };
        let needs = |declared: &&&InputDecl| op.reads(&params, declared.name) == Reads::Always;
        if let Some(lacking) = optional.iter().filter(needs).find(|declared| !is_given(declared)) {
            return Err(lacks(stage, op.as_ref(), lacking));
        }
        let seed = binder.seed(&graph.values, coords);
        let coords = coords.clone();
        graph.tasks.push(Task { stage: this, coords, params, seed, inputs, absent });
    }
    Ok(())
}

/// Every input is one that the op declares, and every input that the op needs is there.
fn check_inputs(stage: &StageSpec, op: &dyn AnyOp) -> Result<(), SpecError> {
    for (name, input) in &stage.inputs {
        let Some(declared) = op.inputs().iter().find(|declared| declared.name == name.text) else {
            return Err(SpecError::new(name.at, format!("op `{}` has no input `{}`", op.name(), name.text))
                .hint(names::hint(&name.text, op.inputs().iter().map(|declared| declared.name))));
        };
        if !declared.arity.may_lack() && !input.when.is_empty() {
            let what = format!(
                "op `{}` always needs the input `{}`: `when` cannot stand here",
                op.name(),
                name.text
            );
            return Err(SpecError::new(name.at, what));
        }
    }
    for declared in op.inputs().iter().filter(|declared| !declared.arity.may_lack()) {
        if !stage.inputs.iter().any(|(name, _)| name.text == declared.name) {
            return Err(lacks(stage, op, declared));
        }
    }
    Ok(())
}

/// The error of an input that is not there at all, or not at a point whose parameters need it.
fn lacks(stage: &StageSpec, op: &dyn AnyOp, input: &InputDecl) -> SpecError {
    let (name, input) = (&stage.name.text, input.name);
    let given = stage.inputs.iter().find(|(given, _)| given.text == input);
    let at = given.map_or(stage.name.at, |(given, _)| given.at);
    let what = format!("stage `{name}` lacks the input `{input}` of op `{}`", op.name());
    match given {
        Some(_) => SpecError::new(at, format!("{what} at points where its `when` does not hold"))
            .hint("take `when` away: the op reads the input where it needs it".to_string()),
        None => SpecError::new(at, what).hint(format!("add under inputs: {input}: STAGE.TABLE")),
    }
}
