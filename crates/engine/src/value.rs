//! Values of parameters and axes, and their one canonical text.
//!
//! In: JSON-like values from `pipeline.yaml`, `--set` and ops. Out: text that is equal if and only
//! if the values are, for keys, for joins and for people. Knows nothing of stages.

use std::fmt::Write;

/// A parameter or a coordinate: null, bool, number, string, list or map.
pub type Value = serde_json::Value;

/// The canonical JSON of `value`: keys sorted, no spaces, and a number without its spelling (`1.0`
/// is `1`).
pub fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write_canonical(value, &mut text);
    text
}

/// The same, at the end of `out`.
pub fn write_canonical(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(is_so) => out.push_str(if *is_so { "true" } else { "false" }),
        Value::Number(number) => write_number(number, out),
        Value::String(text) => write_text(text, out),
        Value::Array(items) => write_list(items, write_canonical, out),
        Value::Object(map) => {
            let mut entries: Vec<(&String, &Value)> = map.iter().collect();
            entries.sort_by_key(|(name, _)| *name);
            write_map(entries, write_canonical, out);
        }
    }
}

/// A list.
pub fn write_list<T>(items: impl IntoIterator<Item = T>, write: impl Fn(T, &mut String), out: &mut String) {
    out.push('[');
    for (i, item) in items.into_iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        write(item, out);
    }
    out.push(']');
}

/// A map of entries that are in the order of their names.
pub fn write_map<N: AsRef<str>, V>(
    entries: impl IntoIterator<Item = (N, V)>,
    write: impl Fn(V, &mut String),
    out: &mut String,
) {
    out.push('{');
    for (i, (name, value)) in entries.into_iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        write_text(name.as_ref(), out);
        out.push(':');
        write(value, out);
    }
    out.push('}');
}

/// A JSON string.
pub fn write_text(text: &str, out: &mut String) {
    // Most are plain names, which need no escapes.
    if text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        let _ = write!(out, "{}", Value::from(text));
    }
}

fn write_number(number: &serde_json::Number, out: &mut String) {
    let whole = number.as_f64().filter(|_| number.is_f64()).and_then(as_whole);
    let _ = match whole {
        Some(whole) => write!(out, "{whole}"),
        None => write!(out, "{number}"),
    };
}

/// The whole number that `x` is; none beyond 2^53, where an f64 no longer tells neighbours apart.
fn as_whole(x: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (x.fract() == 0.0 && x.abs() <= EXACT).then_some(x as i64)
}

/// A number as written by somebody: `2.0` is `2`, also where a whole number is wanted.
pub fn number(x: f64) -> Value {
    as_whole(x).map_or(Value::from(x), Value::from)
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

/// How deep the lists of `value` nest: 0 if it is not a list, 1 if it is a list without lists in
/// it.
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
        let text = "é \u{7f} \u{1} \" \\ /";
        assert_eq!(canonical(&json!(text)), serde_json::to_string(text).unwrap());
    }
}
