//! identify: scores -> the hard samples of one set, by one strategy. Next: `hard_counts`, `overlap`, `split`.
//!
//! Stragglers are the samples that an inversion search misclassifies. Confidence and energy take as many
//! samples as a search on clean labels has stragglers, and so need both a training and that search.

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, ParamError, Task, one, optional};
use serde::{Deserialize, Serialize};

use crate::tables::{Classes, Counts, FitScores, Hard, Noise, Samples, SearchScores};

pub struct Identify;

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strategy {
    Stragglers,
    /// Lowest largest logit.
    Confidence,
    /// Highest energy.
    Energy,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    /// The number of hard samples is met in total.
    Dataset,
    /// It is met in each class.
    Class,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Snapshot {
    /// The network as it stands when the search stops.
    Last,
    /// For each class, the network at that class' inversion.
    Inversion,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    strategy: Strategy,
    level: Level,
    snapshot: Snapshot,
    /// Raises the number of hard samples per class by floor(noise_ratio * n / classes).
    noise_ratio: f64,
}

impl Op for Identify {
    type Params = Params;
    const NAME: &'static str = "identify";
    const VERSION: u32 = 1;
    const INPUTS: &'static [InputDecl] =
        &[one("samples"), one("classes"), optional("search"), optional("threshold"), optional("fit")];
    const OUTPUTS: &'static [&'static str] = &["hard", "counts", "noise"];

    fn canonical(&self, mut params: Params) -> Result<Params, ParamError> {
        if params.strategy == Strategy::Stragglers {
            // Neither matters to stragglers, so neither may tell their keys apart.
            params.level = Level::Dataset;
            params.noise_ratio = 0.0;
        }
        Ok(params)
    }

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let samples = Samples::read(task.inputs.one("samples")?.read()?)?;
        let classes = Classes::read(task.inputs.one("classes")?.read()?)?.class.len();
        let labels = &samples.label;
        let params = task.params;
        let search = |input: &str| SearchScores::read(task.inputs.one(input)?.read()?).map_err(OpError::from);
        let hard = match params.strategy {
            Strategy::Stragglers => stragglers(search("search")?, params.snapshot, labels),
            Strategy::Confidence | Strategy::Energy => {
                // The search saw clean labels.
                let clean = &samples.clean_label;
                let found =
                    per_class(&stragglers(search("threshold")?, params.snapshot, clean), clean, classes);
                let more = (params.noise_ratio * labels.len() as f64 / classes as f64) as usize;
                let sizes = per_class(&all(labels.len()), labels, classes);
                let wanted: Vec<usize> =
                    found.iter().zip(&sizes).map(|(found, size)| (found + more).min(*size)).collect();
                let fit = FitScores::read(task.inputs.one("fit")?.read()?)?;
                let ranked = match params.strategy {
                    Strategy::Energy => rank(&fit.energy, |energy| -energy),
                    _ => rank(&fit.confidence, |confidence| confidence),
                };
                take(ranked, &wanted, params.level, labels)
            }
        };
        tables(&samples, &hard, classes)
    }
}

/// A position with its score; lists of them are in order of hardness.
type Scored = (usize, f32);

fn all(n: usize) -> Vec<Scored> {
    (0..n).map(|position| (position, 0.0)).collect()
}

/// The misclassified samples, the most wrong (lowest margin) first.
fn stragglers(search: SearchScores, snapshot: Snapshot, labels: &[i32]) -> Vec<Scored> {
    let (predicted, margin) = match snapshot {
        Snapshot::Last => (search.predicted_last, search.margin_last),
        Snapshot::Inversion => (search.predicted_inversion, search.margin_inversion),
    };
    let mut ranked = rank(&margin, |margin| margin);
    ranked.retain(|(position, _)| predicted[*position] != labels[*position]);
    ranked
}

/// All positions with their scores, by `order` of the score, ties by position.
fn rank(scores: &[f32], order: impl Fn(f32) -> f32) -> Vec<Scored> {
    let mut ranked: Vec<Scored> = scores.iter().copied().enumerate().collect();
    ranked.sort_by(|a, b| order(a.1).total_cmp(&order(b.1)).then(a.0.cmp(&b.0)));
    ranked
}

/// The first of `ranked`, as many as `wanted` says: in total, or of each class.
fn take(ranked: Vec<Scored>, wanted: &[usize], level: Level, labels: &[i32]) -> Vec<Scored> {
    match level {
        Level::Dataset => ranked.into_iter().take(wanted.iter().sum()).collect(),
        Level::Class => {
            let mut left = wanted.to_vec();
            let mut is_wanted = |(position, _): &Scored| {
                let left = &mut left[labels[*position] as usize];
                let wanted = *left > 0;
                *left -= usize::from(wanted);
                wanted
            };
            ranked.into_iter().filter(&mut is_wanted).collect()
        }
    }
}

fn per_class(scored: &[Scored], labels: &[i32], classes: usize) -> Vec<usize> {
    let mut counts = vec![0; classes];
    for (position, _) in scored {
        counts[labels[*position] as usize] += 1;
    }
    counts
}

fn tables(samples: &Samples, hard: &[Scored], classes: usize) -> Result<Outputs, OpError> {
    let (labels, clean) = (&samples.label, &samples.clean_label);
    let of = |values: &[i32]| hard.iter().map(|(position, _)| values[*position]).collect();
    let as_i32 = |counts: Vec<usize>| counts.into_iter().map(|count| count as i32).collect();
    let is_noisy = |position: usize| labels[position] != clean[position];
    let noisy = (0..labels.len()).filter(|position| is_noisy(*position)).count();
    let found = hard.iter().filter(|(position, _)| is_noisy(*position)).count();
    let recall = (noisy > 0).then(|| found as f64 / noisy as f64);
    let counts = Counts {
        class: (0..classes as i32).collect(),
        samples: as_i32(per_class(&all(labels.len()), labels, classes)),
        hard: as_i32(per_class(hard, labels, classes)),
    };
    let noise = Noise { noisy: vec![noisy as i32], found: vec![found as i32], noise_recall: vec![recall] };
    let hard = Hard {
        rank: (0..hard.len() as i32).collect(),
        position: hard.iter().map(|(position, _)| *position as i32).collect(),
        sample_id: of(&samples.sample_id),
        class: of(labels),
        clean_class: of(clean),
        score: hard.iter().map(|(_, score)| *score).collect(),
    };
    Ok(vec![("hard", hard.write()?), ("counts", counts.write()?), ("noise", noise.write()?)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_take_in_total_or_by_class() {
        let labels = [0, 0, 1, 1, 1];
        let ranked = rank(&[5.0, 4.0, 3.0, 1.0, 1.0], |confidence| confidence);
        let positions = |hard: Vec<Scored>| hard.iter().map(|(position, _)| *position).collect::<Vec<_>>();
        assert_eq!(positions(take(ranked.clone(), &[1, 2], Level::Dataset, &labels)), [3, 4, 2]);
        assert_eq!(positions(take(ranked.clone(), &[1, 2], Level::Class, &labels)), [3, 4, 1]);
        assert_eq!(positions(rank(&[5.0, 4.0, 4.0], |energy| -energy)), [0, 1, 2]);
    }
}
