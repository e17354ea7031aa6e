//! plot_radii: radii of class manifolds, of every network or their mean -> one panel per class (Figures 2
//! and 6).

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, Task, many, one};
use serde::{Deserialize, Serialize};

use super::plot::{figure_table, key, labels};
use crate::figures::{Axis, Line, LineChart, Look, Panel, Point, Range, Spread, Stroke, columns, line_chart};
use crate::tables::{Frame, TableError};

pub struct PlotRadii;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Below Figures/, without an ending.
    file: String,
}

/// Points that are drawn of a line, about: more would not be seen, but make large files.
const POINTS: usize = 100;
/// Panels in a row at most: more, and smaller, where there are many classes.
const FEW: (usize, usize) = (40, 5);
const MANY: usize = 10;

/// Networks whose lines can be told apart, so that they need not be faint.
const APART: usize = 10;

const NETWORK: Look = Look { color: Some(0), stroke: Stroke::Solid, spread: Spread::None, marks: false };
const MEAN: Look = Look { color: Some(0), stroke: Stroke::Solid, spread: Spread::Band, marks: false };

impl Op for PlotRadii {
    type Params = Params;
    const NAME: &'static str = "plot_radii";
    const VERSION: u32 = 1;
    /// Tables `radii`, one per network, or `radii_summary`.
    const INPUTS: &'static [InputDecl] = &[many("radii"), one("classes")];
    const OUTPUTS: &'static [&'static str] = &["figure"];

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let classes = Frame::read("classes", task.inputs.one("classes")?.read()?)?;
        let mut panels: Vec<Panel> = classes
            .text("name")?
            .into_iter()
            .map(|name| Panel { title: name.into(), lines: Vec::new() })
            .collect();
        let tables = task.inputs.many("radii");
        let names = labels(tables, None);
        let stroke = if tables.len() > APART { Stroke::Faint } else { Stroke::Solid };
        let (mut keys, mut y_label) = (Vec::new(), "Radius");
        for (at, (table, name)) in tables.iter().zip(&names).enumerate() {
            let radii = Frame::read("radii", table.read()?)?;
            let look = match radii.has("mean") {
                true => Look { color: Some(at), ..MEAN },
                false => Look { stroke, ..NETWORK },
            };
            if radii.has("mean") {
                y_label = "Radius (mean ± std)";
                keys.extend(key(name, look));
            }
            for (class, panel) in panels.iter_mut().enumerate() {
                let points = thinned(curve(&radii, class)?);
                panel.lines.push(Line { look, points });
            }
        }
        let points = panels.iter().flat_map(|panel| &panel.lines).flat_map(|line| &line.points);
        let Some(epochs) = Range::of(points.map(|point| point.x)) else {
            return Err(OpError::new("there are no radii to draw").hint(
                "`epochs` must be above `radii_from`, the first epoch whose radii are recorded".to_string(),
            ));
        };
        let most = if panels.len() > FEW.0 { MANY } else { FEW.1 };
        let chart = LineChart {
            columns: columns(panels.len(), most),
            panels,
            // Epochs count from 0, and a radius is that after the epoch.
            x: Axis {
                label: "Epoch".into(),
                shows: Some(Range { low: 0.0, high: epochs.high + 1.0 }),
                limits: None,
            },
            y: Axis { label: y_label.into(), shows: None, limits: Some(Range { low: 0.0, high: 1.0 }) },
            keys,
        };
        figure_table(&task.params.file, line_chart(&chart)?)
    }
}

/// The radii of one class, by epoch.
fn curve(radii: &Frame, class: usize) -> Result<Vec<Point>, TableError> {
    let (epochs, classes) = (radii.i32("epoch")?, radii.i32("class")?);
    let (means, stds) = match radii.has("mean") {
        true => (radii.f64("mean")?, Some(radii.f64("std")?)),
        false => (radii.f64("radius")?, None),
    };
    let rows = (0..radii.rows()).filter(|&row| usize::try_from(classes[row]) == Ok(class));
    Ok(rows
        .map(|row| Point { x: epochs[row].into(), mean: means[row], std: stds.map_or(0.0, |stds| stds[row]) })
        .collect())
}

/// Every so many points, and the last one.
fn thinned(points: Vec<Point>) -> Vec<Point> {
    let (every, last) = (points.len().div_ceil(POINTS).max(1), points.len().saturating_sub(1));
    let kept = points.into_iter().enumerate().filter(|(at, _)| at % every == 0 || *at == last);
    kept.map(|(_, point)| point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::{RADII, RADII_SUMMARY, write};

    #[test]
    fn radii_of_a_network_and_of_many_are_read() {
        let (epochs, classes) = (vec![21, 21, 22, 22], vec![0, 1, 0, 1]);
        let radii = || vec![0.5, 0.4, 0.6, 0.3];
        let columns = vec![epochs.clone().into(), classes.clone().into(), radii().into()];
        let network = Frame::read("radii", write(&RADII, columns).unwrap()).unwrap();
        let columns =
            vec![epochs.into(), classes.into(), radii().into(), vec![0.1; 4].into(), vec![3; 4].into()];
        let mean = Frame::read("radii", write(&RADII_SUMMARY, columns).unwrap()).unwrap();
        for (frame, std) in [(network, 0.0), (mean, 0.1)] {
            let points = curve(&frame, 1).unwrap().into_iter().map(|point| (point.x, point.mean, point.std));
            assert_eq!(points.collect::<Vec<_>>(), [(21.0, 0.4, std), (22.0, 0.3, std)]);
            assert!(curve(&frame, 2).unwrap().is_empty());
        }
    }

    #[test]
    fn long_lines_keep_their_ends() {
        let line = |count: u32| (0..count).map(|x| Point { x: x.into(), mean: 0.0, std: 0.0 }).collect();
        for count in [0, 1, 100, 101, 479, 10_000] {
            let kept = thinned(line(count));
            assert!(kept.len() <= POINTS + 1);
            assert_eq!(kept.last().map(|point| point.x), count.checked_sub(1).map(f64::from));
        }
        assert_eq!(thinned(line(100)).len(), 100);
    }
}
