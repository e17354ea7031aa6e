//! The trainer of the crate `hspipe-ensemble`: many networks side by side on the CPU, the same bits everywhere.
//!
//! In: [`Job`]. Out: [`Trained`]. Knows no more than how to ask that crate.

use hspipe_ensemble::{Instructions, Network, State, train};

use super::{Architecture, Job, Keeper, Parameter, TrainError, Trained, Trainer};

/// Part of every key of a training by it: raised whenever the crate gives other bits.
pub const VERSION: u32 = 1;

/// Networks that stand side by side; eight cost four times what one does.
pub const LANES: usize = 8;

/// Threads that can share the samples of such a group.
pub const THREADS: usize = 8;

pub struct Native;

impl Trainer for Native {
    fn train(&self, job: &Job) -> Vec<Result<Trained, TrainError>> {
        let (Architecture::SimpleNN { hidden }, None) = (job.architecture, job.batch_size) else {
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
    let lists = job.samples.lists(job.train);
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
        learning_rate: job.learning_rate,
        schedule: job.schedule,
        latent_layer: job.latent_layer,
        dynamics: job.dynamics,
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

#[cfg(all(test, feature = "torch"))]
mod tests {
    use super::*;
    use crate::nn::torch::Torch;
    use crate::nn::{Schedule, argmax, fixture};

    /// libtorch is the oracle: the two differ by rounding alone.
    #[test]
    fn it_sees_what_libtorch_sees() {
        let all = Schedule::Epochs { epochs: 60, radii_from: Some(21) };
        let search = Schedule::Inversion { max_epochs: 2000, check_interval: 5, first_epoch: 20 };
        let first: Vec<u32> = (0..45).collect();
        let others: Vec<u32> = (0..45).map(|i| (i * 7 + 3) % 60).collect();
        for (schedule, train, latent) in
            [(all, &first, 0), (all, &others, 1), (search, &first, 0), (search, &others, 0)]
        {
            let (ours, ..) = fixture::train(&Native, train, schedule, latent, 0.5);
            let (theirs, ..) = fixture::train(&Torch, train, schedule, latent, 0.5);
            assert_eq!(ours.epochs, theirs.epochs);
            let close = |a: f64, b: f64| (a - b).abs() < 1e-4;
            assert!(ours.losses.iter().zip(&theirs.losses).all(|(a, b)| close(*a, *b)));
            assert!(close(ours.final_loss, theirs.final_loss));
            let (a, b) = (ours.dynamics.unwrap(), theirs.dynamics.unwrap());
            assert!(a.margin_sum.iter().zip(&b.margin_sum).all(|(a, b)| (a - b).abs() < 0.05));
            for (a, b) in
                [(&a.probability_sum, &b.probability_sum), (&a.probability_squares, &b.probability_squares)]
            {
                assert!(a.len() == 45 && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 0.01));
            }
            assert_eq!((a.correct, a.forgotten, a.learned), (b.correct, b.forgotten, b.learned));
            assert_eq!(ours.radii.len(), theirs.radii.len());
            for ((epoch, a), (their_epoch, b)) in ours.radii.iter().zip(&theirs.radii) {
                assert!(epoch == their_epoch && a.iter().zip(b).all(|(a, b)| close(*a, *b)));
            }
            let predictions = |logits: &[f32]| logits.chunks(3).map(argmax).collect::<Vec<_>>();
            assert_eq!(ours.logits.len(), 60 * 3);
            assert_eq!(predictions(&ours.logits), predictions(&theirs.logits));
            assert_eq!(ours.inversion.is_some(), theirs.inversion.is_some());
            if let (Some(ours), Some(theirs)) = (&ours.inversion, &theirs.inversion) {
                assert_eq!(ours.epochs, theirs.epochs);
                let pairs = ours.logits.iter().zip(&theirs.logits);
                assert!(pairs.clone().all(|(a, b)| (a - b).abs() < 1e-3) && pairs.len() == 45 * 3);
            }
        }
    }
}
