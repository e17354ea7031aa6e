//! The published C-scores of MNIST's training set (Jiang et al. 2021, arXiv 2002.03206), and how scores agree with them.
//!
//! A C-score is how often networks get a sample right that have not learned from it; low ones are hard. In: their file, which
//! a user has, and the tables `scores` and `hard_counts`. Out: [`Agreement`]s. Must not know how scores were computed.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use md5::{Digest, Md5};

use super::ours::{Tables, swept};
use crate::data::npy::{self, NpyError};
use crate::ops::average_precision;
use crate::scores::Score;
use crate::statistics::{mean, pearson, spearman};
use crate::tables::Frame;

/// Why a file is not the C-scores of MNIST.
#[derive(Debug, thiserror::Error)]
pub enum CScoreError {
    /// It cannot be opened.
    #[error("it cannot be read")]
    Unread(#[from] std::io::Error),
    /// It is not an array of floats.
    #[error("{0}")]
    Array(#[from] NpyError),
    /// Other numbers than those published.
    #[error("{what} {found}, and must be {known}")]
    Other {
        /// What was counted.
        what: &'static str,
        /// In the file.
        found: String,
        /// In the published one.
        known: String,
    },
}

/// What is known of the published numbers, so that no other file is taken for theirs.
struct Facts {
    samples: usize,
    /// To five digits.
    mean: f64,
    /// Exactly 1.
    ones: usize,
    below_half: usize,
    below_twentieth: usize,
}

const MNIST: Facts =
    Facts { samples: 60_000, mean: 0.97359, ones: 45_503, below_half: 1_098, below_twentieth: 254 };

/// Below these, samples are asked for as hard ones.
const HALF: f64 = 0.5;
const TWENTIETH: f64 = 0.05;

impl Facts {
    fn check(&self, scores: &[f64]) -> Result<(), CScoreError> {
        let count = |wanted: &dyn Fn(f64) -> bool| scores.iter().filter(|score| wanted(**score)).count();
        let counts = [
            ("its numbers are", scores.len(), self.samples),
            ("its numbers of exactly 1 are", count(&|score| score == 1.0), self.ones),
            ("its numbers below 0.5 are", count(&|score| score < HALF), self.below_half),
            ("its numbers below 0.05 are", count(&|score| score < TWENTIETH), self.below_twentieth),
        ];
        for (what, found, known) in counts {
            if found != known {
                let (found, known) = (found.to_string(), known.to_string());
                return Err(CScoreError::Other { what, found, known });
            }
        }
        let mean = mean(scores.iter().copied());
        // False for a mean that is not a number.
        let is_close = (mean - self.mean).abs() < 1e-5;
        if !is_close {
            let (found, known) = (format!("{mean:.5}"), format!("{:.5}", self.mean));
            return Err(CScoreError::Other { what: "its mean is", found, known });
        }
        Ok(())
    }
}

/// The C-score of each training sample, by `sample_id`.
pub struct CScores(Vec<f64>);

/// How one of our scores goes with the C-scores. Each number is none where one of the two does not vary.
#[derive(Debug, PartialEq)]
pub struct Agreement {
    pub score: String,
    /// Such as `learning_rate=0.2`; empty if no parameter was swept.
    pub swept: String,
    /// Training samples that are compared.
    pub samples: usize,
    /// Of the ranks, positive if both call the same samples hard.
    pub spearman: Option<f64>,
    /// Average precision of finding those with a C-score below 0.5, and below 0.05.
    pub precision: [Option<f64>; 2],
    /// Pearson's r, over the classes, of the mean of 1 - C and the share of hard samples; none if these were not computed.
    pub classes: Option<f64>,
}

impl CScores {
    /// Of `mnist-cscores.npy`.
    ///
    /// # Errors
    /// It cannot be read, or does not hold the published numbers.
    pub fn read(path: &Path) -> Result<CScores, CScoreError> {
        CScores::of(npy::floats(BufReader::new(File::open(path)?))?, &MNIST)
    }

    fn of(scores: Vec<f64>, facts: &Facts) -> Result<CScores, CScoreError> {
        facts.check(&scores)?;
        let mut by_id = vec![0.0; scores.len()];
        for (id, score) in order(scores.len()).into_iter().zip(scores) {
            by_id[id] = score;
        }
        Ok(CScores(by_id))
    }

    /// Of every score that MNIST has, for its own labels.
    ///
    /// # Errors
    /// A table has other columns than it should.
    pub fn compare(&self, tables: &Tables) -> anyhow::Result<Vec<Agreement>> {
        let Some(scores) = tables("scores")? else { return Ok(Vec::new()) };
        let hard = tables("hard_counts")?.map(|counts| hard_counts(&counts)).transpose()?.unwrap_or_default();
        let found = by_score(&scores)?;
        Ok(found.iter().filter_map(|(of, samples)| self.agreement(of, samples, hard.get(of))).collect())
    }

    /// None if no sample is a training sample.
    fn agreement(
        &self,
        of: &SweptScore,
        samples: &[Sample],
        hard: Option<&BTreeMap<i32, f64>>,
    ) -> Option<Agreement> {
        let trained = samples.iter().filter_map(|sample| {
            let c_score = self.0.get(usize::try_from(sample.id).ok()?)?;
            Some((sample.class, *c_score, sample.suspicion))
        });
        let trained: Vec<(i32, f64, f64)> = trained.collect();
        let (c_scores, suspicion): (Vec<f64>, Vec<f64>) =
            trained.iter().map(|(_, c_score, suspicion)| (*c_score, *suspicion)).unzip();
        let precision = |bound: f64| {
            let wanted: Vec<bool> = c_scores.iter().map(|score| *score < bound).collect();
            wanted.contains(&true).then(|| average_precision(&suspicion, &wanted))
        };
        let classes = hard.and_then(|hard| {
            let share = |(class, count): (&i32, &f64)| {
                let size = samples.iter().filter(|sample| sample.class == *class).count();
                let of_class = trained.iter().filter(|(of, ..)| of == class);
                let difficulty = mean(of_class.map(|(_, c_score, _)| 1.0 - c_score));
                (difficulty.is_finite() && size > 0).then(|| (difficulty, count / size as f64))
            };
            pearson(&hard.iter().filter_map(share).collect::<Vec<_>>())
        });
        (!trained.is_empty()).then(|| Agreement {
            score: of.score.clone(),
            swept: of.swept.clone(),
            samples: trained.len(),
            spearman: spearman(&c_scores, &suspicion).map(|r| -r),
            precision: [precision(HALF), precision(TWENTIETH)],
            classes,
        })
    }
}

/// The published order: that of TensorFlow Datasets, whose shards are sorted by a hash of the sample's place.
fn order(samples: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..samples).collect();
    order.sort_by_cached_key(|id| Md5::digest(format!("train{id}")));
    order
}

/// A score, for one value of swept parameters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct SweptScore {
    swept: String,
    score: String,
}

struct Sample {
    id: i32,
    class: i32,
    /// High where the sample is hard.
    suspicion: f64,
}

fn by_score(scores: &Frame) -> anyhow::Result<BTreeMap<SweptScore, Vec<Sample>>> {
    let (datasets, names) = (scores.texts("dataset")?, scores.texts("score")?);
    let (noise, means): (Vec<f64>, Vec<f64>) = (scores.column("noise_ratio")?, scores.column("mean")?);
    let (ids, classes): (Vec<i32>, Vec<i32>) = (scores.column("sample_id")?, scores.column("class")?);
    let mut found: BTreeMap<SweptScore, Vec<Sample>> = BTreeMap::new();
    for (row, swept) in swept(scores).into_iter().enumerate() {
        let known = Score::find(&names[row]).filter(|_| datasets[row] == "MNIST" && noise[row] == 0.0);
        let Some(score) = known else { continue };
        let sample = Sample { id: ids[row], class: classes[row], suspicion: -score.ease(means[row]) };
        found.entry(SweptScore { swept, score: names[row].clone() }).or_default().push(sample);
    }
    Ok(found)
}

/// How many samples of each class are hard by a score, as the paper counts them.
fn hard_counts(counts: &Frame) -> anyhow::Result<BTreeMap<SweptScore, BTreeMap<i32, f64>>> {
    let (datasets, strategies) = (counts.texts("dataset")?, counts.texts("strategy")?);
    let (levels, classes): (Vec<String>, Vec<i32>) = (counts.texts("level")?, counts.column("class")?);
    let (noise, means): (Vec<f64>, Vec<f64>) = (counts.column("noise_ratio")?, counts.column("mean")?);
    let mut found: BTreeMap<SweptScore, BTreeMap<i32, f64>> = BTreeMap::new();
    for (row, swept) in swept(counts).into_iter().enumerate() {
        if datasets[row] == "MNIST" && noise[row] == 0.0 && levels[row] == "dataset" {
            let of = SweptScore { swept, score: strategies[row].clone() };
            found.entry(of).or_default().insert(classes[row], means[row]);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACTS: Facts = Facts { samples: 6, mean: 0.57, ones: 2, below_half: 3, below_twentieth: 1 };
    const SCORES: [f64; 6] = [1.0, 0.02, 0.9, 0.3, 1.0, 0.2];

    /// python: sorted(range(6), key=lambda i: hashlib.md5(f"train{i}".encode()).hexdigest())
    #[test]
    fn numbers_are_those_of_the_samples_that_they_were_published_for() {
        assert_eq!(order(6), [5, 4, 0, 3, 1, 2]);
        let CScores(by_id) = CScores::of(SCORES.to_vec(), &FACTS).unwrap();
        assert_eq!(by_id, [0.9, 1.0, 0.2, 0.3, 0.02, 1.0]);
    }

    #[test]
    fn other_numbers_are_refused() {
        let refused = |facts: Facts| CScores::of(SCORES.to_vec(), &facts).err().unwrap().to_string();
        assert_eq!(refused(Facts { samples: 7, ..FACTS }), "its numbers are 6, and must be 7");
        assert_eq!(refused(Facts { ones: 1, ..FACTS }), "its numbers of exactly 1 are 2, and must be 1");
        assert_eq!(refused(Facts { mean: 0.6, ..FACTS }), "its mean is 0.57000, and must be 0.60000");
        assert!(refused(MNIST).contains("must be 60000"));
        let not_numbers = Facts { below_half: 2, ones: 0, below_twentieth: 0, ..FACTS };
        assert!(CScores::of(vec![f64::NAN, 0.1, 0.2, 0.6, 0.7, 0.8], &not_numbers).is_err());
    }

    /// By hand, but for Spearman and average precision. python: c = [1, .02, .9, .3, 1, .2], a = [5, 0, 3, 2, 4, 1];
    /// scipy.stats.spearmanr(c, a).statistic = 0.9856107606091624;
    /// sklearn.metrics.average_precision_score(numpy.array(c) < .5, -numpy.array([5, 2, 1, 0, 4, 3])) = 0.8055555555555556
    #[test]
    fn a_score_that_calls_the_same_samples_hard_agrees() {
        let c_scores = CScores(vec![1.0, 0.02, 0.9, 0.3, 1.0, 0.2]);
        let of = SweptScore { swept: String::new(), score: "aum".into() };
        // The last one is of the test set, which has no C-scores.
        let samples = |aum: [f64; 7]| -> Vec<Sample> {
            let sample = |(id, aum): (i32, f64)| Sample { id, class: id % 2, suspicion: -aum };
            (0..).zip(aum).map(sample).collect()
        };
        // Means of 1 - C: 0.0333 in class 0, 0.8267 in class 1. Of class 0 there are four samples, of class 1 three.
        let hard = BTreeMap::from([(0, 1.0), (1, 2.0)]);
        let same =
            c_scores.agreement(&of, &samples([5.0, 0.0, 3.0, 2.0, 4.0, 1.0, 9.0]), Some(&hard)).unwrap();
        assert_eq!((same.samples, same.precision), (6, [Some(1.0), Some(1.0)]));
        assert!((same.spearman.unwrap() - 0.9856107606091624).abs() < 1e-12);
        assert!((same.classes.unwrap() - 1.0).abs() < 1e-12, "two classes, and the harder one has more");
        let other = c_scores.agreement(&of, &samples([5.0, 2.0, 1.0, 0.0, 4.0, 3.0, 9.0]), None).unwrap();
        assert!((other.precision[0].unwrap() - 0.8055555555555556).abs() < 1e-12);
        assert_eq!(other.classes, None);
    }
}
