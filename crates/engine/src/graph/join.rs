//! How a stage's points find the upstream tasks that they read.
//!
//! One rule: axes that both stages have are joined, those the reference fixes are filtered, those
//! that only the upstream stage has are gathered.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Absence, Graph, Slice, Stage, StageId, TaskId, ValueId, union};
use crate::error::SpecError;
use crate::names;
use crate::op::AnyOp;
use crate::spec::Reference;
use crate::value::show;
use crate::yaml::Name;

/// A reference made ready to answer for each point of the downstream stage.
pub(super) struct Join {
    pub output: usize,
    pub gathered: Arc<[usize]>,
    /// The joined axes: their places downstream and upstream.
    shared: Vec<(usize, usize)>,
    found: HashMap<Box<[ValueId]>, Arc<[TaskId]>>,
    upstream: StageId,
    /// For each axis of the upstream stage, the values that it takes where it is read.
    domains: Arc<[Vec<ValueId>]>,
    /// Values that the reference fixes and the upstream stage does not have (any longer).
    missing: Option<Arc<Absence>>,
}

/// What a point reads by a [`Join`].
pub(super) enum Joined {
    Items(Arc<[TaskId]>),
    /// Nothing, and why.
    Nothing(Arc<Absence>),
    /// Nothing, since upstream leaves this point out: so must the reader.
    Excluded,
}

impl Join {
    /// Looks the names of `reference` up in `graph`, whose upstream stages are expanded already.
    /// `axes` are those of the downstream stage; the first are swept and have the values `at`.
    pub(super) fn new(
        graph: &Graph,
        reference: &Reference,
        axes: &[String],
        at: &[ValueId],
    ) -> Result<Join, SpecError> {
        let upstream = graph.stages.position(|stage| stage.name == reference.stage.text);
        let upstream = upstream.ok_or_else(|| unknown_stage(graph, &reference.stage))?;
        let stage = &graph.stages[upstream];
        let output = table(stage, reference)?;
        let slices = slices(stage, reference, axes, at);
        let domains: Arc<[Vec<ValueId>]> = match slices.as_slice() {
            [slice] => slice.domains.clone(),
            _ => (0..stage.axes.len())
                .map(|axis| union(slices.iter().map(|slice| slice.domains[axis].as_slice())))
                .collect(),
        };
        let empty = domains.iter().position(Vec::is_empty);
        let mut missing = empty.map(|axis| {
            Arc::new(Absence::EmptyAxis { stage: stage.name.clone(), axis: stage.axes[axis].clone() })
        });
        let mut several = Vec::new();
        let mut fixed: Vec<(usize, Vec<ValueId>)> = Vec::new();
        for fix in &reference.fix {
            let place = axis_place(stage, &fix.axis, &reference.stage)?;
            let wanted = fix.wanted(domains[place].iter().map(|id| graph.values.get(*id)));
            let ids: Vec<ValueId> = wanted
                .iter()
                .filter_map(|value| graph.values.find(value))
                .filter(|id| domains[place].contains(id))
                .collect();
            if ids.is_empty() {
                missing = Some(Arc::new(Absence::OtherValues {
                    stage: stage.name.clone(),
                    axis: fix.axis.clone(),
                    wanted: wanted.clone(),
                    has: domains[place].iter().map(|id| graph.values.get(*id).clone()).collect(),
                }));
            }
            if wanted.len() > 1 {
                several.push(place);
            }
            fixed.push((place, ids));
        }
        let is_fixed = |place: usize| fixed.iter().any(|(fixed, _)| *fixed == place);
        let shared: Vec<(usize, usize)> = axes
            .iter()
            .enumerate()
            .filter_map(|(down, axis)| Some((down, stage.axes.iter().position(|name| name == axis)?)))
            .filter(|(_, up)| !is_fixed(*up))
            .collect();
        let gathered = (0..stage.axes.len())
            .filter(|up| !shared.iter().any(|(_, shared)| shared == up))
            .filter(|up| !is_fixed(*up) || several.contains(up))
            .collect();

        let mut found: HashMap<Box<[ValueId]>, Vec<TaskId>> = HashMap::new();
        for task in slices.into_iter().flat_map(|slice| slice.tasks.clone()) {
            let coords = &graph.tasks[task].coords;
            if super::domain::matches(&fixed, coords) {
                found.entry(shared.iter().map(|(_, up)| coords[*up]).collect()).or_default().push(task);
            }
        }
        let found = found.into_iter().map(|(point, tasks)| (point, tasks.into())).collect();
        Ok(Join { output, gathered, shared, found, upstream, domains, missing })
    }

    /// The tasks that the point `coords` of the downstream stage reads.
    ///
    /// # Errors
    /// The point has a value on a shared axis that the upstream stage's axis does not have at all.
    pub(super) fn at(
        &self,
        graph: &Graph,
        coords: &[ValueId],
        reference: &Reference,
    ) -> Result<Joined, SpecError> {
        if let Some(why) = &self.missing {
            return Ok(Joined::Nothing(why.clone()));
        }
        let stage = &graph.stages[self.upstream];
        let point: Box<[ValueId]> = self.shared.iter().map(|(down, _)| coords[*down]).collect();
        let Some(items) = self.found.get(&point) else {
            for ((_, up), value) in self.shared.iter().zip(&point) {
                if !self.domains[*up].contains(value) {
                    let (axis, value) = (&stage.axes[*up], show(graph.values.get(*value)));
                    let what = format!(
                        "`{reference}` is read at {axis}={value}, which stage `{}` lacks",
                        stage.name
                    );
                    return Err(SpecError::new(reference.stage.at, what)
                        .hint(format!("give both stages the same values of `{axis}`")));
                }
            }
            return Ok(Joined::Excluded);
        };
        let present: Vec<TaskId> =
            items.iter().copied().filter(|task| graph.tasks[*task].absent.is_none()).collect();
        let absence = || items.iter().find_map(|task| graph.tasks[*task].absent.clone());
        Ok(if present.len() == items.len() {
            Joined::Items(items.clone())
        } else if present.is_empty()
            && let Some(why) = absence()
        {
            Joined::Nothing(why)
        } else {
            Joined::Items(present.into())
        })
    }

    /// Refuses a join that gathers several tables where the op takes one.
    pub(super) fn check_arity(
        &self,
        graph: &Graph,
        op: &dyn AnyOp,
        input: &Name,
        reference: &Reference,
    ) -> Result<(), SpecError> {
        let stage = &graph.stages[self.upstream];
        let declared = op.inputs().iter().find(|declared| declared.name == input.text);
        if declared.is_none_or(|declared| declared.arity.gathers()) || self.gathered.is_empty() {
            return Ok(());
        }
        let axes: Vec<&str> = self.gathered.iter().map(|axis| stage.axes[*axis].as_str()).collect();
        let what = format!(
            "`{reference}` is one table for each {}, but the input `{}` of op `{}` takes one table",
            axes.join(" and "),
            input.text,
            op.name()
        );
        let first = axes.first().copied().unwrap_or_default();
        Err(SpecError::new(reference.stage.at, what)
            .hint(format!("add the axis `{first}` to this stage, or fix it: {}[{first}=...]", stage.name)))
    }
}

/// The slices of `stage` that a reader at the values `at` of its first axes reads: those at the
/// same values of the parameters that are swept in both, or at any value where the reference fixes
/// one.
fn slices<'a>(stage: &'a Stage, reference: &Reference, axes: &[String], at: &[ValueId]) -> Vec<&'a Slice> {
    let is_fixed = |name: &String| reference.fix.iter().any(|fix| fix.axis == *name);
    let same: Vec<(usize, ValueId)> = stage
        .swept()
        .iter()
        .enumerate()
        .filter(|(_, name)| !is_fixed(name))
        .filter_map(|(up, name)| Some((up, at[axes[..at.len()].iter().position(|axis| axis == name)?])))
        .collect();
    stage.slices.iter().filter(|slice| same.iter().all(|(up, id)| slice.at[*up] == *id)).collect()
}

/// The place of the table that `reference` names among the stage's outputs.
pub(super) fn table(stage: &Stage, reference: &Reference) -> Result<usize, SpecError> {
    let outputs = stage.op.outputs();
    match &reference.table {
        Some(table) => outputs.iter().position(|output| output == table).ok_or_else(|| {
            SpecError::new(reference.stage.at, format!("stage `{}` has no table `{table}`", stage.name))
                .hint(names::hint(table, outputs.iter().copied()))
        }),
        None if outputs.len() == 1 => Ok(0),
        // Of several the one that is called as the op, so that an op may come to have more.
        None => outputs.iter().position(|output| *output == stage.op.name()).ok_or_else(|| {
            SpecError::new(reference.stage.at, format!("stage `{}` has several tables", stage.name))
                .hint(format!("write {}.TABLE with one of: {}", reference.stage.text, outputs.join(", ")))
        }),
    }
}

pub(super) fn axis_place(stage: &Stage, axis: &str, at: &Name) -> Result<usize, SpecError> {
    stage.axes.iter().position(|name| name == axis).ok_or_else(|| {
        SpecError::new(at.at, format!("stage `{}` has no axis `{axis}`", stage.name))
            .hint(names::hint(axis, stage.axes.iter().map(String::as_str)))
    })
}

pub(super) fn unknown_stage(graph: &Graph, name: &Name) -> SpecError {
    SpecError::new(name.at, format!("there is no stage `{}`", name.text))
        .hint(names::hint(&name.text, graph.stages.iter().map(|stage| stage.name.as_str())))
}
