//! The state of a network in training, kept now and then, so that a training that was cut off goes on from it and ends
//! with the same bits.
//!
//! In: a network between two epochs. Out: [`State`], plain vectors for whoever stores them. Knows no files.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::dynamics::Row;
use crate::init::Layer;
use crate::inversion::Watch;

/// A network between two epochs, and what was seen of it so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Steps done.
    pub(crate) step: u32,
    pub(crate) layers: Vec<Layer>,
    pub(crate) losses: Vec<f64>,
    pub(crate) radii: Vec<(u32, Vec<f64>)>,
    pub(crate) search: Option<Search>,
    /// A row per training sample, if dynamics are wanted.
    pub(crate) tracks: Vec<Row>,
    /// Of each layer what momentum keeps of earlier steps; no layers without momentum.
    pub(crate) velocity: Vec<Layer>,
}

/// An inversion search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Search {
    pub watch: Watch,
    /// training samples x classes; rows of classes that have inverted are final.
    pub logits: Vec<f32>,
}

impl State {
    /// Steps done.
    pub fn step(&self) -> u32 {
        self.step
    }
}

/// What takes a state and the place of its network.
pub type Keep<'a> = dyn Fn(usize, State) + Sync + 'a;

/// Who keeps states.
#[derive(Clone, Copy)]
pub struct Keeper<'a> {
    /// The time from one state of a network to the next.
    pub every: Duration,
    /// Set when training is to end as soon as it can, its state kept.
    pub stop: &'a AtomicBool,
    /// Takes the state of the network whose seed stands at this place of the job's.
    pub keep: &'a Keep<'a>,
}

/// When a group's states were last kept.
pub(crate) struct Turn<'a> {
    keeper: Keeper<'a>,
    last: Instant,
}

impl<'a> Turn<'a> {
    pub fn new(keeper: Keeper<'a>) -> Self {
        Turn { keeper, last: Instant::now() }
    }

    /// Asks once per step: who takes the states, if it is time, and whether training is to end then.
    pub fn ask(&mut self) -> Option<(&'a Keep<'a>, bool)> {
        let is_over = self.keeper.stop.load(Ordering::Relaxed);
        if !is_over && self.last.elapsed() < self.keeper.every {
            return None;
        }
        self.last = Instant::now();
        Some((self.keeper.keep, is_over))
    }
}
