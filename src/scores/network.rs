//! The networks that scores look at, and what these take the samples for.
//!
//! In: tables of scores. Out: a class per sample. Knows no score.

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

/// The labels that a network was trained on, and the classes that it predicts, both by position.
pub struct Predictions {
    pub labels: Vec<i32>,
    pub predicted: Vec<i32>,
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
                let SearchScores { label, predicted_last, predicted_inversion, .. } =
                    SearchScores::read(scores)?;
                let predicted = match snapshot {
                    Snapshot::Last => predicted_last,
                    Snapshot::Inversion => predicted_inversion,
                };
                Predictions { labels: label, predicted }
            }
            Network::Fit => {
                let FitScores { label, predicted, .. } = FitScores::read(scores)?;
                Predictions { labels: label, predicted }
            }
        })
    }
}
