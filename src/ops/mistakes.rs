//! mistakes: scores -> the samples that one network gets wrong. Next: `ranking`.
//!
//! The network is the one that the strategy looks at: that of the search, or that of the fit.

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, ParamError, Task, one, optional};
use serde::{Deserialize, Serialize};

use super::identify::{Snapshot, Strategy};
use crate::tables::{self, FitScores, Samples, SearchScores};

pub struct Mistakes;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    strategy: Strategy,
    snapshot: Snapshot,
}

impl Op for Mistakes {
    type Params = Params;
    const NAME: &'static str = "mistakes";
    const VERSION: u32 = 1;
    const INPUTS: &'static [InputDecl] = &[one("samples"), optional("search"), optional("fit")];
    const OUTPUTS: &'static [&'static str] = &["mistakes"];

    fn canonical(&self, mut params: Params) -> Result<Params, ParamError> {
        if params.strategy != Strategy::Stragglers {
            // One network serves both, and there is one snapshot of it.
            params = Params { strategy: Strategy::Confidence, snapshot: Snapshot::Last };
        }
        Ok(params)
    }

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let clean = Samples::read(task.inputs.one("samples")?.read()?)?.clean_label;
        let table = |input: &str| task.inputs.one(input)?.read();
        let (network, predicted) = match (task.params.strategy, task.params.snapshot) {
            (Strategy::Stragglers, Snapshot::Last) => {
                ("search", SearchScores::read(table("search")?)?.predicted_last)
            }
            (Strategy::Stragglers, Snapshot::Inversion) => {
                ("search", SearchScores::read(table("search")?)?.predicted_inversion)
            }
            (Strategy::Confidence | Strategy::Energy, _) => {
                ("fit", FitScores::read(table("fit")?)?.predicted)
            }
        };
        let is_wrong = |position: &usize| predicted[*position] != clean[*position];
        let wrong: Vec<usize> = (0..clean.len().min(predicted.len())).filter(is_wrong).collect();
        let mistakes = tables::Mistakes {
            position: wrong.iter().map(|position| *position as i32).collect(),
            predicted: wrong.iter().map(|position| predicted[*position]).collect(),
            network: vec![network; wrong.len()].into(),
        };
        Ok(vec![("mistakes", mistakes.write()?)])
    }
}
