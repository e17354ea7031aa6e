//! fit: samples -> a network trained for all epochs, and scores of every sample. Next: `identify`.
//!
//! One training serves confidence, energy (`scores`) and every other score that can be read off the logits, at the end
//! (`logits`) or over the epochs (`dynamics`).

use std::sync::Arc;

use hspipe_engine::op::{Capacity, Cost, InputDecl, Op, OpError, Outputs, Task, With, one};

use super::training::{
    Prepared, Recipe, Training, dynamics, logits_table, member_tables, run_batch, weights_table,
};
use crate::nn::{Course, Schedule, Trained, argmax, margin};
use crate::scores::logits::energy;
use crate::tables::FitScores;

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
    let rows = || trained.logits.chunks(training.classes);
    let tops: Vec<usize> = rows().map(argmax).collect();
    let scores = FitScores {
        position: (0..training.labels.len() as i32).collect(),
        label: training.labels.clone(),
        predicted: tops.iter().map(|top| *top as i32).collect(),
        margin: rows().zip(&training.labels).map(|(logits, label)| margin(logits, *label as usize)).collect(),
        confidence: rows().zip(&tops).map(|(logits, top)| logits[*top]).collect(),
        energy: rows().map(energy).collect(),
    };
    let mut tables = member_tables(trained, seed, 0)?;
    tables.push(("weights", weights_table(trained)?));
    tables.push(("scores", scores.write()?));
    tables.push(("logits", logits_table(training, trained.logits.clone())?));
    tables.push(("dynamics", dynamics(training, trained)?.write()?));
    Ok(tables)
}
