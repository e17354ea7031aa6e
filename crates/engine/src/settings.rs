//! The values of the parameters: the file's defaults, then the profile's, then `--set`'s.
//!
//! In: [`Spec`] and words of the command line. Out: [`Settings`], each value with where it came
//! from.

use std::collections::BTreeMap;

use crate::error::{Loc, Origin, SpecError};
use crate::names;
use crate::spec::Spec;
use crate::value::{Value, kind};
use crate::yaml::{self, Node, NodeKind};

/// A parameter's value and its origin.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Its value.
    pub value: Value,
    /// Where that was written.
    pub origin: Origin,
}

/// Every parameter by name.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    params: BTreeMap<String, Setting>,
}

impl Settings {
    /// Applies `profile` and then each of `sets` (`name=value`, `name.part=value`) to the file's
    /// defaults.
    ///
    /// # Errors
    /// A profile, parameter or part that does not exist, a value that is not YAML or is of another
    /// kind.
    pub fn resolve(spec: &Spec, profile: Option<&str>, sets: &[String]) -> Result<Settings, SpecError> {
        let mut settings = Settings::default();
        for (name, node) in &spec.params {
            if let Some(at) = without_value(node) {
                return Err(no_value(&name.text, at.into()).in_file(&spec.file));
            }
            let setting = Setting { value: node.value(), origin: node.at.into() };
            settings.params.insert(name.text.clone(), setting);
        }
        settings.overrides(spec, profile, sets).map_err(|error| error.in_file(&spec.file))?;
        Ok(settings)
    }

    /// These, and those of the file alone and of each profile.
    pub fn variants(&self, spec: &Spec) -> Result<Vec<Settings>, SpecError> {
        let profiles = spec.profiles.iter().map(|(name, _)| Some(name.text.as_str()));
        let others = std::iter::once(None).chain(profiles);
        let others = others.map(|profile| Settings::resolve(spec, profile, &[]));
        std::iter::once(Ok(self.clone())).chain(others).collect()
    }

    fn overrides(&mut self, spec: &Spec, profile: Option<&str>, sets: &[String]) -> Result<(), SpecError> {
        for (name, overrides) in &spec.profiles {
            for (param, node) in overrides {
                // Checked for every profile, so that a misspelt one is found before it is used.
                if let Some(at) = without_value(node) {
                    return Err(no_value(&param.text, at.into()));
                }
                let mut trial = self.clone();
                let target = if profile == Some(&name.text) { &mut *self } else { &mut trial };
                target.assign(&param.text, node.value(), param.at.into())?;
            }
        }
        if let Some(wanted) = profile
            && !spec.profiles.iter().any(|(name, _)| name.text == wanted)
        {
            let origin = Origin::CommandLine(format!("--profile {wanted}"));
            return Err(SpecError::new(origin, "there is no such profile")
                .hint(names::hint(wanted, spec.profiles.iter().map(|(name, _)| name.text.as_str()))));
        }
        for set in sets {
            let origin = Origin::CommandLine(format!("--set {set}"));
            let Some((path, text)) = set.split_once('=') else {
                return Err(
                    SpecError::new(origin, "`=` is missing").hint("write --set name=value".to_string())
                );
            };
            let node =
                yaml::parse(text).map_err(|error| SpecError::new(&origin, error.what).hint(error.hint))?;
            if without_value(&node).is_some() {
                return Err(no_value(path.trim(), origin));
            }
            let value = node.value();
            self.assign(path.trim(), value, origin)?;
        }
        Ok(())
    }

    fn assign(&mut self, path: &str, value: Value, origin: Origin) -> Result<(), SpecError> {
        let mut parts = path.split('.');
        let name = parts.next().unwrap_or_default();
        let valid: Vec<String> = self.params.keys().cloned().collect();
        let Some(setting) = self.params.get_mut(name) else {
            return Err(SpecError::new(origin, format!("there is no parameter `{name}`"))
                .hint(names::hint(name, valid.iter().map(String::as_str))));
        };
        let mut slot = &mut setting.value;
        for part in parts {
            let Value::Object(map) = slot else {
                return Err(SpecError::new(origin, format!("`{name}` has no parts: it is {}", kind(slot))));
            };
            let valid: Vec<String> = map.keys().cloned().collect();
            match map.get_mut(part) {
                Some(inner) => slot = inner,
                None => {
                    return Err(SpecError::new(origin, format!("`{name}` has no part `{part}`"))
                        .hint(names::hint(part, valid.iter().map(String::as_str))));
                }
            }
        }
        if !fits(slot, &value) {
            let what = match (&*slot, &value) {
                (Value::Array(old), Value::Array(new)) => {
                    let old = old.first().unwrap_or(&Value::Null);
                    let new = new.iter().find(|new| !fits_as_item(old, new)).unwrap_or(&Value::Null);
                    format!("each item of `{path}` is {}, not {}", kind(old), kind(new))
                }
                (old, Value::Array(new)) => {
                    let new = new.iter().find(|new| !fits(old, new)).unwrap_or(&Value::Null);
                    format!("each value of `{path}` is {}, not {}", kind(old), kind(new))
                }
                (old, new) => format!("`{path}` is {}, not {}", kind(old), kind(new)),
            };
            return Err(SpecError::new(origin, what));
        }
        *slot = value;
        setting.origin = origin;
        Ok(())
    }

    /// The parameter of that name.
    pub fn get(&self, name: &str) -> Option<&Setting> {
        self.params.get(name)
    }

    /// All parameters in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Setting)> {
        self.params.iter().map(|(name, setting)| (name.as_str(), setting))
    }

    /// The value of the parameter, or of the part of one, at `path` (`name` or `name.part`), and
    /// its origin.
    pub fn find(&self, path: &str) -> Option<(&Value, &Origin)> {
        let mut parts = path.split('.');
        let setting = self.params.get(parts.next()?)?;
        let value = parts.try_fold(&setting.value, |value, part| value.get(part))?;
        Some((value, &setting.origin))
    }

    /// These settings with other values at some paths that exist.
    pub fn with(&self, values: &[(&str, &Value)]) -> Settings {
        let mut settings = self.clone();
        for (path, value) in values {
            let mut parts = path.split('.');
            let setting = parts.next().and_then(|name| settings.params.get_mut(name));
            let slot = setting
                .and_then(|setting| parts.try_fold(&mut setting.value, |value, part| value.get_mut(part)));
            if let Some(slot) = slot {
                *slot = (*value).clone();
            }
        }
        settings
    }

    /// All values in one map.
    pub fn values(&self) -> Value {
        Value::Object(self.iter().map(|(name, setting)| (name.to_string(), setting.value.clone())).collect())
    }

    /// The value of `node` with every `$name` replaced by that parameter, and the origin to blame
    /// for it.
    ///
    /// # Errors
    /// A `$name` that is not a parameter.
    pub fn eval(&self, node: &Node) -> Result<Setting, SpecError> {
        match &node.kind {
            NodeKind::Scalar(Value::String(text)) if text.starts_with('$') => {
                let path = &text[1..];
                if let Some((value, origin)) = self.find(path) {
                    return Ok(Setting { value: value.clone(), origin: origin.clone() });
                }
                let (name, part) = path.split_once('.').unwrap_or((path, ""));
                if self.params.contains_key(name) {
                    return Err(SpecError::new(node.at, format!("`{name}` has no part `{part}`")));
                }
                Err(SpecError::new(node.at, format!("there is no parameter `{name}`"))
                    .hint(names::hint(name, self.params.keys().map(String::as_str))))
            }
            NodeKind::List(items) => {
                let items = items.iter().map(|item| self.eval(item).map(|setting| setting.value));
                let value = Value::Array(items.collect::<Result<_, _>>()?);
                Ok(Setting { value, origin: node.at.into() })
            }
            NodeKind::Scalar(_) | NodeKind::Map(_) => {
                Ok(Setting { value: node.value(), origin: node.at.into() })
            }
        }
    }
}

/// Where a value, or a part of one, is left empty or null.
fn without_value(node: &Node) -> Option<Loc> {
    match &node.kind {
        NodeKind::Scalar(Value::Null) => Some(node.at),
        NodeKind::Scalar(_) => None,
        NodeKind::List(items) => items.iter().find_map(without_value),
        NodeKind::Map(entries) => entries.iter().find_map(|(_, node)| without_value(node)),
    }
}

fn no_value(path: &str, origin: Origin) -> SpecError {
    let hint = match &origin {
        Origin::File(_) => format!("write {path}: VALUE"),
        Origin::CommandLine(_) => {
            format!("write --set {path}=VALUE; a shell variable that is not set leaves nothing")
        }
    };
    SpecError::new(origin, format!("{path} has no value")).hint(hint)
}

/// Whether `new` may replace `old`: of the same kind, or one of them a list of the other's kind,
/// since any parameter may be made an axis. A text may stand for a number (`1/7`); the op has the
/// last word.
fn fits(old: &Value, new: &Value) -> bool {
    match (old, new) {
        (Value::Null, _) | (_, Value::Null) => true,
        (Value::Array(items), Value::Array(new)) => {
            items.first().is_none_or(|old| new.iter().all(|new| fits_as_item(old, new)))
        }
        (Value::Array(items), new) => items.first().is_none_or(|old| fits(old, new)),
        (old, Value::Array(new)) => new.iter().all(|new| fits(old, new)),
        (Value::Number(_) | Value::String(_), Value::Number(_) | Value::String(_)) => true,
        _ => std::mem::discriminant(old) == std::mem::discriminant(new),
    }
}

/// The same of items of a list, among which a map may stand for its name.
fn fits_as_item(old: &Value, new: &Value) -> bool {
    let is_named =
        matches!((old, new), (Value::String(_), Value::Object(_)) | (Value::Object(_), Value::String(_)));
    is_named || fits(old, new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const FILE: &str = "params: {runs: 5, names: [a, b], net: {width: 20}}\nprofiles: {quick: {runs: 1}}\n";

    fn resolve(profile: Option<&str>, sets: &[&str]) -> Result<Settings, String> {
        let spec = Spec::parse(FILE, "p.yaml").unwrap();
        let sets: Vec<String> = sets.iter().map(|set| set.to_string()).collect();
        Settings::resolve(&spec, profile, &sets).map_err(|error| error.to_string())
    }

    #[test]
    fn later_settings_win() {
        assert_eq!(resolve(None, &[]).unwrap().get("runs").unwrap().value, json!(5));
        assert_eq!(resolve(Some("quick"), &[]).unwrap().get("runs").unwrap().value, json!(1));
        let settings = resolve(Some("quick"), &["runs=7", "names=[c]", "net.width=30"]).unwrap();
        assert_eq!(settings.values(), json!({"runs": 7, "names": ["c"], "net": {"width": 30}}));
        assert_eq!(settings.get("runs").unwrap().origin, Origin::CommandLine("--set runs=7".into()));
    }

    #[test]
    fn mistakes_are_refused() {
        assert!(resolve(Some("quik"), &[]).unwrap_err().contains("no such profile"));
        assert!(resolve(None, &["run=1"]).unwrap_err().contains("no parameter `run`"));
        assert!(resolve(None, &["net.depth=1"]).unwrap_err().contains("no part `depth`"));
        assert!(resolve(None, &["names={a: 1}"]).unwrap_err().contains("is a list, not a map"));
        assert!(
            resolve(None, &["names=[a, true]"])
                .unwrap_err()
                .contains("each item of `names` is a text, not true")
        );
        assert!(
            resolve(None, &["net=[{width: 3}, 4]"])
                .unwrap_err()
                .contains("each value of `net` is a map, not a number")
        );
        assert!(resolve(None, &["runs"]).unwrap_err().contains("`=` is missing"));
        assert_eq!(resolve(None, &["runs="]).unwrap_err(), "--set runs=: runs has no value");
        assert_eq!(resolve(None, &["net.width="]).unwrap_err(), "--set net.width=: net.width has no value");
        assert_eq!(
            resolve(None, &["names=[a, null]"]).unwrap_err(),
            "--set names=[a, null]: names has no value"
        );
        let text = FILE.replace("runs: 5", "runs: ");
        let error = Settings::resolve(&Spec::parse(&text, "p.yaml").unwrap(), None, &[]).unwrap_err();
        assert_eq!(error.to_string(), "p.yaml:1:14: runs has no value");
    }
}
