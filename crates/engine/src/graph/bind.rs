//! What an op is given at a point of its stage, inputs aside: its parameters and its seed.
//!
//! In: the stage as written, settings in which every swept parameter has one value, the axes. Out:
//! for each point [`Bound`] parameters and a [`Seed`]. Must not know inputs.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::domain::Points;
use super::{ValueId, Values};
use crate::error::{Origin, SpecError};
use crate::key::Seed;
use crate::names;
use crate::op::{AnyOp, Bound, IsPlace, ParamDecl, ParamError};
use crate::settings::Settings;
use crate::spec::StageSpec;
use crate::value::{self, Value, show};
use crate::yaml::Name;

/// Finds the value of each parameter of a stage's op: the stage's own, else the axis of that name,
/// else the pipeline's parameter of that name, else the op's default.
pub(super) struct Binder {
    op: Arc<dyn AnyOp>,
    stage: Name,
    /// Swept parameters, the first axes.
    swept: Vec<String>,
    fixed: serde_json::Map<String, Value>,
    origins: BTreeMap<String, Origin>,
    /// Parameters that are axes.
    axes: Vec<FromAxis>,
    draws: Option<Draws>,
    is_place: IsPlace,
    /// Distinct combinations are few, tasks are many.
    bound: HashMap<Vec<ValueId>, Bound>,
}

impl Binder {
    /// For a stage whose first `swept` axes are swept parameters. Their values are in `settings`,
    /// and reach the op from there alone: it may declare a parameter of such a name and be given
    /// another value by the stage.
    ///
    /// # Errors
    /// A parameter that the op does not declare, or that is also an axis; `seed_by` that does not
    /// fit.
    pub(super) fn new(
        settings: &Settings,
        stage: &StageSpec,
        op: Arc<dyn AnyOp>,
        Points { axes, origins: axis_origins, .. }: &Points,
        swept: usize,
        is_place: IsPlace,
    ) -> Result<Self, SpecError> {
        let params = op.params();
        let declared: Vec<&str> = params.iter().map(|param| param.name).collect();
        let place_of = |param: &str| Some(swept + axes[swept..].iter().position(|axis| axis == param)?);
        for (name, _) in &stage.params {
            if !declared.contains(&name.text.as_str()) {
                return Err(SpecError::new(
                    name.at,
                    format!("op `{}` has no parameter `{}`", op.name(), name.text),
                )
                .hint(names::hint(&name.text, declared.iter().copied())));
            }
            if place_of(&name.text).is_some() {
                return Err(SpecError::new(
                    name.at,
                    format!("`{}` is an axis of this stage already", name.text),
                ));
            }
        }
        let (mut fixed, mut origins, mut from_axes) = (serde_json::Map::new(), BTreeMap::new(), Vec::new());
        for ParamDecl { name: param, is_text, .. } in params.iter().copied() {
            let setting = if let Some((_, node)) = stage.params.iter().find(|(name, _)| name.text == param) {
                settings.eval(node)?
            } else if let Some(place) = place_of(param) {
                from_axes.push(FromAxis { param: param.to_string(), place, is_text });
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
            swept: axes[..swept].to_vec(),
            fixed,
            origins,
            axes: from_axes,
            draws,
            is_place,
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
            if !op.seeded() {
                return Ok(None);
            }
            let what = format!("op `{}` draws random numbers: `seed_by` is missing", op.name());
            return Err(SpecError::new(stage.name.at, what)
                .hint("list the axes that a new draw is made for; [] draws once".to_string()));
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
        let role = stage.role.as_ref().unwrap_or(&stage.op).text.clone();
        Ok(Some(Draws { root: number, role, by: places }))
    }

    /// The parameters of the op at a point.
    pub(super) fn params(&mut self, values: &Values, coords: &[ValueId]) -> Result<Bound, SpecError> {
        let point: Vec<ValueId> = self.axes.iter().map(|axis| coords[axis.place]).collect();
        if let Some(bound) = self.bound.get(&point) {
            return Ok(bound.clone());
        }
        let mut params = self.fixed.clone();
        for (FromAxis { param, is_text, .. }, id) in self.axes.iter().zip(&point) {
            let value = if *is_text { values.get(*id) } else { values.meaning(*id) };
            params.insert(param.clone(), value.clone());
        }
        let bound = self.op.bind(Value::Object(params.clone()));
        let bound = bound.map_err(|error| self.refusal(error, &params, values, coords))?;
        self.bound.insert(point, bound.clone());
        Ok(bound)
    }

    /// What the op refuses, blamed on who wrote it; under a sweep with the value that it refuses.
    fn refusal(
        &self,
        error: ParamError,
        params: &serde_json::Map<String, Value>,
        values: &Values,
        coords: &[ValueId],
    ) -> SpecError {
        let (op, name) = (self.op.name(), error.param.split(['.', '[']).next().unwrap_or_default());
        let origin = self.origins.get(name).cloned().unwrap_or(self.stage.at.into());
        if name.is_empty() {
            return SpecError::new(origin, format!("op `{op}`: {}", error.what));
        }
        let refused = params.get(name);
        let swept = self.swept.iter().zip(coords).map(|(swept, id)| (swept, values.get(*id)));
        let of_sweep = swept.into_iter().find(|(_, value)| Some(*value) == refused);
        let at = of_sweep.map(|(swept, value)| format!(" ({swept}={})", show(value))).unwrap_or_default();
        let depth = self.op.params().iter().find(|param| param.name == name).map_or(0, |param| param.depth);
        let hint = refused.filter(|value| value::depth(value) > depth).map(|_| {
            format!("to run it for several values, make `{name}` an axis of stage `{}`", self.stage.text)
        });
        let hint = hint.or_else(|| number_meant(refused?));
        SpecError::new(origin, format!("parameter `{name}` of op `{op}`: {}{at}", error.what)).hint(hint)
    }

    /// Where a point's random numbers come from, if the op draws: from all its coordinates in
    /// `seed_by` that do not say where something lies.
    pub(super) fn seed(&self, values: &Values, coords: &[ValueId]) -> Option<Arc<Seed>> {
        let Draws { root, role, by } = self.draws.as_ref()?;
        let by = by.iter().map(|(axis, place)| (axis, values.get(coords[*place])));
        let by = by.filter(|(axis, value)| !(self.is_place)(axis, value));
        let by = by.map(|(axis, value)| (axis.clone(), value.clone())).collect();
        Some(Arc::new(Seed { root: *root, role: role.clone(), by }))
    }
}

/// What to write for a text that looks like a number but is not one in YAML, as `1_000`.
fn number_meant(refused: &Value) -> Option<String> {
    let text = refused.as_str()?;
    let digits: String = text.chars().filter(|c| !matches!(c, '_' | ',')).collect();
    let number: f64 = digits.parse().ok().filter(|number: &f64| number.is_finite())?;
    Some(format!("YAML reads `{text}` as a text: write {}", show(&value::number(number))))
}

/// A parameter that is an axis at this place.
struct FromAxis {
    param: String,
    place: usize,
    /// Whether it is given only what a value is called, and not what that means.
    is_text: bool,
}

/// Where a stage's seeds come from; `by` holds axes with their places.
struct Draws {
    root: u64,
    role: String,
    by: Vec<(String, usize)>,
}
