//! folds: samples -> what networks make of samples that they have not learned from. Next: `identify`, `scores`.
//!
//! Cross-validation: the samples are divided into k folds, with the classes spread evenly over them, and for each fold a
//! network is trained on all the others. So the logits of every sample are out of sample. The networks stand side by
//! side like those of an ensemble, each leaving out its own fold.

use std::sync::Arc;

use hspipe_engine::op::{Capacity, Cost, InputDecl, Op, OpError, Outputs, ParamError, Task, With, one};
use hspipe_ensemble::Generator;
use serde::{Deserialize, Serialize};

use super::training::{Kept, Networks, Prepared, Recipe, Training, dynamics, logits_table};
use crate::nn::{Course, Schedule, Trained};
use crate::tables::{Dynamics, Member};

pub struct Folds {
    pub prepared: Arc<Prepared>,
}

type Params = With<Recipe, Own>;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Own {
    /// Parts that the samples are divided into, at least 2.
    folds: u32,
}

impl Op for Folds {
    type Params = Params;
    const NAME: &'static str = "folds";
    const VERSION: u32 = 1;
    const INPUTS: &'static [InputDecl] =
        &[one("images"), one("samples"), one("normalisation"), one("classes")];
    const OUTPUTS: &'static [&'static str] = &["member", "logits", "dynamics"];
    const SEEDED: bool = true;

    fn canonical(&self, params: Params) -> Result<Params, ParamError> {
        match params.own.folds {
            2..=1000 => Ok(params),
            folds => Err(ParamError::new("folds", format!("must be from 2 to 1000, not {folds}"))),
        }
    }

    fn capacity(&self, params: &Params) -> Capacity {
        params.shared.capacity()
    }

    fn cost(&self, params: &Params) -> Cost {
        let networks = params.own.folds;
        let Cost { seconds, bytes, .. } = params.shared.cost(2.0 * f64::from(networks), 1_000_000);
        Cost { networks, seconds, bytes }
    }

    fn run_batch(&self, tasks: &[Task<Params>]) -> Vec<Result<Outputs, OpError>> {
        self.run_together(tasks).unwrap_or_else(|error| tasks.iter().map(|_| Err(error.clone())).collect())
    }
}

impl Folds {
    /// The networks of all tasks, side by side.
    fn run_together(&self, tasks: &[Task<Params>]) -> Result<Vec<Result<Outputs, OpError>>, OpError> {
        let Some(first) = tasks.first() else { return Ok(Vec::new()) };
        let With { shared: Recipe { epochs, request }, own: Own { folds } } = first.params;
        let k = *folds as usize;
        let training = self.prepared.training(first.inputs)?;
        training.has_all_classes(first.inputs)?;
        if training.labels.len() < k {
            let what = format!("{} samples cannot be divided into {k} folds", training.labels.len());
            return Err(OpError::new(what).hint("set folds lower".to_owned()));
        }
        let fold_of = |task: &Task<Params>| Ok(divide(&training.labels, k, task.draw_seed(0)?));
        let fold_of: Vec<Vec<usize>> = tasks.iter().map(fold_of).collect::<Result<_, OpError>>()?;
        let left_out =
            |fold_of: &Vec<usize>, left_out: usize| fold_of.iter().map(|fold| *fold != left_out).collect();
        let bags = fold_of.iter().flat_map(|fold_of| (0..k).map(|fold| left_out(fold_of, fold)));
        let bags: Vec<Vec<bool>> = bags.collect();
        let seeds = tasks.iter().flat_map(|task| (1..=*folds).map(|draw| task.draw_seed(draw)));
        let seeds: Vec<u32> = seeds.collect::<Result<_, OpError>>()?;
        let course = Course::of(Schedule::Epochs { epochs: *epochs, radii_from: None });
        let course = Course { dynamics: true, ..course };
        let kept = Kept::of(tasks.iter().map(|task| task.checkpoint).collect(), 0, k);
        let networks = Networks { request, course, train: &training.all(), seeds: &seeds, bags: &bags };
        let mut trained = training.networks(networks, first.threads, &kept).into_iter();
        let made = fold_of.iter().zip(seeds.chunks(k)).map(|(fold_of, seeds)| {
            // All of its networks, before one that failed ends it.
            let networks: Vec<Result<Trained, OpError>> = trained.by_ref().take(k).collect();
            let networks: Vec<Trained> = networks.into_iter().collect::<Result<_, _>>()?;
            tables(&training, fold_of, seeds, &networks)
        });
        Ok(made.collect())
    }
}

/// The fold of each sample. The samples of a class, in random order, go to one fold after the other, and each class begins
/// where the last one has ended: so the sizes of folds differ by one at most, and so do those of a class in them.
fn divide(labels: &[i32], folds: usize, seed: u32) -> Vec<usize> {
    let mut order = Generator::new(seed).permutation(labels.len() as u32);
    order.sort_by_key(|position| labels[*position as usize]);
    let mut fold_of = vec![0; labels.len()];
    for (turn, position) in order.into_iter().enumerate() {
        fold_of[position as usize] = turn % folds;
    }
    fold_of
}

fn tables(
    training: &Training,
    fold_of: &[usize],
    seeds: &[u32],
    networks: &[Trained],
) -> Result<Outputs, OpError> {
    let classes = training.classes;
    let rows = fold_of.iter().enumerate();
    let logits = rows.flat_map(|(row, fold)| &networks[*fold].logits[row * classes..][..classes]);
    let seen = networks.iter().map(|trained| dynamics(training, trained));
    let seen: Vec<Dynamics> = seen.collect::<Result<_, _>>()?;
    let member = Member {
        seed: seeds.to_vec(),
        attempt: vec![0; networks.len()],
        epochs: networks.iter().map(|trained| trained.epochs as i32).collect(),
        final_loss: networks.iter().map(|trained| trained.final_loss).collect(),
    };
    Ok(vec![
        ("member", member.write()?),
        ("logits", logits_table(training, logits.copied().collect())?),
        ("dynamics", out_of_sample(fold_of, &seen).write()?),
    ])
}

/// Of each sample the row of the network that has left it out.
fn out_of_sample(fold_of: &[usize], networks: &[Dynamics]) -> Dynamics {
    fn chosen<V: Copy>(fold_of: &[usize], all: &[Dynamics], column: impl Fn(&Dynamics) -> &Vec<V>) -> Vec<V> {
        fold_of.iter().enumerate().map(|(row, fold)| column(&all[*fold])[row]).collect()
    }
    Dynamics {
        position: chosen(fold_of, networks, |dynamics| &dynamics.position),
        label: chosen(fold_of, networks, |dynamics| &dynamics.label),
        margin_mean: chosen(fold_of, networks, |dynamics| &dynamics.margin_mean),
        probability_mean: chosen(fold_of, networks, |dynamics| &dynamics.probability_mean),
        probability_std: chosen(fold_of, networks, |dynamics| &dynamics.probability_std),
        correct: chosen(fold_of, networks, |dynamics| &dynamics.correct),
        forgotten: chosen(fold_of, networks, |dynamics| &dynamics.forgotten),
        learned: chosen(fold_of, networks, |dynamics| &dynamics.learned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_are_even_and_so_are_classes_in_them() {
        let labels: Vec<i32> = (0..103).map(|i| [0, 1, 1, 2, 2, 2, 2][i * i % 7]).collect();
        let fold_of = divide(&labels, 5, 3);
        let sizes = |is_of: &dyn Fn(i32) -> bool| {
            let size = |fold: usize| {
                labels.iter().zip(&fold_of).filter(|(label, of)| is_of(**label) && **of == fold).count()
            };
            let sizes: Vec<usize> = (0..5).map(size).collect();
            (*sizes.iter().min().unwrap(), *sizes.iter().max().unwrap())
        };
        assert_eq!(sizes(&|_| true), (20, 21));
        for class in 0..3 {
            let (least, most) = sizes(&|label| label == class);
            assert!(least > 0 && most - least <= 1, "class {class}: {least} to {most}");
        }
        assert_ne!(divide(&labels, 5, 3), divide(&labels, 5, 4));
    }
}
