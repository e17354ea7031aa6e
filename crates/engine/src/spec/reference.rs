//! A reference to tasks of a stage: `identify[strategy=energy, set=[0, 1]].hard`.
//!
//! In: its text, from an input, a target, a result or the command line. Out: [`Reference`].

use crate::error::{Loc, SpecError};
use crate::value::{Value, as_list, canonical, show};
use crate::yaml::{self, Name};

/// A stage, the values that some of its axes are fixed to, and perhaps one of its tables.
#[derive(Clone, Debug)]
pub struct Reference {
    /// The stage, or a target where targets may stand.
    pub stage: Name,
    /// Axes that are fixed, each once.
    pub fix: Vec<Fix>,
    /// One of the stage's tables, if it is named.
    pub table: Option<String>,
}

/// An axis fixed to one value or to several.
#[derive(Clone, Debug)]
pub struct Fix {
    /// The axis.
    pub axis: String,
    /// The values as written: one, or several.
    pub values: Vec<Value>,
}

impl Fix {
    /// The values meant on an axis that has `values`: a list is one of them if the axis has it,
    /// else several.
    pub fn wanted<'a>(&self, mut values: impl Iterator<Item = &'a Value>) -> Vec<Value> {
        let list = canonical(&Value::Array(self.values.clone()));
        match values.find(|value| value.is_array() && canonical(value) == list) {
            Some(value) => vec![value.clone()],
            None => self.values.clone(),
        }
    }
}

impl Reference {
    /// Parses `stage`, `stage.table`, `stage[axis=value, ...]` and `stage[...].table`.
    ///
    /// # Errors
    /// Text of another form; located at `at`, where the text begins.
    pub fn parse(text: &str, at: Loc) -> Result<Reference, SpecError> {
        let bad = |why: &str| {
            SpecError::new(at, format!("`{text}` is not a reference: {why}"))
                .hint("write stage, stage.table or stage[axis=value, axis=[value, value]].table".to_string())
        };
        let (head, fix, tail) = match text.find('[') {
            None => match text.split_once('.') {
                None => (text, "", ""),
                Some((stage, table)) => (stage, "", table),
            },
            Some(open) => {
                let close = text.rfind(']').ok_or_else(|| bad("`]` is missing"))?;
                if close < open {
                    return Err(bad("`]` stands before `[`"));
                }
                let tail = &text[close + 1..];
                let tail = match tail.strip_prefix('.') {
                    Some(table) if !table.is_empty() => table,
                    None if tail.is_empty() => "",
                    _ => return Err(bad("after `]` only `.table` may follow")),
                };
                (&text[..open], &text[open + 1..close], tail)
            }
        };
        if !is_name(head) || !(tail.is_empty() || is_name(tail)) || text.ends_with('.') {
            return Err(bad("a name has only letters, digits, `_` and `-`"));
        }
        let mut fixes = Vec::new();
        for part in split_outside_brackets(fix) {
            let (axis, value) = part.split_once('=').ok_or_else(|| bad("inside `[]` stands axis=value"))?;
            let value = yaml::parse(value.trim()).map_err(|_| bad("a value cannot be read"))?.value();
            let axis = axis.trim().to_string();
            if fixes.iter().any(|fix: &Fix| fix.axis == axis) {
                return Err(bad("an axis is fixed twice"));
            }
            fixes.push(Fix { axis, values: as_list(&value) });
        }
        let table = (!tail.is_empty()).then(|| tail.to_string());
        Ok(Reference { stage: Name { text: head.to_string(), value: head.into(), at }, fix: fixes, table })
    }
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.stage.text)?;
        if !self.fix.is_empty() {
            let fix: Vec<String> = self
                .fix
                .iter()
                .map(|Fix { axis, values }| match values.as_slice() {
                    [one] => format!("{axis}={}", show(one)),
                    many => format!("{axis}={}", show(&Value::Array(many.to_vec()))),
                })
                .collect();
            write!(f, "[{}]", fix.join(", "))?;
        }
        match &self.table {
            Some(table) => write!(f, ".{table}"),
            None => Ok(()),
        }
    }
}

/// Whether `text` can name a stage, a table, an axis or a parameter.
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

fn split_outside_brackets(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0usize, 0usize);
    for (i, c) in text.char_indices() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(text[start..i].trim());
                start = i + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_round_trip() {
        for text in ["load", "load.images", "a[x=1, y=[0.9, b]].hard", "a[x=word]"] {
            let reference = Reference::parse(text, Loc { line: 1, column: 1 }).unwrap();
            assert_eq!(reference.to_string(), text);
        }
        for text in ["", "a.", "a[x=1", "a[x]", "a]x[", "a[x=1]y", "a b", "a[x=1, x=2]"] {
            assert!(Reference::parse(text, Loc { line: 1, column: 1 }).is_err(), "{text}");
        }
    }
}
