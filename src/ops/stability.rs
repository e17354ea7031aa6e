//! stability: what networks have made of the samples -> how much rankings by scores still change with one more network, how
//! much those by two scores agree, and how hard each class is by each score. Next: `plot_stability`.
//!
//! Networks come in the order of the pipeline: a score after j networks is its mean over the first j, exactly as `score`
//! makes it over all. The hardest samples of a ranking are its first, as many as `hardest_ratio` says.

use std::ops::Range;

use hspipe_engine::op::{InputDecl, Inputs, Op, OpError, Outputs, ParamError, Reads, Task};
use serde::{Deserialize, Serialize};

use super::score::{self, Wanted, mean, of_networks};
use crate::scores::{Score, Snapshot, mean_ranks};
use crate::statistics::pearson;
use crate::tables::{self, Classes, Samples};

pub struct Stability;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    snapshot: Snapshot,
    #[serde(default = "score::quick")]
    scores: Vec<Wanted>,
    /// Share of the samples that are the hardest of a ranking.
    hardest_ratio: f64,
}

impl Op for Stability {
    type Params = Params;
    const NAME: &'static str = "stability";
    const VERSION: u32 = 1;
    /// Those of `score`.
    const INPUTS: &'static [InputDecl] = score::ScoreSamples::INPUTS;
    const OUTPUTS: &'static [&'static str] = &["stability", "score_overlap", "class_scores"];

    fn canonical(&self, mut params: Params) -> Result<Params, ParamError> {
        if !(params.hardest_ratio > 0.0 && params.hardest_ratio < 1.0) {
            let what = format!("must be above 0 and below 1, not {}", params.hardest_ratio);
            return Err(ParamError::new("hardest_ratio", what));
        }
        params.scores = score::named(&params.scores).into_iter().map(Wanted::This).collect();
        Ok(params)
    }

    fn reads(&self, params: &Params, input: &str) -> Reads {
        let is_read = score::named(&params.scores).iter().any(|score| score.reads(input));
        if is_read { Reads::IfGiven } else { Reads::Never }
    }

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let Params { snapshot, ref scores, hardest_ratio } = *task.params;
        let samples = Samples::read(task.inputs.one("samples")?.read()?)?;
        let names = Classes::read(task.inputs.one("classes")?.read()?)?.name.to_vec();
        let hardest = hardest(hardest_ratio, samples.label.len());
        let (mut courses, mut last, mut classes) = (Vec::new(), Vec::new(), Vec::new());
        for score in score::named(scores) {
            let judged = Judged::read(score, task.inputs, snapshot, samples.label.len())?;
            let networks = judged.networks();
            if networks == 0 {
                continue;
            }
            let mut before = judged.ranking(1, hardest);
            for networks in 2..=networks {
                let now = judged.ranking(networks, hardest);
                courses.push((score, networks, before.agreement(&now)));
                before = now;
            }
            last.push((score, before));
            classes.push((score, judged.of_classes(&samples.label, names.len())));
        }
        if courses.is_empty() {
            let what = "no score is of two networks or more";
            return Err(OpError::new(what).hint("set `runs` to 2 or more".to_string()));
        }
        Ok(vec![
            ("stability", stability(&courses, hardest).write()?),
            ("score_overlap", score_overlap(&last, hardest).write()?),
            ("class_scores", class_scores(&classes, &samples.label, &names).write()?),
        ])
    }
}

/// How many samples are the hardest; at least one.
fn hardest(ratio: f64, samples: usize) -> usize {
    ((ratio * samples as f64).round() as usize).clamp(1, samples.max(1))
}

/// What each network says of the samples, by a score.
struct Judged {
    score: &'static Score,
    /// The score itself, or those that it is the mean rank of: values by network and position.
    parts: Vec<(&'static Score, Vec<Vec<f64>>)>,
}

impl Judged {
    fn read(
        score: &'static Score,
        inputs: &Inputs,
        snapshot: Snapshot,
        samples: usize,
    ) -> Result<Judged, OpError> {
        let parts: Vec<&Score> = if score.input().is_some() { vec![score] } else { score.parts().collect() };
        let of = |part: &'static Score| Ok((part, of_networks(part, inputs, snapshot, samples)?));
        Ok(Judged { score, parts: parts.into_iter().map(of).collect::<Result<_, OpError>>()? })
    }

    fn networks(&self) -> usize {
        self.parts.iter().map(|(_, values)| values.len()).min().unwrap_or(0)
    }

    /// The score of each sample, over some of the networks.
    fn over(&self, networks: Range<usize>) -> Vec<f64> {
        let means = self.parts.iter().map(|(part, values)| (*part, mean(&values[networks.clone()])));
        if self.score.input().is_some() {
            return means.map(|(_, mean)| mean).next().unwrap_or_default();
        }
        mean_ranks(&means.map(|(part, mean)| part.ranks(&mean)).collect::<Vec<_>>())
    }

    fn ranking(&self, networks: usize, hardest: usize) -> Ranking {
        let values = self.over(0..networks);
        let mut is_hardest = vec![false; values.len()];
        self.score.ranked(&values)[..hardest].iter().for_each(|position| is_hardest[*position] = true);
        Ranking { ranks: self.score.ranks(&values), is_hardest }
    }

    /// The mean score of each class, by each network alone.
    fn of_classes(&self, labels: &[i32], classes: usize) -> Vec<Vec<f64>> {
        let of_network = |network: usize| {
            let mut sums = vec![(0.0, 0.0); classes];
            for (value, label) in self.over(network..network + 1).iter().zip(labels) {
                if let Some((sum, count)) = sums.get_mut(*label as usize) {
                    *sum += value;
                    *count += 1.0;
                }
            }
            sums.into_iter().map(|(sum, count)| sum / count).collect()
        };
        (0..self.networks()).map(of_network).collect()
    }
}

/// The samples by a score.
struct Ranking {
    /// By position; equals have the mean of their ranks.
    ranks: Vec<f64>,
    is_hardest: Vec<bool>,
}

/// How alike two rankings are.
#[derive(Debug, PartialEq)]
struct Agreement {
    /// None where one of the two has all samples equal.
    spearman: Option<f64>,
    jaccard: f64,
}

impl Ranking {
    fn agreement(&self, other: &Ranking) -> Agreement {
        let pairs = || self.is_hardest.iter().zip(&other.is_hardest);
        let both = pairs().filter(|(a, b)| **a && **b).count();
        let ranks: Vec<(f64, f64)> = self.ranks.iter().copied().zip(other.ranks.iter().copied()).collect();
        let either = pairs().filter(|(a, b)| **a || **b).count();
        Agreement { spearman: pearson(&ranks), jaccard: both as f64 / either.max(1) as f64 }
    }
}

/// A row per score and number of networks.
fn stability(courses: &[(&Score, usize, Agreement)], hardest: usize) -> tables::Stability {
    tables::Stability {
        score: courses.iter().map(|(score, ..)| score.name.to_string()).collect(),
        networks: courses.iter().map(|(_, networks, _)| *networks as i32).collect(),
        spearman: courses.iter().map(|(.., agreement)| agreement.spearman).collect(),
        hardest: vec![hardest as i32; courses.len()],
        jaccard: courses.iter().map(|(.., agreement)| agreement.jaccard).collect(),
    }
}

/// A row per pair of scores, the first of the list first.
fn score_overlap(last: &[(&Score, Ranking)], hardest: usize) -> tables::ScoreOverlap {
    let mut pairs = Vec::new();
    for (at, (a, by_a)) in last.iter().enumerate() {
        pairs.extend(last[at + 1..].iter().map(|(b, by_b)| (a.name, b.name, by_a.agreement(by_b))));
    }
    tables::ScoreOverlap {
        a: pairs.iter().map(|(a, ..)| a.to_string()).collect(),
        b: pairs.iter().map(|(_, b, _)| b.to_string()).collect(),
        spearman: pairs.iter().map(|(.., agreement)| agreement.spearman).collect(),
        hardest: vec![hardest as i32; pairs.len()],
        jaccard: pairs.iter().map(|(.., agreement)| agreement.jaccard).collect(),
    }
}

/// A row per score and class that has samples.
fn class_scores(of: &[(&Score, Vec<Vec<f64>>)], labels: &[i32], names: &[String]) -> tables::ClassScores {
    let samples = |class: usize| labels.iter().filter(|label| **label as usize == class).count() as i32;
    let counts: Vec<i32> = (0..names.len()).map(samples).collect();
    let mut rows = Vec::new();
    for (score, networks) in of {
        let summary = score::summary(networks, networks.len());
        for class in (0..names.len()).filter(|class| counts[*class] > 0) {
            rows.push((score.name, class, summary.mean[class], summary.std[class], networks.len() as i32));
        }
    }
    tables::ClassScores {
        score: rows.iter().map(|(score, ..)| score.to_string()).collect(),
        class: rows.iter().map(|(_, class, ..)| *class as i32).collect(),
        class_name: rows.iter().map(|(_, class, ..)| names[*class].clone()).collect(),
        samples: rows.iter().map(|(_, class, ..)| counts[*class]).collect(),
        mean: rows.iter().map(|(_, _, mean, ..)| *mean).collect(),
        std: rows.iter().map(|(.., std, _)| *std).collect(),
        networks: rows.iter().map(|(.., networks)| *networks).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(name: &str, values: &[&[f64]]) -> Judged {
        let score = Score::find(name).unwrap();
        Judged { score, parts: vec![(score, values.iter().map(|values| values.to_vec()).collect())] }
    }

    /// python: scipy.stats.spearmanr([1, 2, 2, 4, 5], [2, 1, 3, 4, 4])[0] = 0.7894736842105264
    #[test]
    fn spearman_is_scipys() {
        let aum = judged("aum", &[&[1.0, 2.0, 2.0, 4.0, 5.0]]).ranking(1, 2);
        let loss = judged("loss", &[&[-2.0, -1.0, -3.0, -4.0, -4.0]]).ranking(1, 2);
        let Agreement { spearman, jaccard } = aum.agreement(&loss);
        assert!((spearman.unwrap() - 0.789_473_684_210_526_4).abs() < 1e-12, "{spearman:?}");
        // The hardest are 0 and 1 by both.
        assert_eq!(jaccard, 1.0);
        let flat = judged("aum", &[&[1.0; 5]]).ranking(1, 2);
        assert_eq!(aum.agreement(&flat).spearman, None);
    }

    /// By hand: the second network turns the order around, the mean of both is flat but for the last sample.
    #[test]
    fn networks_are_added_one_by_one() {
        let judged = judged("aum", &[&[1.0, 2.0, 3.0, 4.0], &[4.0, 3.0, 2.0, 0.0]]);
        assert_eq!(judged.over(0..2), [2.5, 2.5, 2.5, 2.0]);
        let (one, two) = (judged.ranking(1, 2), judged.ranking(2, 2));
        assert_eq!(one.is_hardest, [true, true, false, false]);
        assert_eq!(two.is_hardest, [true, false, false, true]);
        assert_eq!(one.agreement(&two).jaccard, 1.0 / 3.0);
        // Class 0 has the first and the last sample; class 2 has none.
        let classes = judged.of_classes(&[0, 1, 1, 0], 3);
        assert_eq!([classes[0][0], classes[0][1], classes[1][0], classes[1][1]], [2.5, 2.5, 2.0, 2.5]);
        let of = [(judged.score, classes)];
        let table = class_scores(&of, &[0, 1, 1, 0], &["ant", "bee", "cat"].map(String::from));
        assert_eq!((table.mean, table.std), (vec![2.25, 2.5], vec![0.25, 0.0]));
        assert_eq!((table.class, table.samples), (vec![0, 1], vec![2, 2]));
    }

    #[test]
    fn a_mean_rank_is_of_means_over_networks() {
        let part =
            |name: &str, values: [[f64; 2]; 2]| (Score::find(name).unwrap(), values.map(Vec::from).into());
        let consensus = Judged {
            score: Score::find("consensus").unwrap(),
            parts: vec![part("aum", [[0.0, 1.0], [5.0, 1.0]]), part("normalized_margin", [[0.0, 1.0]; 2])],
        };
        assert_eq!(consensus.over(0..1), [0.5, 1.0]);
        assert_eq!(consensus.over(0..2), [0.75, 0.75]);
        assert_eq!([0.05, 0.9, 1e-9].map(|ratio| hardest(ratio, 50)), [3, 45, 1]);
    }
}
