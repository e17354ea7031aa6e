//! Known errors among the labels of MNIST's test set, and how far in front `issues` puts them.
//!
//! In: the table `issues`. Out: counts, for each value of swept parameters. Must not know how samples were ranked.

use super::ours::{Tables, swept};
use crate::tables::Frame;

/// Samples of the test set whose labels five people called wrong, by their places in it: Northcutt et al. 2021, arXiv
/// 2103.14749. Only the 100 that confident learning suspected most were shown to them, so there may be more.
const KNOWN_IDS: [i32; KNOWN] =
    [947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783, 8527, 9679, 9729];

/// How many are known.
pub const KNOWN: usize = 15;

/// Among so many of the test samples, the most suspect first, they are looked for.
pub const FIRST: [usize; 3] = [15, 100, 250];

/// Samples before the test set.
const TRAINING: i32 = 60_000;
const ALL: usize = 70_000;

/// Of one ranking of all samples of MNIST.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelErrors {
    /// Such as `learning_rate=0.2`; empty if no parameter was swept.
    pub swept: String,
    /// Known errors among the [`FIRST`] test samples.
    pub found: [usize; 3],
    /// Known errors whose labels are called wrong.
    pub label_issues: usize,
    /// Test samples whose labels are called wrong.
    pub all_label_issues: usize,
}

/// Of every ranking that has all samples of MNIST with their own labels.
pub fn known_errors(tables: &Tables) -> anyhow::Result<Vec<LabelErrors>> {
    tables("issues")?.map_or(Ok(Vec::new()), |issues| of_issues(&issues))
}

fn of_issues(issues: &Frame) -> anyhow::Result<Vec<LabelErrors>> {
    let datasets = issues.texts("dataset")?;
    let noise: Vec<f64> = issues.column("noise_ratio")?;
    let ranks: Vec<i32> = issues.column("rank")?;
    let ids: Vec<i32> = issues.column("sample_id")?;
    let label_issue: Vec<bool> = issues.column("label_issue")?;
    let mut rankings: Vec<(String, Vec<Sample>)> = Vec::new();
    for (row, swept) in swept(issues).into_iter().enumerate() {
        if datasets[row] == "MNIST" && noise[row] == 0.0 {
            let sample = Sample { rank: ranks[row], id: ids[row], label_issue: label_issue[row] };
            match rankings.iter_mut().find(|(at, _)| *at == swept) {
                Some((_, samples)) => samples.push(sample),
                None => rankings.push((swept, vec![sample])),
            }
        }
    }
    let whole = rankings.into_iter().filter(|(_, samples)| samples.len() == ALL);
    Ok(whole.map(|(swept, samples)| count(swept, samples)).collect())
}

struct Sample {
    rank: i32,
    id: i32,
    label_issue: bool,
}

impl Sample {
    fn is_known(&self) -> bool {
        KNOWN_IDS.contains(&(self.id - TRAINING))
    }
}

fn count(swept: String, mut samples: Vec<Sample>) -> LabelErrors {
    samples.retain(|sample| sample.id >= TRAINING);
    samples.sort_unstable_by_key(|sample| sample.rank);
    let known = |samples: &[Sample]| samples.iter().filter(|sample| sample.is_known()).count();
    let found = FIRST.map(|first| known(&samples[..first.min(samples.len())]));
    samples.retain(|sample| sample.label_issue);
    LabelErrors { swept, found, label_issues: known(&samples), all_label_issues: samples.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: of 300 samples in the order of their ranks every second is a test sample. Known errors are the 1st, 15th,
    /// 16th and 120th of these.
    #[test]
    fn known_errors_are_counted_among_test_samples_alone() {
        let mut samples: Vec<Sample> =
            (0..300).map(|rank| Sample { rank, id: rank / 2, label_issue: rank < 60 }).collect();
        for (place, sample) in samples.iter_mut().skip(1).step_by(2).enumerate() {
            sample.id = TRAINING + 10 + place as i32;
        }
        for (place, known) in [(1, 947), (15, 9729), (16, 1621), (120, 3558)] {
            samples[2 * place - 1].id = TRAINING + known;
        }
        // Training samples may have these numbers.
        samples[0].id = 947;
        samples.reverse();
        let found = count(String::new(), samples);
        assert_eq!(found.found, [2, 3, 4]);
        assert_eq!((found.label_issues, found.all_label_issues), (3, 30));
    }
}
