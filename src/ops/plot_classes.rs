//! plot_classes: mean and std per class -> a bar chart (Figure 8).

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, Task, many, one};
use hspipe_engine::value::show;
use serde::{Deserialize, Serialize};

use crate::figures::{BarChart, Rendered, Series, bar_chart};
use crate::tables::{FIGURE, Frame, write};

pub struct PlotClasses;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    title: String,
    y_label: String,
    /// Below Figures/, without an ending.
    file: String,
}

impl Op for PlotClasses {
    type Params = Params;
    const NAME: &'static str = "plot_classes";
    const VERSION: u32 = 1;
    /// Several tables, such as one per noise ratio, are drawn as series.
    const INPUTS: &'static [InputDecl] = &[many("counts"), one("classes")];
    const OUTPUTS: &'static [&'static str] = &["figure"];

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let classes = Frame::read("classes", task.inputs.one("classes")?.read()?)?;
        let categories: Vec<String> = classes.text("name")?.into_iter().map(str::to_string).collect();
        let tables = task.inputs.many("counts");
        // Only the axes on which the tables differ tell the series apart.
        let differs = |axis: &str| {
            let value =
                |i: usize| tables[i].coords.iter().find(|(name, _)| name == axis).map(|(_, value)| value);
            (1..tables.len()).any(|i| value(i) != value(0))
        };
        let mut series = Vec::new();
        for table in tables {
            let stats = Frame::read("stats", table.read()?)?;
            let label: Vec<String> = table
                .coords
                .iter()
                .filter(|(axis, _)| differs(axis))
                .map(|(axis, value)| format!("{} {}", axis.replace('_', " "), show(value)))
                .collect();
            let (mean, std) = (stats.f64("mean")?.to_vec(), stats.f64("std")?.to_vec());
            series.push(Series { label: label.join(", "), mean, std });
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

/// The table `figure`: the picture in each format.
pub fn figure_table(file: &str, picture: Rendered) -> Result<Outputs, OpError> {
    let files = ["svg", "png", "pdf"].map(|ending| format!("{file}.{ending}")).to_vec();
    let contents = vec![picture.svg.into_bytes(), picture.png, picture.pdf];
    Ok(vec![("figure", write(&FIGURE, vec![files.into(), contents.into()])?)])
}
