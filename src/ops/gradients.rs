//! gradients: samples and trained networks -> how far each sample would move the network, and how near it lies to others of
//! its label. Next: `identify`, `scores`.
//!
//! The network is a SimpleNN, early in its training and at the end. Of another network there is nothing to say: the table
//! has no rows then.

use std::sync::Arc;

use hspipe_engine::op::{Capacity, InputDecl, Op, OpError, Outputs, Task, one};
use hspipe_ensemble::{Perceptron, Seen};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::training::{Prepared, Training};
use crate::tables::{self, Weights};

pub struct Gradients {
    pub prepared: Arc<Prepared>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {}

impl Op for Gradients {
    type Params = Params;
    const NAME: &'static str = "gradients";
    const VERSION: u32 = 1;
    const INPUTS: &'static [InputDecl] =
        &[one("images"), one("samples"), one("normalisation"), one("classes"), one("early"), one("last")];
    const OUTPUTS: &'static [&'static str] = &["gradients"];

    fn capacity(&self, _: &Params) -> Capacity {
        Capacity { batch: 1, threads: 8 }
    }

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let training = self.prepared.training(task.inputs)?;
        let values = training.samples.normalised();
        let width = values.len() / training.labels.len().max(1);
        let base = values.iter().copied().fold(f32::INFINITY, f32::min);
        let mut networks = Vec::new();
        for input in ["early", "last"] {
            let weights = Weights::read(task.inputs.one(input)?.read()?)?;
            let layers = weights.layers().unwrap_or_default();
            let Some(network) = Perceptron::new(&layers, base) else { break };
            if network.inputs() != width {
                let what = format!("samples have {width} numbers, the network takes {}", network.inputs());
                return Err(OpError::new(what));
            }
            networks.push(network);
        }
        let table = match networks.as_slice() {
            [early, last] => table(&training, &values, early, last),
            _ => tables::Gradients {
                position: vec![],
                label: vec![],
                early_norm: vec![],
                last_norm: vec![],
                prototype_cosine: vec![],
            },
        };
        Ok(vec![("gradients", table.write()?)])
    }
}

fn table(training: &Training, values: &[f32], early: &Perceptron, last: &Perceptron) -> tables::Gradients {
    let Training { labels, classes, .. } = training;
    let see = |network: &Perceptron| -> Vec<Seen> {
        let samples = values.par_chunks(network.inputs()).zip(labels);
        samples.map(|(sample, label)| network.see(sample, *label as usize)).collect()
    };
    let norms = |seen: &[Seen]| seen.iter().map(|seen| seen.gradient_norm).collect();
    let early_norm = norms(&see(early));
    let seen = see(last);
    tables::Gradients {
        position: (0..labels.len() as i32).collect(),
        label: labels.clone(),
        early_norm,
        last_norm: norms(&seen),
        prototype_cosine: prototype_cosines(&seen, labels, *classes),
    }
}

/// Of each sample the cosine of its activations and of their mean over all samples of its label.
fn prototype_cosines(seen: &[Seen], labels: &[i32], classes: usize) -> Vec<f64> {
    let width = seen.first().map_or(0, |seen| seen.latent.len());
    // A sum has the direction of the mean.
    let mut sums = vec![vec![0.0; width]; classes];
    for (seen, label) in seen.iter().zip(labels) {
        let sums = sums[*label as usize].iter_mut();
        sums.zip(&seen.latent).for_each(|(sum, value)| *sum += f64::from(*value));
    }
    let length =
        |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>().sqrt();
    let lengths: Vec<f64> = sums.iter().map(|sums| length(&mut sums.iter().copied())).collect();
    let cosine = |(seen, label): (&Seen, &i32)| {
        let (sums, latent) = (&sums[*label as usize], || seen.latent.iter().map(|value| f64::from(*value)));
        let product: f64 = latent().zip(sums).map(|(value, sum)| value * sum).sum();
        let lengths = lengths[*label as usize] * length(&mut latent());
        if lengths > 0.0 { product / lengths } else { 0.0 }
    };
    seen.iter().zip(labels).map(cosine).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: the first two have the sum [4, 3] of length 5, the third is alone, the fourth is nothing.
    #[test]
    fn a_prototype_is_the_mean_of_its_label() {
        let seen = [[3.0, 0.0], [1.0, 3.0], [0.0, -2.0], [0.0, 0.0]]
            .map(|latent| Seen { latent: latent.to_vec(), gradient_norm: 1.0 });
        let cosines = prototype_cosines(&seen, &[0, 0, 1, 2], 3);
        let by_hand = [0.8, 13.0 / (5.0 * 10.0f64.sqrt()), 1.0, 0.0];
        assert!(cosines.iter().zip(by_hand).all(|(a, b)| (a - b).abs() < 1e-12), "{cosines:?}");
    }
}
