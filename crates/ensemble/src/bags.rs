//! Which samples each network of a group trains on, as what each sample weighs in the network's mean loss: 1 / n of the n
//! samples of a step that are in its bag, 0 outside.
//!
//! In: a bag per network, or none where all train on all samples. Out: [`Weights`] of the samples of a step. A sample of
//! weight 0 adds zeros to loss and gradient, which change no bit: so a network is that of its own bag, whatever its
//! neighbours leave out. Knows no layers and no labels.

use std::ops::Range;

use crate::lanes::{LANES, Vector};

/// The bags of a group.
pub struct Bags {
    samples: usize,
    /// Of each sample the networks that train on it, a bit per lane; none if all do.
    masks: Option<Vec<u8>>,
}

impl Bags {
    /// Of networks with these bags, each saying of every sample whether it is in.
    pub fn new(bags: &[Option<&[bool]>], samples: usize) -> Self {
        let is_in = |sample: usize, bag: &Option<&[bool]>| bag.is_none_or(|bag| bag[sample]);
        let bit = |sample: usize, (lane, bag)| u8::from(is_in(sample, bag)) << lane;
        let mask = |sample: usize| bags.iter().enumerate().fold(0, |mask, lane| mask | bit(sample, lane));
        let masks = bags.iter().any(Option::is_some).then(|| (0..samples).map(mask).collect());
        Bags { samples, masks }
    }

    /// Of a step on all samples.
    pub fn all(&self) -> Weights<'_> {
        self.of(0..self.samples)
    }

    /// Of a step on these samples.
    pub fn of(&self, step: Range<usize>) -> Weights<'_> {
        let counts = match &self.masks {
            None => [step.len(); LANES],
            Some(masks) => masks[step].iter().fold([0; LANES], |mut counts, mask| {
                for (lane, count) in counts.iter_mut().enumerate() {
                    *count += usize::from(mask >> lane & 1);
                }
                counts
            }),
        };
        let weights = Vector(counts.map(|count| if count > 0 { 1.0 / count as f32 } else { 0.0 }));
        Weights { masks: self.masks.as_deref(), counts, weights }
    }
}

/// What samples weigh in a step, for each network.
#[derive(Clone, Copy)]
pub struct Weights<'a> {
    /// Of all samples.
    masks: Option<&'a [u8]>,
    /// How many of the step's samples each network trains on.
    pub counts: [usize; LANES],
    /// What one of those weighs.
    weights: Vector,
}

impl Weights<'_> {
    /// Of LANES / STRIDE samples side by side, at most.
    #[inline(always)]
    pub fn side_by_side<const STRIDE: usize>(&self, samples: Range<usize>) -> Vector {
        let Some(masks) = self.masks else { return self.weights };
        let mut side_by_side = Vector::default();
        for (lanes, mask) in side_by_side.0.chunks_exact_mut(STRIDE).zip(&masks[samples]) {
            for (lane, (to, weight)) in lanes.iter_mut().zip(self.weights.0).enumerate() {
                *to = if mask >> lane & 1 == 1 { weight } else { 0.0 };
            }
        }
        side_by_side
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_weighs_its_share_of_the_bags_that_it_is_in() {
        let (first, second) = ([true, false, true, true], [false, false, true, false]);
        let bags = Bags::new(&[Some(&first), Some(&second), None], 4);
        assert_eq!(bags.all().counts[..3], [3, 1, 4]);
        let third = 1.0 / 3.0;
        let of = |sample: usize| bags.all().side_by_side::<LANES>(sample..sample + 1).0[..3].to_vec();
        assert_eq!(of(0), [third, 0.0, 0.25]);
        assert_eq!(of(1), [0.0, 0.0, 0.25]);
        // Three networks have a stride of four: two samples fill a vector.
        let two = bags.all().side_by_side::<4>(2..4);
        assert_eq!(two.0, [third, 1.0, 0.25, 0.0, third, 0.0, 0.25, 0.0]);
        assert_eq!(bags.of(0..2).counts[..3], [1, 0, 2]);
        assert_eq!(bags.of(0..2).side_by_side::<LANES>(0..1).0[..3], [1.0, 0.0, 0.5]);
        assert_eq!(Bags::new(&[None, None], 4).all().side_by_side::<2>(0..4).0, [0.25; LANES]);
    }
}
