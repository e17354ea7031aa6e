//! Mean softmax cross-entropy.
//!
//! In: logits, labels and weights. Out: the loss of each sample, summed in f64, and its derivative by each logit; on the
//! way, if wanted, what [`Track`]s keep of the sample. Knows no layers.

use crate::bags::Weights;
use crate::dynamics::Track;
use crate::lanes::{Kernel, LANES, Lanes, Vector};
use crate::math::{exp, log};

/// The loss, and what it needs besides logits.
pub struct Loss {
    /// The logits of LANES / stride samples side by side, a vector per class, if one sample fills no vector.
    packed: Vec<Vector>,
    /// The sum over the samples, per network.
    pub total: [f64; LANES],
}

impl Loss {
    pub fn new(classes: usize) -> Self {
        Loss { packed: vec![Vector::default(); classes], total: [0.0; LANES] }
    }

    /// Forgets all samples.
    pub fn restart(&mut self) {
        self.total = [0.0; LANES];
    }
}

/// Adds the samples' losses to the total and turns their logits into the derivatives of the mean loss.
pub struct Take<'a, const STRIDE: usize> {
    pub loss: &'a mut Loss,
    pub labels: &'a [usize],
    /// A row per label, its classes in columns.
    pub logits: &'a mut [Vector],
    /// The place of the first of them among all samples.
    pub first: usize,
    /// What each sample weighs in the mean.
    pub weights: Weights<'a>,
    pub epoch: u32,
    /// One for LANES / STRIDE samples, or none.
    pub tracks: &'a mut [Track],
}

impl<const STRIDE: usize> Kernel for Take<'_, STRIDE> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Take { loss, labels, logits, mut first, weights, epoch, tracks } = self;
        let Loss { packed, total } = loss;
        let samples = LANES / STRIDE;
        let width = logits.len() / labels.len();
        let mut tracks = tracks.iter_mut();
        for (rows, labels) in logits.chunks_mut(samples * width).zip(labels.chunks(samples)) {
            let scale = weights.side_by_side::<STRIDE>(first..first + labels.len());
            first += labels.len();
            if STRIDE == LANES {
                softmax::<L, STRIDE>(rows, labels, &scale, total, epoch, tracks.next());
                continue;
            }
            for (sample, row) in rows.chunks_exact(width).enumerate() {
                for (class, values) in packed.iter_mut().enumerate() {
                    let from = &row[class * STRIDE / LANES].0[class * STRIDE % LANES..][..STRIDE];
                    values.0[sample * STRIDE..][..STRIDE].copy_from_slice(from);
                }
            }
            softmax::<L, STRIDE>(packed, labels, &scale, total, epoch, tracks.next());
            for (sample, row) in rows.chunks_exact_mut(width).enumerate() {
                for (class, values) in packed.iter().enumerate() {
                    let to = &mut row[class * STRIDE / LANES].0[class * STRIDE % LANES..][..STRIDE];
                    to.copy_from_slice(&values.0[sample * STRIDE..][..STRIDE]);
                }
            }
        }
    }
}

/// The losses and deltas of LANES / STRIDE samples side by side, at most; `logits` has a vector per class, and `scale`
/// the weight of each sample for each network.
#[inline(always)]
fn softmax<L: Lanes, const STRIDE: usize>(
    logits: &mut [Vector],
    labels: &[usize],
    scale: &Vector,
    total: &mut [f64; LANES],
    epoch: u32,
    track: Option<&mut Track>,
) {
    let own = labelled::<L, STRIDE>(logits, labels);
    let seen = track.map(|track| {
        let (before, behind) = rivals::<L, STRIDE>(logits, labels);
        // Of equal logits the first one is the prediction.
        let correct = own.is_above(before).times(own.is_at_least(behind));
        (track, own.minus(before.greater(behind)), correct)
    });
    let mut top = own;
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
    let weight = L::load(scale);
    let counts = weight.is_above(L::splat(0.0));
    log(sum).minus(own.minus(top)).times(counts).store(&mut loss);
    for loss in loss.0.chunks_exact(STRIDE).take(labels.len()) {
        for (total, loss) in total.iter_mut().zip(loss) {
            *total += f64::from(*loss);
        }
    }
    if let Some((track, margin, correct)) = seen {
        track.see(epoch, margin, correct, labelled::<L, STRIDE>(logits, labels).over(sum));
    }
    let factor = weight.over(sum);
    for power in logits.iter_mut() {
        L::load(power).times(factor).store(power);
    }
    for (sample, label) in labels.iter().enumerate() {
        let lanes = sample * STRIDE..(sample + 1) * STRIDE;
        for (delta, scale) in logits[*label].0[lanes.clone()].iter_mut().zip(&scale.0[lanes]) {
            *delta -= scale;
        }
    }
}

/// The label of the sample in a lane. Lanes behind the last sample may take any.
#[inline(always)]
fn label_of<const STRIDE: usize>(lane: usize, labels: &[usize]) -> usize {
    labels[(lane / STRIDE).min(labels.len() - 1)]
}

/// The value of each sample's own label.
#[inline(always)]
fn labelled<L: Lanes, const STRIDE: usize>(values: &[Vector], labels: &[usize]) -> L {
    if STRIDE == LANES {
        return L::load(&values[labels[0]]);
    }
    let of_lane = |lane: usize| values[label_of::<STRIDE>(lane, labels)].0[lane];
    L::load(&Vector(std::array::from_fn(of_lane)))
}

/// The greatest values before and behind each sample's own label, -infinity where there is none.
#[inline(always)]
fn rivals<L: Lanes, const STRIDE: usize>(values: &[Vector], labels: &[usize]) -> (L, L) {
    let mut tops = [Vector([f32::NEG_INFINITY; LANES]); 2];
    if STRIDE == LANES {
        for (side, values) in [&values[..labels[0]], &values[labels[0] + 1..]].into_iter().enumerate() {
            let mut top = L::load(&tops[side]);
            for value in values {
                top = top.greater(L::load(value));
            }
            top.store(&mut tops[side]);
        }
    } else {
        for lane in 0..LANES {
            let label = label_of::<STRIDE>(lane, labels);
            for (class, value) in values.iter().enumerate().filter(|(class, _)| *class != label) {
                let top = &mut tops[usize::from(class > label)].0[lane];
                *top = top.max(value.0[lane]);
            }
        }
    }
    (L::load(&tops[0]), L::load(&tops[1]))
}
