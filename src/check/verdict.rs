//! How close the numbers of a figure are to the published ones.
//!
//! In: pairs of numbers. Out: statistics of their differences, what is outside of the bounds, and a verdict. The bounds:
//! a count per class may differ by 3 std * sqrt(1/n + 1/n published), and their total by 5 %; an accuracy of a class
//! by 0.01; of retraining, 95 % of a figure's points lie within two published stds, and the mean difference of the
//! figure, and of each curve, is below 1.5 points. No metric may be nearer to another's published numbers.
//!
//! Some accuracies vary so much from network to network, and some curves from set to set, that equal experiments would
//! often break these bounds. Within 3 standard errors of the difference that is chance. Must not know where the numbers
//! come from.

use std::collections::BTreeMap;

use crate::statistics::{mean, pearson};

const STANDARD_ERRORS: f64 = 3.0;
const TOTAL: f64 = 0.05;
const ACCURACY: f64 = 0.01;
const POINTS_WITHIN_TWO: f64 = 0.95;
const POINTS: f64 = 1.5;

/// A number of ours and the published one.
#[derive(Clone, Debug)]
pub struct Pair {
    /// Empty where the figure has only one.
    pub curve: String,
    pub x: String,
    pub ours: f64,
    pub our_std: Option<f64>,
    /// Sets or networks.
    pub our_n: i32,
    pub theirs: f64,
    pub their_std: Option<f64>,
    pub their_n: i32,
}

impl Pair {
    fn difference(&self) -> f64 {
        self.ours - self.theirs
    }

    /// The standard error of the difference if only sets varied: n networks are sqrt(n) for each of sqrt(n) sets.
    fn error_of_sets(&self) -> f64 {
        let sets = |n: i32| f64::from(n).sqrt();
        self.their_std.unwrap_or(0.0) * (1.0 / sets(self.our_n) + 1.0 / sets(self.their_n)).sqrt()
    }

    /// The standard error of the difference if networks vary as ours do.
    fn error_of_networks(&self) -> f64 {
        let n = |n: i32| 1.0 / f64::from(n.max(1));
        self.our_std.unwrap_or(0.0) * (n(self.our_n) + n(self.their_n)).sqrt()
    }

    /// The difference in published standard deviations, without its sign.
    fn deviations(&self) -> Option<f64> {
        self.their_std.map(|std| (self.difference() / std).abs())
    }
}

/// What is known of a figure.
#[derive(Clone, Debug)]
pub struct Comparison {
    pub figure: &'static str,
    /// Which of our values these are, such as `learning_rate=0.2`; empty if no parameter was swept.
    pub swept: String,
    /// At least one.
    pub pairs: Vec<Pair>,
    /// How many points were published.
    pub published: usize,
    /// The figure whose published numbers these are nearer to, if it is another one.
    pub taken_for: Option<&'static str>,
}

impl Comparison {
    /// Ours less theirs.
    pub fn mean_difference(&self) -> f64 {
        mean(self.pairs.iter().map(Pair::difference))
    }

    /// In published standard deviations; none if these are unknown.
    pub fn largest_deviation(&self) -> Option<f64> {
        self.pairs.iter().filter_map(Pair::deviations).reduce(f64::max)
    }

    /// Points within so many published standard deviations; none if these are unknown.
    pub fn within(&self, deviations: f64) -> Option<usize> {
        self.largest_deviation()?;
        Some(
            self.pairs
                .iter()
                .filter(|pair| pair.deviations().is_some_and(|found| found <= deviations))
                .count(),
        )
    }

    /// Pearson's r over all points; none if one side does not vary.
    pub fn correlation(&self) -> Option<f64> {
        let pairs: Vec<(f64, f64)> = self.pairs.iter().map(|pair| (pair.ours, pair.theirs)).collect();
        pearson(&pairs)
    }

    /// The fewest sets or networks behind a point of ours, and those behind the published one.
    pub fn runs(&self) -> (i32, i32) {
        let fewest = self.pairs.iter().min_by_key(|pair| pair.our_n);
        fewest.map_or((0, 0), |pair| (pair.our_n, pair.their_n))
    }

    /// What lies outside of the bounds; nothing if the figure is close to the published one.
    pub fn findings(&self) -> Vec<Finding> {
        match self.figure {
            "8a" | "8b" | "8c" | "8e" | "8g" => self.counts_outside(),
            "8d" | "8f" | "8h" => self.accuracies_outside(),
            _ => self.curves_outside(),
        }
    }

    fn counts_outside(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for pair in &self.pairs {
            let errors = (1.0 / f64::from(pair.our_n) + 1.0 / f64::from(pair.their_n)).sqrt();
            let bound = STANDARD_ERRORS * pair.their_std.unwrap_or(0.0) * errors;
            if pair.difference().abs() > bound {
                let (x, ours, theirs) = (&pair.x, pair.ours, pair.theirs);
                findings.push(Finding::real(format!(
                    "class {x}: {ours:.1}, published {theirs:.1}, bound {bound:.1}"
                )));
            }
        }
        let total = |value: fn(&Pair) -> f64| self.pairs.iter().map(value).sum::<f64>();
        let (ours, theirs) = (total(|pair| pair.ours), total(|pair| pair.theirs));
        if (ours - theirs).abs() > TOTAL * theirs {
            let percent = 100.0 * (ours / theirs - 1.0);
            findings.push(Finding::real(format!(
                "total: {ours:.1}, published {theirs:.1} ({percent:+.1} %, bound 5 %)"
            )));
        }
        findings
    }

    fn accuracies_outside(&self) -> Vec<Finding> {
        let far = self.pairs.iter().filter(|pair| pair.difference().abs() > ACCURACY);
        far.map(|pair| {
            let error = pair.error_of_networks();
            let text = format!(
                "class {}: {:.4}, published {:.4}, bound {ACCURACY}; the draw of networks alone gives ±{error:.4}",
                pair.x, pair.ours, pair.theirs
            );
            Finding { text, is_chance: pair.difference().abs() <= STANDARD_ERRORS * error }
        })
        .collect()
    }

    fn curves_outside(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let within = self.within(2.0).unwrap_or(0);
        if (within as f64) < POINTS_WITHIN_TWO * self.pairs.len() as f64 {
            let points = self.pairs.len();
            findings.push(Finding::real(format!(
                "{within} of {points} points within two published stds, bound 95 %"
            )));
        }
        let difference = self.mean_difference();
        if difference.abs() >= POINTS {
            findings.push(Finding::real(format!("{difference:+.2} points on average, bound {POINTS}")));
        }
        if let Some(other) = self.taken_for {
            findings.push(Finding::real(format!(
                "nearer to the published figure{other} than to its own: are metrics exchanged?"
            )));
        }
        let mut curves: BTreeMap<&str, Vec<&Pair>> = BTreeMap::new();
        for pair in &self.pairs {
            curves.entry(&pair.curve).or_default().push(pair);
        }
        for (curve, pairs) in curves {
            let difference = mean(pairs.iter().map(|pair| pair.difference()));
            if difference.abs() >= POINTS {
                let error = mean(pairs.iter().map(|pair| pair.error_of_sets()));
                let text = format!(
                    "{curve}: {difference:+.2} points on average, bound {POINTS}; the draw of sets alone gives ±{error:.1}"
                );
                findings.push(Finding { text, is_chance: difference.abs() <= STANDARD_ERRORS * error });
            }
        }
        findings
    }
}

/// Something outside of its bound.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub text: String,
    /// Equal experiments would often give it too.
    pub is_chance: bool,
}

impl Finding {
    fn real(text: String) -> Self {
        Finding { text, is_chance: false }
    }
}

/// What findings come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Within all bounds.
    Close,
    /// Outside of some, but not further than chance gives.
    WithinChance,
    Outside,
}

impl Verdict {
    pub fn of(findings: &[Finding]) -> Self {
        match findings {
            [] => Verdict::Close,
            _ if findings.iter().all(|finding| finding.is_chance) => Verdict::WithinChance,
            _ => Verdict::Outside,
        }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(match self {
            Verdict::Close => "close",
            Verdict::WithinChance => "within chance",
            Verdict::Outside => "outside",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comparison(figure: &'static str, points: &[(f64, f64, f64)]) -> Comparison {
        let pair = |(ours, theirs, std): &(f64, f64, f64)| Pair {
            curve: String::new(),
            x: "0".into(),
            ours: *ours,
            our_std: Some(*std),
            our_n: 15,
            theirs: *theirs,
            their_std: Some(*std),
            their_n: 30,
        };
        let pairs = points.iter().map(pair).collect();
        Comparison { figure, swept: String::new(), pairs, published: points.len(), taken_for: None }
    }

    /// python: numpy.corrcoef([1, 2, 4], [2, 3, 9])[0, 1] = 0.9798637100971994
    #[test]
    fn statistics_are_of_the_differences() {
        let found = comparison("7a", &[(1.0, 2.0, 1.0), (2.0, 3.0, 0.5), (4.0, 9.0, 2.0)]);
        assert!((found.mean_difference() + 7.0 / 3.0).abs() < 1e-12);
        assert_eq!(found.largest_deviation(), Some(2.5));
        assert_eq!((found.within(1.0), found.within(2.0)), (Some(1), Some(2)));
        assert!((found.correlation().unwrap() - 0.979_863_710_097_199_4).abs() < 1e-12);
        assert_eq!(comparison("7a", &[(1.0, 2.0, 1.0)]).correlation(), None);
    }

    fn texts(comparison: &Comparison) -> Vec<String> {
        comparison.findings().into_iter().map(|finding| finding.text).collect()
    }

    fn verdict(comparison: &Comparison) -> Verdict {
        Verdict::of(&comparison.findings())
    }

    /// 3 * 10 * sqrt(1/15 + 1/30) = 9.487
    #[test]
    fn counts_have_bounds_of_their_own_and_in_total() {
        let close = comparison("8a", &[(109.4, 100.0, 10.0), (200.0, 200.0, 1.0)]);
        assert_eq!(verdict(&close), Verdict::Close);
        let far = comparison("8a", &[(109.5, 100.0, 10.0), (200.0, 200.0, 1.0)]);
        assert_eq!(texts(&far), ["class 0: 109.5, published 100.0, bound 9.5"]);
        let many = comparison("8a", &[(109.0, 100.0, 10.0), (109.0, 100.0, 10.0)]);
        assert_eq!(texts(&many), ["total: 218.0, published 200.0 (+9.0 %, bound 5 %)"]);
        assert_eq!([verdict(&far), verdict(&many)], [Verdict::Outside; 2]);
    }

    /// 0.04 * sqrt(1/15 + 1/30) = 0.01265, and three times that is 0.03795.
    #[test]
    fn accuracies_may_differ_by_chance() {
        assert_eq!(verdict(&comparison("8d", &[(0.909, 0.9, 0.04)])), Verdict::Close);
        assert_eq!(verdict(&comparison("8d", &[(0.911, 0.9, 0.0)])), Verdict::Outside);
        let chance = comparison("8d", &[(0.937, 0.9, 0.04)]);
        assert_eq!(
            texts(&chance),
            ["class 0: 0.9370, published 0.9000, bound 0.01; the draw of networks alone gives ±0.0126"]
        );
        assert_eq!(verdict(&chance), Verdict::WithinChance);
        assert_eq!(verdict(&comparison("8d", &[(0.939, 0.9, 0.04)])), Verdict::Outside);
    }

    /// 3 * sqrt(1/sqrt(25) + 1/sqrt(100)) = 1.643, and three times that is 4.93.
    #[test]
    fn curves_may_differ_by_chance_and_figures_may_not() {
        let curves = |points: &[(f64, f64, f64)]| {
            let mut curves = comparison("7a", points);
            curves.pairs.iter_mut().for_each(|pair| (pair.our_n, pair.their_n) = (25, 100));
            // The points of a curve need not follow each other.
            curves.pairs[1].curve = "other".into();
            curves
        };
        let close = curves(&[(51.0, 50.0, 3.0), (48.6, 50.0, 3.0), (51.0, 50.0, 3.0)]);
        assert_eq!(verdict(&close), Verdict::Close);
        let chance = curves(&[(54.0, 50.0, 3.0), (47.0, 50.0, 3.0), (51.0, 50.0, 3.0)]);
        assert_eq!(
            texts(&chance),
            [
                ": +2.50 points on average, bound 1.5; the draw of sets alone gives ±1.6",
                "other: -3.00 points on average, bound 1.5; the draw of sets alone gives ±1.6"
            ]
        );
        assert_eq!(verdict(&chance), Verdict::WithinChance);
        let far = curves(&[(55.0, 50.0, 3.0), (46.0, 50.0, 3.0), (55.0, 50.0, 3.0)]);
        assert_eq!(texts(&far)[0], "+2.00 points on average, bound 1.5");
        assert_eq!(verdict(&far), Verdict::Outside);
        let far = curves(&[(45.0, 50.0, 3.0), (54.9, 50.0, 3.0), (45.1, 50.0, 3.0)]);
        assert_eq!(verdict(&far), Verdict::Outside);
        let half: Vec<(f64, f64, f64)> =
            (0..10).map(|i| (50.0 + 2.1 * f64::from(i % 2), 50.0, 1.0)).collect();
        assert_eq!(
            texts(&comparison("7a", &half))[0],
            "5 of 10 points within two published stds, bound 95 %"
        );
        let exchanged = Comparison { taken_for: Some("7c"), ..comparison("7b", &[(50.0, 50.0, 1.0)]) };
        assert_eq!(verdict(&exchanged), Verdict::Outside);
    }
}
