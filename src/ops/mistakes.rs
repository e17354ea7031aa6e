//! mistakes: scores -> the samples that one network gets wrong. Next: `ranking`.
//!
//! The network is the one that the strategy looks at.

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, ParamError, Reads, Task, one, optional};
use serde::{Deserialize, Serialize};

use crate::scores::{self, Network, Snapshot, Strategy};
use crate::tables::{self, Samples};

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
    const INPUTS: &'static [InputDecl] = &[
        one("samples"),
        optional("search"),
        optional("fit"),
        optional("ensemble"),
        optional("early"),
        optional("folds"),
    ];
    const OUTPUTS: &'static [&'static str] = &["mistakes"];

    /// Strategies that look at one network are the same work.
    fn canonical(&self, params: Params) -> Result<Params, ParamError> {
        let network = params.strategy.0.network();
        let first = scores::ALL.iter().find(|score| score.network() == network);
        // Only a search has two snapshots.
        let snapshot = if network == Network::Search { params.snapshot } else { Snapshot::Last };
        Ok(Params { strategy: first.map_or(params.strategy, Strategy), snapshot })
    }

    fn reads(&self, params: &Params, input: &str) -> Reads {
        if input == params.strategy.0.network().input() { Reads::Always } else { Reads::Never }
    }

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let clean = Samples::read(task.inputs.one("samples")?.read()?)?.clean_label;
        let network = task.params.strategy.0.network();
        let scores = task.inputs.one(network.input())?.read()?;
        let predicted = network.predictions(scores, task.params.snapshot)?.predicted;
        let is_wrong = |position: &usize| predicted[*position] != clean[*position];
        let wrong: Vec<usize> = (0..clean.len().min(predicted.len())).filter(is_wrong).collect();
        let mistakes = tables::Mistakes {
            position: wrong.iter().map(|position| *position as i32).collect(),
            predicted: wrong.iter().map(|position| predicted[*position]).collect(),
            network: vec![network.input(); wrong.len()].into(),
        };
        Ok(vec![("mistakes", mistakes.write()?)])
    }
}
