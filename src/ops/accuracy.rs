//! accuracy: samples -> how often one network is right on the test samples of each class. Next:
//! `class_accuracy`.

use std::sync::Arc;

use hspipe_engine::op::{
    Capacity, Cost, InputDecl, Inputs, Op, OpError, Outputs, ParamError, Task, With, one,
};
use serde::{Deserialize, Deserializer, Serialize};

use super::training::{Prepared, Recipe, Training, lacking, member_tables, run_batch};
use crate::nn::{Course, Schedule, Trained, argmax};
use crate::tables;

pub struct Accuracy {
    pub prepared: Arc<Prepared>,
}

type Params = With<Recipe, Own>;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Own {
    /// The share of the samples, from the first on, that is trained on; the others are tested.
    #[serde(deserialize_with = "fraction")]
    train_fraction: f64,
    /// Train on all samples and test on all.
    overfit: bool,
}

/// A number, or two whole numbers with a `/` between.
fn fraction<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(f64),
        Text(String),
    }
    match Written::deserialize(deserializer)? {
        Written::Number(number) => Ok(number),
        Written::Text(text) => {
            let parts = text.split_once('/');
            let parsed = parts.and_then(|(a, b)| Some((a.trim().parse().ok()?, b.trim().parse().ok()?)));
            let (a, b): (u32, u32) = parsed.filter(|(_, b)| *b > 0).ok_or_else(|| {
                serde::de::Error::custom(format!("`{text}` is not a fraction: write 1/7 or 0.25"))
            })?;
            Ok(f64::from(a) / f64::from(b))
        }
    }
}

impl Op for Accuracy {
    type Params = Params;
    const NAME: &'static str = "accuracy";
    const VERSION: u32 = 1;
    const INPUTS: &'static [InputDecl] =
        &[one("images"), one("samples"), one("normalisation"), one("classes")];
    const OUTPUTS: &'static [&'static str] = &["member", "history", "accuracy"];
    const SEEDED: bool = true;

    fn canonical(&self, mut params: Params) -> Result<Params, ParamError> {
        let Own { train_fraction, overfit } = &mut params.own;
        if *overfit {
            // Of no effect then, so it must not tell keys apart.
            *train_fraction = 1.0;
        } else if !(*train_fraction > 0.0 && *train_fraction < 1.0) {
            let what = format!("must be above 0 and below 1, not {train_fraction}");
            return Err(ParamError::new("train_fraction", what));
        }
        Ok(params)
    }

    fn capacity(&self, params: &Params) -> Capacity {
        params.shared.capacity()
    }

    fn cost(&self, params: &Params) -> Cost {
        params.shared.cost(1.5, 10_000)
    }

    fn run_batch(&self, tasks: &[Task<Params>]) -> Vec<Result<Outputs, OpError>> {
        let Some(first) = tasks.first() else { return Vec::new() };
        let With { shared: Recipe { epochs, .. }, own } = first.params;
        let wanted = |training: &Training| {
            let train = trained_on(own, training);
            if train == 0 {
                return Err(OpError::new("train_fraction leaves no sample to train on"));
            }
            has_tests_of_all_classes(training, first_tested(own, training), first.inputs)?;
            let course = Course::of(Schedule::Epochs { epochs: *epochs, radii_from: None });
            Ok((course, Training::first(train)))
        };
        run_batch(&self.prepared, tasks, wanted, |training, trained, seed| {
            let mut tables = member_tables(trained, seed, 0)?;
            tables.push(("accuracy", accuracy_table(training, trained, first_tested(own, training))?));
            Ok(tables)
        })
    }
}

fn trained_on(own: &Own, training: &Training) -> usize {
    (training.labels.len() as f64 * own.train_fraction) as usize
}

fn first_tested(own: &Own, training: &Training) -> usize {
    if own.overfit { 0 } else { trained_on(own, training) }
}

/// Refuses a test set in which a class has no sample, and so no accuracy, before any network is
/// trained.
fn has_tests_of_all_classes(
    training: &Training,
    first_tested: usize,
    inputs: &Inputs,
) -> Result<(), OpError> {
    let Some(lacking) = lacking(&training.labels[first_tested..], training.classes, inputs) else {
        return Ok(());
    };
    let hint = "set accuracy_subset_size to all, or larger, or train_fraction smaller";
    Err(OpError::new(format!("{lacking} no test sample, so no accuracy")).hint(hint.to_string()))
}

/// Per class, over the samples from `first_tested` on.
fn accuracy_table(training: &Training, trained: &Trained, first_tested: usize) -> Result<Vec<u8>, OpError> {
    let (mut samples, mut correct) = (vec![0; training.classes], vec![0; training.classes]);
    let rows = trained.logits.chunks(training.classes).zip(&training.labels);
    for (logits, label) in rows.skip(first_tested) {
        samples[*label as usize] += 1;
        correct[*label as usize] += i32::from(argmax(logits) as i32 == *label);
    }
    let shares = samples.iter().zip(&correct).map(|(n, correct)| f64::from(*correct) / f64::from(*n));
    let accuracy = tables::Accuracy {
        class: (0..training.classes as i32).collect(),
        accuracy: shares.collect(),
        samples,
        correct,
    };
    Ok(accuracy.write()?)
}

#[cfg(test)]
mod tests {
    use super::fraction;

    #[test]
    fn a_fraction_may_be_written_as_one() {
        let read = |text: &str| fraction(&mut serde_json::Deserializer::from_str(text));
        assert_eq!(read("\"1/7\"").unwrap(), 1.0 / 7.0);
        assert_eq!((70_000.0 * read("\"1/7\"").unwrap()) as usize, 10_000);
        assert_eq!(read("0.25").unwrap(), 0.25);
        assert!(read("\"1/0\"").is_err() && read("\"x\"").is_err());
    }
}
