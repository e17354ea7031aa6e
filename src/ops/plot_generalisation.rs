//! plot_generalisation: metrics of networks that were retrained on less data -> accuracy on the full, the
//! hard and the easy test set, one line per train ratio (Figures 3 and 4).

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, Task, many};
use serde::{Deserialize, Serialize};

use super::plot::{figure_table, key, labels};
use super::retrain_curves::{Curves, percent, share};
use crate::figures::{Line, LineChart, Look, Panel, Spread, Stroke, line_chart};

pub struct PlotGeneralisation;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    folder: String,
    name: String,
    dataset: String,
    /// What is reduced from right to left.
    x_label: String,
}

impl Op for PlotGeneralisation {
    type Params = Params;
    const NAME: &'static str = "plot_generalisation";
    const VERSION: u32 = 1;
    const INPUTS: &'static [InputDecl] = &[many("metrics")];
    const OUTPUTS: &'static [&'static str] = &["figure"];

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let params = task.params;
        // A dataset may be given by its path.
        let dataset = params.dataset.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let mut panels = ["full", "hard", "easy"]
            .map(|test_set| Panel { title: format!("{dataset}, {test_set} test set"), lines: Vec::new() });
        let tables = task.inputs.many("metrics");
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
        let chart = LineChart {
            columns: panels.len(),
            panels: panels.into(),
            x: share(&params.x_label),
            y: percent("Accuracy (%)"),
            keys,
        };
        let file = format!("{}/{}_on_{dataset}", params.folder, params.name);
        figure_table(&file, line_chart(&chart)?)
    }
}
