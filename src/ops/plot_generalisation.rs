//! plot_generalisation: metrics of networks that were retrained on less data -> accuracy on the full, the
//! hard and the easy test set, one line per train ratio (Figures 3 and 4).

use std::sync::Arc;

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, ParamError, Table, Task, many};
use serde::{Deserialize, Serialize};

use super::datasets::Datasets;
use super::plot::{Drawing, Drawn, figure_table, file_part, key, labels};
use super::retrain_curves::{Curves, percent, share};
use crate::figures::{self, Line, LineChart, Look, Panel, Spread, Stroke, line_chart};

pub struct PlotGeneralisation {
    pub datasets: Arc<Datasets>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    folder: String,
    name: String,
    /// As the figure calls it, once it is canonical.
    dataset: String,
    /// What is reduced from right to left.
    x_label: String,
}

pub const DRAWING: Drawing = Drawing { op: PlotGeneralisation::NAME, form: FORM, drawn: |_| drawn() };

/// Of a [`chart`].
pub const FORM: &str =
    "line chart, accuracy on the full, the hard and the easy test set, a line per train ratio";

/// What a [`chart`] draws.
pub fn drawn() -> Drawn {
    Drawn { metric: Some("accuracy".into()), by_train_ratio: Some(true), scores: None }
}

impl Op for PlotGeneralisation {
    type Params = Params;
    const NAME: &'static str = "plot_generalisation";
    const VERSION: u32 = figures::VERSION;
    const INPUTS: &'static [InputDecl] = &[many("metrics")];
    const OUTPUTS: &'static [&'static str] = &["figure"];

    /// A path says nothing but its end: the same data at another path give the same figure.
    fn canonical(&self, params: Params) -> Result<Params, ParamError> {
        Ok(Params { dataset: self.datasets.label(&params.dataset), ..params })
    }

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let Params { folder, name, dataset, x_label } = task.params;
        let chart = chart(dataset, x_label, task.inputs.many("metrics"))?;
        figure_table(&format!("{folder}/{name}_on_{}", file_part(dataset)), line_chart(&chart)?)
    }
}

/// Three panels, full, hard and easy test set, from tables `retrain_summary`. `what` stands in their titles.
pub fn chart(what: &str, x_label: &str, tables: &[Table]) -> Result<LineChart, OpError> {
    let mut panels = ["full", "hard", "easy"]
        .map(|test_set| Panel { title: format!("{what}, {test_set} test set"), lines: Vec::new() });
    let mut keys = Vec::new();
    for (table, name) in tables.iter().zip(labels(tables, None)) {
        let curves = Curves::read(table)?;
        for ratio in curves.train_ratios() {
            let (color, stroke) = (Some(keys.len()), Stroke::Solid);
            let look = Look { color, stroke, spread: Spread::Bars, marks: true };
            let parts = [format!("train ratio {ratio}"), name.clone()];
            let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            keys.extend(key(&parts.join(", "), look));
            for (panel, test_set) in panels.iter_mut().zip(["full", "hard", "easy"]) {
                let points = curves.points(Some(ratio), test_set, "accuracy");
                panel.lines.push(Line { look, points });
            }
        }
    }
    let (x, y) = (share(x_label), percent("Accuracy (%)"));
    Ok(LineChart { columns: panels.len(), panels: panels.into(), x, y, keys })
}
