//! Swept parameters: those whose value is a list where a stage wants one value.
//!
//! In: the parameters, and what a stage reads of them. Out: the parameters that are swept in the
//! stage or in what it reads, with their values. They are its first axes. Must not know how points
//! are made, nor how they are joined.

use std::collections::BTreeMap;

use super::limit::{MOST_TASKS, too_many};
use super::{Graph, ValueId};
use crate::error::SpecError;
use crate::op::AnyOp;
use crate::settings::Settings;
use crate::spec::{Domain, Spec, StageSpec};
use crate::value::{self, Value, show};
use crate::yaml::{Node, NodeKind};

/// A parameter that is an axis of a stage.
pub(super) struct Sweep {
    /// `name`, or `name.part`.
    pub name: String,
    pub values: Vec<ValueId>,
    /// Whether the stage reads it itself, not only through its inputs.
    pub is_read: bool,
}

/// The parameters that are swept in `stage`, in order of their names. What it reads is expanded
/// already.
///
/// # Errors
/// A list without values, or with one of them twice; an axis with the name of a swept parameter.
pub(super) fn of_stage(
    spec: &Spec,
    settings: &Settings,
    stage: &StageSpec,
    op: &dyn AnyOp,
    graph: &mut Graph,
) -> Result<Vec<Sweep>, SpecError> {
    let mut sweeps: BTreeMap<String, Sweep> = BTreeMap::new();
    for (_, input) in &stage.inputs {
        let Some(upstream) = graph.stage(&input.from.stage.text) else { continue };
        for name in upstream.swept() {
            if !input.from.fix.iter().any(|fix| fix.axis == *name) {
                let values = graph.domain_ids(upstream, name);
                sweeps.insert(name.clone(), Sweep { name: name.clone(), values, is_read: false });
            }
        }
    }
    for (name, depth) in reads(spec, settings, stage, op) {
        if settings.find(&name).is_some_and(|(value, _)| value::depth(value) > depth)
            && !is_domain(spec, &name)
        {
            let values = values(settings, &name, graph)?;
            sweeps.insert(name.clone(), Sweep { name, values, is_read: true });
        }
    }
    for (axis, _) in &stage.axes {
        if sweeps.contains_key(&axis.text) {
            let what =
                format!("the parameter `{}` is swept, but this stage has an axis of that name", axis.text);
            return Err(SpecError::new(axis.at, what)
                .hint(format!("give the axis another name, or `{}` one value", axis.text)));
        }
    }
    Ok(sweeps.into_values().collect())
}

/// The parameters that a stage reads one value of, each with how deep the lists of one value nest.
fn reads(spec: &Spec, settings: &Settings, stage: &StageSpec, op: &dyn AnyOp) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for param in op.params() {
        let is_axis = stage.axes.iter().any(|(axis, _)| axis.text == param.name);
        match stage.params.iter().find(|(name, _)| name.text == param.name) {
            Some((_, node)) => reads_of(node, param.depth, &mut found),
            None if !is_axis && settings.get(param.name).is_some() => {
                found.push((param.name.to_string(), param.depth));
            }
            None => {}
        }
    }
    for (axis, own) in &stage.axes {
        if let Some(Domain::Count(node)) = spec.domain(axis, own) {
            reads_of(node, 0, &mut found);
        }
    }
    if stage.seed_by.is_some() {
        found.push(("seed".to_string(), 0));
    }
    found
}

/// The `$parameters` in a node whose value has lists that nest `depth` deep.
fn reads_of(node: &Node, depth: usize, found: &mut Vec<(String, usize)>) {
    match &node.kind {
        NodeKind::Scalar(Value::String(text)) => {
            found.extend(text.strip_prefix('$').map(|name| (name.to_string(), depth)));
        }
        NodeKind::List(items) => items.iter().for_each(|item| reads_of(item, depth.saturating_sub(1), found)),
        NodeKind::Scalar(_) | NodeKind::Map(_) => {}
    }
}

/// Whether the parameter holds the values of an axis: then a list of them makes points of that
/// axis.
fn is_domain(spec: &Spec, name: &str) -> bool {
    let is_it = |node: &Node| matches!(&node.kind, NodeKind::Scalar(Value::String(text)) if text.strip_prefix('$') == Some(name));
    let of_stages = spec.stages.iter().flat_map(|stage| &stage.axes).filter_map(|(_, own)| own.as_ref());
    spec.axes.iter().map(|(_, domain)| domain).chain(of_stages).any(|domain| match domain {
        Domain::Values(node) => node.items().into_iter().any(is_it),
        Domain::By { cases, .. } => cases.iter().flat_map(|(_, node)| node.items()).any(is_it),
        Domain::Count(_) => false,
    })
}

/// The values that a swept parameter lists.
fn values(settings: &Settings, name: &str, graph: &mut Graph) -> Result<Vec<ValueId>, SpecError> {
    let Some((Value::Array(values), origin)) = settings.find(name) else { return Ok(Vec::new()) };
    if values.is_empty() {
        return Err(SpecError::new(origin, format!("`{name}` has no value"))
            .hint("write one value, or a list of values to compute each of them".to_string()));
    }
    let mut ids = Vec::with_capacity(values.len());
    for value in values {
        let id = graph.values.intern(value);
        if ids.contains(&id) {
            return Err(SpecError::new(origin, format!("`{name}` has {} twice", show(value)))
                .hint("list each value once".to_string()));
        }
        ids.push(id);
    }
    Ok(ids)
}

/// Every combination of the values, the last fastest; an empty one if nothing is swept.
pub(super) fn combinations(sweeps: &[Sweep], stage: &StageSpec) -> Result<Vec<Box<[ValueId]>>, SpecError> {
    let mut all = vec![Vec::new()];
    for Sweep { values, .. } in sweeps {
        if all.len().saturating_mul(values.len()) > MOST_TASKS {
            return Err(too_many(stage));
        }
        let longer =
            |point: &Vec<ValueId>| values.iter().map(|id| [point.as_slice(), &[*id]].concat()).collect();
        all = all.iter().flat_map::<Vec<Vec<ValueId>>, _>(longer).collect();
    }
    Ok(all.into_iter().map(Vec::into_boxed_slice).collect())
}
