//! duplicates: samples -> which of them are the same, pixel by pixel or number by number. Next: `issues`.
//!
//! A sample that comes twice counts twice in training, and one that is in training and test sets tells the test's answer.

use std::collections::HashMap;

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, Task, one};
use serde::{Deserialize, Serialize};

use super::content::Content;
use crate::tables::{self, Samples};

pub struct Duplicates;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {}

impl Op for Duplicates {
    type Params = Params;
    const NAME: &'static str = "duplicates";
    const VERSION: u32 = 1;
    const INPUTS: &'static [InputDecl] = &[one("images"), one("samples")];
    const OUTPUTS: &'static [&'static str] = &["duplicates"];

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let samples = Samples::read(task.inputs.one("samples")?.read()?)?;
        let digests = Content::read(task.inputs)?.digests(&samples.sample_id)?;
        Ok(vec![("duplicates", table(&samples, &digests).write()?)])
    }
}

/// The samples that are the same as an earlier one, in the order of their ids.
fn table(samples: &Samples, digests: &[Option<blake3::Hash>]) -> tables::Duplicates {
    let mut by_id: Vec<usize> = (0..digests.len()).collect();
    by_id.sort_by_key(|row| samples.sample_id[*row]);
    let mut first: HashMap<blake3::Hash, usize> = HashMap::new();
    let mut pairs = Vec::new();
    for row in by_id {
        let Some(digest) = digests[row] else { continue };
        let original = *first.entry(digest).or_insert(row);
        if original != row {
            pairs.push((row, original));
        }
    }
    let of = |column: &[i32], row: fn(&(usize, usize)) -> usize| -> Vec<i32> {
        pairs.iter().map(|pair| column[row(pair)]).collect()
    };
    let agrees = |(row, original): &(usize, usize)| samples.label[*row] == samples.label[*original];
    tables::Duplicates {
        position: of(&samples.position, |(row, _)| *row),
        sample_id: of(&samples.sample_id, |(row, _)| *row),
        duplicate_of: of(&samples.sample_id, |(_, original)| *original),
        same_label: pairs.iter().map(agrees).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The samples 7, 5, 9 and 3 are a, b, a and a: the one of the lowest id is the original.
    #[test]
    fn the_first_of_equals_is_the_original() {
        let samples = Samples {
            position: vec![0, 1, 2, 3],
            sample_id: vec![7, 5, 9, 3],
            label: vec![1, 0, 1, 0],
            clean_label: vec![1, 0, 1, 0],
        };
        let digests = [b"a", b"b", b"a", b"a"].map(|content| Some(blake3::hash(content)));
        let table = table(&samples, &digests);
        assert_eq!((table.sample_id, table.duplicate_of), (vec![7, 9], vec![3, 3]));
        assert_eq!((table.position, table.same_label), (vec![0, 2], vec![false, false]));
    }
}
