//! Values of parameters and axes, and their one canonical text.
//!
//! In: JSON-like values from `pipeline.yaml`, `--set` and ops. Out: text that is equal if and only if the
//! values are, for keys, for joins and for people. Knows nothing of stages.

use std::fmt::Write;

/// A parameter or a coordinate: null, bool, number, string, list or map.
pub type Value = serde_json::Value;

/// The canonical JSON of `value`: keys sorted, no spaces, and a number without its spelling (`1.0` is `1`).
pub fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write_canonical(value, &mut text);
    text
}

fn write_canonical(value: &Value, out: &mut String) {
    match value {
        Value::Number(number) => out.push_str(&canonical_number(number)),
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_canonical(item, out);
            }
            out.push(']');
        }
        Value::Object(map) => {
            let mut names: Vec<&String> = map.keys().collect();
            names.sort();
            out.push('{');
            for (i, name) in names.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                let _ = write!(out, "{}:", Value::from(name.as_str()));
                write_canonical(&map[name], out);
            }
            out.push('}');
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {
            let _ = write!(out, "{value}");
        }
    }
}

fn canonical_number(number: &serde_json::Number) -> String {
    // Beyond 2^53 an f64 no longer tells neighbouring integers apart.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match number.as_f64() {
        Some(x) if !number.is_i64() && !number.is_u64() => {
            if x.fract() == 0.0 && x.abs() <= EXACT {
                format!("{}", x as i64)
            } else {
                number.to_string()
            }
        }
        _ => number.to_string(),
    }
}

/// The text of `value` for people: strings bare, lists in brackets.
pub fn show(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(show).collect();
            format!("[{}]", items.join(", "))
        }
        other => canonical(other),
    }
}

/// The values that a parameter stands for on an axis: a list's items, or the value alone.
pub fn as_list(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items.clone(),
        other => vec![other.clone()],
    }
}

/// How deep the lists of `value` nest: 0 for what is no list, 1 for a list of such.
pub fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// A word for the kind of `value`, for messages.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn equal_values_have_one_text() {
        assert_eq!(canonical(&json!(1.0)), canonical(&json!(1)));
        assert_eq!(canonical(&json!(-0.0)), "0");
        assert_eq!(canonical(&json!(0.1)), "0.1");
        assert_eq!(canonical(&json!({"b": [1, 2.5], "a": "x\n"})), r#"{"a":"x\n","b":[1,2.5]}"#);
        assert_ne!(canonical(&json!("1")), canonical(&json!(1)));
        assert_eq!(canonical(&json!(u64::MAX)), "18446744073709551615");
    }
}
