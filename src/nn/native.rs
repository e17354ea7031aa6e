//! The trainer of the crate `hspipe-ensemble`: many networks side by side on the CPU, the same bits
//! everywhere.
//!
//! In: [`Job`]. Out: [`Trained`]. Knows no more than how to ask that crate.

use hspipe_ensemble::{Instructions, Network, State, train};

use super::{Architecture, Job, Keeper, Parameter, TrainError, Trained, Trainer};

/// Part of every key of a training by it: raised whenever the crate gives other bits.
pub const VERSION: u32 = 2;

/// Networks that stand side by side; eight cost four times what one does.
pub const LANES: usize = 8;

/// Threads that can share the samples of such a group.
pub const THREADS: usize = 8;

pub struct Native;

impl Trainer for Native {
    fn train(&self, job: &Job) -> Vec<Result<Trained, TrainError>> {
        let Architecture::SimpleNN { hidden } = &job.request.architecture else {
            return job.seeds.iter().map(|_| Err(TrainError::Trainer("native"))).collect();
        };
        match networks(job, &Network { hidden: hidden.clone(), classes: job.classes }) {
            Ok(networks) => networks,
            Err(error) => job.seeds.iter().map(|_| Err(error.clone().into())).collect(),
        }
    }
}

fn networks(
    job: &Job,
    network: &Network,
) -> Result<Vec<Result<Trained, TrainError>>, hspipe_ensemble::InputError> {
    let lists =
        job.samples.lists(job.train, job.request.batch_size.map(|size| size.samples(job.train.len())));
    let decoded = |bytes: &Option<Vec<u8>>| postcard::from_bytes(bytes.as_ref()?).ok();
    let states: Vec<Option<State>> = job.states.iter().map(decoded).collect();
    let keep = |place: usize, state: State| {
        // Plain vectors and numbers can always be encoded.
        if let (Some(keeper), Ok(bytes)) = (job.keeper, postcard::to_stdvec(&state)) {
            (keeper.keep)(place, bytes);
        }
    };
    let keeper =
        job.keeper.map(|Keeper { every, stop, .. }| hspipe_ensemble::Keeper { every, stop, keep: &keep });
    let trained = train(&hspipe_ensemble::Job {
        set: lists.train()?,
        labels: &job.train_labels(),
        network,
        seeds: job.seeds,
        bags: job.bags,
        learning_rate: job.request.learning_rate,
        momentum: job.request.momentum,
        schedule: job.course.schedule,
        latent_layer: job.course.latent_layer.index(),
        dynamics: job.course.dynamics,
        evaluate: Some(lists.all()?),
        states: &states,
        keeper,
        threads: job.threads,
        instructions: Instructions::detect(),
    })?;
    Ok(trained.into_iter().map(|trained| trained.map(Trained::from).map_err(TrainError::from)).collect())
}

impl From<hspipe_ensemble::Trained> for Trained {
    fn from(trained: hspipe_ensemble::Trained) -> Self {
        let of_layer = |(layer, weights): (usize, hspipe_ensemble::init::Layer)| {
            [("weight", weights.weight), ("bias", weights.bias)].map(|(name, values)| Parameter {
                layer,
                name,
                values,
            })
        };
        Trained {
            parameters: trained.layers.into_iter().enumerate().flat_map(of_layer).collect(),
            epochs: trained.epochs,
            losses: trained.losses,
            final_loss: trained.final_loss,
            radii: trained.radii,
            logits: trained.logits,
            dynamics: trained.dynamics,
            inversion: trained.inversion,
        }
    }
}
