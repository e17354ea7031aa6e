//! The confident joint: how many labels of each class are wrong, by probabilities out of sample. After Northcutt et al.
//! 2021, arXiv 1911.00068.
//!
//! In: given labels, and what networks that have not learned from a sample think of it. Out: [`Joint`]. Knows no tables.

/// Samples by the class that they are given and the class that they are taken for.
pub struct Joint {
    /// given x thought: how many samples are confidently counted there, scaled so that a row sums to the samples of its
    /// given class. A row without any is 0.
    calibrated: Vec<Vec<f64>>,
}

impl Joint {
    /// `probabilities` has a row per label.
    ///
    /// The threshold of a class is the mean probability of that class over the samples that are given it. A sample counts
    /// for the most probable of the classes whose thresholds it reaches; if it reaches none, for no class.
    pub fn new(labels: &[usize], probabilities: &[Vec<f64>], classes: usize) -> Self {
        let mut given = vec![0.0; classes];
        let mut thresholds = vec![0.0; classes];
        for (label, row) in labels.iter().zip(probabilities) {
            given[*label] += 1.0;
            thresholds[*label] += row[*label];
        }
        thresholds.iter_mut().zip(&given).for_each(|(sum, count)| *sum /= count);
        let mut counts = vec![vec![0.0; classes]; classes];
        for (label, row) in labels.iter().zip(probabilities) {
            // A class that no sample is given has no threshold: NaN, which nothing reaches.
            let reached = (0..classes).filter(|class| row[*class] >= thresholds[*class]);
            if let Some(thought) = reached.max_by(|a, b| row[*a].total_cmp(&row[*b]).then(b.cmp(a))) {
                counts[*label][thought] += 1.0;
            }
        }
        for (row, given) in counts.iter_mut().zip(given) {
            let sum: f64 = row.iter().sum();
            row.iter_mut().for_each(|count| *count *= if sum > 0.0 { given / sum } else { 0.0 });
        }
        Joint { calibrated: counts }
    }

    /// About how many labels are wrong.
    pub fn wrong(&self) -> f64 {
        let rows = self.calibrated.iter().enumerate();
        rows.map(|(class, row)| row.iter().sum::<f64>() - row[class]).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// cleanlab 2.9: compute_confident_joint(labels, p, calibrate=True), without its rounding, of
    /// labels = [0, 0, 0, 1, 1, 1, 1] and these probabilities of class 0.
    /// By hand: thresholds (.9 + .8 + .1) / 3 = .6 and (.8 + .7 + .9 + .2) / 4 = .65. Given 0: two count for 0, one for 1.
    /// Given 1: three for 1 (.8, .7, .9), one for 0 (.8 of class 0). So (1 + 1) of 7 are wrong.
    #[test]
    fn samples_count_where_they_are_confidently_placed() {
        let labels = [0, 0, 0, 1, 1, 1, 1];
        let rows: Vec<Vec<f64>> =
            [0.9, 0.8, 0.1, 0.2, 0.3, 0.1, 0.8].iter().map(|p| vec![*p, 1.0 - p]).collect();
        let joint = Joint::new(&labels, &rows, 2);
        assert_eq!(joint.calibrated, [[2.0, 1.0], [1.0, 3.0]]);
        assert_eq!(joint.wrong(), 2.0);
    }

    /// By hand: thresholds .8 and .65. The second, the fourth and the fifth reach none and count nowhere, so their classes are
    /// scaled up. The third class is given to no sample.
    #[test]
    fn rows_sum_to_the_samples_of_their_class() {
        let labels = [0, 0, 1, 1, 1];
        let rows: Vec<Vec<f64>> = [0.9, 0.7, 0.1, 0.4, 0.55].iter().map(|p| vec![*p, 1.0 - p, 0.0]).collect();
        let joint = Joint::new(&labels, &rows, 3);
        for (row, given) in joint.calibrated.iter().zip([2.0, 3.0, 0.0]) {
            assert!((row.iter().sum::<f64>() - given).abs() < 1e-12);
        }
        assert!(joint.wrong().abs() < 1e-12);
    }
}
