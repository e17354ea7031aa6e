//! Every score, once: a new one is an entry here, a test of its formula, and its row in docs/scores.md. Whoever changes the
//! formula of one raises the versions of the ops that compute it: `identify` and `score`.

use super::HardEnd::{High, Low};
use super::Network::{Early, Ensemble, Folds};
use super::Subsets::{Bags, OfAllSizes};
use super::{Formula, Score, dynamics, logits};
use crate::nn::margin;
use crate::tables::{Consistency, Gradients};

/// In the order in which columns and lists name them.
pub const ALL: &[Score] = &[
    Score {
        name: "stragglers",
        about: "the margin, where the network of an inversion search is wrong",
        formula: Formula::SearchMargin,
        hard_end: Low,
        sees_label: true,
        is_quality: false,
        source: "Ciceri et al. 2024, Nature Machine Intelligence",
    },
    Score {
        name: "confidence",
        about: "the largest logit of a trained network",
        formula: Formula::OfFit(|fit| fit.confidence),
        hard_end: Low,
        sees_label: false,
        is_quality: false,
        source: "Pukowski & Lu 2024, arXiv 2409.14401",
    },
    Score {
        name: "energy",
        about: "-log(sum exp(logits)) of a trained network",
        formula: Formula::OfFit(|fit| fit.energy),
        hard_end: High,
        sees_label: false,
        is_quality: false,
        source: "Liu et al. 2020, arXiv 2010.03759",
    },
    Score {
        name: "loss",
        about: "the cross-entropy, -log p(label), of a trained network",
        formula: Formula::OfLogits(Ensemble, logits::loss),
        hard_end: High,
        sees_label: true,
        is_quality: false,
        source: "Han et al. 2018, arXiv 1804.06872",
    },
    Score {
        name: "entropy",
        about: "the entropy of the probabilities of a trained network",
        formula: Formula::OfLogits(Ensemble, |logits, _| logits::entropy(logits)),
        hard_end: High,
        sees_label: false,
        is_quality: false,
        source: "Shannon 1948",
    },
    Score {
        name: "margin",
        about: "the margin by a trained network",
        formula: Formula::OfLogits(Ensemble, margin),
        hard_end: Low,
        sees_label: true,
        is_quality: false,
        source: "Pleiss et al. 2020, arXiv 2001.10528, at the last epoch",
    },
    Score {
        name: "probability_margin",
        about: "the label's probability less the largest other one, by a trained network",
        formula: Formula::OfLogits(Ensemble, logits::probability_margin),
        hard_end: Low,
        sees_label: true,
        is_quality: false,
        source: "Northcutt et al. 2021, arXiv 1911.00068, in sample",
    },
    Score {
        name: "el2n",
        about: "the length of the error, p - onehot(label), by a network after its first epochs",
        formula: Formula::OfLogits(Early, logits::el2n),
        hard_end: High,
        sees_label: true,
        is_quality: false,
        source: "Paul et al. 2021, arXiv 2107.07075",
    },
    Score {
        name: "grand",
        about: "the length of the loss's gradient, of a network after its first epochs",
        formula: Formula::OfGradients(|gradients| gradients.early_norm.clone()),
        hard_end: High,
        sees_label: true,
        is_quality: false,
        source: "Paul et al. 2021, arXiv 2107.07075",
    },
    Score {
        name: "tracin",
        about: "influence on itself: squared lengths of the loss's gradient, after the first epochs and at the end",
        formula: Formula::OfGradients(self_influence),
        hard_end: High,
        sees_label: true,
        is_quality: false,
        source: "Pruthi et al. 2020, arXiv 2002.08484, by two checkpoints of one rate",
    },
    Score {
        name: "prototypicality",
        about: "the cosine of the activations in the last hidden layer and their mean over the label's samples",
        formula: Formula::OfGradients(|gradients| gradients.prototype_cosine.clone()),
        hard_end: Low,
        sees_label: true,
        is_quality: false,
        source: "Sorscher et al. 2022, arXiv 2206.14486, with labels for clusters",
    },
    Score {
        name: "aum",
        about: "the mean margin over the epochs of a training",
        formula: Formula::OfDynamics(Ensemble, |dynamics| dynamics::singles(&dynamics.margin_mean)),
        hard_end: Low,
        sees_label: true,
        is_quality: false,
        source: "Pleiss et al. 2020, arXiv 2001.10528",
    },
    Score {
        name: "label_probability",
        about: "the mean probability of the label over the epochs of a training",
        formula: Formula::OfDynamics(Ensemble, |dynamics| dynamics::singles(&dynamics.probability_mean)),
        hard_end: Low,
        sees_label: true,
        is_quality: true,
        source: "Swayamdipta et al. 2020, arXiv 2009.10795: confidence",
    },
    Score {
        name: "variability",
        about: "the standard deviation of the label's probability over the epochs of a training",
        formula: Formula::OfDynamics(Ensemble, |dynamics| dynamics::singles(&dynamics.probability_std)),
        hard_end: High,
        sees_label: true,
        is_quality: false,
        source: "Swayamdipta et al. 2020, arXiv 2009.10795",
    },
    Score {
        name: "aleatoric",
        about: "the mean of p (1 - p) of the label's probability p over the epochs of a training",
        formula: Formula::OfDynamics(Ensemble, dynamics::aleatoric),
        hard_end: High,
        sees_label: true,
        is_quality: false,
        source: "Seedat et al. 2022, arXiv 2210.13043: Data-IQ",
    },
    Score {
        name: "correct",
        about: "the epochs of a training after which the label is predicted",
        formula: Formula::OfDynamics(Ensemble, dynamics::correct),
        hard_end: Low,
        sees_label: true,
        is_quality: false,
        source: "Swayamdipta et al. 2020, arXiv 2009.10795: correctness",
    },
    Score {
        name: "forgetting",
        about: "how often a label that was predicted is not after the next epoch; the most where it never is",
        formula: Formula::OfDynamics(Ensemble, dynamics::forgetting),
        hard_end: High,
        sees_label: true,
        is_quality: false,
        source: "Toneva et al. 2018, arXiv 1812.05159",
    },
    Score {
        name: "learned",
        about: "the first epoch after which the label is predicted; the most where it never is",
        formula: Formula::OfDynamics(Ensemble, dynamics::learned),
        hard_end: High,
        sees_label: true,
        is_quality: false,
        source: "Toneva et al. 2018, arXiv 1812.05159",
    },
    Score {
        name: "self_confidence",
        about: "the label's probability by a network that has not learned from the sample",
        formula: Formula::OfLogits(Folds, logits::probability),
        hard_end: Low,
        sees_label: true,
        is_quality: true,
        source: "Northcutt et al. 2021, arXiv 1911.00068",
    },
    Score {
        name: "normalized_margin",
        about: "(p(label) - the largest other p + 1) / 2 by a network that has not learned from the sample",
        formula: Formula::OfLogits(Folds, |logits, label| {
            (logits::probability_margin(logits, label) + 1.0) / 2.0
        }),
        hard_end: Low,
        sees_label: true,
        is_quality: true,
        source: "Northcutt et al. 2021, arXiv 1911.00068",
    },
    Score {
        name: "held_out_margin",
        about: "the margin by a network that has not learned from the sample",
        formula: Formula::OfLogits(Folds, margin),
        hard_end: Low,
        sees_label: true,
        is_quality: false,
        source: "Pleiss et al. 2020, arXiv 2001.10528, out of sample",
    },
    Score {
        name: "held_out_probability",
        about: "the mean probability of the label over the epochs of a training that leaves the sample out",
        formula: Formula::OfDynamics(Folds, |dynamics| dynamics::singles(&dynamics.probability_mean)),
        hard_end: Low,
        sees_label: true,
        is_quality: true,
        source: "Swayamdipta et al. 2020, arXiv 2009.10795, out of sample",
    },
    Score {
        name: "knn_disagreement",
        about: "the share of other labels among the nearest neighbours, near ones counting more",
        formula: Formula::OfNeighbours(|neighbours| neighbours.disagreement.clone()),
        hard_end: High,
        sees_label: true,
        is_quality: false,
        source: "Wilson 1972; weights of Dudani 1976, by exp(-distance)",
    },
    Score {
        name: "isolation",
        about: "the mean distance to the nearest neighbours",
        formula: Formula::OfNeighbours(|neighbours| neighbours.distance.clone()),
        hard_end: High,
        sees_label: false,
        is_quality: false,
        source: "Angiulli & Pizzuti 2002",
    },
    Score {
        name: "c_score",
        about: "how often networks of subsets of all sizes that have not learned from the sample get it right",
        formula: Formula::OfSubsets(OfAllSizes, |subsets| subsets.held_out.clone()),
        hard_end: Low,
        sees_label: true,
        is_quality: true,
        source: "Jiang et al. 2021, arXiv 2002.03206",
    },
    Score {
        name: "memorization",
        about: "how much more often networks get the sample right that have learned from it",
        formula: Formula::OfSubsets(Bags, memorization),
        hard_end: High,
        sees_label: true,
        is_quality: false,
        source: "Feldman & Zhang 2020, arXiv 2008.03703",
    },
    Score {
        name: "data_oob",
        about: "how often networks of large subsets that have not learned from the sample get it right",
        formula: Formula::OfSubsets(Bags, |subsets| subsets.held_out.clone()),
        hard_end: Low,
        sees_label: true,
        is_quality: true,
        source: "Kwon & Zou 2023, arXiv 2304.07718: out of bag",
    },
    Score {
        name: "consensus",
        about: "the mean rank by aum, label_probability, normalized_margin and knn_disagreement",
        formula: Formula::MeanRank(&["aum", "label_probability", "normalized_margin", "knn_disagreement"]),
        hard_end: Low,
        sees_label: true,
        is_quality: true,
        source: "hspipe: docs/benchmark.md",
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

fn self_influence(gradients: &Gradients) -> Vec<f64> {
    let norms = gradients.early_norm.iter().zip(&gradients.last_norm);
    norms.map(|(early, last)| early * early + last * last).collect()
}

fn memorization(subsets: &Consistency) -> Vec<f64> {
    subsets.learned.iter().zip(&subsets.held_out).map(|(learned, held_out)| learned - held_out).collect()
}
