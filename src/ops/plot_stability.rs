//! plot_stability: how much rankings change with one more network -> curves over the number of networks, a panel for each
//! score (the target `stability`).

use std::sync::Arc;

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, ParamError, Task, one};
use serde::{Deserialize, Serialize};

use super::datasets::Datasets;
use super::plot::{Drawing, Drawn, figure_table, file_part, unusual};
use crate::figures::{
    self, Axis, Key, Line, LineChart, Look, Panel, Point, Range, Spread, Stroke, columns, line_chart,
    thousands,
};
use crate::tables::Stability;

pub struct PlotStability {
    pub datasets: Arc<Datasets>,
}

/// The point of the axes that is drawn.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// As the figure calls it, once it is canonical.
    dataset: String,
    noise_ratio: f64,
}

/// Panels side by side.
const MOST_COLUMNS: usize = 5;

pub const DRAWING: Drawing = Drawing {
    op: PlotStability::NAME,
    form: "line chart, a panel per score, the likeness of its rankings by so many networks and by one less",
    drawn: Drawn::all,
};

impl Op for PlotStability {
    type Params = Params;
    const NAME: &'static str = "plot_stability";
    const VERSION: u32 = figures::VERSION;
    const INPUTS: &'static [InputDecl] = &[one("stability")];
    const OUTPUTS: &'static [&'static str] = &["figure"];

    /// A path says nothing but its end: the same data at another path give the same figure.
    fn canonical(&self, params: Params) -> Result<Params, ParamError> {
        Ok(Params { dataset: self.datasets.label(&params.dataset), ..params })
    }

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let Params { dataset, noise_ratio } = task.params;
        let file = format!("Stability/networks_{}{}", file_part(dataset), unusual("dataset", *noise_ratio));
        let stability = Stability::read(task.inputs.one("stability")?.read()?)?;
        figure_table(&file, line_chart(&chart(&stability))?)
    }
}

fn look(color: usize) -> Look {
    Look { color: Some(color), stroke: Stroke::Solid, spread: Spread::None, marks: true }
}

/// Scores are in their order; each has its rows together, by the number of networks.
fn chart(stability: &Stability) -> LineChart {
    let rows: Vec<usize> = (0..stability.networks.len()).collect();
    let scores: Vec<&str> = stability.score.iter().collect();
    let line = |rows: &[usize], color: usize, value: &dyn Fn(usize) -> Option<f64>| {
        let point = |row: &usize| {
            Some(Point { x: f64::from(stability.networks[*row]), mean: value(*row)?, std: 0.0 })
        };
        Line { look: look(color), points: rows.iter().filter_map(point).collect() }
    };
    let panel = |rows: &[usize]| Panel {
        title: scores[rows[0]].to_string(),
        lines: vec![
            line(rows, 0, &|row| stability.spearman[row]),
            line(rows, 1, &|row| Some(stability.jaccard[row])),
        ],
    };
    let panels: Vec<Panel> = rows.chunk_by(|a, b| scores[*a] == scores[*b]).map(panel).collect();
    let hardest = stability.hardest.first().map_or(0, |hardest| hardest.unsigned_abs());
    let key = |label: String, color| Key { label, look: look(color) };
    LineChart {
        columns: columns(panels.len(), MOST_COLUMNS),
        panels,
        x: Axis { label: "Networks".into(), ..Axis::default() },
        y: Axis {
            label: "Likeness to the ranking by one network less".into(),
            shows: Some(Range { low: 1.0, high: 1.0 }),
            limits: Some(Range { low: -1.0, high: 1.0 }),
        },
        keys: vec![
            key("all samples: Spearman's correlation".into(), 0),
            key(format!("the hardest {}: overlap (Jaccard)", thousands(u64::from(hardest))), 1),
        ],
    }
}
