//! The states of networks in training, kept so that a training that was cut off goes on.
//!
//! In: the tasks' checkpoints. Out: states for a job, and who keeps the next ones. The bytes of a
//! state are the trainer's; in front of them stands the attempt.

use hspipe_engine::checkpoint::{Checkpoint, Rhythm};

use crate::nn::Keeper;

/// The checkpoints of networks that are trained together, in the order of their seeds.
pub struct Kept<'a> {
    pub checkpoints: Vec<&'a Checkpoint>,
    /// Whose states they hold, if a task trains several networks one after the other.
    pub attempt: u32,
}

impl Kept<'_> {
    /// The attempt that a task's checkpoint is of, and the state.
    fn load(checkpoint: &Checkpoint) -> Option<(u32, Vec<u8>)> {
        let mut state = checkpoint.load()?;
        let attempt = u32::from_le_bytes(*state.first_chunk()?);
        Some((attempt, state.split_off(size_of::<u32>())))
    }

    /// The attempt that a task goes on with; those before came to nothing.
    pub fn attempt(checkpoint: &Checkpoint) -> u32 {
        Self::load(checkpoint).map_or(0, |(attempt, _)| attempt)
    }

    pub fn states(&self) -> Vec<Option<Vec<u8>>> {
        let of_attempt =
            |checkpoint: &&Checkpoint| Self::load(checkpoint).filter(|(of, _)| *of == self.attempt);
        self.checkpoints.iter().map(|checkpoint| Some(of_attempt(checkpoint)?.1)).collect()
    }

    pub fn save(&self, place: usize, state: &[u8]) {
        let attempt = self.attempt.to_le_bytes();
        self.checkpoints.get(place).into_iter().for_each(|checkpoint| checkpoint.save(&[&attempt, state]));
    }

    pub fn keeper<'a>(&'a self, keep: &'a (dyn Fn(usize, Vec<u8>) + Sync)) -> Option<Keeper<'a>> {
        let Rhythm { every, stop, .. } = &self.checkpoints.first()?.rhythm;
        Some(Keeper { every: *every, stop, keep })
    }
}
