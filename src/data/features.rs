//! Samples that are numbers, such as embeddings or the columns of a table.
//!
//! In: numbers as a layout has read them, NaN where there is none. Out: [`Features`] that are finite and vary, or which
//! column does not serve. Must not know: files, labels.

use std::path::Path;

use super::DataError;
use super::reading::Missing;
use super::some::some;

/// Samples that are numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    /// Row-major `[samples, names]`, of any scale.
    pub values: Vec<f32>,
    /// What the features are called, at least 1.
    pub names: Vec<String>,
}

/// The most bytes that the numbers of a dataset may take.
const MAX_BYTES: u64 = 2 << 30;

/// Features that are named in a notice.
const NAMED: usize = 5;

/// What is wrong with features.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FeatureError {
    /// Not numbers.
    #[error("column `{name}` has no value in {count} of {samples} samples")]
    Missing {
        /// Of the column.
        name: String,
        /// How many.
        count: usize,
        /// All that there are.
        samples: usize,
    },
    /// Not a number that can be learned from.
    #[error("column `{name}` is infinite, or beyond what 32 bits hold, in {count} of {samples} samples")]
    Infinite {
        /// Of the column.
        name: String,
        /// How many.
        count: usize,
        /// All that there are.
        samples: usize,
    },
    /// Nothing to learn from.
    #[error("every one of its {0} features has the same value in all samples")]
    Constant(usize),
}

impl FeatureError {
    /// What the user can do.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Missing { .. } => {
                "to fill in the column's mean, write {path: ..., missing: mean} under datasets, or init --missing mean; or \
                 take the rows or the column away"
            }
            Self::Infinite { .. } => "mend the values, or take the rows or the column away",
            Self::Constant(_) => "are these the right columns?",
        }
    }
}

/// Checks a size before anything of it is made.
///
/// # Errors
/// [`DataError::TooLarge`] if so many numbers would take more than 2 GiB.
pub(super) fn check_size(path: &Path, samples: u64, width: usize) -> Result<(), DataError> {
    let bytes = samples.checked_mul(width as u64).and_then(|numbers| numbers.checked_mul(4));
    if bytes.is_some_and(|bytes| bytes <= MAX_BYTES) {
        return Ok(());
    }
    Err(DataError::TooLarge { path: path.to_owned(), sizes: format!("{samples} x {width} x 4") })
}

/// What is taken from each value of a feature between `least` and `most`, before it becomes a float of 32 bits: times
/// in seconds since 1970 would lose all that tells them apart. 0 where nothing is lost.
pub(super) fn offset(least: f64, most: f64) -> f64 {
    // Floats of 32 bits have 7 digits: three at least are left for the differences.
    const LARGEST: f64 = 1e4;
    let largest = least.abs().max(most.abs());
    let is_lost = largest.is_finite() && largest >= LARGEST && largest > LARGEST * (most - least);
    if is_lost { least } else { 0.0 }
}

/// With what a notice of that begins.
pub(super) const TAKEN: &str = "large numbers are read less their least";

/// What a person should know of features from which something was taken.
pub(super) fn taken(names: &[String], offsets: &[f64]) -> Option<String> {
    let which: Vec<usize> = (0..offsets.len()).filter(|at| offsets[*at] != 0.0).collect();
    let first = *which.first()?;
    let others = if which.len() > 1 { ", each by its own least value" } else { "" };
    Some(format!("{TAKEN}, {} of {}{others}", offsets[first], named(&which, names)))
}

/// Fills in what is missing, if asked to; leaves out what does not vary, and says so.
///
/// # Errors
/// A value that is missing or infinite; no feature that varies.
pub(super) fn check(
    features: &mut Features,
    missing: Option<Missing>,
    notices: &mut Vec<String>,
) -> Result<(), FeatureError> {
    let width = features.names.len();
    let samples = features.values.len() / width.max(1);
    let columns = Column::of(&features.values, width);
    let name = |at: usize| features.names[at].clone();
    for (at, column) in columns.iter().enumerate() {
        let found = |count| (name(at), count, samples);
        if column.infinite > 0 {
            let (name, count, samples) = found(column.infinite);
            return Err(FeatureError::Infinite { name, count, samples });
        }
        if column.missing > 0 && (missing.is_none() || column.missing == samples) {
            let (name, count, samples) = found(column.missing);
            return Err(FeatureError::Missing { name, count, samples });
        }
    }
    let lacking: Vec<usize> = (0..width).filter(|at| columns[*at].missing > 0).collect();
    if !lacking.is_empty() {
        for row in features.values.chunks_mut(width) {
            for (value, column) in row.iter_mut().zip(&columns).filter(|(value, _)| value.is_nan()) {
                *value = column.mean() as f32;
            }
        }
        let values: usize = lacking.iter().map(|at| columns[*at].missing).sum();
        notices.push(format!(
            "{values} missing values are filled in by the mean of their column: {}",
            named(&lacking, &features.names)
        ));
    }
    let constant: Vec<usize> = (0..width).filter(|at| columns[*at].least == columns[*at].most).collect();
    if constant.len() == width {
        return Err(FeatureError::Constant(width));
    }
    if !constant.is_empty() {
        notices.push(format!(
            "{} of {width} features {CONSTANT}: {}",
            constant.len(),
            named(&constant, &features.names)
        ));
        let varies: Vec<bool> = columns.iter().map(|column| column.least != column.most).collect();
        let mut varies_in_turn = varies.iter().cycle();
        features.values.retain(|_| varies_in_turn.next().copied().unwrap_or(true));
        let mut varies = varies.iter();
        features.names.retain(|_| varies.next().copied().unwrap_or(true));
    }
    Ok(())
}

/// What a notice says of features that are left out.
pub const CONSTANT: &str = "have the same value in all samples, and are left out";

/// What a pass finds out about a feature.
#[derive(Clone)]
struct Column {
    missing: usize,
    infinite: usize,
    least: f32,
    most: f32,
    sum: f64,
    present: usize,
}

impl Column {
    fn of(values: &[f32], width: usize) -> Vec<Column> {
        let empty = Column {
            missing: 0,
            infinite: 0,
            least: f32::INFINITY,
            most: f32::NEG_INFINITY,
            sum: 0.0,
            present: 0,
        };
        let mut columns = vec![empty; width];
        for row in values.chunks_exact(width.max(1)) {
            for (column, value) in columns.iter_mut().zip(row) {
                if value.is_nan() {
                    column.missing += 1;
                } else if value.is_infinite() {
                    column.infinite += 1;
                } else {
                    column.least = column.least.min(*value);
                    column.most = column.most.max(*value);
                    column.sum += f64::from(*value);
                    column.present += 1;
                }
            }
        }
        columns
    }

    fn mean(&self) -> f64 {
        self.sum / self.present.max(1) as f64
    }
}

/// The names of the first of these features, and how many more there are.
fn named(which: &[usize], names: &[String]) -> String {
    some(which.iter().map(|at| &names[*at]), NAMED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features(values: &[f32]) -> Features {
        Features { values: values.to_vec(), names: vec!["a".into(), "b".into(), "c".into()] }
    }

    #[test]
    fn what_does_not_vary_is_left_out_and_said() {
        let mut found = features(&[1.0, 5.0, 0.1, 2.0, 5.0, 0.2]);
        let mut notices = Vec::new();
        check(&mut found, None, &mut notices).unwrap();
        assert_eq!(
            (found.values.as_slice(), found.names.as_slice()),
            (&[1.0, 0.1, 2.0, 0.2][..], &["a".to_owned(), "c".to_owned()][..])
        );
        assert_eq!(notices, ["1 of 3 features have the same value in all samples, and are left out: b"]);
        assert_eq!(check(&mut features(&[1.0; 6]), None, &mut notices), Err(FeatureError::Constant(3)));
    }

    #[test]
    fn what_is_missing_is_refused_or_filled_in() {
        let lacking = [1.0, f32::NAN, 3.0, 4.0, 1.0, 9.0, 7.0, 2.0, 6.0];
        let refused = check(&mut features(&lacking), None, &mut Vec::new()).unwrap_err();
        assert_eq!(refused.to_string(), "column `b` has no value in 1 of 3 samples");
        let (mut filled, mut notices) = (features(&lacking), Vec::new());
        check(&mut filled, Some(Missing::Mean), &mut notices).unwrap();
        assert_eq!((filled.values[1], notices.len()), (1.5, 1));
        let infinite = check(&mut features(&[1.0, 2.0, f32::INFINITY]), Some(Missing::Mean), &mut Vec::new());
        assert!(matches!(infinite, Err(FeatureError::Infinite { name, count: 1, .. }) if name == "c"));
        let empty = check(&mut features(&[1.0, f32::NAN, 2.0]), Some(Missing::Mean), &mut Vec::new());
        assert!(matches!(empty, Err(FeatureError::Missing { .. })), "a column without any value has no mean");
    }
}
