//! The state of an inversion search: which classes have inverted, and the logits that they had then.
//!
//! In: the radii of the checks, logits when asked for. Out: [`Inversion`]. Knows no tensors.

use hspipe_ensemble::inversion::Watch;

use serde::{Deserialize, Serialize};

use hspipe::nn::{Inversion, Job};

#[derive(Clone, Serialize, Deserialize)]
pub struct Search {
    watch: Watch,
    /// The classes that inverted at the last check.
    inverted: Vec<usize>,
    /// Rows of the training samples whose class has inverted; the others are NaN.
    logits: Vec<f32>,
}

impl Search {
    pub fn new(job: &Job, first_epoch: u32) -> Self {
        let logits = vec![f32::NAN; job.train.len() * job.classes];
        Search { watch: Watch::new(job.classes, first_epoch), inverted: Vec::new(), logits }
    }

    /// Whether some class has inverted at `epoch`; then [`Self::keep`] wants the logits.
    pub fn check(&mut self, epoch: u32, radii: &[f64]) -> bool {
        self.inverted = self.watch.check(epoch, radii);
        !self.inverted.is_empty()
    }

    /// Takes the logits of the training samples.
    pub fn keep(&mut self, job: &Job, logits: &[f32]) {
        let classes = job.classes;
        let rows = self.logits.chunks_mut(classes).zip(logits.chunks(classes));
        for ((kept, now), label) in rows.zip(job.train_labels()) {
            if self.inverted.contains(&(label as usize)) {
                kept.copy_from_slice(now);
            }
        }
    }

    /// Whether every class has inverted.
    pub fn is_over(&self) -> bool {
        self.watch.all_inverted()
    }

    /// Rows whose class has not inverted take the last network's logits, which are of all samples.
    pub fn finish(mut self, job: &Job, last: &[f32]) -> Inversion {
        let classes = job.classes;
        for (kept, position) in self.logits.chunks_mut(classes).zip(job.train) {
            if kept[0].is_nan() {
                kept.copy_from_slice(&last[*position as usize * classes..][..classes]);
            }
        }
        Inversion { epochs: self.watch.epochs, logits: self.logits }
    }
}
