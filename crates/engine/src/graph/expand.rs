//! Stages to tasks: upstream stages first, each point bound to its parameters, seed and inputs.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::domain::{self, Points};
use super::join::{Join, Joined};
use super::{Graph, Stage, Task, TaskInput, ValueId, Values};
use crate::error::{Origin, SpecError};
use crate::key::Seed;
use crate::names;
use crate::op::{AnyOp, Arity, Bound, Registry};
use crate::settings::Settings;
use crate::spec::{Spec, StageSpec};
use crate::value::Value;
use crate::yaml::Name;

pub fn expand(spec: &Spec, settings: &Settings, ops: &Registry) -> Result<Graph, SpecError> {
    let mut graph = Graph { stages: Vec::new(), tasks: Vec::new(), values: Values::default() };
    for index in upstream_first(&spec.stages)? {
        expand_stage(spec, settings, ops, &spec.stages[index], &mut graph)?;
    }
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
        Join::new(&graph, reference, &[])?;
    }
    Ok(graph)
}

/// The stages in an order in which each comes after those that it reads, as written where that leaves a choice.
fn upstream_first(stages: &[StageSpec]) -> Result<Vec<usize>, SpecError> {
    let index: HashMap<&str, usize> =
        stages.iter().enumerate().map(|(i, stage)| (stage.name.text.as_str(), i)).collect();
    let (mut order, mut state) = (Vec::new(), vec![State::New; stages.len()]);
    for start in 0..stages.len() {
        visit(stages, &index, start, &mut Vec::new(), &mut state, &mut order)?;
    }
    Ok(order)
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    New,
    Open,
    Done,
}

fn visit<'a>(
    stages: &'a [StageSpec],
    index: &HashMap<&str, usize>,
    at: usize,
    path: &mut Vec<&'a str>,
    state: &mut [State],
    order: &mut Vec<usize>,
) -> Result<(), SpecError> {
    let stage = &stages[at];
    match state[at] {
        State::Done => return Ok(()),
        State::Open => {
            let start = path.iter().position(|name| *name == stage.name.text).unwrap_or(0);
            let cycle = format!("{} -> {}", path[start..].join(" -> "), stage.name.text);
            let what = format!("stages read each other in a circle: {cycle}");
            return Err(SpecError::new(stage.name.at, what)
                .hint("take one of these inputs away, or let it read an earlier stage".to_string()));
        }
        State::New => {}
    }
    state[at] = State::Open;
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
    state[at] = State::Done;
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
    let Points { axes, domains, counted, origins, points } =
        domain::points(spec, settings, stage, &mut graph.values)?;
    let mut binder = Binder::new(settings, stage, op.clone(), &axes, &origins)?;
    let mut joins = Vec::new();
    for (name, input) in &stage.inputs {
        let join = Join::new(graph, &input.from, &axes)?;
        join.check_arity(graph, op.as_ref(), name, &input.from)?;
        let when = domain::resolve_conditions(&input.when, &axes, &graph.values)?;
        joins.push((Arc::<str>::from(name.text.as_str()), join, when, &input.from));
    }

    let first = graph.tasks.len();
    'points: for coords in points {
        let (mut inputs, mut absent) = (Vec::with_capacity(joins.len()), None);
        for (name, join, when, reference) in &joins {
            if !domain::matches(when, &coords) {
                continue;
            }
            match join.at(graph, &coords, reference)? {
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
        let params = binder.params(&graph.values, &coords)?;
        let seed = binder.seed(&graph.values, &coords);
        graph.tasks.push(Task { stage: graph.stages.len(), coords, params, seed, inputs, absent });
    }
    let reads: BTreeSet<String> =
        stage.inputs.iter().map(|(_, input)| input.from.stage.text.clone()).collect();
    graph.stages.push(Stage {
        name: stage.name.text.clone(),
        about: stage.about.clone(),
        op,
        axes,
        reads: reads.into_iter().collect(),
        tasks: first..graph.tasks.len(),
        counted,
        domains,
    });
    Ok(())
}

/// Every input is one that the op declares, and every input that the op needs is there.
fn check_inputs(stage: &StageSpec, op: &dyn AnyOp) -> Result<(), SpecError> {
    for (name, input) in &stage.inputs {
        let Some(declared) = op.inputs().iter().find(|declared| declared.name == name.text) else {
            return Err(SpecError::new(name.at, format!("op `{}` has no input `{}`", op.name(), name.text))
                .hint(names::hint(&name.text, op.inputs().iter().map(|declared| declared.name))));
        };
        if declared.arity != Arity::Optional && !input.when.is_empty() {
            let what = format!(
                "op `{}` always needs the input `{}`: `when` cannot stand here",
                op.name(),
                name.text
            );
            return Err(SpecError::new(name.at, what));
        }
    }
    for declared in op.inputs().iter().filter(|declared| declared.arity != Arity::Optional) {
        if !stage.inputs.iter().any(|(name, _)| name.text == declared.name) {
            let what = format!(
                "stage `{}` lacks the input `{}` of op `{}`",
                stage.name.text,
                declared.name,
                op.name()
            );
            return Err(SpecError::new(stage.name.at, what)
                .hint(format!("add under inputs: {}: STAGE.TABLE", declared.name)));
        }
    }
    Ok(())
}

/// Where a stage's seeds come from; `by` holds axes with their places.
struct Draws {
    root: u64,
    role: String,
    by: Vec<(String, usize)>,
}

/// Finds the value of each parameter of a stage's op: the stage's own, else the axis of that name, else the
/// pipeline's parameter of that name, else the op's default.
struct Binder {
    op: Arc<dyn AnyOp>,
    stage: Name,
    fixed: serde_json::Map<String, Value>,
    origins: BTreeMap<String, Origin>,
    /// Parameters that are axes: name and place.
    axes: Vec<(String, usize)>,
    draws: Option<Draws>,
    /// Distinct combinations are few, tasks are many.
    bound: HashMap<Vec<ValueId>, Bound>,
}

impl Binder {
    fn new(
        settings: &Settings,
        stage: &StageSpec,
        op: Arc<dyn AnyOp>,
        axes: &[String],
        axis_origins: &[Origin],
    ) -> Result<Self, SpecError> {
        let declared = op.params();
        for (name, _) in &stage.params {
            if !declared.contains(&name.text.as_str()) {
                return Err(SpecError::new(
                    name.at,
                    format!("op `{}` has no parameter `{}`", op.name(), name.text),
                )
                .hint(names::hint(&name.text, declared.iter().copied())));
            }
            if axes.contains(&name.text) {
                return Err(SpecError::new(
                    name.at,
                    format!("`{}` is an axis of this stage already", name.text),
                ));
            }
        }
        let (mut fixed, mut origins, mut from_axes) = (serde_json::Map::new(), BTreeMap::new(), Vec::new());
        for param in declared {
            let setting = if let Some((_, node)) = stage.params.iter().find(|(name, _)| name.text == param) {
                settings.eval(node)?
            } else if let Some(place) = axes.iter().position(|axis| axis == param) {
                from_axes.push((param.to_string(), place));
                origins.insert(param.to_string(), axis_origins[place].clone());
                continue;
            } else if let Some(setting) = settings.get(param) {
                setting.clone()
            } else {
                continue;
            };
            origins.insert(param.to_string(), setting.origin);
            fixed.insert(param.to_string(), setting.value);
        }
        let draws = Self::draws(settings, stage, op.as_ref(), axes)?;
        Ok(Binder {
            op,
            stage: stage.name.clone(),
            fixed,
            origins,
            axes: from_axes,
            draws,
            bound: HashMap::new(),
        })
    }

    fn draws(
        settings: &Settings,
        stage: &StageSpec,
        op: &dyn AnyOp,
        axes: &[String],
    ) -> Result<Option<Draws>, SpecError> {
        let Some(by) = &stage.seed_by else {
            return match op.seeded() {
                false => Ok(None),
                true => Err(SpecError::new(
                    stage.name.at,
                    format!("op `{}` draws random numbers: `seed_by` is missing", op.name()),
                )
                .hint("list the axes that a new draw is made for; [] draws once".to_string())),
            };
        };
        if !op.seeded() {
            let what = format!("op `{}` draws no random numbers: `seed_by` has no meaning here", op.name());
            return Err(SpecError::new(stage.name.at, what));
        }
        let mut places = Vec::new();
        for axis in by {
            let place = axes.iter().position(|name| *name == axis.text).ok_or_else(|| {
                SpecError::new(axis.at, format!("stage `{}` has no axis `{}`", stage.name.text, axis.text))
                    .hint(names::hint(&axis.text, axes.iter().map(String::as_str)))
            })?;
            places.push((axis.text.clone(), place));
        }
        let root = settings.get("seed").ok_or_else(|| {
            SpecError::new(stage.name.at, "random numbers need a parameter `seed`")
                .hint("add under params: seed: 42".to_string())
        })?;
        let number = root
            .value
            .as_u64()
            .ok_or_else(|| SpecError::new(&root.origin, "`seed` must be a whole number from 0"))?;
        let role = stage.role.as_ref().unwrap_or(&stage.name).text.clone();
        Ok(Some(Draws { root: number, role, by: places }))
    }

    fn params(&mut self, values: &Values, coords: &[ValueId]) -> Result<Bound, SpecError> {
        let point: Vec<ValueId> = self.axes.iter().map(|(_, place)| coords[*place]).collect();
        if let Some(bound) = self.bound.get(&point) {
            return Ok(bound.clone());
        }
        let mut params = self.fixed.clone();
        for ((name, _), value) in self.axes.iter().zip(&point) {
            params.insert(name.clone(), values.get(*value).clone());
        }
        let bound = self.op.bind(Value::Object(params.clone())).map_err(|error| {
            let name = error.param.split(['.', '[']).next().unwrap_or_default().to_string();
            let origin = self.origins.get(&name).cloned().unwrap_or(self.stage.at.into());
            let what = match name.is_empty() {
                true => format!("op `{}`: {}", self.op.name(), error.what),
                false => format!("parameter `{name}` of op `{}`: {}", self.op.name(), error.what),
            };
            let hint = matches!(params.get(&name), Some(Value::Array(_))).then(|| {
                format!("to run it for several values, make `{name}` an axis of stage `{}`", self.stage.text)
            });
            SpecError::new(origin, what).hint(hint)
        })?;
        self.bound.insert(point, bound.clone());
        Ok(bound)
    }

    fn seed(&self, values: &Values, coords: &[ValueId]) -> Option<Arc<Seed>> {
        let Draws { root, role, by } = self.draws.as_ref()?;
        let by = by.iter().map(|(axis, place)| (axis.clone(), values.get(coords[*place]).clone())).collect();
        Some(Arc::new(Seed { root: *root, role: role.clone(), by }))
    }
}
