//! What all ops that train share: their parameters, their samples, how their networks are trained,
//! their tables.
//!
//! In: tasks that differ only in their seeds, and what the op asks for: a [`Course`] and which
//! samples are trained on. Out: the op's tables. How the networks are trained is [`Recipe`]'s,
//! resolved before the key was made.

mod given;
mod kept;
mod prepared;
mod recipe;
mod tables;

use hspipe_engine::op::{OpError, Outputs, Task, With};

use crate::nn::{Course, Job, Request, Trained};

pub use kept::Kept;
pub use prepared::{Prepared, Training, lacking};
pub use recipe::Recipe;
pub use tables::{
    dynamics, dynamics_of, fit_scores, logits_of, logits_table, member_tables, radii_table, weights_table,
};

/// Trains one network per task and makes its tables. `wanted` gives the course and the positions of
/// the samples that are trained on. The tasks differ only in their seeds, so what holds for the
/// first one holds for all.
pub fn run_batch<Own>(
    prepared: &Prepared,
    tasks: &[Task<With<Recipe, Own>>],
    wanted: impl FnOnce(&Training) -> Result<(Course, Vec<u32>), OpError>,
    tables: impl Fn(&Training, &Trained, u32) -> Result<Outputs, OpError>,
) -> Vec<Result<Outputs, OpError>> {
    let Some(first) = tasks.first() else { return Vec::new() };
    let all = || {
        let training = prepared.training(first.inputs)?;
        let (course, train) = wanted(&training)?;
        let seeds = tasks.iter().map(|task| task.draw_seed(0)).collect::<Result<Vec<u32>, _>>()?;
        let kept = Kept::of(tasks.iter().map(|task| task.checkpoint).collect(), 0, 1);
        let request = &first.params.shared.request;
        let networks = Networks { request, course, train: &train, seeds: &seeds, bags: &[] };
        let trained = training.networks(networks, first.threads, &kept);
        let made = trained.into_iter().zip(seeds).map(|(trained, seed)| tables(&training, &trained?, seed));
        Ok(made.collect())
    };
    all().unwrap_or_else(|error: OpError| tasks.iter().map(|_| Err(error.clone())).collect())
}

/// What is trained. The fields are those of [`Job`].
pub struct Networks<'a> {
    pub request: &'a Request,
    pub course: Course,
    pub train: &'a [u32],
    pub seeds: &'a [u32],
    pub bags: &'a [Vec<bool>],
}

impl Training {
    /// Trains one network per seed.
    pub fn networks(&self, networks: Networks, threads: usize, kept: &Kept) -> Vec<Result<Trained, OpError>> {
        let Networks { request, course, train, seeds, bags } = networks;
        let Some(trainer) = request.trainer.trainer() else {
            let error = OpError::new(format!("this process has no trainer {}", request.trainer));
            return seeds.iter().map(|_| Err(error.clone())).collect();
        };
        let keep = |place: usize, state: Vec<u8>| kept.save(place, state);
        let trained = trainer.train(&Job {
            request,
            course,
            classes: self.classes,
            samples: &self.samples,
            labels: &self.labels,
            train,
            seeds,
            bags,
            states: &kept.states(),
            keeper: kept.keeper(&keep),
            threads,
        });
        trained.into_iter().map(|trained| Ok(trained?)).collect()
    }
}
