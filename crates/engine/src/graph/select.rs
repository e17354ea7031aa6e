//! Which tasks a target means, and which tasks those need.

use super::join::{axis_place, unknown_stage};
use super::{Graph, Id, Stage, TaskId};
use crate::error::{Origin, SpecError};
use crate::names;
use crate::spec::{Reference, Spec, Target};
use crate::value::{canonical, show};

impl Graph {
    /// The tasks that `words` mean: targets, stages, or stages with fixed axes, as on the command
    /// line.
    ///
    /// # Errors
    /// A name that is neither target nor stage, an axis that the stage lacks.
    pub fn select(&self, spec: &Spec, words: &[String]) -> Result<Vec<TaskId>, SpecError> {
        let mut tasks = Vec::new();
        for word in words {
            let on_line = |error: SpecError| SpecError { origin: Origin::CommandLine(word.clone()), ..error };
            let nowhere = crate::error::Loc { line: 1, column: 1 };
            let reference = Reference::parse(word, nowhere).map_err(on_line)?;
            self.check_values(spec, &reference).map_err(on_line)?;
            tasks.extend(resolve(self, spec, &reference, &mut Vec::new()).map_err(on_line)?);
        }
        tasks.sort_unstable();
        tasks.dedup();
        Ok(tasks)
    }

    /// Refuses a value that its axis does not have: on the command line it is a slip.
    fn check_values(&self, spec: &Spec, reference: &Reference) -> Result<(), SpecError> {
        let Some(stage) = self.stage(&reference.stage.text) else { return Ok(()) };
        for fix in &reference.fix {
            let place = axis_place(stage, &fix.axis, &reference.stage).map_err(|error| {
                if !spec.params.iter().any(|(name, _)| name.text == fix.axis) {
                    return error;
                }
                error.hint(format!(
                    "a parameter with several values is an axis of the stages that depend on it: \
                     --set '{}=[VALUE, VALUE]'",
                    fix.axis
                ))
            })?;
            let values = || self.domain(stage, &stage.axes[place]);
            let domain: Vec<String> = values().map(show).collect();
            for value in fix.wanted(values()) {
                if !values().any(|known| canonical(known) == canonical(&value)) {
                    let value = show(&value);
                    let what = format!("stage `{}` has no {}={value}", stage.name, fix.axis);
                    let hint = if domain.contains(&value) {
                        Some("a number and a text are two values: `\"1\"` is a text".to_string())
                    } else {
                        names::hint(&value, domain.iter().map(String::as_str))
                    };
                    return Err(SpecError::new(reference.stage.at, what).hint(hint));
                }
            }
        }
        Ok(())
    }

    /// The tasks of one stage that a reference means, and the place of its table among the op's
    /// outputs.
    pub fn resolve_table(&self, reference: &Reference) -> Result<(Vec<TaskId>, usize), SpecError> {
        let stage = self.stage(&reference.stage.text).ok_or_else(|| unknown_stage(self, &reference.stage))?;
        Ok((of_stage(self, stage, reference)?, super::join::table(stage, reference)?))
    }

    /// `tasks` and all that they read, directly or not, in the order of computation.
    pub fn closure(&self, tasks: &[TaskId]) -> Vec<TaskId> {
        let mut needed = vec![false; self.tasks.len()];
        for task in tasks {
            needed[task.index()] = true;
        }
        for task in self.tasks.ids().rev() {
            if needed[task.index()] {
                for input in &self.tasks[task].inputs {
                    for item in input.items.iter() {
                        needed[item.index()] = true;
                    }
                }
            }
        }
        self.tasks.ids().filter(|task| needed[task.index()]).collect()
    }
}

/// The tasks of one target of the file.
pub(super) fn target(
    graph: &Graph,
    spec: &Spec,
    target: &Target,
    open: &mut Vec<String>,
) -> Result<Vec<TaskId>, SpecError> {
    if let Some(start) = open.iter().position(|name| *name == target.name.text) {
        let what = format!("the target `{}` contains itself", target.name.text);
        let circle = format!("{} -> {}", open[start..].join(" -> "), target.name.text);
        return Err(SpecError::new(target.name.at, what).hint(format!("break the circle {circle}")));
    }
    open.push(target.name.text.clone());
    let mut tasks = Vec::new();
    for reference in &target.of {
        tasks.extend(resolve(graph, spec, reference, open)?);
    }
    open.pop();
    Ok(tasks)
}

fn resolve(
    graph: &Graph,
    spec: &Spec,
    reference: &Reference,
    open: &mut Vec<String>,
) -> Result<Vec<TaskId>, SpecError> {
    let name = &reference.stage;
    if let Some(found) = spec.targets.iter().find(|target| target.name.text == name.text) {
        if !reference.fix.is_empty() || reference.table.is_some() {
            let what = format!("`{}` is a target: only a stage has axes and tables", name.text);
            return Err(SpecError::new(name.at, what));
        }
        return target(graph, spec, found, open);
    }
    let Some(stage) = graph.stage(&name.text) else {
        let targets = spec.targets.iter().map(|target| target.name.text.as_str());
        let stages = graph.stages.iter().map(|stage| stage.name.as_str());
        return Err(SpecError::new(name.at, format!("there is no target and no stage `{}`", name.text))
            .hint(names::hint(&name.text, targets.chain(stages))));
    };
    if reference.table.is_some() {
        super::join::table(stage, reference)?;
    }
    of_stage(graph, stage, reference)
}

/// The tasks of `stage` at the values that the reference fixes.
fn of_stage(graph: &Graph, stage: &Stage, reference: &Reference) -> Result<Vec<TaskId>, SpecError> {
    let mut fixed = Vec::new();
    for fix in &reference.fix {
        let place = axis_place(stage, &fix.axis, &reference.stage)?;
        let wanted = fix.wanted(graph.domain(stage, &stage.axes[place]));
        fixed.push((place, wanted.iter().filter_map(|value| graph.values.find(value)).collect()));
    }
    let tasks = stage.tasks.clone();
    Ok(tasks.filter(|task| super::domain::matches(&fixed, &graph.tasks[*task].coords)).collect())
}
