//! The tables that several trainings have: `member`, `history`, `weights`, `logits`, `dynamics`,
//! `radii`.
//!
//! In: a trained network. Out: bytes of tables.

use hspipe_engine::op::{OpError, Outputs};

use super::Training;
use crate::nn::{self, Parameter, Trained, argmax, margin};
use crate::scores::logits::energy;
use crate::tables::{Dynamics, FitScores, History, Logits, Member, Radii, TableError, Vectors, Weights};

/// The tables `member` and `history` of a trained network.
pub fn member_tables(trained: &Trained, seed: u32, attempt: u32) -> Result<Outputs, OpError> {
    let member = Member {
        seed: vec![seed],
        attempt: vec![attempt as i32],
        epochs: vec![trained.epochs as i32],
        final_loss: vec![trained.final_loss],
    };
    let history = History { epoch: (0..trained.losses.len() as i32).collect(), loss: trained.losses.clone() };
    Ok(vec![("member", member.write()?), ("history", history.write()?)])
}

/// The table `weights` of a trained network.
pub fn weights_table(trained: &Trained) -> Result<Vec<u8>, TableError> {
    let of_each = |parameter: &Parameter| parameter.values.len();
    Weights {
        layer: trained.parameters.iter().flat_map(|p| vec![p.layer as i32; of_each(p)]).collect(),
        parameter: trained.parameters.iter().flat_map(|p| vec![p.name; of_each(p)]).collect(),
        index: trained.parameters.iter().flat_map(|p| 0..of_each(p) as i32).collect(),
        value: trained.parameters.iter().flat_map(|p| &p.values).copied().collect(),
    }
    .write()
}

/// The table `logits`: samples x classes.
pub fn logits_table(training: &Training, logits: Vec<f32>) -> Result<Vec<u8>, TableError> {
    logits_of(&training.labels, logits, training.classes).write()
}

/// The same, of samples with these labels.
pub fn logits_of(labels: &[i32], logits: Vec<f32>, classes: usize) -> Logits {
    Logits {
        position: (0..labels.len() as i32).collect(),
        label: labels.to_vec(),
        logits: Vectors::new(logits, classes),
    }
}

/// What can be read off the logits, samples x classes, of samples with these labels.
pub fn fit_scores(labels: &[i32], logits: &[f32], classes: usize) -> FitScores {
    let rows = || logits.chunks(classes);
    let tops: Vec<usize> = rows().map(argmax).collect();
    FitScores {
        position: (0..labels.len() as i32).collect(),
        label: labels.to_vec(),
        predicted: tops.iter().map(|top| *top as i32).collect(),
        margin: rows().zip(labels).map(|(logits, label)| margin(logits, *label as usize)).collect(),
        confidence: rows().zip(&tops).map(|(logits, top)| logits[*top]).collect(),
        energy: rows().map(energy).collect(),
    }
}

/// What a network has made of the samples: means over the epochs, and counts of epochs.
///
/// # Errors
/// The training was asked for no dynamics.
pub fn dynamics(training: &Training, trained: &Trained) -> Result<Dynamics, OpError> {
    let seen = trained.dynamics.as_ref();
    let seen = seen.ok_or_else(|| OpError::new("the trainer kept no training dynamics"))?;
    Ok(dynamics_of(seen, &training.labels, trained.epochs))
}

/// What was seen of samples with these labels in so many epochs: means over the epochs, and counts of epochs.
pub fn dynamics_of(seen: &nn::Dynamics, labels: &[i32], epochs: u32) -> Dynamics {
    let epochs = f64::from(epochs);
    let mean = |sums: &[f64]| -> Vec<f64> { sums.iter().map(|sum| sum / epochs).collect() };
    let (probability, squares) = (mean(&seen.probability_sum), mean(&seen.probability_squares));
    let spread = |(mean, square): (&f64, &f64)| (square - mean * mean).max(0.0).sqrt();
    let std: Vec<f64> = probability.iter().zip(&squares).map(spread).collect();
    let counts = |counts: &[u32]| -> Vec<i32> { counts.iter().map(|count| *count as i32).collect() };
    Dynamics {
        position: (0..labels.len() as i32).collect(),
        label: labels.to_vec(),
        margin_mean: mean(&seen.margin_sum),
        probability_mean: probability,
        probability_std: std,
        correct: counts(&seen.correct),
        forgotten: counts(&seen.forgotten),
        learned: seen.learned.iter().map(|epoch| epoch.map(|at| at as i32)).collect(),
    }
}

/// The table `radii` of a trained network, without classes that have no samples.
pub fn radii_table(trained: &Trained) -> Result<Vec<u8>, TableError> {
    let mut table = Radii { epoch: vec![], class: vec![], radius: vec![] };
    for (epoch, radii) in &trained.radii {
        for (class, radius) in radii.iter().enumerate().filter(|(_, radius)| !radius.is_nan()) {
            table.epoch.push(*epoch as i32);
            table.class.push(class as i32);
            table.radius.push(*radius);
        }
    }
    table.write()
}
