//! consistency: which networks get which sample right -> how often each is got right, held out and learned from. Next:
//! `identify`, `scores`.
//!
//! A sample that networks get right without having seen it is like many others. One that only those get right that have
//! learned from it is learned by heart.

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, Task, many};
use serde::{Deserialize, Serialize};

use crate::tables::{self, Subsets};

pub struct Consistency;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {}

impl Op for Consistency {
    type Params = Params;
    const NAME: &'static str = "consistency";
    const VERSION: u32 = 1;
    /// Gathered over the shares that subsets are of.
    const INPUTS: &'static [InputDecl] = &[many("subsets")];
    const OUTPUTS: &'static [&'static str] = &["consistency"];

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let tables = task.inputs.many("subsets").iter().map(|table| Ok(Subsets::read(table.read()?)?));
        let tables: Vec<Subsets> = tables.collect::<Result<_, OpError>>()?;
        let Some(first) = tables.first() else { return Err(OpError::new("there are no subsets")) };
        let samples = first.label.len();
        if let Some(other) = tables.iter().find(|table| table.label.len() != samples) {
            let what = format!("there are subsets of {samples} samples, and of {}", other.label.len());
            return Err(OpError::new(what));
        }
        Ok(vec![("consistency", consistency(&tables).write()?)])
    }
}

/// Means over the tables: each share of samples counts as much, however many networks it has.
fn consistency(subsets: &[Subsets]) -> tables::Consistency {
    let samples = subsets.first().map_or(0, |subsets| subsets.label.len());
    let (mut held_out, mut learned) = (vec![0.0; samples], vec![0.0; samples]);
    for subsets in subsets {
        let rows = subsets.learned_from.iter().zip(subsets.right.iter()).zip(&subsets.networks);
        for (sample, ((learned_from, right), networks)) in rows.enumerate() {
            let count = |byte: fn(u8, u8) -> u8| -> u32 {
                learned_from.iter().zip(right).map(|(of, right)| byte(*of, *right).count_ones()).sum()
            };
            let learns = count(|of, _| of);
            let share = |right: u32, of: u32| f64::from(right) / f64::from(of.max(1));
            learned[sample] += share(count(|of, right| of & right), learns);
            held_out[sample] += share(count(|of, right| !of & right), *networks as u32 - learns);
        }
    }
    let mean = |sums: Vec<f64>| sums.into_iter().map(|sum| sum / subsets.len() as f64).collect();
    tables::Consistency {
        position: (0..samples as i32).collect(),
        label: subsets.first().map_or(Vec::new(), |subsets| subsets.label.clone()),
        held_out: mean(held_out),
        learned: mean(learned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: of four networks two learn from a sample. The first sample is got right by both of them and one other, the
    /// second by one of each; in the other table, of two networks, by none and by the one that has not learned from it.
    #[test]
    fn every_table_counts_as_much() {
        let table = |networks, learned_from: [u8; 2], right: [u8; 2]| Subsets {
            position: vec![0, 1],
            label: vec![0, 1],
            networks: vec![networks; 2],
            learned_from: learned_from.map(|bits| [bits]).into_iter().collect(),
            right: right.map(|bits| [bits]).into_iter().collect(),
        };
        let tables = [table(4, [0b0011, 0b0101], [0b0111, 0b0110]), table(2, [0b01, 0b10], [0b00, 0b01])];
        let found = consistency(&tables[..1]);
        assert_eq!((found.learned, found.held_out), (vec![1.0, 0.5], vec![0.5, 0.5]));
        let found = consistency(&tables);
        assert_eq!((found.learned, found.held_out), (vec![0.5, 0.25], vec![0.25, 0.75]));
    }
}
