//! When training ends and what is watched on the way. Knows no networks.

/// When training ends and what is watched on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// All epochs; the radii of the class manifolds after the step of every epoch from `radii_from` on.
    Epochs {
        /// Steps to take.
        epochs: u32,
        /// The first epoch, from 0, after which radii are wanted.
        radii_from: Option<u32>,
    },
    /// Until every class has inverted, `max_epochs` at the most; radii every `check_interval` epochs.
    Inversion {
        /// Steps to take at the most.
        max_epochs: u32,
        /// Epochs from one look at the radii to the next, at least 1.
        check_interval: u32,
        /// No class inverts at this epoch or before.
        first_epoch: u32,
    },
}

impl Schedule {
    /// The number of epochs after which training ends in any case.
    pub fn max_epochs(&self) -> u32 {
        match *self {
            Schedule::Epochs { epochs, .. } => epochs,
            Schedule::Inversion { max_epochs, .. } => max_epochs,
        }
    }

    pub(crate) fn watches_radii(&self) -> bool {
        self.is_search() || matches!(self, Schedule::Epochs { radii_from: Some(_), .. })
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
