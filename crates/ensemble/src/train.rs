//! The way in: what training is asked and what it returns.
//!
//! In: [`Job`]. Out: [`Trained`], one per seed. Checks the request, cuts the seeds into groups of up to eight and gives
//! the groups to threads; a network's bits depend on neither.

use crate::error::InputError;
use crate::group;
use crate::instructions::Instructions;
use crate::lanes::LANES;
use crate::model::Rate;
use crate::schedule::Schedule;
use crate::sets::{SampleSet, TrainingSet};
use crate::state::{Keeper, State};
use crate::task::{Start, Task};
use crate::threads::share;
use crate::trained::{Trained, Unfinished};

/// Fully connected layers, tanh after each hidden one, logits out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// Units of each hidden layer, at least one layer.
    pub hidden: Vec<usize>,
    /// Units of the last layer, which gives the logits.
    pub classes: usize,
}

impl Network {
    /// Units per layer, from the inputs to the logits.
    pub fn sizes(&self, inputs: usize) -> Vec<usize> {
        [&[inputs], self.hidden.as_slice(), &[self.classes]].concat()
    }
}

/// Networks to train by gradient descent, with momentum if wanted, on the mean softmax cross-entropy.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// The samples to train on.
    pub set: &'a TrainingSet,
    /// One per sample of the set, in 0..classes.
    pub labels: &'a [i32],
    /// Of all networks.
    pub network: &'a Network,
    /// One network per seed, its first weights drawn as by [`linear_layers`](crate::init::linear_layers).
    pub seeds: &'a [u32],
    /// For each seed the samples of the set that its network trains on, true for each that it does; an empty slice if
    /// all train on all. What is evaluated, and what dynamics are of, are all samples in either case.
    pub bags: &'a [Vec<bool>],
    /// What a step takes of the gradient; rounded to f32.
    pub learning_rate: f64,
    /// What stays of a step in the next one, in 0..1; rounded to f32. 0 is plain gradient descent.
    pub momentum: f64,
    /// When training ends.
    pub schedule: Schedule,
    /// The hidden layer whose activations the radii are of; 0 is the first.
    pub latent_layer: usize,
    /// Whether [`Dynamics`] are wanted.
    pub dynamics: bool,
    /// Samples whose logits are wanted of the trained networks; `set.samples()` for those trained on.
    pub evaluate: Option<&'a SampleSet>,
    /// Where the network of each seed goes on; an empty slice, or none for a seed, if it begins. One that does not fit
    /// the job counts as none.
    pub states: &'a [Option<State>],
    /// Who keeps the states of networks in training, if they are wanted.
    pub keeper: Option<Keeper<'a>>,
    /// At most so many at once; they change no bit.
    pub threads: usize,
    /// What kernels run with; they change no bit.
    pub instructions: Instructions,
}

/// One result per seed, in order. The bits of a network depend on its seed, the training set, the labels, the
/// learning rate, the schedule and its bag; not on other seeds, threads or instructions, nor on where it was cut off.
///
/// # Errors
/// Parts of the job that do not fit together. What befalls a single network is in its own result.
pub fn train(job: &Job) -> Result<Vec<Result<Trained, Unfinished>>, InputError> {
    let labels = check(job)?;
    let Job { set, schedule, latent_layer, dynamics, evaluate, keeper, instructions, .. } = *job;
    let sizes = job.network.sizes(set.samples().width());
    let rate = Rate { learning: job.learning_rate as f32, momentum: job.momentum as f32 };
    let labels = &labels;
    let task =
        Task { set, labels, sizes, rate, schedule, latent_layer, dynamics, evaluate, keeper, instructions };
    let start = |(place, seed): (usize, &u32)| {
        let state = job.states.get(place).and_then(Option::as_ref).filter(|state| task.continues(state));
        let bag = job.bags.get(place).map(Vec::as_slice);
        Start { place, seed: *seed, bag, state }
    };
    let mut starts: Vec<Start> = job.seeds.iter().enumerate().map(start).collect();
    // The networks of a group take their steps together.
    starts.sort_by_key(Start::step);

    let threads = job.threads.max(1);
    let together = starts.chunk_by(|a, b| a.step() == b.step());
    let mut groups: Vec<(&[Start], Vec<_>)> =
        together.flat_map(groups).map(|starts| (starts, Vec::new())).collect();
    // Whole groups for every thread as long as they last; the threads share what is left over.
    let left = groups.len() % threads;
    let whole = groups.len() - left;
    let (whole, shared) = groups.split_at_mut(whole);
    share(threads, whole.iter_mut(), |(starts, trained)| *trained = group::train(&task, starts, 1));
    let each = threads / left.max(1);
    share(threads, shared.iter_mut(), |(starts, trained)| *trained = group::train(&task, starts, each));
    let mut trained: Vec<(usize, _)> = groups
        .into_iter()
        .flat_map(|(starts, trained)| starts.iter().map(|start| start.place).zip(trained))
        .collect();
    trained.sort_by_key(|(place, _)| *place);
    Ok(trained.into_iter().map(|(_, trained)| trained).collect())
}

/// The seeds in groups of eight. Five or six left over are quicker as four and the others than in one group, where
/// they would leave a third of each vector idle.
fn groups<T>(seeds: &[T]) -> impl Iterator<Item = &[T]> {
    let (full, rest) = seeds.split_at(seeds.len() / LANES * LANES);
    let cut = if (5..=6).contains(&rest.len()) { 4 } else { rest.len() };
    let (half, last) = rest.split_at(cut);
    full.chunks(LANES).chain([half, last].into_iter().filter(|seeds| !seeds.is_empty()))
}

/// The labels, if all parts of the job fit together.
fn check(job: &Job) -> Result<Vec<usize>, InputError> {
    let samples = job.set.samples();
    if samples.is_empty() {
        return Err(InputError::NoSamples);
    }
    let Network { hidden, classes } = job.network;
    if hidden.is_empty() || hidden.contains(&0) || *classes == 0 {
        return Err(InputError::Network);
    }
    if job.latent_layer >= hidden.len() {
        return Err(InputError::LatentLayer { layer: job.latent_layer, layers: hidden.len() });
    }
    if job.labels.len() != samples.len() {
        return Err(InputError::Labels { labels: job.labels.len(), samples: samples.len() });
    }
    if !job.learning_rate.is_finite() {
        return Err(InputError::LearningRate(job.learning_rate));
    }
    if !(0.0..1.0).contains(&job.momentum) {
        return Err(InputError::Momentum(job.momentum));
    }
    if let Some(other) = job.evaluate
        && other.width() != samples.width()
    {
        return Err(InputError::Width { evaluated: other.width(), trained: samples.width() });
    }
    if !job.bags.is_empty() {
        let is_sound = |bag: &Vec<bool>| bag.len() == samples.len() && bag.contains(&true);
        if job.bags.len() != job.seeds.len() || !job.bags.iter().all(is_sound) {
            return Err(InputError::Bags { bags: job.bags.len(), seeds: job.seeds.len() });
        }
        if job.schedule.watches_radii() {
            return Err(InputError::RadiiOfBags);
        }
    }
    let label = |label: &i32| {
        let known = usize::try_from(*label).ok().filter(|label| label < classes);
        known.ok_or(InputError::Label { label: *label, classes: *classes })
    };
    let labels: Vec<usize> = job.labels.iter().map(label).collect::<Result<_, _>>()?;
    if let Schedule::Inversion { check_interval, .. } = job.schedule {
        if check_interval == 0 {
            return Err(InputError::CheckInterval);
        }
        if let Some(class) = (0..*classes).find(|class| !labels.contains(class)) {
            return Err(InputError::EmptyClass { class });
        }
    }
    Ok(labels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Generator, Pixels};

    /// Lists pass over the background and panels do not; more samples than one partition has, more pixels than a slice.
    #[test]
    fn lists_and_panels_give_the_same_bits() {
        let mut generator = Generator::new(3);
        let (n, area) = (2700, 55);
        let bytes: Vec<u8> = (0..n * area * 2).map(|_| generator.below(700).min(255) as u8 & 0x7f).collect();
        let labels: Vec<i32> = (0..n).map(|_| generator.below(3) as i32).collect();
        let (mean, variance) = (&[0.3, 0.1][..], &[0.04, 0.09][..]);
        let background = &crate::background(&bytes, area, 2);
        let pixels = Pixels { bytes: &bytes, n, area, mean, variance, background };
        let network = Network { hidden: vec![13, 4], classes: 3 };
        let trained = |denser_than: f64, count: usize, batch: Option<usize>| {
            let set = TrainingSet::build_denser_than(denser_than, (&pixels).into(), None, batch).unwrap();
            train(&Job {
                set: &set,
                labels: &labels,
                network: &network,
                seeds: &[1, 2, 3, 4, 5, 6, 7, 8][..count],
                bags: &[],
                learning_rate: 0.2,
                momentum: 0.0,
                schedule: Schedule::Epochs { epochs: 4, radii_from: Some(0) },
                latent_layer: 0,
                dynamics: true,
                evaluate: Some(set.samples()),
                states: &[],
                keeper: None,
                threads: 2,
                instructions: Instructions::detect(),
            })
            .unwrap()
        };
        for (count, batch) in [(1, None), (3, None), (8, None), (8, Some(104)), (3, Some(1000))] {
            let (lists, panels) = (trained(1.0, count, batch), trained(-1.0, count, batch));
            assert!(lists.iter().all(Result::is_ok));
            assert_eq!(lists, panels, "{count} networks");
        }
    }

    #[test]
    fn groups_leave_few_lanes_idle() {
        let seeds: Vec<u32> = (0..22).collect();
        let sizes = |count: usize| groups(&seeds[..count]).map(<[u32]>::len).collect::<Vec<_>>();
        assert_eq!(sizes(0), [0usize; 0]);
        assert_eq!([sizes(1), sizes(4), sizes(7), sizes(8)], [[1], [4], [7], [8]]);
        assert_eq!([sizes(5), sizes(6)], [[4, 1], [4, 2]]);
        assert_eq!(sizes(22), [8, 8, 4, 2]);
    }
}
