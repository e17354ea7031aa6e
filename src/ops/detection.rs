//! detection: scores, and which samples are perturbed -> how well each score finds them. Next: `detection_summary`.
//!
//! A score finds a perturbed sample if it puts it before those that are not. Perturbed samples are the positive class.

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, Task, one};
use serde::{Deserialize, Serialize};

use crate::scores::Score;
use crate::tables::{self, Perturbed, SampleScores};

pub struct Detection;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {}

impl Op for Detection {
    type Params = Params;
    const NAME: &'static str = "detection";
    const VERSION: u32 = 2;
    const INPUTS: &'static [InputDecl] = &[one("perturbed"), one("scores")];
    const OUTPUTS: &'static [&'static str] = &["detection"];

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let scores = SampleScores::read(task.inputs.one("scores")?.read()?)?;
        let Perturbed { perturbed, .. } = Perturbed::read(task.inputs.one("perturbed")?.read()?)?;
        let count = perturbed.iter().filter(|perturbed| **perturbed).count();
        if count == 0 || count == perturbed.len() {
            return Err(OpError::new("to find perturbed samples, some must be perturbed and some not"));
        }
        let names: Vec<&str> = scores.score.iter().collect();
        let mut found = tables::Detection {
            score: Vec::<&str>::new().into(),
            perturbed: Vec::new(),
            auroc: Vec::new(),
            average_precision: Vec::new(),
            precision: Vec::new(),
            missed: Vec::new(),
        };
        let mut known = Vec::new();
        let mut first = 0;
        for rows in names.chunk_by(|a, b| a == b) {
            let score = Score::find(rows[0])
                .ok_or_else(|| OpError::new(format!("no score is called `{}`", rows[0])))?;
            let suspicion = suspicion(score, &scores.mean[first..first + rows.len()]);
            first += rows.len();
            let order = suspects(&suspicion);
            let groups = groups(&order, &suspicion, &perturbed);
            let found_first = found_first(&order, &perturbed);
            known.push(score.name);
            found.perturbed.push(count as i32);
            found.auroc.push(auroc(&groups));
            found.average_precision.push(average_precision(&groups));
            found.precision.push(found_first as f64 / count as f64);
            found.missed.push((count - found_first) as i32);
        }
        found.score = known.into();
        Ok(vec![("detection", found.write()?)])
    }
}

/// High where the sample is suspect.
fn suspicion(score: &Score, means: &[f64]) -> Vec<f64> {
    means.iter().map(|mean| -score.ease(*mean)).collect()
}

/// The samples, the most suspect first.
fn suspects(suspicion: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..suspicion.len()).collect();
    order.sort_by(|a, b| suspicion[*b].total_cmp(&suspicion[*a]));
    order
}

/// The samples in groups of equal suspicion: how many there are, and how many of them are perturbed.
fn groups(order: &[usize], suspicion: &[f64], perturbed: &[bool]) -> Vec<(f64, f64)> {
    let equals = order.chunk_by(|a, b| suspicion[*a] == suspicion[*b]);
    let perturbed_of = |group: &[usize]| group.iter().filter(|sample| perturbed[**sample]).count() as f64;
    equals.map(|group| (group.len() as f64, perturbed_of(group))).collect()
}

/// The share of pairs of a perturbed sample and another in which it is more suspect; equals count half.
fn auroc(groups: &[(f64, f64)]) -> f64 {
    let (mut before, mut pairs, mut right) = (0.0, 0.0, 0.0);
    for (size, bad) in groups {
        let good = size - bad;
        pairs += good * before + good * bad / 2.0;
        before += bad;
        right += good;
    }
    pairs / (before * right)
}

/// The mean precision over the samples that are wanted, if those of high suspicion come first.
pub fn precision_of(suspicion: &[f64], wanted: &[bool]) -> f64 {
    average_precision(&groups(&suspects(suspicion), suspicion, wanted))
}

/// The mean precision over the perturbed samples, each taken together with all that are as suspect: sum (R_n - R_n-1) P_n.
fn average_precision(groups: &[(f64, f64)]) -> f64 {
    let (mut seen, mut found, mut sum) = (0.0, 0.0, 0.0);
    for (size, bad) in groups {
        seen += size;
        found += bad;
        sum += bad * found / seen;
    }
    sum / found
}

/// How many perturbed samples are among the most suspect ones, of which as many are taken as there are.
fn found_first(order: &[usize], perturbed: &[bool]) -> usize {
    let count = perturbed.iter().filter(|perturbed| **perturbed).count();
    order[..count].iter().filter(|sample| perturbed[**sample]).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// scikit-learn 1.9: y = [1, 0, 1, 1, 0, 0, 0], s = [.9, .8, .8, .3, .3, .2, .1]; roc_auc_score(y, s) = 0.8333333333,
    /// average_precision_score(y, s) = 0.7555555556
    #[test]
    fn measures_are_scikit_learns() {
        let perturbed = [true, false, true, true, false, false, false];
        let suspicion = [0.9, 0.8, 0.8, 0.3, 0.3, 0.2, 0.1];
        let order = suspects(&suspicion);
        let groups = groups(&order, &suspicion, &perturbed);
        assert!((auroc(&groups) - 0.8333333333).abs() < 1e-9);
        assert!((average_precision(&groups) - 0.7555555556).abs() < 1e-9);
        // Of the first three, two.
        assert_eq!(found_first(&order, &perturbed), 2);
    }

    #[test]
    fn the_hard_end_is_suspect() {
        assert_eq!(suspicion(Score::find("aum").unwrap(), &[1.0, -2.0]), [-1.0, 2.0]);
        assert_eq!(suspicion(Score::find("loss").unwrap(), &[1.0, 2.0]), [1.0, 2.0]);
    }
}
