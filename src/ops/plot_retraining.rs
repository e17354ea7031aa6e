//! plot_retraining: metrics of networks that were retrained on less data -> accuracy on the full, the hard and the
//! easy test set, for any strategy, level and label noise (the target `generalisation`).

use std::sync::Arc;

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, ParamError, Task, one};
use serde::{Deserialize, Serialize};

use super::datasets::Datasets;
use super::plot::{Drawing, figure_table, file_part, unusual};
use super::plot_generalisation::{FORM, chart, drawn};
use crate::figures::{self, line_chart};

pub struct PlotRetraining {
    pub datasets: Arc<Datasets>,
}

/// The point of the axes that is drawn.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// As the figure calls it, once it is canonical.
    dataset: String,
    noise_ratio: f64,
    strategy: String,
    level: String,
    reduce: String,
}

pub const DRAWING: Drawing = Drawing { op: PlotRetraining::NAME, form: FORM, drawn: |_| drawn() };

impl Op for PlotRetraining {
    type Params = Params;
    const NAME: &'static str = "plot_retraining";
    const VERSION: u32 = figures::VERSION;
    const INPUTS: &'static [InputDecl] = &[one("metrics")];
    const OUTPUTS: &'static [&'static str] = &["figure"];

    /// A path says nothing but its end: the same data at another path give the same figure.
    fn canonical(&self, params: Params) -> Result<Params, ParamError> {
        Ok(Params { dataset: self.datasets.label(&params.dataset), ..params })
    }

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let params = task.params;
        let what = format!("{}, {}", params.dataset, params.strategy);
        let x_label = format!("Share of {} training samples kept", params.reduce);
        let chart = chart(&what, &x_label, task.inputs.many("metrics"))?;
        figure_table(&params.file(), line_chart(&chart)?)
    }
}

impl Params {
    /// Such as `Generalisation/MNIST_energy_fewer_easy`.
    fn file(&self) -> String {
        let Params { dataset, noise_ratio, strategy, level, reduce } = self;
        let unusual = unusual(level, *noise_ratio);
        format!("Generalisation/{}_{strategy}_fewer_{reduce}{unusual}", file_part(dataset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_point_has_a_file_of_its_own() {
        let file = |dataset: &str, noise_ratio: f64, level: &str| {
            let (strategy, reduce) = ("energy".into(), "easy".into());
            Params { dataset: dataset.into(), noise_ratio, strategy, level: level.into(), reduce }.file()
        };
        assert_eq!(file("MNIST", 0.0, "dataset"), "Generalisation/MNIST_energy_fewer_easy");
        assert_eq!(file("my/data", 0.0, "dataset"), "Generalisation/my-data_energy_fewer_easy");
        let other = "Generalisation/MNIST_energy_fewer_easy_level_class_noise_0.05";
        assert_eq!(file("MNIST", 0.05, "class"), other);
    }
}
