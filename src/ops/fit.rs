//! fit: samples -> a network trained for all epochs, and scores of every sample. Next: `identify`.
//!
//! One training serves confidence, energy and every other score that can be read off the logits.

use std::sync::Arc;

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, ParamError, Task, one};

use super::training::{Prepared, member_tables, training_params, weights_table};
use crate::nn::{Schedule, argmax, energy, margin};
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

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let training = self.prepared.training(task.inputs)?;
        let (params, seed) = (task.params, task.draw_seed(0)?);
        let schedule = Schedule::Epochs { epochs: params.epochs, radii_from: None };
        let train = training.labels.len();
        let trained = training.network(&params.hidden, params.learning_rate, schedule, train, seed)?;

        let (mut predicted, mut margins, mut confidence, mut energies) = (vec![], vec![], vec![], vec![]);
        for (logits, label) in trained.logits.chunks(training.classes).zip(&training.labels) {
            let top = argmax(logits);
            predicted.push(top as i32);
            margins.push(margin(logits, *label as usize));
            confidence.push(logits[top]);
            energies.push(energy(logits));
        }
        let position: Vec<i32> = (0..train as i32).collect();
        let columns = vec![
            position.into(),
            training.labels.into(),
            predicted.into(),
            margins.into(),
            confidence.into(),
            energies.into(),
        ];
        let mut tables = member_tables(&trained, seed, 0)?;
        tables.push(("weights", weights_table(&trained)?));
        tables.push(("scores", write(&FIT_SCORES, columns)?));
        Ok(tables)
    }
}
