//! fit: samples -> a network trained for all epochs, and scores of every sample. Next: `identify`.
//!
//! One training serves confidence, energy and every other score that can be read off the logits.

use std::sync::Arc;

use hspipe_engine::op::{Capacity, InputDecl, Op, OpError, Outputs, ParamError, Task, one};

use super::training::{
    Prepared, Training, capacity, member_tables, run_batch, training_params, weights_table,
};
use crate::nn::{Schedule, Trained, argmax, energy, margin};
use crate::tables::{FIT_SCORES, write};

pub struct Fit {
    pub prepared: Arc<Prepared>,
}

training_params! {}

impl Op for Fit {
    type Params = Params;
    const NAME: &'static str = "fit";
    const VERSION: u32 = 1;
    const INPUTS: &'static [InputDecl] =
        &[one("images"), one("samples"), one("normalisation"), one("classes")];
    const OUTPUTS: &'static [&'static str] = &["member", "history", "weights", "scores"];
    const SEEDED: bool = true;

    fn canonical(&self, params: Params) -> Result<Params, ParamError> {
        params.canonical_training()
    }

    fn capacity(&self, params: &Params) -> Capacity {
        capacity(&params.trainer)
    }

    fn run_batch(&self, tasks: &[Task<Params>]) -> Vec<Result<Outputs, OpError>> {
        let recipe = |training: &Training| {
            let params = tasks[0].params;
            let schedule = Schedule::Epochs { epochs: params.epochs, radii_from: None };
            Ok((params.recipe(schedule), training.labels.len()))
        };
        run_batch(&self.prepared, tasks, recipe, tables)
    }
}

fn tables(training: &Training, trained: &Trained, seed: u32) -> Result<Outputs, OpError> {
    let (mut predicted, mut margins, mut confidence, mut energies) = (vec![], vec![], vec![], vec![]);
    for (logits, label) in trained.logits.chunks(training.classes).zip(&training.labels) {
        let top = argmax(logits);
        predicted.push(top as i32);
        margins.push(margin(logits, *label as usize));
        confidence.push(logits[top]);
        energies.push(energy(logits));
    }
    let position: Vec<i32> = (0..training.labels.len() as i32).collect();
    let columns = vec![
        position.into(),
        training.labels.clone().into(),
        predicted.into(),
        margins.into(),
        confidence.into(),
        energies.into(),
    ];
    let mut tables = member_tables(trained, seed, 0)?;
    tables.push(("weights", weights_table(trained)?));
    tables.push(("scores", write(&FIT_SCORES, columns)?));
    Ok(tables)
}
