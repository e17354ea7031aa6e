//! plot_data_map: how a training went for each sample, and which labels are probably wrong -> a map of all samples (the
//! target `hard`), after Swayamdipta et al. 2020, arXiv 2009.10795.

use std::sync::Arc;

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, ParamError, Task, one};
use serde::{Deserialize, Serialize};

use super::datasets::Datasets;
use super::plot::{Drawing, Drawn, figure_table, file_part, unusual};
use super::score::rows_of;
use crate::figures::{self, Axis, Hexbin, Range, Spot, hexbin, legible};
use crate::tables::{Issues, SampleScores};

pub struct PlotDataMap {
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

/// The scores that are the coordinates.
const ACROSS: &str = "variability";
const UP: &str = "label_probability";

pub const DRAWING: Drawing = Drawing {
    op: PlotDataMap::NAME,
    form: "map of all samples, the variability of the label's probability across and its mean up, shaded by the number of \
           samples, with a dot for the share of label issues",
    drawn: |_| Drawn { scores: Some(&[ACROSS, UP]), ..Drawn::default() },
};

impl Op for PlotDataMap {
    type Params = Params;
    const NAME: &'static str = "plot_data_map";
    const VERSION: u32 = figures::VERSION;
    const INPUTS: &'static [InputDecl] = &[one("scores"), one("issues")];
    const OUTPUTS: &'static [&'static str] = &["figure"];

    /// A path says nothing but its end: the same data at another path give the same figure.
    fn canonical(&self, params: Params) -> Result<Params, ParamError> {
        Ok(Params { dataset: self.datasets.label(&params.dataset), ..params })
    }

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let scores = SampleScores::read(task.inputs.one("scores")?.read()?)?;
        let issues = Issues::read(task.inputs.one("issues")?.read()?)?;
        let Params { dataset, noise_ratio } = task.params;
        let mut title = "Data map".to_string();
        if legible(dataset) {
            title += &format!(", {dataset}");
        }
        let file = format!("Hard/data_map_{}{}", file_part(dataset), unusual("dataset", *noise_ratio));
        figure_table(&file, hexbin(&map(title, spots(&scores, &issues)?))?)
    }
}

/// The samples, by position.
fn spots(scores: &SampleScores, issues: &Issues) -> Result<Vec<Spot>, OpError> {
    let (across, up) = (means(scores, ACROSS)?, means(scores, UP)?);
    let mut spots: Vec<Spot> =
        across.into_iter().zip(up).map(|(x, y)| Spot { x, y, is_marked: false }).collect();
    for (position, is_issue) in issues.position.iter().zip(&issues.label_issue) {
        let spot = usize::try_from(*position).ok().and_then(|position| spots.get_mut(position));
        let spot =
            spot.ok_or_else(|| OpError::new(format!("the sample at position {position} has no scores")))?;
        spot.is_marked = *is_issue;
    }
    Ok(spots)
}

/// Of a score, by position.
fn means(scores: &SampleScores, name: &str) -> Result<Vec<f64>, OpError> {
    let means: Vec<f64> = rows_of(scores, name).into_iter().map(|row| scores.mean[row]).collect();
    if means.is_empty() {
        let hint = format!("`scores` has to name `{ACROSS}` and `{UP}`, or `auto`, which has both");
        return Err(OpError::new(format!("there is no score `{name}` to draw")).hint(hint));
    }
    Ok(means)
}

fn map(title: String, points: Vec<Spot>) -> Hexbin {
    let range = |high: f64| Some(Range { low: 0.0, high });
    Hexbin {
        title,
        // A standard deviation of numbers from 0 to 1 is no larger than a half.
        x: Axis {
            label: "Variability: std of the label's probability".into(),
            shows: range(0.3),
            limits: range(0.5),
        },
        y: Axis {
            label: "Confidence: mean probability of the label".into(),
            shows: range(1.0),
            limits: range(1.0),
        },
        points,
        counted: "Samples in a cell".into(),
        marked: "Label issues, share of a cell:".into(),
        words: ["easy to learn", "ambiguous", "hard to learn"].map(String::from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two samples, by two scores each.
    fn scores(names: [&str; 2]) -> SampleScores {
        SampleScores {
            score: [names[0], names[0], names[1], names[1]].map(String::from).into_iter().collect(),
            rank: vec![1, 2, 1, 2],
            position: vec![0, 1, 0, 1],
            sample_id: vec![7, 5, 7, 5],
            class: vec![0; 4],
            class_name: ["ant"; 4].map(String::from).into_iter().collect(),
            mean: vec![0.1, 0.2, 0.8, 0.9],
            std: vec![0.0; 4],
            networks: vec![1; 4],
        }
    }

    fn issues() -> Issues {
        Issues {
            rank: vec![1, 2],
            position: vec![1, 0],
            sample_id: vec![5, 7],
            class: vec![0; 2],
            class_name: ["ant"; 2].map(String::from).into_iter().collect(),
            label_issue: vec![true, false],
            label_score: vec![0.0, 1.0],
            suggested: vec![0; 2],
            suggested_name: ["ant"; 2].map(String::from).into_iter().collect(),
            suggested_probability: vec![1.0; 2],
            class_probability: vec![1.0; 2],
            ambiguous: vec![false; 2],
            typicality: vec![None; 2],
            unusual: vec![None; 2],
            duplicate_of: vec![None; 2],
            near_duplicate_of: vec![None; 2],
            split: vec![None; 2],
            row: vec![None; 2],
            source: vec![None; 2],
        }
    }

    #[test]
    fn issues_are_marked_at_the_positions_of_their_samples() {
        let spots = spots(&scores(["label_probability", "variability"]), &issues()).unwrap();
        let spots: Vec<_> = spots.iter().map(|spot| (spot.x, spot.y, spot.is_marked)).collect();
        assert_eq!(spots, [(0.8, 0.1, false), (0.9, 0.2, true)]);
    }

    #[test]
    fn a_score_that_is_not_there_is_named() {
        let Err(error) = spots(&scores(["label_probability", "aum"]), &issues()) else {
            panic!("it is there")
        };
        assert!(error.to_string().contains("`variability`"), "{error}");
    }
}
