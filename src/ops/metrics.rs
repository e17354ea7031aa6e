//! How well predictions meet labels: accuracy, and macro precision, recall and F1, in percent.
//!
//! In: pairs of prediction and label. Out: [`Metrics`], as torchmetrics 1.x defines them: a class counts in the
//! macro averages if it is some sample's label or prediction, and 0/0 is 0. Knows no networks.

/// All from 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metrics {
    /// The share of the samples that are predicted rightly (micro).
    pub accuracy: f64,
    pub precision: f64,
    pub recall: f64,
    pub f1: f64,
}

/// None without samples. Predictions and labels are in 0..classes.
pub fn metrics(pairs: impl Iterator<Item = (usize, usize)>, classes: usize) -> Option<Metrics> {
    let (mut right, mut predicted, mut labelled) =
        (vec![0u32; classes], vec![0u32; classes], vec![0u32; classes]);
    for (prediction, label) in pairs {
        predicted[prediction] += 1;
        labelled[label] += 1;
        right[label] += u32::from(prediction == label);
    }
    let samples: u32 = labelled.iter().sum();
    if samples == 0 {
        return None;
    }
    let share = |part: u32, whole: u32| if whole == 0 { 0.0 } else { f64::from(part) / f64::from(whole) };
    let present: Vec<usize> = (0..classes).filter(|class| predicted[*class] + labelled[*class] > 0).collect();
    let macro_mean = |of: &dyn Fn(usize) -> f64| {
        100.0 * present.iter().map(|class| of(*class)).sum::<f64>() / present.len() as f64
    };
    Some(Metrics {
        accuracy: 100.0 * share(right.iter().sum(), samples),
        precision: macro_mean(&|class| share(right[class], predicted[class])),
        recall: macro_mean(&|class| share(right[class], labelled[class])),
        f1: macro_mean(&|class| share(2 * right[class], predicted[class] + labelled[class])),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(predictions: &[usize], labels: &[usize], classes: usize) -> [f64; 4] {
        let pairs = predictions.iter().copied().zip(labels.iter().copied());
        let Metrics { accuracy, precision, recall, f1 } = metrics(pairs, classes).unwrap();
        [accuracy, precision, recall, f1]
    }

    fn assert_close(ours: [f64; 4], theirs: [f64; 4]) {
        assert!(ours.iter().zip(theirs).all(|(a, b)| (a - b).abs() < 1e-4), "{ours:?}, not {theirs:?}");
    }

    /// python: torchmetrics 1.9.0, functional.classification.multiclass_accuracy(p, l, num_classes=3,
    /// average="micro"), multiclass_precision, multiclass_recall and multiclass_f1_score with average="macro".
    #[test]
    fn metrics_are_those_of_torchmetrics() {
        let ours = of(&[0, 1, 2, 2, 1, 0, 0, 1], &[0, 1, 1, 2, 2, 0, 1, 1], 3);
        assert_close(ours, [62.5, 61.11111, 66.66667, 62.38096]);
        // Classes 2 and 4 are absent, class 3 is only predicted.
        let ours = of(&[0, 0, 1, 1, 3], &[0, 1, 1, 1, 0], 5);
        assert_close(ours, [60.0, 50.0, 38.88889, 43.33333]);
        assert_close(of(&[2, 2, 2], &[0, 1, 1], 4), [0.0; 4]);
    }

    #[test]
    fn nothing_has_no_metrics() {
        assert_eq!(metrics(std::iter::empty(), 3), None);
    }
}
