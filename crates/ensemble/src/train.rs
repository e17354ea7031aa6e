//! The way in: what training is asked and what it returns.
//!
//! In: [`Job`]. Out: [`Trained`], one per seed. Checks the request, cuts the seeds into groups of up to eight and gives
//! the groups to threads; a network's bits depend on neither.

use crate::dynamics::Dynamics;
use crate::error::InputError;
use crate::group;
use crate::init::Layer;
use crate::lanes::{Instructions, LANES};
use crate::lists::{SampleLists, TrainingSet};
use crate::state::{Keeper, State};
use crate::threads::share;

/// Fully connected layers, tanh after each hidden one, logits out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// Units of each hidden layer, at least one layer.
    pub hidden: Vec<usize>,
    pub classes: usize,
}

impl Network {
    /// Units per layer, from the inputs to the logits.
    pub fn sizes(&self, inputs: usize) -> Vec<usize> {
        [&[inputs], self.hidden.as_slice(), &[self.classes]].concat()
    }
}

/// When training ends and what is watched on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// All epochs; the radii of the class manifolds after the step of every epoch from `radii_from` on.
    Epochs { epochs: u32, radii_from: Option<u32> },
    /// Until every class has inverted, `max_epochs` at the most; radii every `check_interval` epochs.
    Inversion { max_epochs: u32, check_interval: u32, first_epoch: u32 },
}

impl Schedule {
    /// The number of epochs after which training ends in any case.
    pub fn max_epochs(&self) -> u32 {
        match *self {
            Schedule::Epochs { epochs, .. } => epochs,
            Schedule::Inversion { max_epochs, .. } => max_epochs,
        }
    }

    pub(crate) fn is_search(&self) -> bool {
        matches!(self, Schedule::Inversion { .. })
    }

    /// Whether radii are wanted of the network after the step of `epoch`.
    pub fn wants_radii(&self, epoch: u32) -> bool {
        match *self {
            Schedule::Epochs { radii_from, .. } => radii_from.is_some_and(|from| epoch >= from),
            Schedule::Inversion { check_interval, .. } => epoch.is_multiple_of(check_interval),
        }
    }

    /// Whether a pass that gives the radii after `watched`, or is the last one, may be an inversion's.
    pub(crate) fn may_keep_logits(&self, watched: Option<u32>, last: bool) -> bool {
        match *self {
            Schedule::Epochs { .. } => false,
            Schedule::Inversion { first_epoch, .. } => last || watched.is_some_and(|at| at > first_epoch),
        }
    }
}

/// Networks to train by full-batch gradient descent on the mean softmax cross-entropy.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    pub set: &'a TrainingSet,
    /// One per sample of the set, in 0..classes.
    pub labels: &'a [i32],
    pub network: &'a Network,
    /// One network per seed, its first weights drawn as by [`linear_layers`](crate::init::linear_layers).
    pub seeds: &'a [u32],
    pub learning_rate: f64,
    pub schedule: Schedule,
    /// The hidden layer whose activations the radii are of; 0 is the first.
    pub latent_layer: usize,
    /// Whether [`Dynamics`] are wanted.
    pub dynamics: bool,
    /// Samples whose logits are wanted of the trained networks; `set.samples()` for those trained on.
    pub evaluate: Option<&'a SampleLists>,
    /// Where the network of each seed goes on; an empty slice, or none for a seed, if it begins. One that does not fit
    /// the job counts as none.
    pub states: &'a [Option<State>],
    /// Who keeps the states of networks in training, if they are wanted.
    pub keeper: Option<Keeper<'a>>,
    /// At most so many at once.
    pub threads: usize,
    pub instructions: Instructions,
}

/// A trained network and what was seen on the way.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trained {
    pub layers: Vec<Layer>,
    /// Epochs trained.
    pub epochs: u32,
    /// The mean loss over the training samples before the step of each epoch.
    pub losses: Vec<f64>,
    /// The loss after the last step.
    pub final_loss: f64,
    /// Epoch and one radius per class, as the schedule asks; NaN for a class without samples.
    pub radii: Vec<(u32, Vec<f64>)>,
    /// samples to evaluate x classes, of the last network.
    pub logits: Vec<f32>,
    /// If the job wants them.
    pub dynamics: Option<Dynamics>,
    /// Only of an inversion search.
    pub inversion: Option<Inversion>,
}

/// What an inversion search saw.
#[derive(Clone, Debug, PartialEq)]
pub struct Inversion {
    /// The epoch at which each class inverted.
    pub epochs: Vec<Option<u32>>,
    /// training samples x classes: each sample's logits at the inversion of its class; the last network's if
    /// its class has not inverted.
    pub logits: Vec<f32>,
}

/// Why a network was not trained to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfinished {
    /// The loss was not finite before the step of this epoch.
    Diverged { epoch: u32 },
    /// Its [`Keeper`] wanted an end, and has its state.
    Stopped,
}

impl std::fmt::Display for Unfinished {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            Unfinished::Diverged { epoch } => write!(f, "the loss is not finite at epoch {epoch}"),
            Unfinished::Stopped => f.write_str("stopped"),
        }
    }
}

impl std::error::Error for Unfinished {}

/// A job that has been checked.
pub(crate) struct Task<'a> {
    pub set: &'a TrainingSet,
    pub labels: &'a [usize],
    /// Inputs, units of each hidden layer, classes.
    pub sizes: Vec<usize>,
    pub learning_rate: f32,
    pub schedule: Schedule,
    pub latent_layer: usize,
    pub dynamics: bool,
    pub evaluate: Option<&'a SampleLists>,
    pub keeper: Option<Keeper<'a>>,
    pub instructions: Instructions,
}

/// One network at the begin of its training, or where it goes on.
#[derive(Clone, Copy)]
pub(crate) struct Start<'a> {
    /// Of its seed among the job's.
    pub place: usize,
    pub seed: u32,
    pub state: Option<&'a State>,
}

impl Start<'_> {
    /// Steps done.
    pub fn step(&self) -> u32 {
        self.state.map_or(0, |state| state.step)
    }
}

impl Task<'_> {
    pub fn classes(&self) -> usize {
        self.sizes[self.sizes.len() - 1]
    }
}

/// One result per seed, in order. The bits of a network depend on its seed, the training set, the labels, the
/// learning rate and the schedule; not on other seeds, threads or instructions, nor on where it was cut off.
pub fn train(job: &Job) -> Result<Vec<Result<Trained, Unfinished>>, InputError> {
    let labels = check(job)?;
    let Job { set, schedule, latent_layer, dynamics, evaluate, keeper, instructions, .. } = *job;
    let sizes = job.network.sizes(set.samples().width());
    let learning_rate = job.learning_rate as f32;
    let labels = &labels;
    let task = Task {
        set,
        labels,
        sizes,
        learning_rate,
        schedule,
        latent_layer,
        dynamics,
        evaluate,
        keeper,
        instructions,
    };
    let start = |(place, seed): (usize, &u32)| {
        let state = job.states.get(place).and_then(Option::as_ref).filter(|state| state.fits(&task));
        Start { place, seed: *seed, state }
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
    if let Some(other) = job.evaluate
        && other.width() != samples.width()
    {
        return Err(InputError::Width { evaluated: other.width(), trained: samples.width() });
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
        let trained = |denser_than: f64, count: usize| {
            let set = TrainingSet::build_denser_than(denser_than, &pixels, None).unwrap();
            train(&Job {
                set: &set,
                labels: &labels,
                network: &network,
                seeds: &[1, 2, 3, 4, 5, 6, 7, 8][..count],
                learning_rate: 0.2,
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
        for count in [1, 3, 8] {
            let (lists, panels) = (trained(1.0, count), trained(-1.0, count));
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
