//! One order of the hard samples of many sets, the hardest first. Next: the table `ranking`.
//!
//! In: the hard samples of each set, by each strategy, what networks take them for, and what is wrong with samples. Out:
//! [`Found`]. The order is that of the issues; without them it is that of hardness, the mean over the strategies of the
//! share of sets that call a sample hard. The class is the clean one: with label noise the sets do not agree on any other.
//! Knows neither tasks nor pictures.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::scores::Network;
use crate::tables::{Hard, Issues, Mistakes};

/// What the sets say of their hard samples. Strategies are known by their places in [`crate::scores::ALL`].
#[derive(Default)]
pub struct Found {
    /// How many sets each strategy has.
    sets: BTreeMap<usize, u32>,
    samples: BTreeMap<i32, Sample>,
    /// Those whose mistakes are counted, with their sets.
    networks: BTreeSet<(Network, String)>,
    /// The row of each position in the table of issues, the most suspect first; empty without one.
    order: BTreeMap<i32, usize>,
}

/// A sample that at least one set calls hard, or with which something is wrong.
#[derive(Default)]
pub struct Sample {
    pub sample_id: i32,
    pub class: i32,
    /// How many sets of each strategy call it hard.
    hard: BTreeMap<usize, u32>,
    /// Its places in those sets, from 0 for the hardest to below 1, added up.
    places: f64,
    /// How many networks predict each wrong class.
    wrong: BTreeMap<i32, u32>,
}

impl Found {
    /// The strategies that have sets, in their order.
    pub fn strategies(&self) -> impl Iterator<Item = usize> {
        self.sets.keys().copied()
    }

    /// Adds the table `hard` of a set.
    pub fn add_set(&mut self, strategy: usize, hard: &Hard) {
        *self.sets.entry(strategy).or_default() += 1;
        let rows = hard.position.len();
        for row in 0..rows {
            let sample = self.samples.entry(hard.position[row]).or_default();
            (sample.sample_id, sample.class) = (hard.sample_id[row], hard.clean_class[row]);
            *sample.hard.entry(strategy).or_default() += 1;
            sample.places += f64::from(hard.rank[row]) / rows as f64;
        }
    }

    /// Adds the table `mistakes` of a network of `set`, once: strategies may share one.
    pub fn add_mistakes(&mut self, network: Network, set: String, mistakes: &Mistakes) {
        if self.networks.insert((network, set)) {
            for (position, predicted) in mistakes.position.iter().zip(&mistakes.predicted) {
                if let Some(sample) = self.samples.get_mut(position) {
                    *sample.wrong.entry(*predicted).or_default() += 1;
                }
            }
        }
    }

    /// Adds samples whose label is called wrong, or that are there twice, and takes over the order of all. Where no set calls
    /// any sample hard, such as where no search came to an end, it adds every sample: the order is all that there is to know.
    pub fn add_issues(&mut self, issues: &Issues) {
        self.order = issues.position.iter().copied().zip(0..).collect();
        let is_order_alone = self.samples.is_empty();
        for (row, position) in issues.position.iter().enumerate() {
            if is_order_alone || issues.label_issue[row] || issues.duplicate_of[row].is_some() {
                let new = || Sample {
                    sample_id: issues.sample_id[row],
                    class: issues.class[row],
                    ..Sample::default()
                };
                self.samples.entry(*position).or_insert_with(new);
            }
        }
    }

    /// The row of a sample in the table of issues, if there is one.
    pub fn row(&self, position: i32) -> Option<usize> {
        self.order.get(&position).copied()
    }

    /// How many networks have said what they take the samples for.
    pub fn networks(&self) -> usize {
        self.networks.len()
    }

    /// The samples with their positions, the hardest first. By hardness equals are in the order of their mean place in the
    /// sets that call them hard, then of their ids.
    pub fn ranking(&self) -> Vec<(i32, &Sample)> {
        let mut ranking: Vec<(i32, &Sample)> =
            self.samples.iter().map(|(position, sample)| (*position, sample)).collect();
        let place = |sample: &Sample| sample.places / f64::from(sample.hard.values().sum::<u32>().max(1));
        ranking.sort_by(|(at, a), (other, b)| {
            let by_issues = self.order.get(at).cmp(&self.order.get(other));
            let by_hardness = Reverse(self.weight(a)).cmp(&Reverse(self.weight(b)));
            let by_place = || place(a).total_cmp(&place(b));
            by_issues.then(by_hardness).then_with(by_place).then(a.sample_id.cmp(&b.sample_id))
        });
        ranking
    }

    /// The share of the strategy's sets that call the sample hard; none if it has no sets.
    pub fn share(&self, sample: &Sample, strategy: usize) -> Option<f64> {
        let sets = self.sets.get(&strategy)?;
        Some(f64::from(sample.of(strategy)) / f64::from(*sets))
    }

    /// The mean share, over strategies that have sets; none without any.
    pub fn hardness(&self, sample: &Sample) -> Option<f64> {
        let shares = self.whole() * self.sets.len() as u128;
        (!self.sets.is_empty()).then(|| self.weight(sample) as f64 / shares as f64)
    }

    /// The sum of the shares, times [`Found::whole`]: a whole number, so that equals are equal.
    fn weight(&self, sample: &Sample) -> u128 {
        let whole = self.whole();
        self.sets
            .iter()
            .map(|(place, sets)| u128::from(sample.of(*place)) * (whole / u128::from(*sets)))
            .sum()
    }

    /// The least common multiple of the numbers of sets.
    fn whole(&self) -> u128 {
        let divisor = |mut a: u128, mut b: u128| {
            while b > 0 {
                (a, b) = (b, a % b);
            }
            a
        };
        self.sets
            .values()
            .map(|sets| u128::from(*sets))
            .fold(1, |whole, sets| whole / divisor(whole, sets) * sets)
    }
}

impl Sample {
    /// How many sets of a strategy call it hard.
    fn of(&self, strategy: usize) -> u32 {
        self.hard.get(&strategy).copied().unwrap_or_default()
    }

    /// The wrong class that most networks give, the lowest of equals.
    pub fn predicted(&self) -> Option<i32> {
        self.most_given().map(|(class, _)| class)
    }

    /// How many networks give it.
    pub fn votes(&self) -> i32 {
        self.most_given().map_or(0, |(_, networks)| networks as i32)
    }

    fn most_given(&self) -> Option<(i32, u32)> {
        let most = self.wrong.iter().max_by_key(|(class, networks)| (**networks, Reverse(**class)));
        most.map(|(class, networks)| (*class, *networks))
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A set whose hard samples are at these positions, the hardest first; ids are ten times as large, classes odd
    /// or even.
    pub fn hard(positions: &[i32]) -> Hard {
        let of = |value: fn(i32) -> i32| positions.iter().copied().map(value).collect::<Vec<i32>>();
        Hard {
            rank: (0..positions.len() as i32).collect(),
            position: positions.to_vec(),
            sample_id: of(|position| 10 * position),
            class: of(|position| position % 2),
            clean_class: of(|position| position % 2),
            score: vec![0.0; positions.len()],
        }
    }

    pub fn mistakes(network: &str, rows: &[(i32, i32)]) -> Mistakes {
        let (position, predicted) = rows.iter().copied().unzip();
        Mistakes { position, predicted, network: vec![network; rows.len()].into() }
    }

    /// Of samples at these positions, in this order: those whose label is called wrong, and those that are there twice.
    pub fn issues(positions: &[i32], wrong: &[i32], twice: &[i32]) -> Issues {
        let n = positions.len();
        Issues {
            rank: (1..=n as i32).collect(),
            position: positions.to_vec(),
            sample_id: positions.iter().map(|position| 10 * position).collect(),
            class: vec![0; n],
            class_name: vec!["ant"; n].into(),
            label_issue: positions.iter().map(|position| wrong.contains(position)).collect(),
            label_score: vec![0.5; n],
            suggested: vec![1; n],
            suggested_name: vec!["bee"; n].into(),
            suggested_probability: vec![0.75; n],
            class_probability: vec![0.25; n],
            ambiguous: vec![false; n],
            typicality: vec![None; positions.len()],
            unusual: vec![None; positions.len()],
            duplicate_of: positions.iter().map(|position| twice.contains(position).then_some(0)).collect(),
            near_duplicate_of: vec![None; positions.len()],
            split: vec![None; n],
            row: vec![None; n],
            source: vec![None; n],
        }
    }

    fn positions(found: &Found) -> Vec<i32> {
        found.ranking().into_iter().map(|(position, _)| position).collect()
    }

    /// By hand: two sets of stragglers, three of energy, none of confidence.
    #[test]
    fn hardness_is_the_mean_of_the_shares_over_strategies_with_sets() {
        let mut found = Found::default();
        for (strategy, set) in [(0, &[4, 7][..]), (0, &[4]), (2, &[7]), (2, &[7, 5]), (2, &[])] {
            found.add_set(strategy, &hard(set));
        }
        assert_eq!(positions(&found), [7, 4, 5]);
        let shares = |position: i32| {
            let sample = &found.samples[&position];
            ([0, 1, 2].map(|strategy| found.share(sample, strategy)), found.hardness(sample))
        };
        assert_eq!(shares(7), ([Some(0.5), None, Some(2.0 / 3.0)], Some(7.0 / 12.0)));
        assert_eq!(shares(4), ([Some(1.0), None, Some(0.0)], Some(0.5)));
        assert_eq!(shares(5), ([Some(0.0), None, Some(1.0 / 3.0)], Some(1.0 / 6.0)));
        let (seven, four) = (&found.samples[&7], &found.samples[&4]);
        assert_eq!((seven.sample_id, seven.class, four.sample_id, four.class), (70, 1, 40, 0));
    }

    /// 1/3 + 2/3 of two strategies is 2/3 + 1/3, whatever the roundings are.
    #[test]
    fn equals_are_in_the_order_of_their_places_then_of_their_ids() {
        let mut found = Found::default();
        for (strategy, set) in [(0, [8, 1]), (0, [1, 2]), (0, [9, 2]), (1, [8, 2]), (1, [8, 1]), (1, [3, 1])]
        {
            found.add_set(strategy, &hard(&set));
        }
        // 8 is hard in one set of the first strategy and in two of the other, 2 the other way round.
        assert_eq!(found.weight(&found.samples[&8]), found.weight(&found.samples[&2]));
        // 8 is always first, 2 always second. 3 and 9 are first in one set each.
        assert_eq!(positions(&found), [1, 8, 2, 3, 9]);
    }

    #[test]
    fn the_order_is_that_of_issues_and_what_is_wrong_is_there_too() {
        let mut found = Found::default();
        found.add_set(0, &hard(&[4, 7]));
        // In this order, 9 is called wrong, 3 is there twice, and nothing is wrong with 2.
        found.add_issues(&issues(&[9, 7, 2, 3, 4], &[9], &[3]));
        assert_eq!(positions(&found), [9, 7, 3, 4]);
        assert_eq!(
            (found.row(3), found.hardness(&found.samples[&9]), found.samples[&9].sample_id),
            (Some(3), Some(0.0), 90)
        );
    }

    /// No set at all, and a set without a hard sample.
    #[test]
    fn without_a_hard_sample_every_sample_is_in_the_order_of_issues() {
        let issues = issues(&[9, 7, 2, 3], &[9], &[3]);
        let mut found = Found::default();
        found.add_issues(&issues);
        assert_eq!(positions(&found), [9, 7, 2, 3]);
        assert_eq!(found.hardness(&found.samples[&9]), None, "nobody has said how hard it is");
        let mut found = Found::default();
        found.add_set(0, &hard(&[]));
        found.add_issues(&issues);
        assert_eq!(positions(&found), [9, 7, 2, 3]);
        assert_eq!(found.hardness(&found.samples[&9]), Some(0.0));
    }

    #[test]
    fn the_prediction_is_the_wrong_class_of_most_networks_each_of_which_votes_once() {
        let mut found = Found::default();
        found.add_set(0, &hard(&[0, 1, 2]));
        let mut vote = |set: &str, network: Network, rows: &[(i32, i32)]| {
            found.add_mistakes(network, set.into(), &mistakes("", rows));
        };
        vote("[0]", Network::Search, &[(0, 5), (1, 3), (9, 1)]);
        vote("[0]", Network::Fit, &[(0, 4)]);
        // Confidence and energy look at the same network.
        vote("[0]", Network::Fit, &[(0, 4)]);
        vote("[1]", Network::Search, &[(0, 5)]);
        vote("[1]", Network::Fit, &[(1, 2)]);
        // One that is never wrong counts too.
        vote("[2]", Network::Fit, &[]);
        let predicted = |position: i32| found.samples[&position].predicted();
        assert_eq!([0, 1, 2].map(predicted), [Some(5), Some(2), None]);
        assert_eq!(found.samples[&0].wrong, BTreeMap::from([(4, 1), (5, 2)]));
        assert_eq!((found.samples[&0].votes(), found.samples[&2].votes(), found.networks()), (2, 0, 5));
    }
}
