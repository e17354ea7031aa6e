//! Mean softmax cross-entropy.
//!
//! In: logits and labels. Out: the loss of each sample, summed in f64, and its derivative by each logit.
//! Knows no layers.

use crate::lanes::{LANES, Lanes, Vector};
use crate::math::{exp, log};

/// Adds each sample's loss to `total` and turns its logits into the derivatives of `scale` times its loss.
/// `logits` is samples x classes.
#[inline(always)]
pub fn losses_and_deltas<L: Lanes>(
    logits: &mut [Vector],
    labels: &[usize],
    classes: usize,
    scale: f32,
    total: &mut [f64; LANES],
) {
    for (logits, label) in logits.chunks_exact_mut(classes).zip(labels) {
        let labelled = L::load(&logits[*label]);
        let mut top = labelled;
        for logit in logits.iter() {
            top = top.greater(L::load(logit));
        }
        let mut sum = L::splat(0.0);
        for logit in logits.iter_mut() {
            let power = exp(L::load(logit).minus(top));
            sum = sum.plus(power);
            power.store(logit);
        }
        let mut loss = Vector::default();
        log(sum).minus(labelled.minus(top)).store(&mut loss);
        for (total, loss) in total.iter_mut().zip(loss.0) {
            *total += f64::from(loss);
        }
        let factor = L::splat(scale).over(sum);
        for power in logits.iter_mut() {
            L::load(power).times(factor).store(power);
        }
        L::load(&logits[*label]).minus(L::splat(scale)).store(&mut logits[*label]);
    }
}
