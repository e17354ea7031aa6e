//! YAML text to a tree in which every node knows its line and column.
//!
//! In: text. Out: [`Node`]. Knows YAML alone; what the nodes mean is [`crate::spec`]'s business.

use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};

use crate::error::{Loc, SpecError};
use crate::value::{Value, number};

/// A YAML value with its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where it begins.
    pub at: Loc,
    /// What it is.
    pub kind: NodeKind,
}

/// What a node is.
#[derive(Clone, Debug)]
pub enum NodeKind {
    /// Null, bool, number or text.
    Scalar(Value),
    /// In the order written.
    List(Vec<Node>),
    /// In the order written.
    Map(Vec<(Name, Node)>),
}

/// A map's key, or another name that the user wrote, with its place.
#[derive(Clone, Debug)]
pub struct Name {
    /// As text, whatever it is.
    pub text: String,
    /// What it is where a value is meant: `1` is a number, `"1"` a text.
    pub value: Value,
    /// Where it begins.
    pub at: Loc,
}

/// Parses one document.
///
/// # Errors
/// Text that is not YAML, a key given twice or one that is not a text, more than one document.
pub fn parse(text: &str) -> Result<Node, SpecError> {
    let documents = MarkedYaml::load_from_str(text).map_err(|error| {
        let at = Loc { line: error.marker().line(), column: error.marker().col() + 1 };
        let hint = error
            .info()
            .contains("duplicated key")
            .then(|| "a name can stand only once here: rename or remove one of the two".to_string());
        SpecError::new(at, format!("not valid YAML: {}", error.info())).hint(hint)
    })?;
    match documents.as_slice() {
        [] => Ok(Node { at: Loc { line: 1, column: 1 }, kind: NodeKind::Scalar(Value::Null) }),
        [document] => node(document),
        [_, second, ..] => Err(SpecError::new(loc(second), "a second document in one file")),
    }
}

fn loc(yaml: &MarkedYaml) -> Loc {
    Loc { line: yaml.span.start.line(), column: yaml.span.start.col() + 1 }
}

fn node(yaml: &MarkedYaml) -> Result<Node, SpecError> {
    let at = loc(yaml);
    let kind = match &yaml.data {
        YamlData::Value(scalar) => NodeKind::Scalar(scalar_value(scalar, at)?),
        YamlData::Sequence(items) => NodeKind::List(items.iter().map(node).collect::<Result<_, _>>()?),
        YamlData::Mapping(entries) => {
            let mut map = Vec::with_capacity(entries.len());
            for (key, value) in entries {
                map.push((key_name(key)?, node(value)?));
            }
            NodeKind::Map(map)
        }
        YamlData::Tagged(..) => {
            return Err(SpecError::new(at, "YAML tags (`!name`) have no meaning here"));
        }
        YamlData::Representation(..) | YamlData::Alias(_) | YamlData::BadValue => {
            return Err(SpecError::new(at, "this value cannot be read"));
        }
    };
    Ok(Node { at, kind })
}

fn key_name(key: &MarkedYaml) -> Result<Name, SpecError> {
    let at = loc(key);
    match &key.data {
        YamlData::Value(scalar) => {
            let value = scalar_value(scalar, at)?;
            Ok(Name { text: crate::value::show(&value), value, at })
        }
        _ => Err(SpecError::new(at, "a name must be a single word")),
    }
}

fn scalar_value(scalar: &Scalar, at: Loc) -> Result<Value, SpecError> {
    Ok(match scalar {
        Scalar::Null => Value::Null,
        Scalar::Boolean(b) => Value::from(*b),
        Scalar::Integer(i) => Value::from(*i),
        Scalar::FloatingPoint(x) if x.is_finite() => number(x.into_inner()),
        Scalar::FloatingPoint(_) => return Err(SpecError::new(at, "a number must be finite")),
        Scalar::String(text) => Value::from(text.as_ref()),
    })
}

impl Node {
    /// The plain value, places dropped.
    pub fn value(&self) -> Value {
        match &self.kind {
            NodeKind::Scalar(value) => value.clone(),
            NodeKind::List(items) => Value::Array(items.iter().map(Node::value).collect()),
            NodeKind::Map(entries) => {
                Value::Object(entries.iter().map(|(name, node)| (name.text.clone(), node.value())).collect())
            }
        }
    }

    /// The entries of a map; `what` names it in the error.
    pub fn entries(&self, what: &str) -> Result<&[(Name, Node)], SpecError> {
        match &self.kind {
            NodeKind::Map(entries) => Ok(entries),
            NodeKind::Scalar(Value::Null) => Ok(&[]),
            other => Err(self.mismatch(what, "a map (`name: value` lines)", other)),
        }
    }

    /// The text of a scalar; `what` names it in the error.
    pub fn text(&self, what: &str) -> Result<Name, SpecError> {
        match &self.kind {
            NodeKind::Scalar(Value::String(text)) => {
                Ok(Name { text: text.clone(), value: text.as_str().into(), at: self.at })
            }
            other => Err(self.mismatch(what, "a text", other)),
        }
    }

    /// The items of a list, or the node itself as the only item.
    pub fn items(&self) -> Vec<&Node> {
        match &self.kind {
            NodeKind::List(items) => items.iter().collect(),
            _ => vec![self],
        }
    }

    fn mismatch(&self, what: &str, wanted: &str, found: &NodeKind) -> SpecError {
        let found = match found {
            NodeKind::Scalar(value) => crate::value::kind(value),
            NodeKind::List(_) => "a list",
            NodeKind::Map(_) => "a map",
        };
        SpecError::new(self.at, format!("{what} must be {wanted}, not {found}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_given_twice_is_named_with_its_place() {
        let error = parse("stages:\n  load: {}\n  load: {}\n").unwrap_err().in_file("p.yaml");
        assert_eq!(error.to_string(), "p.yaml:3:3: not valid YAML: duplicated key in mapping");
        assert!(error.hint.is_some());
    }

    #[test]
    fn a_whole_number_is_one_however_it_is_spelt() {
        let root = parse("[2, 2.0, 2e0, 0.5, -0.0, 1e300]").unwrap();
        assert_eq!(root.value(), serde_json::json!([2, 2, 2, 0.5, 0, 1e300]));
    }

    /// By the core schema of YAML 1.2: `012` is twelve, and `1_000` is a text.
    #[test]
    fn numbers_have_many_spellings() {
        let root = parse("[1e-3, 1E-3, .5, 5., +5, 012, 0x10, 0o17, 1_000, 1/7, '1']").unwrap();
        let expected = serde_json::json!([0.001, 0.001, 0.5, 5, 5, 12, 16, 15, "1_000", "1/7", "1"]);
        assert_eq!(root.value(), expected);
    }

    #[test]
    fn places_count_from_one() {
        let root = parse("a: 1\nb:\n  - x\n").unwrap();
        let (name, list) = &root.entries("root").unwrap()[1];
        assert_eq!(name.at, Loc { line: 2, column: 1 });
        assert_eq!(list.items()[0].at, Loc { line: 3, column: 5 });
    }
}
