//! Values that the pipeline names: in conditions, in references, as cases of a ragged axis. One
//! that its axis can never have is a slip, and would match nothing in silence.
//!
//! In: the pipeline as written, its settings, the ops. Out: the first slip. An axis can have the
//! values that it has now, by the file's defaults and by each profile, whole numbers if it is
//! counted, and words that an op takes as its parameter of that name. A value that `--set` has
//! removed from its axis is not a mistake. Knows no tasks.

use crate::error::{Origin, SpecError};
use crate::names;
use crate::op::Registry;
use crate::settings::Settings;
use crate::spec::{Condition, Domain, Reference, Spec, StageSpec};
use crate::value::{Value, as_list, canonical, show};
use crate::yaml::Node;

/// # Errors
/// A value that its axis can never have, with its place and the nearest that it can have.
pub(super) fn check(spec: &Spec, settings: &Settings, ops: &Registry) -> Result<(), SpecError> {
    let known = Known { spec, ops, settings: settings.variants(spec)? };
    for stage in &spec.stages {
        for condition in stage.exclude.iter().flatten() {
            known.condition(stage, condition)?;
        }
        for (_, input) in &stage.inputs {
            input.when.iter().try_for_each(|condition| known.condition(stage, condition))?;
            known.reference(&input.from)?;
        }
        for (axis, own) in &stage.axes {
            if let Some(Domain::By { axis: by, cases }) = spec.domain(axis, own) {
                for (case, _) in cases {
                    known.value(stage, &by.text, &case.value, case.at.into())?;
                }
            }
        }
    }
    let targets = spec.targets.iter().chain(&spec.results);
    targets.flat_map(|target| &target.of).try_for_each(|reference| known.reference(reference))
}

struct Known<'a> {
    spec: &'a Spec,
    ops: &'a Registry,
    /// Those of this run, the file's own, and each profile's.
    settings: Vec<Settings>,
}

impl Known<'_> {
    fn condition(&self, stage: &StageSpec, condition: &Condition) -> Result<(), SpecError> {
        for node in condition.values.items() {
            // What stands in the parameter is the user's business, and may be nothing.
            if !matches!(node.value(), Value::String(text) if text.starts_with('$')) {
                self.value(stage, &condition.axis.text, &node.value(), node.at.into())?;
            }
        }
        Ok(())
    }

    fn reference(&self, reference: &Reference) -> Result<(), SpecError> {
        let Some(stage) = self.spec.stages.iter().find(|stage| stage.name.text == reference.stage.text)
        else {
            return Ok(());
        };
        for fix in &reference.fix {
            let values = self.values(stage, &fix.axis);
            for value in fix.wanted(values.iter()) {
                self.value(stage, &fix.axis, &value, reference.stage.at.into())?;
            }
        }
        Ok(())
    }

    /// A name that is not an axis is refused where the stages are joined.
    fn value(&self, stage: &StageSpec, axis: &str, value: &Value, at: Origin) -> Result<(), SpecError> {
        let domain = stage.axes.iter().find(|(name, _)| name.text == axis);
        let domain = domain.and_then(|(name, own)| self.spec.domain(name, own));
        let values = self.values(stage, axis);
        let text = canonical(value);
        let is_counted = matches!(domain, Some(Domain::Count(_)));
        if (domain.is_none() && values.is_empty())
            || values.iter().any(|known| canonical(known) == text)
            || (is_counted && value.is_u64())
            || self.is_word_of_an_op(axis, value)
        {
            return Ok(());
        }
        let shown: Vec<String> = values.iter().map(show).collect();
        let hint = match values.iter().find(|known| show(known) == show(value)) {
            Some(Value::String(text)) => Some(format!("the axis has the text: write \"{text}\" in quotes")),
            Some(_) => Some(format!("a text is another value: write {} without quotes", show(value))),
            None if is_counted => Some("the axis counts: write a whole number from 0".to_string()),
            None => names::hint(&show(value), shown.iter().map(String::as_str)),
        };
        let what = format!("stage `{}` never has {axis}={}", stage.name.text, show(value));
        Err(SpecError::new(at, what).hint(hint))
    }

    /// What the axis has by any of the settings; what is wrong with an axis is told where its
    /// points are made.
    fn values(&self, stage: &StageSpec, axis: &str) -> Vec<Value> {
        let of_axis = stage.axes.iter().find(|(name, _)| name.text == axis);
        let domain = of_axis.and_then(|(name, own)| self.spec.domain(name, own));
        let mut all: Vec<Value> = Vec::new();
        for settings in &self.settings {
            let list = |node: &Node| settings.eval(node).map_or(Vec::new(), |found| as_list(&found.value));
            let values = match domain {
                Some(Domain::Values(node)) => list(node),
                Some(Domain::By { cases, .. }) => cases.iter().flat_map(|(_, node)| list(node)).collect(),
                Some(Domain::Count(node)) => {
                    let count = settings.eval(node).ok().and_then(|found| found.value.as_u64()).unwrap_or(0);
                    (0..count.min(100)).map(Value::from).collect()
                }
                // Perhaps a swept parameter.
                None => settings
                    .find(axis)
                    .map_or(Vec::new(), |(value, _)| [as_list(value), vec![value.clone()]].concat()),
            };
            for value in values {
                if !all.contains(&value) {
                    all.push(value);
                }
            }
        }
        all
    }

    /// Whether an op that has the axis as its parameter takes this word, and tells words apart.
    fn is_word_of_an_op(&self, axis: &str, value: &Value) -> bool {
        const NO_WORD: &str = "\u{0}";
        let stages = self.spec.stages.iter();
        let with_axis = stages.filter(|stage| stage.axes.iter().any(|(name, _)| name.text == axis));
        let mut ops = with_axis.filter_map(|stage| self.ops.get(&stage.op.text));
        value.is_string()
            && ops.any(|op| {
                let takes = |value: Value| {
                    let only = Value::Object([(axis.to_string(), value)].into_iter().collect());
                    op.bind(only).err().is_none_or(|error| error.param != axis)
                };
                op.params().iter().any(|param| param.name == axis)
                    && takes(value.clone())
                    && !takes(Value::from(NO_WORD))
            })
    }
}
