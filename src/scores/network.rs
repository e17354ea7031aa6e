//! The networks that scores look at, and what these make of the samples.
//!
//! In: tables of scores. Out: a class and a margin per sample. Knows no score.

use serde::{Deserialize, Serialize};

use crate::nn::{argmax, margin};
use crate::tables::{FitScores, Logits, SearchScores, TableError};

/// What trains a network that a score looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Network {
    /// Trained until every class has inverted.
    Search,
    /// Trained until it knows the samples.
    Fit,
    /// Trained shortly, in small steps.
    Ensemble,
    /// The same after its first epochs.
    Early,
    /// Trained like that on the folds that the sample is not in.
    Folds,
}

/// Subsets of the samples that networks are trained on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subsets {
    /// Of many sizes, by networks as in an ensemble.
    OfAllSizes,
    /// Of one size, by networks that fit what they learn from.
    Bags,
}

impl Subsets {
    /// The input that holds what their networks make of the samples.
    pub(super) fn input(self) -> &'static str {
        match self {
            Subsets::OfAllSizes => "subsets",
            Subsets::Bags => "bags",
        }
    }
}

/// Which state of the network of a search is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Snapshot {
    /// The network as it stands when the search stops.
    Last,
    /// For each class, the network at that class' inversion.
    Inversion,
}

/// What a network makes of the samples, by position.
pub struct Predictions {
    /// What it was trained on.
    pub labels: Vec<i32>,
    pub predicted: Vec<i32>,
    pub margins: Vec<f32>,
}

impl Network {
    /// One for each op that trains some.
    pub const OF_OPS: [Network; 3] = [Network::Search, Network::Fit, Network::Folds];

    /// The op that trains it.
    pub fn op(self) -> &'static str {
        match self {
            Network::Search => "search",
            Network::Fit | Network::Ensemble | Network::Early => "fit",
            Network::Folds => "folds",
        }
    }

    /// The input of ops that read its [`Network::table`].
    pub fn input(self) -> &'static str {
        match self {
            Network::Search => "search",
            Network::Fit => "fit",
            Network::Ensemble => "ensemble",
            Network::Early => "early",
            Network::Folds => "folds",
        }
    }

    /// The input that holds its logits. Those of `folds` say what it makes of the samples, and stand under its own name.
    pub(super) fn logits(self) -> &'static str {
        match self {
            Network::Search | Network::Fit | Network::Ensemble => "logits",
            Network::Early => "early_logits",
            Network::Folds => "folds",
        }
    }

    /// The input that holds its training dynamics.
    pub(super) fn dynamics(self) -> &'static str {
        match self {
            Network::Search | Network::Fit | Network::Ensemble | Network::Early => "dynamics",
            Network::Folds => "folds_dynamics",
        }
    }

    /// The table of that op which says what it makes of the samples.
    pub fn table(self) -> &'static str {
        match self {
            Network::Search | Network::Fit | Network::Ensemble | Network::Early => "scores",
            Network::Folds => "logits",
        }
    }

    /// What it takes the samples for, by that table.
    ///
    /// # Errors
    /// Another table.
    pub fn predictions(self, scores: Vec<u8>, snapshot: Snapshot) -> Result<Predictions, TableError> {
        Ok(match self {
            Network::Search => {
                let scores = SearchScores::read(scores)?;
                let (predicted, margins) = match snapshot {
                    Snapshot::Last => (scores.predicted_last, scores.margin_last),
                    Snapshot::Inversion => (scores.predicted_inversion, scores.margin_inversion),
                };
                Predictions { labels: scores.label, predicted, margins }
            }
            Network::Fit | Network::Ensemble | Network::Early => {
                let FitScores { label, predicted, margin, .. } = FitScores::read(scores)?;
                Predictions { labels: label, predicted, margins: margin }
            }
            Network::Folds => {
                let Logits { label, logits, .. } = Logits::read(scores)?;
                let rows = logits.iter().zip(&label);
                let (predicted, margins) = rows
                    .map(|(logits, label)| (argmax(logits) as i32, margin(logits, *label as usize)))
                    .unzip();
                Predictions { labels: label, predicted, margins }
            }
        })
    }
}
