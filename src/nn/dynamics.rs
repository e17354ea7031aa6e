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

    /// Makes room for so many samples; new ones were not seen in any epoch.
    pub fn grow(&mut self, samples: usize) {
        let dynamics = &mut self.dynamics;
        for sums in
            [&mut dynamics.margin_sum, &mut dynamics.probability_sum, &mut dynamics.probability_squares]
        {
            sums.resize(samples, 0.0);
        }
        dynamics.correct.resize(samples, 0);
        dynamics.forgotten.resize(samples, 0);
        dynamics.learned.resize(samples, None);
        self.correct.resize(samples, false);
    }

    /// Takes the logits after the step of `epoch`, samples x classes.
    pub fn see(&mut self, epoch: u32, logits: &[f32], labels: &[i32]) {
        let rows = logits.chunks_exact(logits.len() / labels.len().max(1));
        for (sample, (logits, label)) in rows.zip(labels).enumerate() {
            self.see_one(sample, epoch, logits, *label as usize);
        }
    }

    /// Takes the logits of one sample.
    pub fn see_one(&mut self, sample: usize, epoch: u32, logits: &[f32], label: usize) {
        let dynamics = &mut self.dynamics;
        let own = f64::from(logits[label]);
        let probability = 1.0 / logits.iter().map(|logit| libm::exp(f64::from(*logit) - own)).sum::<f64>();
        let correct = argmax(logits) == label;
        dynamics.margin_sum[sample] += f64::from(margin(logits, label));
        dynamics.probability_sum[sample] += probability;
        dynamics.probability_squares[sample] += probability * probability;
        dynamics.correct[sample] += u32::from(correct);
        dynamics.forgotten[sample] += u32::from(self.correct[sample] && !correct);
        if correct {
            dynamics.learned[sample].get_or_insert(epoch);
        }
        self.correct[sample] = correct;
    }

    pub fn finish(self) -> Dynamics {
        self.dynamics
    }
}
