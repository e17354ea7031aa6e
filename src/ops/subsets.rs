//! subsets: samples -> which networks, each trained on a subset of them, get which sample right. Next: `consistency`,
//! `influence`.
//!
//! Every network learns from a share of the samples, drawn for it. Each sample is in the subsets of as many networks: so no
//! chance says how often it is held out. The networks stand side by side like those of an ensemble.

use std::sync::Arc;

use hspipe_engine::op::{Capacity, Cost, InputDecl, Op, OpError, Outputs, ParamError, Task, With, one};
use hspipe_ensemble::Generator;
use serde::{Deserialize, Serialize};

use super::training::{Kept, Networks, Prepared, Recipe, Training};
use crate::nn::{Course, Schedule, Trained, argmax};
use crate::tables::{self, Member};

pub struct Subsets {
    pub prepared: Arc<Prepared>,
}

type Params = With<Recipe, Own>;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Own {
    /// The share of the samples that a network learns from, above 0 and below 1.
    subset_ratio: f64,
    /// Networks, from 2 to 1000.
    subset_networks: u32,
}

impl Own {
    /// How many of the networks learn from a sample: one at least, and not all.
    fn learn(&self) -> usize {
        let networks = f64::from(self.subset_networks);
        (self.subset_ratio * networks).round().clamp(1.0, networks - 1.0) as usize
    }
}

impl Op for Subsets {
    type Params = Params;
    const NAME: &'static str = "subsets";
    const VERSION: u32 = 1;
    const INPUTS: &'static [InputDecl] =
        &[one("images"), one("samples"), one("normalisation"), one("classes")];
    const OUTPUTS: &'static [&'static str] = &["member", "subsets"];
    const SEEDED: bool = true;

    fn canonical(&self, params: Params) -> Result<Params, ParamError> {
        let Own { subset_ratio, subset_networks } = params.own;
        if !(subset_ratio > 0.0 && subset_ratio < 1.0) {
            let what = format!("must be above 0 and below 1, not {subset_ratio}");
            return Err(ParamError::new("subset_ratio", what));
        }
        if !(2..=1000).contains(&subset_networks) {
            let what = format!("must be from 2 to 1000, not {subset_networks}");
            return Err(ParamError::new("subset_networks", what));
        }
        Ok(params)
    }

    /// A task has networks enough for a call of its own.
    fn capacity(&self, params: &Params) -> Capacity {
        Capacity { batch: 1, ..params.shared.capacity() }
    }

    fn cost(&self, params: &Params) -> Cost {
        let networks = params.own.subset_networks;
        let Cost { seconds, bytes, .. } = params.shared.cost(2.0 * f64::from(networks), 200_000);
        Cost { networks, seconds, bytes }
    }

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let With { shared: Recipe { epochs, request }, own } = task.params;
        let networks = own.subset_networks as usize;
        let training = self.prepared.training(task.inputs)?;
        training.has_all_classes(task.inputs)?;
        let bags = draw(training.labels.len(), networks, own.learn(), task.draw_seed(0)?);
        if bags.iter().any(|bag| !bag.contains(&true)) {
            let what = format!("{} samples are too few for subsets of them", training.labels.len());
            return Err(OpError::new(what).hint("set subset_ratio higher".to_owned()));
        }
        let seeds: Vec<u32> =
            (1..=own.subset_networks).map(|draw| task.draw_seed(draw)).collect::<Result<_, _>>()?;
        let course = Course::of(Schedule::Epochs { epochs: *epochs, radii_from: None });
        let kept = Kept::of(vec![task.checkpoint], 0, networks);
        let wanted = Networks { request, course, train: &training.all(), seeds: &seeds, bags: &bags };
        let trained: Vec<Trained> =
            training.networks(wanted, task.threads, &kept).into_iter().collect::<Result<_, _>>()?;
        let member = Member {
            attempt: vec![0; networks],
            epochs: trained.iter().map(|trained| trained.epochs as i32).collect(),
            final_loss: trained.iter().map(|trained| trained.final_loss).collect(),
            seed: seeds,
        };
        Ok(vec![("member", member.write()?), ("subsets", table(&training, &bags, &trained).write()?)])
    }
}

/// For each network which samples it learns from. Each sample is in the subsets of `learn` of them, drawn for it.
fn draw(samples: usize, networks: usize, learn: usize, seed: u32) -> Vec<Vec<bool>> {
    let mut generator = Generator::new(seed);
    let mut bags = vec![vec![false; samples]; networks];
    let drawn: Vec<Vec<u32>> = (0..samples).map(|_| generator.permutation(networks as u32)).collect();
    for (sample, networks) in drawn.iter().enumerate() {
        networks[..learn].iter().for_each(|network| bags[*network as usize][sample] = true);
    }
    bags
}

fn table(training: &Training, bags: &[Vec<bool>], trained: &[Trained]) -> tables::Subsets {
    let classes = training.classes;
    let is_right = |trained: &Trained, (sample, label): (usize, &i32)| {
        argmax(&trained.logits[sample * classes..][..classes]) == *label as usize
    };
    let learned_from = |sample: usize| bits(bags.iter().map(move |bag| bag[sample]));
    let right = |at: (usize, &i32)| bits(trained.iter().map(|trained| is_right(trained, at)));
    let labels = || training.labels.iter().enumerate();
    tables::Subsets {
        position: (0..training.labels.len() as i32).collect(),
        label: training.labels.clone(),
        networks: vec![trained.len() as i32; training.labels.len()],
        learned_from: labels().map(|(sample, _)| learned_from(sample)).collect(),
        right: labels().map(right).collect(),
    }
}

/// A bit for each, the first in the lowest bit of the first byte.
fn bits(values: impl Iterator<Item = bool>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (place, value) in values.enumerate() {
        if place % 8 == 0 {
            bytes.push(0);
        }
        if let Some(last) = bytes.last_mut() {
            *last |= u8::from(value) << (place % 8);
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sample_is_in_as_many_subsets_and_these_are_about_as_large() {
        let bags = draw(2000, 10, 7, 3);
        let subsets_of = |sample: usize| bags.iter().filter(|bag| bag[sample]).count();
        assert!((0..2000).all(|sample| subsets_of(sample) == 7));
        for bag in &bags {
            let size = bag.iter().filter(|is_in| **is_in).count();
            // Four standard deviations of 2000 draws with a chance of .7 are 82.
            assert!((1318..=1482).contains(&size), "{size}");
        }
        assert_ne!(bags, draw(2000, 10, 7, 4));
    }

    #[test]
    fn one_network_at_least_learns_from_a_sample_and_not_all_do() {
        let learn = |subset_ratio, subset_networks| Own { subset_ratio, subset_networks }.learn();
        assert_eq!((learn(0.7, 10), learn(0.01, 10), learn(0.99, 10), learn(0.5, 2)), (7, 1, 9, 1));
    }

    #[test]
    fn bits_begin_with_the_lowest() {
        let values = [true, false, true, true, false, false, false, false, false, true];
        assert_eq!(bits(values.into_iter()), [0b0000_1101, 0b0000_0010]);
    }
}
