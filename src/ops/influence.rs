//! influence: which networks get which sample right -> the samples that each owes most to.
//!
//! The influence of sample i on sample j is how much more often networks get j right that have learned from i (Feldman &
//! Zhang 2020, arXiv 2008.03703). Of every sample on itself it is the score `memorization`, and is left out here. Samples
//! that all networks get right, or none, owe nothing to any.

use std::cmp::Reverse;

use hspipe_engine::op::{Capacity, InputDecl, Op, OpError, Outputs, ParamError, Task, many, one};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::tables::{self, Classes, Samples, Subsets};

pub struct Influence;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Of each sample so many of those that it owes most to, from 1 to 1000.
    influences: u32,
}

impl Op for Influence {
    type Params = Params;
    const NAME: &'static str = "influence";
    const VERSION: u32 = 1;
    /// The last is gathered over whatever tells networks apart.
    const INPUTS: &'static [InputDecl] = &[one("samples"), one("classes"), many("subsets")];
    const OUTPUTS: &'static [&'static str] = &["influence"];

    fn canonical(&self, params: Params) -> Result<Params, ParamError> {
        match params.influences {
            1..=1000 => Ok(params),
            other => Err(ParamError::new("influences", format!("must be from 1 to 1000, not {other}"))),
        }
    }

    fn capacity(&self, _: &Params) -> Capacity {
        Capacity { batch: 1, threads: 8 }
    }

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let samples = Samples::read(task.inputs.one("samples")?.read()?)?;
        let names = Classes::read(task.inputs.one("classes")?.read()?)?.name.to_vec();
        let mut networks = Networks::new(samples.label.len());
        for table in task.inputs.many("subsets") {
            networks.add(&Subsets::read(table.read()?)?)?;
        }
        let most = task.params.influences as usize;
        let found = networks.influences(most);
        Ok(vec![("influence", table(&samples, &names, &found).write()?)])
    }
}

/// Bits of networks, in words of 64.
struct Networks {
    count: u32,
    /// Per sample.
    learned_from: Vec<Vec<u64>>,
    right: Vec<Vec<u64>>,
}

/// What a sample owes to another.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Debt {
    of: usize,
    to: usize,
    influence: f64,
    /// Of the influence: of a difference of two shares.
    standard_error: f64,
}

impl Networks {
    fn new(samples: usize) -> Self {
        Networks { count: 0, learned_from: vec![Vec::new(); samples], right: vec![Vec::new(); samples] }
    }

    /// Those of one more table begin a word of their own.
    fn add(&mut self, subsets: &Subsets) -> Result<(), OpError> {
        let samples = self.right.len();
        if subsets.label.len() != samples {
            let what = format!("there are {samples} samples, and subsets of {}", subsets.label.len());
            return Err(OpError::new(what));
        }
        self.count += subsets.networks.first().map_or(0, |networks| *networks as u32);
        let all = [(&mut self.learned_from, &subsets.learned_from), (&mut self.right, &subsets.right)];
        for (words, bytes) in all {
            for (words, bytes) in words.iter_mut().zip(bytes.iter()) {
                let word =
                    |bytes: &[u8]| bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
                words.extend(bytes.chunks(8).map(word));
            }
        }
        Ok(())
    }

    /// For each sample the `most` that have the largest influence on it, above 0, the largest first.
    fn influences(&self, most: usize) -> Vec<Debt> {
        let learn: Vec<u32> = self.learned_from.iter().map(|words| ones(words)).collect();
        let of = |sample: usize| self.on(sample, most, &learn);
        (0..self.right.len()).into_par_iter().flat_map_iter(of).collect()
    }

    fn on(&self, sample: usize, most: usize, learn: &[u32]) -> Vec<Debt> {
        let right = &self.right[sample];
        let all_right = ones(right);
        if all_right == 0 || all_right == self.count {
            return Vec::new();
        }
        let debt = |(to, words): (usize, &Vec<u64>)| {
            let both: u32 = words.iter().zip(right).map(|(a, b)| (a & b).count_ones()).sum();
            let (learn, others) = (f64::from(learn[to]), f64::from(self.count - learn[to]));
            let (with, without) = (f64::from(both) / learn, f64::from(all_right - both) / others);
            let variance = with * (1.0 - with) / learn + without * (1.0 - without) / others;
            Debt { of: sample, to, influence: with - without, standard_error: variance.sqrt() }
        };
        let others = self.learned_from.iter().enumerate().filter(|(to, _)| *to != sample);
        let mut debts: Vec<Debt> = others.map(debt).filter(|debt| debt.influence > 0.0).collect();
        // Positive numbers have the order of their bits.
        let order = |debt: &Debt| (Reverse(debt.influence.to_bits()), debt.to);
        if debts.len() > most {
            debts.select_nth_unstable_by_key(most, order);
            debts.truncate(most);
        }
        debts.sort_unstable_by_key(order);
        debts
    }
}

fn ones(words: &[u64]) -> u32 {
    words.iter().map(|word| word.count_ones()).sum()
}

fn table(samples: &Samples, names: &[String], found: &[Debt]) -> tables::Influence {
    let name = |class: &i32| names.get(*class as usize).map_or("", String::as_str);
    let of = |column: &[i32], sample: fn(&Debt) -> usize| -> Vec<i32> {
        found.iter().map(|debt| column[sample(debt)]).collect()
    };
    let class = of(&samples.label, |debt| debt.of);
    let of_class = of(&samples.label, |debt| debt.to);
    let ranks = found.chunk_by(|a, b| a.of == b.of).flat_map(|debts| 1..=debts.len() as i32);
    tables::Influence {
        position: of(&samples.position, |debt| debt.of),
        sample_id: of(&samples.sample_id, |debt| debt.of),
        class_name: class.iter().map(name).collect(),
        class,
        rank: ranks.collect(),
        of_sample_id: of(&samples.sample_id, |debt| debt.to),
        of_class_name: of_class.iter().map(name).collect(),
        of_class,
        influence: found.iter().map(|debt| debt.influence).collect(),
        standard_error: found.iter().map(|debt| debt.standard_error).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand, three samples and six networks, in two tables. Of the three networks that learn from the second sample all
    /// get the first right, of the others one: its influence is 2/3, with the standard error sqrt(2/9 / 3). Of those that
    /// learn from the third two do, of the others two. All get the third right, none the second.
    #[test]
    fn a_sample_owes_most_to_those_that_it_is_right_by() {
        let table = |networks, learned_from: [u8; 3], right: [u8; 3]| Subsets {
            position: vec![0, 1, 2],
            label: vec![0, 0, 1],
            networks: vec![networks; 3],
            learned_from: learned_from.map(|bits| [bits]).into_iter().collect(),
            right: right.map(|bits| [bits]).into_iter().collect(),
        };
        let mut networks = Networks::new(3);
        networks.add(&table(4, [0b0011, 0b0011, 0b0101], [0b0111, 0, 0b1111])).unwrap();
        networks.add(&table(2, [0b01, 0b01, 0b10], [0b01, 0, 0b11])).unwrap();
        let found = networks.influences(5);
        let [debt] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((debt.of, debt.to), (0, 1));
        assert!((debt.influence - 2.0 / 3.0).abs() < 1e-12);
        assert!((debt.standard_error - (2.0f64 / 27.0).sqrt()).abs() < 1e-12);
        assert!(networks.add(&table(2, [0; 3], [0; 3])).is_ok());
    }
}
