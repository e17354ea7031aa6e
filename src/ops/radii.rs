//! radii: samples -> the radii of the class manifolds while one network trains. Next:
//! `radii_summary`.

use std::sync::Arc;

use hspipe_engine::op::{Capacity, Cost, InputDecl, Op, OpError, Outputs, ParamError, Task, With, one};
use serde::{Deserialize, Serialize};

use super::training::{Prepared, Recipe, Training, member_tables, radii_table, run_batch};
use crate::nn::{Course, LatentLayer, Schedule};

pub struct Radii {
    pub prepared: Arc<Prepared>,
}

type Params = With<Recipe, Own>;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Own {
    /// The hidden layer whose activations the radii are of. The key leaves the first one out: keys
    /// are older than the choice.
    #[serde(default, skip_serializing_if = "LatentLayer::is_first")]
    latent_layer: LatentLayer,
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

    fn canonical(&self, mut params: Params) -> Result<Params, ParamError> {
        params.own.latent_layer = params.shared.latent_layer(params.own.latent_layer)?;
        Ok(params)
    }

    fn capacity(&self, params: &Params) -> Capacity {
        params.shared.capacity()
    }

    fn cost(&self, params: &Params) -> Cost {
        params.shared.cost(3.3, 54_000)
    }

    fn run_batch(&self, tasks: &[Task<Params>]) -> Vec<Result<Outputs, OpError>> {
        let wanted = |training: &Training| {
            let With { shared: Recipe { epochs, .. }, own } = tasks[0].params;
            let Own { latent_layer, radii_from } = *own;
            if radii_from >= *epochs {
                let what = format!("radii_from is {radii_from}, but there are {epochs} epochs");
                return Err(OpError::new(what).hint("set radii_from below epochs".to_string()));
            }
            let course = Course::of(Schedule::Epochs { epochs: *epochs, radii_from: Some(radii_from) });
            Ok((Course { latent_layer, ..course }, training.all()))
        };
        run_batch(&self.prepared, tasks, wanted, |_, trained, seed| {
            let mut tables = member_tables(trained, seed, 0)?;
            tables.push(("radii", radii_table(trained)?));
            Ok(tables)
        })
    }
}
