//! Wrong labels: samples and the ones that are to have another label -> all labels.
//!
//! Kinds after Seedat et al. 2024, arXiv 2403.04551 (H-CAT). Unlike there a wrong label is never the right one by chance.

use hspipe_engine::op::{Inputs, OpError};
use hspipe_ensemble::Generator;

use super::WrongLabel;
use crate::ops::content::Content;
use crate::ops::noise::any_other;
use crate::tables::{Normalisation, Samples};

/// The labels of all samples, of which those at `chosen` are wrong.
pub fn labels(
    kind: WrongLabel,
    clean: &Samples,
    chosen: &[usize],
    classes: usize,
    generator: &mut Generator,
    inputs: &Inputs,
) -> Result<Vec<i32>, OpError> {
    if classes < 2 {
        return Err(OpError::new("a wrong label needs at least two classes"));
    }
    let nearest = match kind {
        WrongLabel::Nearest => Some(nearest_others(inputs, clean, classes)?),
        WrongLabel::Uniform | WrongLabel::Asymmetric | WrongLabel::Adjacent => None,
    };
    let mut draws = Draws { generator, classes };
    let shares = draws.rows();
    let mut labels = clean.clean_label.clone();
    for position in chosen {
        let right = clean.clean_label[*position] as usize;
        let other = match (kind, &nearest) {
            (WrongLabel::Asymmetric, _) => draws.by_shares(&shares[right]),
            (WrongLabel::Adjacent, _) => draws.neighbour(right),
            (WrongLabel::Nearest, Some(nearest)) => nearest[*position],
            (WrongLabel::Uniform | WrongLabel::Nearest, _) => draws.any_other(right),
        };
        labels[*position] = other as i32;
    }
    Ok(labels)
}

struct Draws<'a> {
    generator: &'a mut Generator,
    classes: usize,
}

impl Draws<'_> {
    fn any_other(&mut self, right: usize) -> usize {
        any_other(self.generator, self.classes, right as i32) as usize
    }

    fn neighbour(&mut self, right: usize) -> usize {
        let step = if self.generator.below(2) == 0 { 1 } else { self.classes - 1 };
        (right + step) % self.classes
    }

    /// For each class the shares of the others, its own being 0: normalised exponential draws are a flat Dirichlet one.
    fn rows(&mut self) -> Vec<Vec<f64>> {
        let mut row = |right: usize| {
            let draws = (0..self.classes).map(|class| {
                let uniform = f64::from(self.generator.uniform(0.0, 1.0));
                if class == right { 0.0 } else { -libm::log(1.0 - uniform) }
            });
            let draws: Vec<f64> = draws.collect();
            let sum: f64 = draws.iter().sum();
            draws.into_iter().map(|draw| draw / sum).collect()
        };
        (0..self.classes).map(&mut row).collect()
    }

    fn by_shares(&mut self, shares: &[f64]) -> usize {
        let mut left = f64::from(self.generator.uniform(0.0, 1.0));
        let reached = |(_, share): &(usize, &f64)| {
            left -= **share;
            left < 0.0
        };
        let drawn = shares.iter().enumerate().find(reached).map(|(class, _)| class);
        // What rounding leaves over goes to the last class that has a share.
        drawn.or(shares.iter().rposition(|share| *share > 0.0)).unwrap_or(0)
    }
}

/// For each sample the class other than its own whose mean is nearest.
fn nearest_others(inputs: &Inputs, clean: &Samples, classes: usize) -> Result<Vec<usize>, OpError> {
    let normalisation = Normalisation::read(inputs.one("normalisation")?.read()?)?;
    let samples = Content::read(inputs)?.normalised(&clean.sample_id, normalisation)?;
    let values = samples.normalised();
    let width = values.len() / clean.clean_label.len().max(1);
    let (mut means, mut counts) = (vec![vec![0.0; width]; classes], vec![0.0; classes]);
    for (row, label) in values.chunks(width.max(1)).zip(&clean.clean_label) {
        counts[*label as usize] += 1.0;
        means[*label as usize].iter_mut().zip(row).for_each(|(sum, value)| *sum += f64::from(*value));
    }
    means.iter_mut().zip(&counts).for_each(|(mean, count)| mean.iter_mut().for_each(|sum| *sum /= count));
    let distance = |row: &[f32], class: usize| -> f64 {
        row.iter().zip(&means[class]).map(|(value, mean)| (f64::from(*value) - mean).powi(2)).sum()
    };
    let nearest = |(row, label): (&[f32], &i32)| {
        let others = (0..classes).filter(|class| *class as i32 != *label && counts[*class] > 0.0);
        let distances = others.map(|class| (class, distance(row, class)));
        let least = distances.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(class, _)| class);
        least.ok_or_else(|| OpError::new("there is no other class that has samples"))
    };
    values.chunks(width.max(1)).zip(&clean.clean_label).map(nearest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_label_is_never_the_right_one() {
        let mut draws = Draws { generator: &mut Generator::new(3), classes: 5 };
        let rows = draws.rows();
        for right in 0..5 {
            let mut seen = [vec![0; 5], vec![0; 5], vec![0; 5]];
            for _ in 0..2000 {
                seen[0][draws.any_other(right)] += 1;
                seen[1][draws.neighbour(right)] += 1;
                seen[2][draws.by_shares(&rows[right])] += 1;
            }
            assert!(seen.iter().all(|counts| counts[right] == 0));
            assert!((0..5).all(|class| class == right || (400..600).contains(&seen[0][class])));
            let neighbours = [(right + 1) % 5, (right + 4) % 5];
            assert!(neighbours.iter().all(|class| (900..1100).contains(&seen[1][*class])));
            for (count, share) in seen[2].iter().zip(&rows[right]) {
                assert!((f64::from(*count) / 2000.0 - share).abs() < 0.05, "{count} of 2000 for {share}");
            }
        }
    }
}
