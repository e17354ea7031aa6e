//! radii: samples -> the radii of the class manifolds while one network trains. Next: `radii_summary`.

use std::sync::Arc;

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, ParamError, Task, one};

use super::training::{Prepared, member_tables, radii_table, training_params};
use crate::nn::Schedule;

pub struct Radii {
    pub prepared: Arc<Prepared>,
}

training_params! {
    /// The first epoch whose radii are recorded.
    radii_from: u32,
}

impl Op for Radii {
    type Params = Params;
    const NAME: &'static str = "radii";
    const VERSION: u32 = 1;
    const INPUTS: &'static [InputDecl] =
        &[one("images"), one("samples"), one("normalisation"), one("classes")];
    const OUTPUTS: &'static [&'static str] = &["member", "history", "radii"];
    const SEEDED: bool = true;

    fn canonical(&self, params: Params) -> Result<Params, ParamError> {
        if params.radii_from >= params.epochs {
            return Err(ParamError::new("radii_from", format!("must be below epochs, {}", params.epochs)));
        }
        params.canonical_training()
    }

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let training = self.prepared.training(task.inputs)?;
        let (params, seed) = (task.params, task.draw_seed(0)?);
        let schedule = Schedule::Epochs { epochs: params.epochs, radii_from: Some(params.radii_from) };
        let train = training.labels.len();
        let trained = training.network(&params.hidden, params.learning_rate, schedule, train, seed)?;
        let mut tables = member_tables(&trained, seed, 0)?;
        tables.push(("radii", radii_table(&trained)?));
        Ok(tables)
    }
}
