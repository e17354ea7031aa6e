//! issues: scores, and what networks think of samples that they have not learned from -> what is wrong with each sample.
//! Next: `ranking`, `hspipe export issues`.
//!
//! Four questions, each with its own answer. Is the label wrong, and which is right? As many labels are called wrong as the
//! confident joint of probabilities out of sample counts: those that come first by the score `rank_by`, of samples that
//! networks take for another class. Is the sample ambiguous? It is if no class has more than half of the probability. Is it
//! there twice, or nearly? Is it unusual? It is if it lies far from what looks most like it: see `alike.rs`.

mod alike;

use std::collections::HashMap;

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, ParamError, Table, Task, available, one, optional};
use serde::{Deserialize, Serialize};

use self::alike::{Looks, near_duplicates};
use super::score::rows_of;
use crate::nn::argmax;
use crate::scores::{Joint, Strategy, logits};
use crate::tables::{self, Classes, Duplicates, Logits, Neighbours, SampleScores, Samples, Sources};

pub struct Issues;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// The score that the samples are in the order of.
    rank_by: Strategy,
}

/// A sample is ambiguous whose most probable class has no more than this.
const HALF: f64 = 0.5;

impl Op for Issues {
    type Params = Params;
    const NAME: &'static str = "issues";
    const VERSION: u32 = 3;
    /// `folds` is gathered over whatever tells sets apart.
    const INPUTS: &'static [InputDecl] = &[
        one("samples"),
        one("classes"),
        one("scores"),
        available("folds"),
        optional("duplicates"),
        optional("neighbours"),
        optional("sources"),
    ];
    const OUTPUTS: &'static [&'static str] = &["issues", "issue_counts"];

    fn canonical(&self, params: Params) -> Result<Params, ParamError> {
        if params.rank_by.0.sees_label {
            return Ok(params);
        }
        let what = format!("must be a score that sees the label, and {} does not", params.rank_by.0.name);
        Err(ParamError::new("rank_by", what))
    }

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let samples = Samples::read(task.inputs.one("samples")?.read()?)?;
        let names = Classes::read(task.inputs.one("classes")?.read()?)?.name.to_vec();
        let scores = SampleScores::read(task.inputs.one("scores")?.read()?)?;
        let order = Order::of(task.params.rank_by, &scores, samples.label.len())?;
        let thought = thought_of(task, names.len(), samples.label.len())?;
        let found = Found::new(&samples.label, &thought, &order.ranks, names.len());
        let duplicates = task.inputs.optional("duplicates").map(Table::read).transpose()?;
        let duplicates = duplicates.map(Duplicates::read).transpose()?;
        let neighbours = task.inputs.optional("neighbours").map(Table::read).transpose()?;
        let neighbours = neighbours.map(Neighbours::read).transpose()?;
        let near = neighbours.map(|neighbours| near_duplicates(&neighbours, &samples.sample_id));
        let looks = of_score(ISOLATION, &scores).map(|(_, isolation)| Looks::new(&isolation));
        let sources = task.inputs.optional("sources").map(Table::read).transpose()?;
        let sources = sources.map(Sources::read).transpose()?;
        let count = |is_so: &[bool]| is_so.iter().filter(|is_so| **is_so).count() as i32;
        let conflicting = |found: &Duplicates| found.same_label.iter().filter(|same| !**same).count() as i32;
        let counts = tables::IssueCounts {
            samples: vec![samples.label.len() as i32],
            label_issues: vec![count(&found.is_issue)],
            wrong_labels: vec![found.wrong],
            ambiguous: vec![thought.iter().filter(|row| is_ambiguous(row)).count() as i32],
            unusual: vec![looks.as_ref().map(|looks| count(&looks.unusual))],
            duplicates: vec![duplicates.as_ref().map(|found| found.position.len() as i32)],
            conflicting_duplicates: vec![duplicates.as_ref().map(conflicting)],
            duplicates_across_splits: vec![
                duplicates.as_ref().map(|found| across_splits(found, &samples, sources.as_ref())),
            ],
            near_duplicates: vec![near.as_ref().map(|near| near.len() as i32)],
        };
        let judged = Judged { order: &order, thought: &thought, found: &found, looks, near };
        let issues = table(&samples, &names, &judged, duplicates.as_ref(), sources.as_ref());
        Ok(vec![("issues", issues.write()?), ("issue_counts", counts.write()?)])
    }
}

/// Where each sample is in a table of sources.
fn rows_of_sources(sources: Option<&Sources>) -> HashMap<i32, usize> {
    sources.into_iter().flat_map(|sources| sources.sample_id.iter().copied().zip(0..)).collect()
}

/// How many samples are the same as one of another split: of train and test, say.
fn across_splits(found: &Duplicates, samples: &Samples, sources: Option<&Sources>) -> i32 {
    let Some(sources) = sources else { return 0 };
    let rows = rows_of_sources(Some(sources));
    let split = |id: i32| rows.get(&id).map(|row| &sources.split[*row]);
    let pairs = found.position.iter().zip(&found.duplicate_of);
    pairs
        .filter(|(position, original)| split(samples.sample_id[**position as usize]) != split(**original))
        .count() as i32
}

/// The score that says how far a sample lies from what looks most like it.
const ISOLATION: &str = "isolation";

/// The ranks and the means of a score, by position; none if the table does not have it.
fn of_score(name: &str, all: &SampleScores) -> Option<(Vec<i32>, Vec<f64>)> {
    let rows = rows_of(all, name);
    let (ranks, means): (Vec<i32>, Vec<f64>) =
        rows.iter().map(|row| (all.rank[*row], all.mean[*row])).unzip();
    (!ranks.is_empty()).then_some((ranks, means))
}

/// The samples by the score that orders them.
struct Order {
    /// From 1, by position.
    ranks: Vec<i32>,
    scores: Vec<f64>,
}

impl Order {
    fn of(Strategy(score): Strategy, all: &SampleScores, samples: usize) -> Result<Order, OpError> {
        let (ranks, scores) = of_score(score.name, all).unwrap_or_default();
        if ranks.len() != samples {
            let what = format!("there is no score `{}` of these samples to rank them by", score.name);
            let hint = if score.is_slow() {
                format!(
                    "it takes hundreds of networks: ask for it, as with --set 'scores=[auto, {}]'",
                    score.name
                )
            } else {
                "are the stages that it reads among the inputs of `scores`? docs/scores.md says which"
                    .to_string()
            };
            return Err(OpError::new(what).hint(hint));
        }
        Ok(Order { ranks, scores })
    }
}

/// The probabilities of the classes, out of sample: for each sample their mean over the sets.
fn thought_of(task: &Task<Params>, classes: usize, samples: usize) -> Result<Vec<Vec<f64>>, OpError> {
    let sets = task.inputs.many("folds");
    let mut sums = vec![vec![0.0; classes]; samples];
    for set in sets {
        let Logits { logits, .. } = Logits::read(set.read()?)?;
        for (sums, logits) in sums.iter_mut().zip(logits.iter()) {
            let probabilities = logits::probabilities(logits);
            sums.iter_mut().zip(probabilities).for_each(|(sum, probability)| *sum += probability);
        }
    }
    sums.iter_mut().flatten().for_each(|sum| *sum /= sets.len() as f64);
    Ok(sums)
}

fn is_ambiguous(row: &[f64]) -> bool {
    row[argmax(row)] <= HALF
}

/// Labels that are called wrong.
struct Found {
    /// By position.
    is_issue: Vec<bool>,
    /// About how many labels are wrong, by the confident joint.
    wrong: f64,
}

impl Found {
    fn new(labels: &[i32], thought: &[Vec<f64>], ranks: &[i32], classes: usize) -> Found {
        let given: Vec<usize> = labels.iter().map(|label| *label as usize).collect();
        let (is_issue, wrong) = label_issues(&given, thought, ranks, classes);
        Found { is_issue, wrong }
    }
}

/// Which labels are called wrong, and about how many are by the confident joint: so many of those that rank first (from 1),
/// if they are taken for another class. `thought` has the probabilities of the classes, out of sample.
pub fn label_issues(
    given: &[usize],
    thought: &[Vec<f64>],
    ranks: &[i32],
    classes: usize,
) -> (Vec<bool>, f64) {
    let wrong = Joint::new(given, thought, classes).wrong();
    let most = wrong.round() as i32;
    let is_other = |position: usize| argmax(&thought[position]) != given[position];
    ((0..given.len()).map(|position| ranks[position] <= most && is_other(position)).collect(), wrong)
}

/// What is known of each sample, by position.
struct Judged<'a> {
    order: &'a Order,
    thought: &'a [Vec<f64>],
    found: &'a Found,
    looks: Option<Looks>,
    /// The ids of earlier samples that are nearly the same.
    near: Option<HashMap<usize, i32>>,
}

/// Every sample, the most suspect first.
fn table(
    samples: &Samples,
    names: &[String],
    judged: &Judged,
    duplicates: Option<&Duplicates>,
    sources: Option<&Sources>,
) -> tables::Issues {
    let Judged { order, thought, found, looks, near } = judged;
    let mut rows: Vec<usize> = (0..order.ranks.len()).collect();
    rows.sort_by_key(|row| order.ranks[*row]);
    let of = |column: &[i32]| -> Vec<i32> { rows.iter().map(|row| column[*row]).collect() };
    let name = |class: i32| names.get(class as usize).map_or("", String::as_str);
    let class = of(&samples.label);
    let suggested: Vec<i32> = rows.iter().map(|row| argmax(&thought[*row]) as i32).collect();
    let probability = |row: usize, class: i32| thought[row][class as usize];
    let pairs = |classes: &[i32]| -> Vec<f64> {
        rows.iter().zip(classes).map(|(row, class)| probability(*row, *class)).collect()
    };
    let originals = duplicates.map(|found| found.position.iter().zip(&found.duplicate_of));
    let originals: HashMap<i32, i32> =
        originals.into_iter().flatten().map(|(position, original)| (*position, *original)).collect();
    let places = rows_of_sources(sources);
    let place = |row: &usize| Some((sources?, *places.get(&samples.sample_id[*row])?));
    tables::Issues {
        rank: of(&order.ranks),
        position: of(&samples.position),
        sample_id: of(&samples.sample_id),
        class_name: class.iter().map(|class| name(*class)).collect(),
        label_issue: rows.iter().map(|row| found.is_issue[*row]).collect(),
        label_score: rows.iter().map(|row| order.scores[*row]).collect(),
        suggested_name: suggested.iter().map(|class| name(*class)).collect(),
        suggested_probability: pairs(&suggested),
        class_probability: pairs(&class),
        ambiguous: rows.iter().map(|row| is_ambiguous(&thought[*row])).collect(),
        duplicate_of: rows.iter().map(|row| originals.get(&samples.position[*row]).copied()).collect(),
        near_duplicate_of: rows.iter().map(|row| near.as_ref()?.get(row).copied()).collect(),
        typicality: rows.iter().map(|row| Some(looks.as_ref()?.typicality[*row])).collect(),
        unusual: rows.iter().map(|row| Some(looks.as_ref()?.unusual[*row])).collect(),
        split: rows
            .iter()
            .map(|row| place(row).and_then(|(sources, at)| sources.split[at].clone()))
            .collect(),
        row: rows.iter().map(|row| place(row).map(|(sources, at)| sources.row[at])).collect(),
        source: rows
            .iter()
            .map(|row| place(row).and_then(|(sources, at)| sources.source[at].clone()))
            .collect(),
        class,
        suggested,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: the joint of these counts one wrong label (see `scores::joint`): the sample that is ranked first, if it is
    /// taken for another class.
    #[test]
    fn as_many_labels_are_called_wrong_as_the_joint_counts() {
        let thought: Vec<Vec<f64>> =
            [0.9, 0.8, 0.1, 0.2, 0.3, 0.1, 0.2].iter().map(|p| vec![*p, 1.0 - p]).collect();
        let labels = [0, 0, 0, 1, 1, 1, 1];
        let found = |first: usize| {
            let mut ranks: Vec<i32> = (2..9).collect();
            ranks[first] = 1;
            let Found { is_issue, wrong } = Found::new(&labels, &thought, &ranks, 2);
            assert_eq!(wrong, 1.0);
            (0..7).filter(|position| is_issue[*position]).collect::<Vec<_>>()
        };
        assert_eq!(found(2), [2]);
        assert_eq!(found(3), [0; 0], "networks agree with its label");
        assert!(is_ambiguous(&[0.4, 0.35, 0.25]) && !is_ambiguous(&[0.6, 0.4]));
        assert_eq!(argmax(&[0.2, 0.4, 0.4]), 1);
    }
}
