//! The scores of hardness, each once: [`ALL`].
//!
//! In: tables of what networks say of the samples. Out: a number per sample, and which of its ends is hard. Every
//! score is a strategy. Whoever needs one (`identify`, `rank`, the command line, docs/scores.md) takes it from the
//! list, so a score is added by one entry. Must not know what becomes of the numbers.

pub mod logits;
mod network;
mod strategy;

use hspipe_engine::op::{Inputs, OpError};

pub use network::{Network, Predictions, Snapshot};
pub use strategy::Strategy;

use crate::tables::{FitScores, Logits};

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
    /// Of a sample's logits by the network of `fit` after the last epoch, and its label.
    OfLogits(fn(&[f32], usize) -> f32),
}

/// In the order in which columns and lists name them.
pub const ALL: &[Score] = &[
    Score {
        name: "stragglers",
        about: "the margin, where the network of an inversion search is wrong",
        formula: Formula::SearchMargin,
        hard_end: HardEnd::Low,
        sees_label: true,
        source: "Ciceri et al. 2024, Nature Machine Intelligence",
    },
    Score {
        name: "confidence",
        about: "the largest logit of a trained network",
        formula: Formula::OfFit(|fit| fit.confidence),
        hard_end: HardEnd::Low,
        sees_label: false,
        source: "Pukowski & Lu 2024, arXiv 2409.14401",
    },
    Score {
        name: "energy",
        about: "-log(sum exp(logits)) of a trained network",
        formula: Formula::OfFit(|fit| fit.energy),
        hard_end: HardEnd::High,
        sees_label: false,
        source: "Liu et al. 2020, arXiv 2010.03759",
    },
    Score {
        name: "loss",
        about: "the cross-entropy, -log p(label), of a trained network",
        formula: Formula::OfLogits(logits::loss),
        hard_end: HardEnd::High,
        sees_label: true,
        source: "Han et al. 2018, arXiv 1804.06872",
    },
    Score {
        name: "entropy",
        about: "the entropy of the probabilities of a trained network",
        formula: Formula::OfLogits(|logits, _| logits::entropy(logits)),
        hard_end: HardEnd::High,
        sees_label: false,
        source: "Shannon 1948",
    },
];

/// The names of [`ALL`].
pub const NAMES: [&str; ALL.len()] = {
    let mut names = [""; ALL.len()];
    let mut at = 0;
    while at < ALL.len() {
        names[at] = ALL[at].name;
        at += 1;
    }
    names
};

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

    /// The network that it looks at.
    pub fn network(&self) -> Network {
        match self.formula {
            Formula::SearchMargin => Network::Search,
            Formula::OfFit(_) | Formula::OfLogits(_) => Network::Fit,
        }
    }

    /// The input that holds what its formula reads.
    pub fn input(&self) -> &'static str {
        match self.formula {
            Formula::SearchMargin | Formula::OfFit(_) => self.network().input(),
            Formula::OfLogits(_) => "logits",
        }
    }

    /// Whether the samples that the network gets wrong are hard. By every other score the hardest
    /// are, as many as a search on clean labels gets wrong.
    pub fn takes_mistakes(&self) -> bool {
        matches!(self.formula, Formula::SearchMargin)
    }

    /// What it says of the samples.
    ///
    /// # Errors
    /// [`Score::input`] is absent or not readable.
    pub fn read(&self, inputs: &Inputs, snapshot: Snapshot) -> Result<Scored, OpError> {
        let table = inputs.one(self.input())?.read()?;
        let values = match self.formula {
            Formula::SearchMargin => {
                let Predictions { predicted, margins, .. } = self.network().predictions(table, snapshot)?;
                return Ok(Scored { values: margins, predicted: Some(predicted) });
            }
            Formula::OfFit(column) => column(FitScores::read(table)?),
            Formula::OfLogits(score) => {
                let Logits { label, logits, .. } = Logits::read(table)?;
                logits.iter().zip(&label).map(|(logits, label)| score(logits, *label as usize)).collect()
            }
        };
        Ok(Scored { values, predicted: None })
    }

    /// The positions of the samples with these scores, the hardest first, the first of equals first.
    pub fn ranked(&self, values: &[f32]) -> Vec<usize> {
        let order = |position: &usize| match self.hard_end {
            HardEnd::Low => values[*position],
            HardEnd::High => -values[*position],
        };
        let mut ranked: Vec<usize> = (0..values.len()).collect();
        ranked.sort_by(|a, b| order(a).total_cmp(&order(b)));
        ranked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
