//! What all plots share: how tables that come in together are told apart, and the table that goes out.

use hspipe_engine::Value;
use hspipe_engine::op::{OpError, Outputs, Table};
use hspipe_engine::value::show;

use crate::figures::{Key, Look, Rendered};
use crate::tables::Figure;

/// What is known of an op's figures without looking at them.
pub struct Drawing {
    pub op: &'static str,
    /// Their form, for somebody who does not see them.
    pub form: &'static str,
    /// Which rows of the inputs are drawn, by the op's parameters.
    pub drawn: fn(&Value) -> Drawn,
}

/// Which rows of a table of metrics or scores a figure draws. What is none leaves nothing out.
#[derive(Default)]
pub struct Drawn {
    pub metric: Option<String>,
    /// Those of single train ratios, or those over all of them.
    pub by_train_ratio: Option<bool>,
    /// Those of these scores.
    pub scores: Option<&'static [&'static str]>,
}

impl Drawn {
    pub fn all(_: &Value) -> Drawn {
        Drawn::default()
    }
}

/// The table `figure`: the picture in each format.
pub fn figure_table(file: &str, picture: Rendered) -> Result<Outputs, OpError> {
    let figure = Figure {
        file: ["svg", "png", "pdf"].iter().map(|ending| format!("{file}.{ending}")).collect(),
        content: [picture.svg.into_bytes(), picture.png, picture.pdf].iter().collect(),
    };
    Ok(vec![("figure", figure.write()?)])
}

/// A dataset's label as a part of a file's name.
pub fn file_part(label: &str) -> String {
    label.replace(|c: char| c == '/' || c.is_control(), "-")
}

/// How a file's name goes on where the level of hard samples and the noise of labels are not the paper's.
pub fn unusual(level: &str, noise_ratio: f64) -> String {
    let level = if level == "dataset" { String::new() } else { format!("_level_{level}") };
    let noise = if noise_ratio > 0.0 { format!("_noise_{noise_ratio}") } else { String::new() };
    level + &noise
}

/// What tells each table from the others, such as `noise ratio 0.1`: the axes on which they differ, by name. The
/// axis `named` comes first and in any case, by its value alone.
pub fn labels(tables: &[Table], named: Option<&str>) -> Vec<String> {
    let coords: Vec<&[(String, Value)]> = tables.iter().map(|table| table.coords.as_slice()).collect();
    labels_of(&coords, named)
}

fn labels_of(tables: &[&[(String, Value)]], named: Option<&str>) -> Vec<String> {
    let value = |table: usize, axis: &str| tables[table].iter().find(|(name, _)| name == axis);
    let differs = |axis: &str| (1..tables.len()).any(|table| value(table, axis) != value(0, axis));
    let label = |coords: &&[(String, Value)]| {
        let is_named = |axis: &str| named == Some(axis);
        let own = coords.iter().filter(|(axis, _)| is_named(axis)).map(|(_, value)| show(value));
        let others = coords.iter().filter(|(axis, _)| !is_named(axis) && differs(axis));
        let others = others.map(|(axis, value)| format!("{} {}", axis.replace('_', " "), show(value)));
        own.chain(others).collect::<Vec<_>>().join(", ")
    };
    tables.iter().map(label).collect()
}

/// An entry of the legend, or none where nothing needs to be told apart.
pub fn key(label: &str, look: Look) -> Option<Key> {
    (!label.is_empty()).then(|| Key { label: label.into(), look })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_tell_what_differs() {
        let coords = |strategy: &str, noise: f64| {
            let pairs =
                [("level", "class".into()), ("noise_ratio", noise.into()), ("strategy", strategy.into())];
            pairs.map(|(axis, value): (&str, Value)| (axis.to_string(), value))
        };
        let (a, b, c) = (coords("energy", 0.0), coords("energy", 0.1), coords("confidence", 0.0));
        assert_eq!(labels_of(&[&a, &b], None), ["noise ratio 0", "noise ratio 0.1"]);
        assert_eq!(
            labels_of(&[&a, &b], Some("strategy")),
            ["energy, noise ratio 0", "energy, noise ratio 0.1"]
        );
        assert_eq!(labels_of(&[&a, &c], Some("strategy")), ["energy", "confidence"]);
        assert_eq!(labels_of(&[&a], None), [""]);
    }
}
