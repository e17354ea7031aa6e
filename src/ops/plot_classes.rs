//! plot_classes: mean and std per class -> a bar chart (Figure 8).

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, Task, many, one};
use serde::{Deserialize, Serialize};

use super::classes;
use super::plot::{Drawing, Drawn, figure_table, labels};
use crate::figures::{self, BarChart, Series, bar_chart};
use crate::tables::ClassStats;

pub struct PlotClasses;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    title: String,
    y_label: String,
    /// Below Figures/, without an ending.
    file: String,
}

pub const DRAWING: Drawing = Drawing {
    op: PlotClasses::NAME,
    form: "bar chart, a bar with its standard deviation per class",
    drawn: Drawn::all,
};

impl Op for PlotClasses {
    type Params = Params;
    const NAME: &'static str = "plot_classes";
    const VERSION: u32 = figures::VERSION;
    /// Several tables, such as one per noise ratio, are drawn as series.
    const INPUTS: &'static [InputDecl] = &[many("counts"), one("classes")];
    const OUTPUTS: &'static [&'static str] = &["figure"];

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let categories = classes::drawn(task.inputs)?;
        let tables = task.inputs.many("counts");
        let mut series = Vec::new();
        for (table, label) in tables.iter().zip(labels(tables, None)) {
            let ClassStats { mean, std, .. } = ClassStats::read(table.read()?)?;
            series.push(Series { label, mean, std });
        }
        let params = task.params;
        let chart = BarChart {
            title: params.title.clone(),
            x_label: "Class".into(),
            y_label: params.y_label.clone(),
            categories,
            series,
        };
        figure_table(&params.file, bar_chart(&chart)?)
    }
}
