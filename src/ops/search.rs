//! search: samples -> a network trained until every class manifold has inverted. Next: `identify`.

use std::sync::Arc;

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, ParamError, Task, one};

use super::training::{Prepared, Training, member_tables, radii_table, training_params, weights_table};
use crate::nn::{InversionSeen, Schedule, Trained, argmax, margin};
use crate::tables::{INVERSIONS, SEARCH_SCORES, write};

pub struct Search {
    pub prepared: Arc<Prepared>,
}

training_params! {
    /// Epochs between two checks of the radii, at least 1.
    check_interval: u32,
    /// A class inverts only after it.
    first_epoch: u32,
    /// Seeds to try, at least 1.
    max_attempts: u32,
}

impl Op for Search {
    type Params = Params;
    const NAME: &'static str = "search";
    const VERSION: u32 = 1;
    const INPUTS: &'static [InputDecl] =
        &[one("images"), one("samples"), one("normalisation"), one("classes")];
    const OUTPUTS: &'static [&'static str] =
        &["member", "history", "weights", "radii", "inversions", "scores"];
    const SEEDED: bool = true;

    fn canonical(&self, params: Params) -> Result<Params, ParamError> {
        for (name, value) in
            [("check_interval", params.check_interval), ("max_attempts", params.max_attempts)]
        {
            if value == 0 {
                return Err(ParamError::new(name, "must be at least 1"));
            }
        }
        params.canonical_training()
    }

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let training = self.prepared.training(task.inputs)?;
        let params = task.params;
        let schedule = Schedule::Inversion {
            max_epochs: params.epochs,
            check_interval: params.check_interval,
            first_epoch: params.first_epoch,
        };
        let mut never = Vec::new();
        for attempt in 0..params.max_attempts {
            let seed = task.draw_seed(attempt)?;
            let train = training.labels.len();
            let trained = training.network(&params.hidden, params.learning_rate, schedule, train, seed)?;
            let Some(seen) = &trained.inversion else { continue };
            never = classes_without(&seen.epochs);
            if never.is_empty() {
                return tables(&training, &trained, seen, seed, attempt);
            }
        }
        let what = format!(
            "class {} did not invert within {} epochs, in the last of {} attempts",
            never.join(", "),
            params.epochs,
            params.max_attempts
        );
        let hint =
            "more epochs, a larger learning_rate or a larger subset_size help; so may more max_attempts";
        Err(OpError::new(what).hint(hint.to_string()))
    }
}

fn classes_without(epochs: &[Option<u32>]) -> Vec<String> {
    let never = epochs.iter().enumerate().filter(|(_, epoch)| epoch.is_none());
    never.map(|(class, _)| class.to_string()).collect()
}

fn tables(
    training: &Training,
    trained: &Trained,
    seen: &InversionSeen,
    seed: u32,
    attempt: u32,
) -> Result<Outputs, OpError> {
    let classes: Vec<i32> = (0..seen.epochs.len() as i32).collect();
    let epochs: Vec<i32> = seen.epochs.iter().flatten().map(|epoch| *epoch as i32).collect();
    let scores = |logits: &[f32]| -> (Vec<i32>, Vec<f32>) {
        let rows = logits.chunks(training.classes).zip(&training.labels);
        rows.map(|(logits, label)| (argmax(logits) as i32, margin(logits, *label as usize))).unzip()
    };
    let (last, last_margin) = scores(&trained.logits);
    let (inversion, inversion_margin) = scores(&seen.logits);
    let position: Vec<i32> = (0..training.labels.len() as i32).collect();
    let columns = vec![
        position.into(),
        training.labels.clone().into(),
        last.into(),
        last_margin.into(),
        inversion.into(),
        inversion_margin.into(),
    ];
    let mut tables = member_tables(trained, seed, attempt)?;
    tables.push(("weights", weights_table(trained)?));
    tables.push(("radii", radii_table(trained)?));
    tables.push(("inversions", write(&INVERSIONS, vec![classes.into(), epochs.into()])?));
    tables.push(("scores", write(&SEARCH_SCORES, columns)?));
    Ok(tables)
}
