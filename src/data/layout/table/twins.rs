//! Columns that say what the label says, such as its name beside its number: networks would learn nothing but them.
//!
//! In: features with the columns that they come from, and the labels. Out: the features without those columns, and what
//! was left out. A column from which the label follows, though not the other way round, is named. Must not know what
//! labels mean.

use std::collections::{HashMap, HashSet};

use crate::data::features::Features;

/// Values of a column that is looked at: of one with more, the label follows by chance.
const MOST: usize = 100;

/// Samples of each value, on average, from which on it is no chance that the label follows: fewer are left as they are.
const EACH: usize = 5;

/// Leaves out the columns, each a name and a number of features, that have one value for each label; their names.
pub fn leave_out(
    features: &mut Features,
    columns: &[(&str, usize)],
    labels: &[Option<u32>],
    notices: &mut Vec<String>,
) -> Vec<String> {
    let classes = labels.iter().flatten().collect::<HashSet<_>>().len();
    let width = features.names.len();
    let (mut offset, mut keep, mut twins) = (0, vec![true; width], Vec::new());
    for (name, own) in columns {
        match values(&features.values, width, offset..offset + own, labels) {
            Some(values) if labels.len() < EACH * values => {}
            // A column that never changes is said elsewhere.
            Some(values) if values == classes && classes > 1 => {
                notices.push(format!("column `{name}` has one value for each label, and is not read"));
                keep[offset..offset + own].fill(false);
                twins.push((*name).to_owned());
            }
            Some(values) if values > classes => {
                notices.push(format!("beware: the label follows from column `{name}` alone"));
            }
            _ => {}
        }
        offset += own;
    }
    if keep.contains(&false) {
        let mut in_turn = keep.iter().cycle();
        features.values.retain(|_| in_turn.next().copied().unwrap_or(true));
        let mut in_turn = keep.iter();
        features.names.retain(|_| in_turn.next().copied().unwrap_or(true));
    }
    twins
}

/// How many values a column has, if they are few and no value has two labels.
fn values(all: &[f32], width: usize, own: std::ops::Range<usize>, labels: &[Option<u32>]) -> Option<usize> {
    if own.is_empty() || own.len() > MOST {
        return None;
    }
    let mut label_of: HashMap<Vec<u32>, u32> = HashMap::new();
    for (row, label) in all.chunks_exact(width).zip(labels) {
        let Some(label) = label else { continue };
        let value = row[own.clone()].iter().map(|value| value.to_bits()).collect();
        if *label_of.entry(value).or_insert(*label) != *label || label_of.len() > MOST {
            return None;
        }
    }
    Some(label_of.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_that_says_what_the_label_says_is_left_out() {
        // x varies; `name` is the label once more; `breed` tells it too.
        let labels: Vec<Option<u32>> = (0..40).map(|i| (i != 7).then_some(i % 2)).collect();
        let row = |i: u32| [i as f32, 5.0 - (i % 2) as f32, (i % 4) as f32];
        let names = ["x", "name", "breed"].map(str::to_owned).to_vec();
        let mut features = Features { values: (0..40).flat_map(row).collect(), names };
        let mut notices = Vec::new();
        leave_out(&mut features, &[("x", 1), ("name", 1), ("breed", 1)], &labels, &mut notices);
        assert_eq!(
            (features.names, &features.values[..4]),
            (vec!["x".to_owned(), "breed".to_owned()], &[0., 0., 1., 1.][..])
        );
        assert_eq!(
            notices,
            [
                "column `name` has one value for each label, and is not read",
                "beware: the label follows from column `breed` alone"
            ]
        );
    }
}
