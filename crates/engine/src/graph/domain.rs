//! The points of a stage: its axes' values, ragged or not, less what is excluded.

use super::limit::{MOST_TASKS, too_many};
use super::sweep::Sweep;
use super::{ValueId, Values};
use crate::error::{Origin, SpecError};
use crate::names;
use crate::settings::{Setting, Settings};
use crate::spec::{Condition, Domain, Spec, StageSpec};
use crate::value::{Value, as_list, kind, show};
use crate::yaml::{Name, Node};

/// The axes of a stage and all its points, in the order of its axes, the last one fastest.
pub(super) struct Points {
    pub axes: Vec<String>,
    /// For each axis, each of its values once.
    pub domains: Vec<Vec<ValueId>>,
    /// For each axis, whether its values mean whole numbers: they count, or they are whole values
    /// of a swept parameter.
    pub whole: Vec<bool>,
    /// For each axis, where its values were written.
    pub origins: Vec<Origin>,
    pub points: Vec<Box<[ValueId]>>,
}

/// An axis' values, or for a ragged axis its values by those of an earlier axis.
enum AxisValues {
    Plain(Vec<ValueId>),
    By { axis: usize, cases: Vec<(ValueId, Vec<ValueId>)>, origin: Origin },
}

/// Enumerates the points of `stage` at which the swept parameters, its first axes, have the values
/// `at`.
///
/// # Errors
/// An axis that has no values anywhere, a count that is not a whole number, `by` an axis that the
/// stage lacks, a value of that axis without a case, an unknown axis in `exclude`.
pub(super) fn points(
    spec: &Spec,
    settings: &Settings,
    stage: &StageSpec,
    sweeps: &[Sweep],
    at: &[ValueId],
    values: &mut Values,
) -> Result<Points, SpecError> {
    let own = stage.axes.iter().map(|(name, _)| &name.text);
    let axes: Vec<String> = sweeps.iter().map(|sweep| &sweep.name).chain(own).cloned().collect();
    let mut axis_values: Vec<AxisValues> = at.iter().map(|id| AxisValues::Plain(vec![*id])).collect();
    let is_whole = |id: &ValueId| values.get(*id).is_i64();
    let mut whole: Vec<bool> = sweeps.iter().map(|sweep| sweep.values.iter().all(is_whole)).collect();
    let mut origins: Vec<Origin> = vec![stage.name.at.into(); sweeps.len()];
    for (name, own) in &stage.axes {
        let domain = spec.domain(name, own).ok_or_else(|| {
            let what = format!("the axis `{}` of stage `{}` has no values", name.text, stage.name.text);
            SpecError::new(name.at, what)
                .hint(names::hint(&name.text, spec.axes.iter().map(|(axis, _)| axis.text.as_str())))
        })?;
        origins.push(match domain {
            Domain::Values(node) | Domain::Count(node) => settings.eval(node)?.origin,
            Domain::By { axis, .. } => axis.at.into(),
        });
        whole.push(matches!(domain, Domain::Count(_)));
        axis_values.push(axis_domain(settings, domain, &name.text, &axes, values)?);
    }
    let exclude = stage
        .exclude
        .iter()
        .map(|conditions| resolve_conditions(settings, conditions, &axes, values))
        .collect::<Result<Vec<_>, _>>()?;

    let mut points: Vec<Vec<ValueId>> = vec![Vec::new()];
    check_order(&axis_values, stage)?;
    for place in 0..axes.len() {
        let mut longer = Vec::new();
        for point in points {
            let choices = match &axis_values[place] {
                AxisValues::Plain(choices) => choices,
                AxisValues::By { axis, cases, origin } => {
                    let value = point[*axis];
                    let case = cases.iter().find(|(case, _)| *case == value).ok_or_else(|| {
                        let what = format!(
                            "the axis `{}` has no case for {}={}",
                            axes[place],
                            axes[*axis],
                            show(values.get(value))
                        );
                        SpecError::new(origin, what)
                            .hint(format!("add a case to the axis: {}: [...]", show(values.get(value))))
                    })?;
                    &case.1
                }
            };
            for choice in choices {
                longer.push([point.as_slice(), &[*choice]].concat());
            }
            if longer.len() > MOST_TASKS {
                return Err(too_many(stage));
            }
        }
        points = longer;
    }
    points.retain(|point| !exclude.iter().any(|conditions| matches(conditions, point)));
    let domains = axis_values.iter().map(AxisValues::all).collect();
    Ok(Points {
        axes,
        domains,
        whole,
        origins,
        points: points.into_iter().map(Vec::into_boxed_slice).collect(),
    })
}

impl AxisValues {
    fn all(&self) -> Vec<ValueId> {
        match self {
            AxisValues::Plain(values) => values.clone(),
            AxisValues::By { cases, .. } => {
                let mut all = Vec::new();
                for value in cases.iter().flat_map(|(_, values)| values) {
                    if !all.contains(value) {
                        all.push(*value);
                    }
                }
                all
            }
        }
    }
}

/// Axes are filled in as written, so a ragged axis must stand after the one it depends on.
fn check_order(axes: &[AxisValues], stage: &StageSpec) -> Result<(), SpecError> {
    let names: Vec<&Name> = stage.axes.iter().map(|(name, _)| name).collect();
    let swept = axes.len() - names.len();
    for (place, axis) in axes.iter().enumerate() {
        if let AxisValues::By { axis: by, .. } = axis
            && *by >= place
        {
            let (name, by) = (names[place - swept], &names[*by - swept].text);
            let what = format!("the axis `{}` depends on `{by}` and must stand after it", name.text);
            return Err(SpecError::new(name.at, what));
        }
    }
    Ok(())
}

fn axis_domain(
    settings: &Settings,
    domain: &Domain,
    name: &str,
    axes: &[String],
    values: &mut Values,
) -> Result<AxisValues, SpecError> {
    match domain {
        Domain::Values(node) => Ok(AxisValues::Plain(list(settings, node, name, values)?)),
        Domain::Count(node) => {
            let Setting { value, origin } = settings.eval(node)?;
            let count = value.as_u64().filter(|count| *count <= MOST_TASKS as u64).ok_or_else(|| {
                let what =
                    format!("the axis `{name}` needs a count from 0 to {MOST_TASKS}, not {}", show(&value));
                SpecError::new(&origin, what).hint("write a whole number, such as 5".to_string())
            })?;
            Ok(AxisValues::Plain((0..count).map(|i| values.intern(&Value::from(i))).collect()))
        }
        Domain::By { axis, cases } => {
            let Some(by) = axes.iter().position(|name| *name == axis.text) else {
                let what = format!("the axis `{name}` depends on `{}`, which this stage lacks", axis.text);
                return Err(SpecError::new(axis.at, what)
                    .hint(names::hint(&axis.text, axes.iter().map(String::as_str))));
            };
            let mut lists: Vec<(ValueId, Vec<ValueId>)> = Vec::with_capacity(cases.len());
            for (case, node) in cases {
                let id = values.intern(&case.value);
                if lists.iter().any(|(other, _)| *other == id) {
                    let what = format!("the axis `{name}` has the case {} twice", show(&case.value));
                    return Err(SpecError::new(case.at, what).hint("give each value one list".to_string()));
                }
                lists.push((id, list(settings, node, name, values)?));
            }
            Ok(AxisValues::By { axis: by, cases: lists, origin: axis.at.into() })
        }
    }
}

/// What a value that is written as a map is called: by its name, or else by the path that it gives.
const NAMES: [&str; 2] = ["name", "path"];

/// The values that a node lists, none twice.
fn list(
    settings: &Settings,
    node: &Node,
    name: &str,
    values: &mut Values,
) -> Result<Vec<ValueId>, SpecError> {
    let Setting { value, origin } = settings.eval(node)?;
    let mut ids = Vec::new();
    for value in as_list(&value) {
        let id = match &value {
            Value::Null | Value::Array(_) => {
                let what = format!(
                    "a value of the axis `{name}` must be a text, a number or a map, not {}",
                    kind(&value)
                );
                return Err(SpecError::new(&origin, what));
            }
            Value::Object(map) => {
                let called = NAMES.iter().find_map(|key| map.get(*key)).and_then(Value::as_str);
                let called = called.ok_or_else(|| {
                    let what = format!("a map among the values of the axis `{name}` has no name");
                    SpecError::new(&origin, what).hint("write {name: ..., ...}".to_string())
                })?;
                values.intern_named(called, &value).ok_or_else(|| {
                    let what = format!("the axis `{name}` has two values that are called {called}");
                    SpecError::new(&origin, what).hint("give each a `name` of its own".to_string())
                })?
            }
            value => values.intern(value),
        };
        if ids.contains(&id) {
            return Err(SpecError::new(&origin, format!("the axis `{name}` has {} twice", show(&value)))
                .hint("list each value once".to_string()));
        }
        ids.push(id);
    }
    Ok(ids)
}

/// Conditions with axes as places and values as ids. Values that no axis has match nothing.
pub(super) fn resolve_conditions(
    settings: &Settings,
    conditions: &[Condition],
    axes: &[String],
    values: &Values,
) -> Result<Vec<(usize, Vec<ValueId>)>, SpecError> {
    conditions
        .iter()
        .map(|Condition { axis, values: wanted }| {
            let place = axes.iter().position(|name| *name == axis.text).ok_or_else(|| {
                SpecError::new(axis.at, format!("this stage has no axis `{}`", axis.text))
                    .hint(names::hint(&axis.text, axes.iter().map(String::as_str)))
            })?;
            let wanted = as_list(&settings.eval(wanted)?.value);
            Ok((place, wanted.iter().filter_map(|value| values.find(value)).collect()))
        })
        .collect()
}

/// Whether a point meets every condition.
pub(super) fn matches(conditions: &[(usize, Vec<ValueId>)], point: &[ValueId]) -> bool {
    conditions.iter().all(|(axis, wanted)| wanted.contains(&point[*axis]))
}
