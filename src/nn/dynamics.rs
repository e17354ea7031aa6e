//! Training dynamics from logits, one network at a time: for trainers that do not keep them themselves.
//!
//! In: the logits of all samples after each epoch. Out: [`Dynamics`]. Knows no trainer.

use serde::{Deserialize, Serialize};

use super::{Dynamics, argmax, margin};

/// What has been seen so far.
#[derive(Clone, Serialize, Deserialize)]
pub struct Watch {
    dynamics: Dynamics,
    /// Whether each sample's label was predicted last time.
    correct: Vec<bool>,
}

impl Watch {
    pub fn new(samples: usize) -> Self {
        let dynamics = Dynamics {
            margin_sum: vec![0.0; samples],
            probability_sum: vec![0.0; samples],
            probability_squares: vec![0.0; samples],
            correct: vec![0; samples],
            forgotten: vec![0; samples],
            learned: vec![None; samples],
        };
        Watch { dynamics, correct: vec![false; samples] }
    }

    /// Takes the logits after the step of `epoch`, samples x classes.
    pub fn see(&mut self, epoch: u32, logits: &[f32], labels: &[i32]) {
        let dynamics = &mut self.dynamics;
        let rows = logits.chunks_exact(logits.len() / labels.len().max(1));
        for (i, (logits, label)) in rows.zip(labels).enumerate() {
            let label = *label as usize;
            let own = f64::from(logits[label]);
            let probability =
                1.0 / logits.iter().map(|logit| libm::exp(f64::from(*logit) - own)).sum::<f64>();
            let correct = argmax(logits) == label;
            dynamics.margin_sum[i] += f64::from(margin(logits, label));
            dynamics.probability_sum[i] += probability;
            dynamics.probability_squares[i] += probability * probability;
            dynamics.correct[i] += u32::from(correct);
            dynamics.forgotten[i] += u32::from(self.correct[i] && !correct);
            if correct {
                dynamics.learned[i].get_or_insert(epoch);
            }
            self.correct[i] = correct;
        }
    }

    pub fn finish(self) -> Dynamics {
        self.dynamics
    }
}
