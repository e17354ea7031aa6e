//! What a group of networks works on: a job that has been checked, and where each network begins.
//!
//! In: the checked parts of a job. Out: the same, as groups read them. Knows no groups.

use crate::init::Layer;
use crate::instructions::Instructions;
use crate::model::Rate;
use crate::schedule::Schedule;
use crate::sets::{SampleSet, TrainingSet};
use crate::state::{Keeper, Search, State};

/// A job that has been checked.
pub struct Task<'a> {
    pub set: &'a TrainingSet,
    pub labels: &'a [usize],
    /// Inputs, units of each hidden layer, classes.
    pub sizes: Vec<usize>,
    pub rate: Rate,
    pub schedule: Schedule,
    pub latent_layer: usize,
    pub dynamics: bool,
    pub evaluate: Option<&'a SampleSet>,
    pub keeper: Option<Keeper<'a>>,
    pub instructions: Instructions,
}

/// One network at the begin of its training, or where it goes on.
#[derive(Clone, Copy)]
pub struct Start<'a> {
    /// Of its seed among the job's.
    pub place: usize,
    pub seed: u32,
    /// Of every sample whether it is trained on; none if all are.
    pub bag: Option<&'a [bool]>,
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

    /// Whether a training can go on from a state.
    pub fn continues(&self, state: &State) -> bool {
        let samples = self.labels.len();
        let sizes = |layers: &[Layer]| -> Vec<usize> {
            let inputs = layers.first().map(|layer| layer.inputs).into_iter();
            inputs.chain(layers.iter().map(|layer| layer.outputs)).collect()
        };
        let whole = |layer: &Layer| {
            layer.weight.len() == layer.inputs * layer.outputs && layer.bias.len() == layer.outputs
        };
        let searches = |search: &Search| {
            search.watch.classes() == self.classes() && search.logits.len() == samples * self.classes()
        };
        let moves = if self.rate.momentum > 0.0 { self.sizes.as_slice() } else { &[] };
        sizes(&state.layers) == self.sizes
            && sizes(&state.velocity) == moves
            && state.layers.iter().chain(&state.velocity).all(whole)
            && (1..=self.schedule.max_epochs()).contains(&state.step)
            && state.losses.len() == state.step as usize
            && state.search.is_some() == self.schedule.is_search()
            && state.search.as_ref().is_none_or(searches)
            && state.tracks.len() == if self.dynamics { samples } else { 0 }
    }
}
