//! plot_radii: radii of class manifolds, of every network or their mean -> one panel per class (Figures 2
//! and 6).

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, Task, many, one};
use serde::{Deserialize, Serialize};

use super::classes;
use super::plot::{figure_table, key, labels};
use crate::figures::{
    self, Axis, Line, LineChart, Look, Panel, Point, Range, Spread, Stroke, columns, line_chart,
};
use crate::tables::{Frame, TableError};

pub struct PlotRadii;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Below Figures/, without an ending.
    file: String,
}

/// Points that are drawn in all, about: more make files of several megabytes.
const POINTS: usize = 110_000;
/// Panels in a row at most, and where there are so many classes that a page would not hold them.
const ROW: usize = 5;
const CROWDED_ROW: usize = 10;
const CROWD: usize = 40;
/// Networks whose lines can be told apart, so that they need not be faint.
const APART: usize = 10;

const NETWORK: Look = Look { color: Some(0), stroke: Stroke::Solid, spread: Spread::None, marks: false };
const MEAN: Look = Look { color: Some(0), stroke: Stroke::Solid, spread: Spread::Band, marks: false };

impl Op for PlotRadii {
    type Params = Params;
    const NAME: &'static str = "plot_radii";
    const VERSION: u32 = figures::VERSION;
    /// Tables `radii`, one per network, or `radii_summary`.
    const INPUTS: &'static [InputDecl] = &[many("radii"), one("classes")];
    const OUTPUTS: &'static [&'static str] = &["figure"];

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let classes = Frame::read("classes", task.inputs.one("classes")?.read()?)?;
        let mut panels: Vec<Panel> =
            classes::drawn(&classes)?.into_iter().map(|title| Panel { title, lines: Vec::new() }).collect();
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
                panel.lines.push(Line { look, points: curve(&radii, class)? });
            }
        }
        thin(&mut panels, POINTS);
        let points = panels.iter().flat_map(|panel| &panel.lines).flat_map(|line| &line.points);
        let Some(epochs) = Range::of(points.map(|point| point.x)) else {
            return Err(OpError::new("there are no radii to draw").hint(
                "`epochs` must be above `radii_from`, the first epoch whose radii are recorded".to_string(),
            ));
        };
        let most = if panels.len() > CROWD { CROWDED_ROW } else { ROW };
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

/// Leaves out epochs until about so many points are left. Each line keeps its last one.
fn thin(panels: &mut [Panel], most: usize) {
    let lines = || panels.iter().flat_map(|panel| &panel.lines);
    let total: usize = lines().map(|line| line.points.len()).sum();
    // Radii may swing from one epoch to the next. An even step would hide that.
    let every = total.div_ceil(most.max(1)) | 1;
    for line in panels.iter_mut().flat_map(|panel| &mut panel.lines) {
        let last = line.points.len().saturating_sub(1);
        let mut at = 0..;
        line.points.retain(|_| at.next().is_some_and(|at: usize| at.is_multiple_of(every) || at == last));
    }
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
    fn thin_lines_keep_their_swings_and_ends() {
        let swing = |x: u32| Point { x: x.into(), mean: (x % 2).into(), std: 0.0 };
        let panel = || {
            let lines = vec![Line { look: NETWORK, points: (0..480).map(swing).collect() }; 10];
            vec![Panel { title: String::new(), lines }]
        };
        let thinned = |most: usize| {
            let mut panels = panel();
            thin(&mut panels, most);
            panels[0].lines[0].points.clone()
        };
        assert_eq!(thinned(4_800).len(), 480);
        let points = thinned(1_300);
        assert!((96..=97).contains(&points.len()), "a fourth would do, but is even");
        assert!(points[..96].windows(2).all(|two| two[0].mean != two[1].mean));
        assert_eq!(points.last().map(|point| point.x), Some(479.0));
        assert!(thinned(0).len() <= 2);
    }
}
