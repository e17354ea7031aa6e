//! The scores of hardness, each once: [`ALL`].
//!
//! In: tables of what networks say of the samples. Out: a number per sample, and which of its ends is hard. Every
//! score is a strategy. Whoever needs one (`identify`, `rank`, the command line, docs/scores.md) takes it from the
//! list, so a score is added by one entry. Must not know what becomes of the numbers.

mod dynamics;
mod joint;
mod list;
pub mod logits;
mod network;
mod strategy;

use hspipe_engine::op::{Inputs, OpError};

pub use joint::Joint;
pub use list::{ALL, NAMES};
pub use network::{Network, Predictions, Snapshot, Subsets};
pub use strategy::Strategy;

use crate::statistics;
use crate::tables::{Consistency, Dynamics, FitScores, Gradients, Logits, Neighbourhood, TableError};

/// A score of hardness.
pub struct Score {
    /// As `strategies` and the columns of results call it.
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    formula: Formula,
    pub hard_end: HardEnd,
    /// Whether it hangs on the sample's label, and so can find wrong ones.
    pub sees_label: bool,
    /// Whether it goes from 0, the hard end, to 1, as the quality of a label does in cleanlab.
    pub is_quality: bool,
    /// Where it comes from.
    pub source: &'static str,
}

/// The end of a score's range at which samples are hard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HardEnd {
    Low,
    High,
}

impl HardEnd {
    pub fn word(self) -> &'static str {
        match self {
            HardEnd::Low => "low",
            HardEnd::High => "high",
        }
    }
}

/// How a score is had, and from what.
enum Formula {
    /// The margin by the network of a search, at the snapshot. Its mistakes are hard.
    SearchMargin,
    /// A column that `fit` has stored.
    OfFit(fn(FitScores) -> Vec<f32>),
    /// Of a sample's logits by such a network after the last epoch, and its label.
    OfLogits(Network, fn(&[f32], usize) -> f32),
    /// Of what such a network has made of the samples over the epochs.
    OfDynamics(Network, fn(&Dynamics) -> Vec<f32>),
    /// Of the samples that look most alike, and their labels.
    OfNeighbours(fn(&Neighbourhood) -> Vec<f64>),
    /// Of gradients and activations by the networks of the ensemble.
    OfGradients(fn(&Gradients) -> Vec<f64>),
    /// Of how often the networks of many subsets get the sample right. They are many: see [`Score::is_slow`].
    OfSubsets(Subsets, fn(&Consistency) -> Vec<f64>),
    /// The mean of the sample's ranks by these scores, from 0 to 1 for the easiest.
    MeanRank(&'static [&'static str]),
}

/// What a score says of the samples, by position.
pub struct Scored {
    pub values: Vec<f32>,
    /// The classes that the network predicts, of a score that [takes mistakes](Score::takes_mistakes).
    pub predicted: Option<Vec<i32>>,
}

impl Score {
    /// The score of that name.
    pub fn find(name: &str) -> Option<&'static Score> {
        ALL.iter().find(|score| score.name == name)
    }

    /// The network that it looks at; the first of several.
    pub fn network(&self) -> Network {
        match self.formula {
            Formula::SearchMargin => Network::Search,
            Formula::OfFit(_) => Network::Fit,
            Formula::OfLogits(network, _) | Formula::OfDynamics(network, _) => network,
            Formula::OfGradients(_) => Network::Ensemble,
            // Out of sample too.
            Formula::OfNeighbours(_) | Formula::OfSubsets(..) | Formula::MeanRank(_) => Network::Folds,
        }
    }

    /// Whether it takes hundreds of networks, and so is computed only where it is named.
    pub fn is_slow(&self) -> bool {
        matches!(self.formula, Formula::OfSubsets(..))
    }

    /// The input that holds what its formula reads; none if that is several scores.
    pub fn input(&self) -> Option<&'static str> {
        match self.formula {
            Formula::SearchMargin | Formula::OfFit(_) => Some(self.network().input()),
            Formula::OfLogits(network, _) => Some(network.logits()),
            Formula::OfDynamics(network, _) => Some(network.dynamics()),
            Formula::OfNeighbours(_) => Some("neighbourhood"),
            Formula::OfGradients(_) => Some("gradients"),
            Formula::OfSubsets(subsets, _) => Some(subsets.input()),
            Formula::MeanRank(_) => None,
        }
    }

    /// The scores that it is the mean rank of.
    pub fn parts(&self) -> impl Iterator<Item = &'static Score> {
        let names = if let Formula::MeanRank(names) = self.formula { names } else { &[] };
        names.iter().filter_map(|name| Score::find(name))
    }

    /// Whether it, or a part of it, reads an input.
    pub fn reads(&self, input: &str) -> bool {
        self.input() == Some(input) || self.parts().any(|part| part.reads(input))
    }

    /// Whether the samples that the network gets wrong are hard. By every other score the hardest
    /// are, as many as a search on clean labels gets wrong.
    pub fn takes_mistakes(&self) -> bool {
        matches!(self.formula, Formula::SearchMargin)
    }

    /// What it says of the samples.
    ///
    /// # Errors
    /// An input that it reads is absent or not readable.
    pub fn read(&self, inputs: &Inputs, snapshot: Snapshot) -> Result<Scored, OpError> {
        if let Some(input) = self.input() {
            let scored = self.of_table(inputs.one(input)?.read()?, snapshot)?;
            if scored.values.is_empty() {
                let what = format!("the score `{}` is not one of these networks", self.name);
                let hint = if self.input() == Some("gradients") {
                    "it is of a SimpleNN alone"
                } else {
                    "it is of networks that have learned from the samples, or of those that have not, and these are the others"
                };
                return Err(OpError::new(what).hint(hint.to_string()));
            }
            return Ok(scored);
        }
        let ranks = |part: &'static Score| Ok(part.ranks(&part.read(inputs, snapshot)?.values));
        let ranks: Vec<Vec<f64>> = self.parts().map(ranks).collect::<Result<_, OpError>>()?;
        let values = mean_ranks(&ranks).into_iter().map(|mean| mean as f32).collect();
        Ok(Scored { values, predicted: None })
    }

    /// The same of one that reads a single table, by that table.
    ///
    /// # Errors
    /// Another table.
    pub fn of_table(&self, table: Vec<u8>, snapshot: Snapshot) -> Result<Scored, TableError> {
        let values = match self.formula {
            Formula::SearchMargin => {
                let Predictions { predicted, margins, .. } = self.network().predictions(table, snapshot)?;
                return Ok(Scored { values: margins, predicted: Some(predicted) });
            }
            Formula::OfFit(column) => column(FitScores::read(table)?),
            Formula::OfDynamics(_, score) => score(&Dynamics::read(table)?),
            Formula::OfLogits(_, score) => {
                let Logits { label, logits, .. } = Logits::read(table)?;
                logits.iter().zip(&label).map(|(logits, label)| score(logits, *label as usize)).collect()
            }
            Formula::OfNeighbours(score) => dynamics::singles(&score(&Neighbourhood::read(table)?)),
            Formula::OfGradients(score) => dynamics::singles(&score(&Gradients::read(table)?)),
            Formula::OfSubsets(_, score) => dynamics::singles(&score(&Consistency::read(table)?)),
            Formula::MeanRank(_) => Vec::new(),
        };
        Ok(Scored { values, predicted: None })
    }

    /// The value, turned so that it is low for hard samples.
    pub fn ease(&self, value: f64) -> f64 {
        match self.hard_end {
            HardEnd::Low => value,
            HardEnd::High => -value,
        }
    }

    /// The rank of each sample, above 0 for the hardest, 1 for the easiest; equals have the mean of their ranks.
    pub fn ranks<V: Copy + Into<f64>>(&self, values: &[V]) -> Vec<f64> {
        let eases: Vec<f64> = values.iter().map(|value| self.ease((*value).into())).collect();
        statistics::ranks(&eases).into_iter().map(|rank| rank / values.len() as f64).collect()
    }

    /// The positions of the samples with these scores, the hardest first, the first of equals first.
    pub fn ranked<V: Copy + Into<f64>>(&self, values: &[V]) -> Vec<usize> {
        let order = |position: &usize| self.ease(values[*position].into());
        let mut ranked: Vec<usize> = (0..values.len()).collect();
        ranked.sort_by(|a, b| order(a).total_cmp(&order(b)));
        ranked
    }
}

/// The mean of each sample's ranks.
pub fn mean_ranks(ranks: &[Vec<f64>]) -> Vec<f64> {
    let samples = ranks.first().map_or(0, Vec::len);
    let mean = |sample: usize| ranks.iter().map(|of| of[sample]).sum::<f64>() / ranks.len() as f64;
    (0..samples).map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::{SearchScores, Vectors};

    /// The rows of the first table below the heading `All scores`: name, label seen, hard end, source.
    fn documented() -> Vec<[&'static str; 5]> {
        let page = include_str!("../../docs/scores.md");
        let rows =
            page.lines().skip_while(|line| *line != "## All scores").filter(|line| line.starts_with('|'));
        let cells = |line: &'static str| {
            let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
            cells.try_into().unwrap_or_else(|_| panic!("five cells are wanted: {line}"))
        };
        rows.skip(2).map(cells).collect()
    }

    #[test]
    fn every_score_is_documented_as_it_is() {
        let listed = ALL.iter().map(|score| {
            let label = if score.sees_label { "yes" } else { "no" };
            [score.name, score.about, score.hard_end.word(), label, score.source]
        });
        assert_eq!(documented(), listed.collect::<Vec<_>>());
    }

    #[test]
    fn the_hard_end_comes_first_and_equals_keep_their_order() {
        let ranked = |name: &str, values: &[f32]| Score::find(name).unwrap().ranked(values);
        assert_eq!(ranked("confidence", &[5.0, 4.0, 3.0, 1.0, 1.0]), [3, 4, 2, 1, 0]);
        assert_eq!(ranked("energy", &[5.0, 4.0, 4.0]), [0, 1, 2]);
    }

    #[test]
    fn a_quality_is_low_where_labels_are_bad() {
        let is_so = |score: &Score| score.sees_label && score.hard_end == HardEnd::Low;
        assert!(ALL.iter().filter(|score| score.is_quality).all(is_so));
    }

    /// By hand, of four samples; the second and the third are equal.
    #[test]
    fn equals_share_their_ranks() {
        let ranks = |name: &str, values: &[f32]| Score::find(name).unwrap().ranks(values);
        assert_eq!(ranks("aum", &[-1.0, 2.0, 2.0, 5.0]), [0.25, 0.625, 0.625, 1.0]);
        assert_eq!(ranks("loss", &[-1.0, 2.0, 2.0, 5.0]), [1.0, 0.625, 0.625, 0.25]);
        assert_eq!(mean_ranks(&[vec![0.25, 1.0], vec![0.75, 0.5]]), [0.5, 0.75]);
    }

    /// A part that is not a score would be left out without a word.
    #[test]
    fn parts_are_scores_that_read_one_table_each() {
        for score in ALL {
            let names = if let Formula::MeanRank(names) = score.formula { names } else { &[] };
            assert_eq!(score.parts().map(|part| part.name).collect::<Vec<_>>(), names);
            assert!(score.parts().all(|part| part.input().is_some() && part.sees_label));
            assert_eq!(score.input().is_none(), !names.is_empty());
        }
    }

    /// Three samples of class 0, as networks see them: right beyond doubt, hardly right, wrong beyond doubt.
    fn tables(input: &str) -> Vec<u8> {
        let (position, label) = (vec![0, 1, 2], vec![0, 0, 0]);
        let written = match input {
            "search" => SearchScores {
                position,
                label,
                predicted_last: vec![0, 0, 1],
                margin_last: vec![6.0, 0.1, -5.0],
                predicted_inversion: vec![0, 0, 1],
                margin_inversion: vec![6.0, 0.1, -5.0],
            }
            .write(),
            "fit" => FitScores {
                position,
                label,
                predicted: vec![0, 0, 1],
                margin: vec![6.0, 0.1, -5.0],
                confidence: vec![6.0, 0.1, 5.0],
                energy: vec![-6.0, -0.8, -5.0],
            }
            .write(),
            "subsets" | "bags" => {
                Consistency { position, label, held_out: vec![1.0, 0.5, 0.0], learned: vec![1.0, 0.75, 0.75] }
                    .write()
            }
            "neighbourhood" => Neighbourhood {
                position,
                label,
                disagreement: vec![0.0, 0.5, 1.0],
                distance: vec![0.1, 0.3, 0.2],
            }
            .write(),
            "gradients" => Gradients {
                position,
                label,
                early_norm: vec![0.1, 0.8, 2.0],
                last_norm: vec![0.01, 0.7, 3.0],
                prototype_cosine: vec![0.99, 0.3, -0.5],
            }
            .write(),
            "dynamics" | "folds_dynamics" => Dynamics {
                position,
                label,
                margin_mean: vec![5.0, 0.05, -4.0],
                probability_mean: vec![0.99, 0.5, 0.05],
                probability_std: vec![0.01, 0.3, 0.02],
                correct: vec![10, 5, 0],
                forgotten: vec![0, 4, 0],
                learned: vec![Some(0), Some(4), None],
            }
            .write(),
            _ => {
                let logits = Vectors::new(vec![6.0, 0.0, 0.1, 0.0, 0.0, 5.0], 2);
                Logits { position, label, logits }.write()
            }
        };
        written.unwrap()
    }

    /// A score with its sign turned would put the first sample first.
    #[test]
    fn what_is_wrong_or_unsure_comes_before_what_is_right() {
        for score in ALL.iter().filter(|score| score.input().is_some()) {
            let scored = score.of_table(tables(score.input().unwrap()), Snapshot::Last).unwrap();
            let ranked = score.ranked(&scored.values);
            let finds_unsure = !score.sees_label || ["variability", "aleatoric"].contains(&score.name);
            let hardest = if finds_unsure { 1 } else { 2 };
            assert_eq!((ranked[0], ranked[2]), (hardest, 0), "{}: {:?}", score.name, scored.values);
        }
    }
}
