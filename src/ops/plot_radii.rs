//! plot_radii: radii of class manifolds, of every network or their mean -> one panel per class (Figures 2
//! and 6).

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, Table, Task, many, one};
use serde::{Deserialize, Serialize};

use super::classes;
use super::plot::{Drawing, Drawn, figure_table, key, labels};
use crate::figures::{
    self, Axis, Line, LineChart, Look, Panel, Point, Range, Spread, Stroke, columns, line_chart,
};
use crate::tables::{Frame, Radii, RadiiSummary};

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

pub const DRAWING: Drawing = Drawing {
    op: PlotRadii::NAME,
    form: "line chart, radii over the epochs, a panel per class",
    drawn: Drawn::all,
};

impl Op for PlotRadii {
    type Params = Params;
    const NAME: &'static str = "plot_radii";
    const VERSION: u32 = figures::VERSION;
    /// Tables `radii`, one per network, or `radii_summary`.
    const INPUTS: &'static [InputDecl] = &[many("radii"), one("classes")];
    const OUTPUTS: &'static [&'static str] = &["figure"];

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let titles = classes::drawn(task.inputs)?.into_iter();
        let mut panels: Vec<Panel> = titles.map(|title| Panel { title, lines: Vec::new() }).collect();
        let tables = task.inputs.many("radii");
        let names = labels(tables, None);
        let stroke = if tables.len() > APART { Stroke::Faint } else { Stroke::Solid };
        let (mut keys, mut y_label) = (Vec::new(), "Radius");
        for (at, (table, name)) in tables.iter().zip(&names).enumerate() {
            let radii = Rows::read(table)?;
            let look = match radii.std {
                Some(_) => Look { color: Some(at), ..MEAN },
                None => Look { stroke, ..NETWORK },
            };
            if radii.std.is_some() {
                y_label = "Radius (mean ± std)";
                keys.extend(key(name, look));
            }
            for (class, panel) in panels.iter_mut().enumerate() {
                panel.lines.push(Line { look, points: radii.curve(class) });
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

/// Radii of one network, or the mean and the std of many.
struct Rows {
    epoch: Vec<i32>,
    class: Vec<i32>,
    mean: Vec<f64>,
    std: Option<Vec<f64>>,
}

impl Rows {
    fn read(table: &Table) -> Result<Rows, OpError> {
        let frame = Frame::read("radii", table.read()?)?;
        if frame.has("mean") {
            let RadiiSummary { epoch, class, mean, std, .. } = RadiiSummary::of(&frame)?;
            return Ok(Rows { epoch, class, mean, std: Some(std) });
        }
        let Radii { epoch, class, radius } = Radii::of(&frame)?;
        Ok(Rows { epoch, class, mean: radius, std: None })
    }

    /// The radii of one class, by epoch.
    fn curve(&self, class: usize) -> Vec<Point> {
        let rows = (0..self.class.len()).filter(|&row| usize::try_from(self.class[row]) == Ok(class));
        let std = |row: usize| self.std.as_ref().map_or(0.0, |std| std[row]);
        rows.map(|row| Point { x: self.epoch[row].into(), mean: self.mean[row], std: std(row) }).collect()
    }
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

    #[test]
    fn a_curve_is_of_one_class() {
        for (std, expected) in [(None, 0.0), (Some(vec![0.1; 4]), 0.1)] {
            let (epoch, class, mean) = (vec![21, 21, 22, 22], vec![0, 1, 0, 1], vec![0.5, 0.4, 0.6, 0.3]);
            let radii = Rows { epoch, class, mean, std };
            let points = radii.curve(1).into_iter().map(|point| (point.x, point.mean, point.std));
            assert_eq!(points.collect::<Vec<_>>(), [(21.0, 0.4, expected), (22.0, 0.3, expected)]);
            assert!(radii.curve(2).is_empty());
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
