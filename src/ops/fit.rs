//! fit: samples -> a network trained for all epochs, and scores of every sample. Next: `identify`.
//!
//! One training serves confidence, energy (`scores`) and every other score that can be read off the logits, at the end
//! (`logits`) or over the epochs (`dynamics`).

use std::sync::Arc;

use hspipe_engine::op::{Capacity, Cost, InputDecl, Op, OpError, Outputs, Task, With, one};

use super::training::{
    Prepared, Recipe, Training, dynamics, fit_scores, logits_table, member_tables, run_batch, weights_table,
};
use crate::nn::{Course, Schedule, Trained};

pub struct Fit {
    pub prepared: Arc<Prepared>,
}

type Params = With<Recipe>;

impl Op for Fit {
    type Params = Params;
    const NAME: &'static str = "fit";
    const VERSION: u32 = 2;
    const INPUTS: &'static [InputDecl] =
        &[one("images"), one("samples"), one("normalisation"), one("classes")];
    const OUTPUTS: &'static [&'static str] =
        &["member", "history", "weights", "scores", "logits", "dynamics"];
    const SEEDED: bool = true;

    fn capacity(&self, params: &Params) -> Capacity {
        params.shared.capacity()
    }

    fn cost(&self, params: &Params) -> Cost {
        params.shared.cost_with_weights(3.0, 2_000_000)
    }

    fn run_batch(&self, tasks: &[Task<Params>]) -> Vec<Result<Outputs, OpError>> {
        let wanted = |training: &Training| {
            training.has_all_classes(tasks[0].inputs)?;
            let epochs = tasks[0].params.shared.epochs;
            let course = Course::of(Schedule::Epochs { epochs, radii_from: None });
            Ok((Course { dynamics: true, ..course }, training.all()))
        };
        run_batch(&self.prepared, tasks, wanted, tables)
    }
}

fn tables(training: &Training, trained: &Trained, seed: u32) -> Result<Outputs, OpError> {
    let scores = fit_scores(&training.labels, &trained.logits, training.classes);
    let mut tables = member_tables(trained, seed, 0)?;
    tables.push(("weights", weights_table(trained)?));
    tables.push(("scores", scores.write()?));
    tables.push(("logits", logits_table(training, trained.logits.clone())?));
    tables.push(("dynamics", dynamics(training, trained)?.write()?));
    Ok(tables)
}
