//! The states of networks in training, kept so that a training that was cut off goes on.
//!
//! In: the tasks' checkpoints. Out: states for a job, and who keeps the next ones. The bytes of a state are the
//! trainer's; in front of each stands how many they are, and in front of all the attempt.

use std::sync::{Mutex, PoisonError};

use hspipe_engine::checkpoint::{Checkpoint, Rhythm};

use crate::nn::Keeper;

/// The checkpoints of networks that are trained together, in the order of their seeds: as many of each task.
pub struct Kept<'a> {
    checkpoints: Vec<&'a Checkpoint>,
    /// Whose states they hold, if a task trains several networks one after the other.
    attempt: u32,
    /// Of each task.
    networks: usize,
    /// Of each task, the last state of each of its networks; empty for one that has none.
    states: Vec<Mutex<Vec<Vec<u8>>>>,
}

impl<'a> Kept<'a> {
    /// Of tasks that each train so many networks together, at least one.
    pub fn of(checkpoints: Vec<&'a Checkpoint>, attempt: u32, networks: usize) -> Self {
        let states = |checkpoint: &&Checkpoint| {
            let kept = load(checkpoint).filter(|(of, states)| *of == attempt && states.len() == networks);
            Mutex::new(kept.map_or(vec![Vec::new(); networks], |(_, states)| states))
        };
        Kept { states: checkpoints.iter().map(states).collect(), checkpoints, attempt, networks }
    }

    /// The attempt that a task goes on with; those before came to nothing.
    pub fn attempt(checkpoint: &Checkpoint) -> u32 {
        load(checkpoint).map_or(0, |(attempt, _)| attempt)
    }

    /// Where the network of each seed goes on.
    pub fn states(&self) -> Vec<Option<Vec<u8>>> {
        let of_task = |states: &Mutex<Vec<Vec<u8>>>| {
            let states = states.lock().unwrap_or_else(PoisonError::into_inner).clone();
            states.into_iter().map(|state| Some(state).filter(|state| !state.is_empty()))
        };
        self.states.iter().flat_map(of_task).collect()
    }

    /// Keeps the state of the network of the seed at this place.
    pub fn save(&self, place: usize, state: Vec<u8>) {
        let (task, network) = (place / self.networks, place % self.networks);
        let mut states = self.states[task].lock().unwrap_or_else(PoisonError::into_inner);
        states[network] = state;
        let lengths: Vec<[u8; 8]> = states.iter().map(|state| (state.len() as u64).to_le_bytes()).collect();
        let attempt = self.attempt.to_le_bytes();
        let mut parts = vec![attempt.as_slice()];
        for (length, state) in lengths.iter().zip(states.iter()) {
            parts.extend([length.as_slice(), state.as_slice()]);
        }
        self.checkpoints[task].save(&parts);
    }

    pub fn keeper<'b>(&'b self, keep: &'b (dyn Fn(usize, Vec<u8>) + Sync)) -> Option<Keeper<'b>> {
        let Rhythm { every, stop, .. } = &self.checkpoints.first()?.rhythm;
        Some(Keeper { every: *every, stop, keep })
    }
}

/// The attempt that a task's checkpoint is of, and the states of its networks.
fn load(checkpoint: &Checkpoint) -> Option<(u32, Vec<Vec<u8>>)> {
    let bytes = checkpoint.load()?;
    let (attempt, mut rest) = bytes.split_first_chunk()?;
    let mut states = Vec::new();
    while !rest.is_empty() {
        let (length, behind) = rest.split_first_chunk()?;
        let (state, behind) = behind.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
        states.push(state.to_vec());
        rest = behind;
    }
    Some((u32::from_le_bytes(*attempt), states))
}
