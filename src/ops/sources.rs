//! sources: a dataset's files -> the file of each sample, where samples have files of their own. Next: `ranking`.
//!
//! It is no output of `load`, so that nothing that has been loaded needs to be loaded again.

use std::sync::Arc;

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, ParamError, Task};

use super::datasets::{Datasets, Params};
use crate::tables;

pub struct Sources {
    pub datasets: Arc<Datasets>,
}

impl Op for Sources {
    type Params = Params;
    const NAME: &'static str = "sources";
    const VERSION: u32 = 1;
    const INPUTS: &'static [InputDecl] = &[];
    const OUTPUTS: &'static [&'static str] = &["sources"];

    fn canonical(&self, params: Params) -> Result<Params, ParamError> {
        self.datasets.canonical(params)
    }

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let sources = self.datasets.get(task.params)?.sources()?;
        let table =
            tables::Sources { sample_id: (0..sources.len() as i32).collect(), source: sources.into() };
        Ok(vec![("sources", table.write()?)])
    }
}
