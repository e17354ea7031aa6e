//! radii: samples -> the radii of the class manifolds while one network trains. Next: `radii_summary`.

use std::sync::Arc;

use hspipe_engine::op::{Capacity, Cost, InputDecl, Op, OpError, Outputs, ParamError, Task, one};

use super::hyperparameters;
use super::training::{
    Prepared, Recipe, Training, capacity, member_tables, radii_table, run_batch, training_params,
};
use crate::nn::Schedule;

pub struct Radii {
    pub prepared: Arc<Prepared>,
}

training_params! {
    /// The hidden layer of a SimpleNN whose activations the radii are of, 1 for the first.
    #[serde(default = "hyperparameters::first_layer", skip_serializing_if = "hyperparameters::is_first_layer")]
    latent_layer: usize,
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
        let (mut params, architecture) = params.canonical_training()?;
        params.latent_layer = hyperparameters::resolve_latent_layer(params.latent_layer, &architecture)?;
        Ok(params)
    }

    fn capacity(&self, params: &Params) -> Capacity {
        capacity(&params.trainer)
    }

    fn cost(&self, params: &Params) -> Cost {
        params.typical_cost(3.3, 54_000)
    }

    fn run_batch(&self, tasks: &[Task<Params>]) -> Vec<Result<Outputs, OpError>> {
        let recipe = |training: &Training| {
            let params = tasks[0].params;
            if params.radii_from >= params.epochs {
                let what =
                    format!("radii_from is {}, but there are {} epochs", params.radii_from, params.epochs);
                return Err(OpError::new(what).hint("set radii_from below epochs".to_string()));
            }
            let schedule = Schedule::Epochs { epochs: params.epochs, radii_from: Some(params.radii_from) };
            let recipe = Recipe { latent_layer: params.latent_layer, ..params.recipe(schedule) };
            Ok((recipe, training.all()))
        };
        run_batch(&self.prepared, tasks, recipe, |_, trained, seed| {
            let mut tables = member_tables(trained, seed, 0)?;
            tables.push(("radii", radii_table(trained)?));
            Ok(tables)
        })
    }
}
