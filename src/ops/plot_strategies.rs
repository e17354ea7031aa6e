//! plot_strategies: metrics of networks that were retrained on less data -> one metric on the hard and the
//! easy test set, one colour per strategy (Figures 5 and 7), or where there are too many of them one panel.

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, ParamError, Task, many};
use hspipe_engine::value::show;
use serde::{Deserialize, Serialize};

use super::plot::{Drawing, Drawn, figure_table, key, labels};
use super::retrain_curves::{Curves, percent, share};
use crate::figures::{self, Line, LineChart, Look, MOST_COLOURS, Panel, Spread, Stroke, columns, line_chart};

pub struct PlotStrategies;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    metric: String,
    /// What is reduced from right to left.
    x_label: String,
    /// Below Figures/, without an ending.
    file: String,
}

const METRICS: [(&str, &str); 4] = [
    ("accuracy", "Accuracy (%)"),
    ("recall", "Macro recall (%)"),
    ("precision", "Macro precision (%)"),
    ("f1", "Macro F1 (%)"),
];

const TEST_SETS: [(&str, Stroke); 2] = [("hard", Stroke::Solid), ("easy", Stroke::Dotted)];

/// Panels side by side.
const MOST_COLUMNS: usize = 4;

fn look(color: Option<usize>, stroke: Stroke) -> Look {
    Look { color, stroke, spread: Spread::Band, marks: true }
}

pub const DRAWING: Drawing = Drawing {
    op: PlotStrategies::NAME,
    form: "line chart, a colour or a panel per strategy, for the hard and the easy test set",
    drawn: |params| Drawn {
        metric: params.get("metric").map(show),
        by_train_ratio: Some(false),
        scores: None,
    },
};

impl Op for PlotStrategies {
    type Params = Params;
    const NAME: &'static str = "plot_strategies";
    /// One more since many strategies have panels of their own.
    const VERSION: u32 = figures::VERSION + 1;
    const INPUTS: &'static [InputDecl] = &[many("metrics")];
    const OUTPUTS: &'static [&'static str] = &["figure"];

    fn canonical(&self, params: Params) -> Result<Params, ParamError> {
        if METRICS.iter().any(|(name, _)| *name == params.metric) {
            Ok(params)
        } else {
            let names = METRICS.map(|(name, _)| name).join(", ");
            Err(ParamError::new("metric", format!("`{}` is none of {names}", params.metric)))
        }
    }

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let params = task.params;
        let tables = task.inputs.many("metrics");
        let are_apart = tables.len() <= MOST_COLOURS;
        let (mut panels, mut lines, mut keys) = (Vec::new(), Vec::new(), Vec::new());
        for (at, (table, name)) in tables.iter().zip(labels(tables, Some("strategy"))).enumerate() {
            let curves = Curves::read(table)?;
            let colour = Some(if are_apart { at } else { 0 });
            for (test_set, stroke) in TEST_SETS {
                let points = curves.points(None, test_set, &params.metric);
                lines.push(Line { look: look(colour, stroke), points });
            }
            if are_apart {
                keys.extend(key(&name, look(colour, Stroke::Solid)));
            } else {
                panels.push(Panel { title: name, lines: std::mem::take(&mut lines) });
            }
        }
        if are_apart {
            panels.push(Panel { title: String::new(), lines });
        }
        for (test_set, stroke) in TEST_SETS {
            let look = Look { spread: Spread::None, marks: false, ..look(None, stroke) };
            keys.extend(key(&format!("{test_set} test set"), look));
        }
        let label = METRICS.iter().find(|(name, _)| *name == params.metric).map_or("", |(_, label)| label);
        let chart = LineChart {
            columns: columns(panels.len(), MOST_COLUMNS),
            panels,
            x: share(&params.x_label),
            y: percent(label),
            keys,
        };
        figure_table(&params.file, line_chart(&chart)?)
    }
}
