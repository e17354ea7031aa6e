//! The networks that scores look at, and what these make of the samples.
//!
//! In: tables of scores. Out: a class and a margin per sample. Knows no score.

use serde::{Deserialize, Serialize};

use crate::tables::{FitScores, SearchScores, TableError};

/// What trains a network that a score looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Network {
    /// Trained until every class has inverted.
    Search,
    /// Trained for all epochs.
    Fit,
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
    pub const ALL: [Network; 2] = [Network::Search, Network::Fit];

    /// The op that trains it; inputs of ops that read its table `scores` have the same name.
    pub fn input(self) -> &'static str {
        match self {
            Network::Search => "search",
            Network::Fit => "fit",
        }
    }

    /// What it takes the samples for, by its table `scores`.
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
            Network::Fit => {
                let FitScores { label, predicted, margin, .. } = FitScores::read(scores)?;
                Predictions { labels: label, predicted, margins: margin }
            }
        })
    }
}
