//! retrain: a split -> a network trained on its training set, and how well it does on its test
//! sets. Next: `retrain_summary`.

use std::sync::Arc;

use hspipe_engine::op::{Capacity, Cost, InputDecl, Inputs, Op, OpError, Outputs, Task, With, one};

use super::metrics::{Metrics, metrics};
use super::training::{Prepared, Recipe, Training, member_tables, run_batch};
use crate::nn::{Course, Schedule, Trained, argmax};
use crate::tables;

pub struct Retrain {
    pub prepared: Arc<Prepared>,
}

type Params = With<Recipe>;

impl Op for Retrain {
    type Params = Params;
    const NAME: &'static str = "retrain";
    const VERSION: u32 = 1;
    const INPUTS: &'static [InputDecl] =
        &[one("images"), one("samples"), one("normalisation"), one("classes"), one("split")];
    const OUTPUTS: &'static [&'static str] = &["member", "metrics"];
    const SEEDED: bool = true;

    fn capacity(&self, params: &Params) -> Capacity {
        params.shared.capacity()
    }

    fn cost(&self, params: &Params) -> Cost {
        params.shared.cost(1.5, 11_000)
    }

    fn run_batch(&self, tasks: &[Task<Params>]) -> Vec<Result<Outputs, OpError>> {
        let Some(first) = tasks.first() else { return Vec::new() };
        let split = match Split::read(first.inputs) {
            Ok(split) => split,
            Err(error) => return tasks.iter().map(|_| Err(error.clone())).collect(),
        };
        let wanted = |_: &Training| {
            if split.train.is_empty() {
                return Err(OpError::new("the split leaves no sample to train on")
                    .hint("raise remaining_ratio, train_ratio or subset_size".to_string()));
            }
            let epochs = first.params.shared.epochs;
            let course = Course::of(Schedule::Epochs { epochs, radii_from: None });
            Ok((course, split.train.clone()))
        };
        run_batch(&self.prepared, tasks, wanted, |training, trained, seed| {
            let mut tables = member_tables(trained, seed, 0)?;
            tables.push(("metrics", metrics_table(&split, training, trained, seed)?));
            Ok(tables)
        })
    }
}

/// Positions of samples.
struct Split {
    train: Vec<u32>,
    /// With whether they are hard.
    test: Vec<(usize, bool)>,
}

impl Split {
    fn read(inputs: &Inputs) -> Result<Split, OpError> {
        let table = tables::Split::read(inputs.one("split")?.read()?)?;
        let mut split = Split { train: Vec::new(), test: Vec::new() };
        for ((position, part), hard) in table.position.iter().zip(table.part.iter()).zip(&table.hard) {
            match part {
                "train" => split.train.push(*position as u32),
                "test" => split.test.push((*position as usize, *hard)),
                _ => {}
            }
        }
        Ok(split)
    }
}

/// A row for each test set: `full`, `hard` and `easy`. The metrics of one without samples are null.
fn metrics_table(
    split: &Split,
    training: &Training,
    trained: &Trained,
    seed: u32,
) -> Result<Vec<u8>, OpError> {
    let classes = training.classes;
    let of = |wanted: fn(bool) -> bool| {
        let tested = split.test.iter().filter(|(_, hard)| wanted(*hard)).map(|(position, _)| *position);
        let pairs = tested.clone().map(|position| {
            let logits = &trained.logits[position * classes..][..classes];
            (argmax(logits), training.labels[position] as usize)
        });
        (metrics(pairs, classes), tested.count() as i32)
    };
    let sets = [of(|_| true), of(|hard| hard), of(|hard| !hard)];
    let column =
        |value: fn(Metrics) -> f64| sets.iter().map(|(found, _)| found.map(value)).collect::<Vec<_>>();
    let metrics = tables::Metrics {
        seed: vec![seed; 3],
        test_set: vec!["full", "hard", "easy"].into(),
        accuracy: column(|metrics| metrics.accuracy),
        precision: column(|metrics| metrics.precision),
        recall: column(|metrics| metrics.recall),
        f1: column(|metrics| metrics.f1),
        n_train: vec![split.train.len() as i32; 3],
        n_test: sets.iter().map(|(_, tested)| *tested).collect(),
    };
    Ok(metrics.write()?)
}
