//! The trainer of the crate `hspipe-ensemble`: many networks side by side on the CPU, the same bits everywhere.
//!
//! In: [`Job`]. Out: [`Trained`]. Knows no more than how to ask that crate.

use hspipe_ensemble::{Instructions, train};

use super::{Job, TrainError, Trained, Trainer};

/// Part of every key of a training by it: raised whenever the crate gives other bits.
pub const VERSION: u32 = 1;

/// Networks that it trains at the cost of one.
pub const LANES: usize = 8;

pub struct Native;

impl Trainer for Native {
    fn train(&self, job: &Job) -> Vec<Result<Trained, TrainError>> {
        match networks(job) {
            Ok(networks) => networks,
            Err(error) => job.seeds.iter().map(|_| Err(error.clone().into())).collect(),
        }
    }
}

fn networks(job: &Job) -> Result<Vec<Result<Trained, TrainError>>, hspipe_ensemble::InputError> {
    let lists = job.samples.lists(job.train)?;
    let trained = train(&hspipe_ensemble::Job {
        set: &lists.train,
        labels: &job.labels[..job.train],
        network: job.network,
        seeds: job.seeds,
        learning_rate: job.learning_rate,
        schedule: job.schedule,
        evaluate: Some(lists.all()),
        threads: job.threads,
        instructions: Instructions::detect(),
    })?;
    Ok(trained.into_iter().map(|trained| trained.map_err(TrainError::Diverged)).collect())
}
