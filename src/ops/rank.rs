//! rank: the hard samples of all sets, by all strategies -> one order of the dataset's hard samples. Next:
//! `plot_gallery`, `hspipe export hard-samples`.
//!
//! A sample's hardness is the mean over the strategies of the share of sets that call it hard. The class is the clean
//! one: with label noise the sets do not agree on any other.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use hspipe_engine::Value;
use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, Table, Task, many, one};
use hspipe_engine::value::{canonical, show};
use serde::{Deserialize, Serialize};

use crate::tables::{Column, Frame, RANKING, TableError, write};

pub struct Rank;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {}

/// The strategies, in the order of their columns.
const STRATEGIES: [&str; 3] = ["stragglers", "confidence", "energy"];

impl Op for Rank {
    type Params = Params;
    const NAME: &'static str = "rank";
    const VERSION: u32 = 1;
    /// The first two are gathered over strategy and whatever else tells sets apart.
    const INPUTS: &'static [InputDecl] = &[many("hard"), many("mistakes"), one("classes"), one("sources")];
    const OUTPUTS: &'static [&'static str] = &["ranking"];

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let classes = Frame::read("classes", task.inputs.one("classes")?.read()?)?;
        let sources = Frame::read("sources", task.inputs.one("sources")?.read()?)?;
        let mut found = Found::default();
        for table in task.inputs.many("hard") {
            let (strategy, _) = coordinates(table)?;
            found.add_set(strategy, &Frame::read("hard", table.read()?)?)?;
        }
        let mut seen = BTreeSet::new();
        for table in task.inputs.many("mistakes") {
            let (_, set) = coordinates(table)?;
            found.add_mistakes(&set, &mut seen, &Frame::read("mistakes", table.read()?)?)?;
        }
        let ranking = found.ranking();
        Ok(vec![("ranking", write(&RANKING, columns(&ranking, &found, &classes, &sources)?)?)])
    }
}

/// The place of a table's strategy, and its other coordinates: those of a set.
fn coordinates(table: &Table) -> Result<(usize, String), OpError> {
    let is_strategy = |(axis, _): &&(String, Value)| axis == "strategy";
    let strategy = table.coords.iter().find(is_strategy).map(|(_, value)| show(value));
    let strategy =
        strategy.ok_or_else(|| OpError::new("rank needs the axis `strategy` among those gathered"))?;
    let place = STRATEGIES.iter().position(|name| *name == strategy);
    let place = place.ok_or_else(|| OpError::new(format!("rank knows no strategy `{strategy}`")))?;
    let others = table.coords.iter().filter(|coord| !is_strategy(coord)).map(|(_, value)| value.clone());
    Ok((place, canonical(&Value::Array(others.collect()))))
}

/// What the sets say of their hard samples.
#[derive(Default)]
struct Found {
    /// How many sets each strategy has.
    sets: [u32; 3],
    samples: BTreeMap<i32, Sample>,
}

/// A sample that at least one set calls hard.
#[derive(Default)]
struct Sample {
    sample_id: i32,
    class: i32,
    /// How many sets of each strategy call it hard.
    hard: [u32; 3],
    /// Its places in those sets, from 0 for the hardest to below 1, added up.
    places: f64,
    /// How many networks predict each wrong class.
    wrong: BTreeMap<i32, u32>,
}

impl Found {
    /// Adds the table `hard` of a set.
    fn add_set(&mut self, strategy: usize, hard: &Frame) -> Result<(), TableError> {
        self.sets[strategy] += 1;
        let (positions, ids) = (hard.i32("position")?, hard.i32("sample_id")?);
        let (ranks, classes) = (hard.i32("rank")?, hard.i32("clean_class")?);
        for row in 0..hard.rows() {
            let sample = self.samples.entry(positions[row]).or_default();
            (sample.sample_id, sample.class) = (ids[row], classes[row]);
            sample.hard[strategy] += 1;
            sample.places += f64::from(ranks[row]) / hard.rows() as f64;
        }
        Ok(())
    }

    /// Adds the table `mistakes` of a network of `set`, unless it is among those `seen`: strategies may share one.
    fn add_mistakes(
        &mut self,
        set: &str,
        seen: &mut BTreeSet<(String, String)>,
        mistakes: &Frame,
    ) -> Result<(), TableError> {
        let (positions, predicted) = (mistakes.i32("position")?, mistakes.i32("predicted")?);
        let networks = mistakes.text("network")?;
        let Some(network) = networks.first() else { return Ok(()) };
        if seen.insert((network.to_string(), set.to_string())) {
            for (position, predicted) in positions.iter().zip(predicted) {
                if let Some(sample) = self.samples.get_mut(position) {
                    *sample.wrong.entry(*predicted).or_default() += 1;
                }
            }
        }
        Ok(())
    }

    /// The samples with their positions, the hardest first. Equals are in the order of their mean place in the sets
    /// that call them hard, then of their ids.
    fn ranking(&self) -> Vec<(i32, &Sample)> {
        let mut ranking: Vec<(i32, &Sample)> =
            self.samples.iter().map(|(position, sample)| (*position, sample)).collect();
        let place = |sample: &Sample| sample.places / f64::from(sample.hard.iter().sum::<u32>().max(1));
        ranking.sort_by(|(_, a), (_, b)| {
            let by_hardness = Reverse(self.weight(a)).cmp(&Reverse(self.weight(b)));
            let by_place = || place(a).total_cmp(&place(b));
            by_hardness.then_with(by_place).then(a.sample_id.cmp(&b.sample_id))
        });
        ranking
    }

    /// The share of the strategy's sets that call the sample hard.
    fn share(&self, sample: &Sample, strategy: usize) -> Option<f64> {
        let sets = self.sets[strategy];
        (sets > 0).then(|| f64::from(sample.hard[strategy]) / f64::from(sets))
    }

    /// The mean share, over strategies that have sets.
    fn hardness(&self, sample: &Sample) -> f64 {
        let strategies = self.sets.iter().filter(|sets| **sets > 0).count() as u128;
        self.weight(sample) as f64 / (self.whole() * strategies.max(1)) as f64
    }

    /// The sum of the shares, times [`Found::whole`]: a whole number, so that equals are equal.
    fn weight(&self, sample: &Sample) -> u128 {
        let share = |strategy: usize| match u128::from(self.sets[strategy]) {
            0 => 0,
            sets => u128::from(sample.hard[strategy]) * (self.whole() / sets),
        };
        (0..STRATEGIES.len()).map(share).sum()
    }

    /// A multiple of every number of sets.
    fn whole(&self) -> u128 {
        self.sets.iter().map(|sets| u128::from(*sets).max(1)).product()
    }
}

impl Sample {
    /// The wrong class that most networks give, the lowest of equals.
    fn predicted(&self) -> Option<i32> {
        self.wrong
            .iter()
            .max_by_key(|(class, networks)| (**networks, Reverse(**class)))
            .map(|(class, _)| *class)
    }
}

fn columns(
    ranking: &[(i32, &Sample)],
    found: &Found,
    classes: &Frame,
    sources: &Frame,
) -> Result<Vec<Column>, TableError> {
    let names = classes.text("name")?;
    let name = |class: i32| names.get(class as usize).map(|name| name.to_string());
    let files: BTreeMap<i32, &str> =
        sources.i32("sample_id")?.iter().copied().zip(sources.text("source")?).collect();
    let whole =
        |of: &dyn Fn(&Sample) -> i32| ranking.iter().map(|(_, sample)| of(sample)).collect::<Vec<i32>>();
    let text = |of: &dyn Fn(&Sample) -> Option<String>| {
        ranking.iter().map(|(_, sample)| of(sample)).collect::<Vec<Option<String>>>()
    };
    let share = |strategy: usize| {
        ranking.iter().map(|(_, sample)| found.share(sample, strategy)).collect::<Vec<Option<f64>>>()
    };
    Ok(vec![
        (1..=ranking.len() as i32).collect::<Vec<i32>>().into(),
        ranking.iter().map(|(position, _)| *position).collect::<Vec<i32>>().into(),
        whole(&|sample| sample.sample_id).into(),
        whole(&|sample| sample.class).into(),
        text(&|sample| Some(name(sample.class).unwrap_or_default())).into(),
        share(0).into(),
        share(1).into(),
        share(2).into(),
        ranking.iter().map(|(_, sample)| found.hardness(sample)).collect::<Vec<f64>>().into(),
        ranking.iter().map(|(_, sample)| sample.predicted()).collect::<Vec<Option<i32>>>().into(),
        text(&|sample| sample.predicted().and_then(name)).into(),
        text(&|sample| files.get(&sample.sample_id).map(|file| file.to_string())).into(),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::{CLASSES, HARD, MISTAKES, SOURCES};

    /// A set whose hard samples are at these positions, the hardest first; ids are ten times as large, classes odd
    /// or even.
    fn hard(positions: &[i32]) -> Frame {
        let of = |value: fn(i32) -> i32| positions.iter().copied().map(value).collect::<Vec<i32>>();
        let ranks: Vec<i32> = (0..positions.len() as i32).collect();
        let classes = || of(|position| position % 2);
        let scores = vec![0f32; positions.len()];
        let columns = vec![
            ranks.into(),
            positions.to_vec().into(),
            of(|position| 10 * position).into(),
            classes().into(),
            classes().into(),
            scores.into(),
        ];
        Frame::read("hard", write(&HARD, columns).unwrap()).unwrap()
    }

    fn mistakes(network: &str, rows: &[(i32, i32)]) -> Frame {
        let (positions, predicted): (Vec<i32>, Vec<i32>) = rows.iter().copied().unzip();
        let networks = vec![network; rows.len()];
        let columns = vec![positions.into(), predicted.into(), networks.into()];
        Frame::read("mistakes", write(&MISTAKES, columns).unwrap()).unwrap()
    }

    fn positions(found: &Found) -> Vec<i32> {
        found.ranking().into_iter().map(|(position, _)| position).collect()
    }

    /// By hand: two sets of stragglers, three of energy, none of confidence.
    #[test]
    fn hardness_is_the_mean_of_the_shares_over_strategies_with_sets() {
        let mut found = Found::default();
        for (strategy, set) in [(0, &[4, 7][..]), (0, &[4]), (2, &[7]), (2, &[7, 5]), (2, &[])] {
            found.add_set(strategy, &hard(set)).unwrap();
        }
        assert_eq!(positions(&found), [7, 4, 5]);
        let shares = |position: i32| {
            let sample = &found.samples[&position];
            ([0, 1, 2].map(|strategy| found.share(sample, strategy)), found.hardness(sample))
        };
        assert_eq!(shares(7), ([Some(0.5), None, Some(2.0 / 3.0)], 7.0 / 12.0));
        assert_eq!(shares(4), ([Some(1.0), None, Some(0.0)], 0.5));
        assert_eq!(shares(5), ([Some(0.0), None, Some(1.0 / 3.0)], 1.0 / 6.0));
        let (seven, four) = (&found.samples[&7], &found.samples[&4]);
        assert_eq!((seven.sample_id, seven.class, four.sample_id, four.class), (70, 1, 40, 0));
    }

    /// 1/3 + 2/3 of two strategies is 2/3 + 1/3, whatever the roundings are.
    #[test]
    fn equals_are_in_the_order_of_their_places_then_of_their_ids() {
        let mut found = Found::default();
        for (strategy, set) in [(0, [8, 1]), (0, [1, 2]), (0, [9, 2]), (1, [8, 2]), (1, [8, 1]), (1, [3, 1])]
        {
            found.add_set(strategy, &hard(&set)).unwrap();
        }
        // 8 is hard in one set of the first strategy and in two of the other, 2 the other way round.
        assert_eq!(found.weight(&found.samples[&8]), found.weight(&found.samples[&2]));
        // 8 is always first, 2 always second. 3 and 9 are first in one set each.
        assert_eq!(positions(&found), [1, 8, 2, 3, 9]);
    }

    #[test]
    fn the_prediction_is_the_wrong_class_of_most_networks_each_of_which_votes_once() {
        let mut found = Found::default();
        found.add_set(0, &hard(&[0, 1, 2])).unwrap();
        let mut seen = BTreeSet::new();
        let mut vote = |set: &str, network: &str, rows: &[(i32, i32)]| {
            found.add_mistakes(set, &mut seen, &mistakes(network, rows)).unwrap();
        };
        vote("[0]", "search", &[(0, 5), (1, 3), (9, 1)]);
        vote("[0]", "fit", &[(0, 4)]);
        // Confidence and energy look at the same network.
        vote("[0]", "fit", &[(0, 4)]);
        vote("[1]", "search", &[(0, 5)]);
        vote("[1]", "fit", &[(1, 2)]);
        let predicted = |position: i32| found.samples[&position].predicted();
        assert_eq!([0, 1, 2].map(predicted), [Some(5), Some(2), None]);
        assert_eq!(found.samples[&0].wrong, BTreeMap::from([(4, 1), (5, 2)]));
    }

    #[test]
    fn rows_have_the_names_of_classes_and_files() {
        let mut found = Found::default();
        found.add_set(0, &hard(&[1, 2])).unwrap();
        found.add_mistakes("", &mut BTreeSet::new(), &mistakes("search", &[(1, 0)])).unwrap();
        let classes = write(&CLASSES, vec![vec![0, 1].into(), vec!["ant", "bee"].into()]).unwrap();
        let sources = write(&SOURCES, vec![vec![10].into(), vec!["bee/10.png"].into()]).unwrap();
        let read = |name: &str, bytes| Frame::read(name, bytes).unwrap();
        let (classes, sources) = (read("classes", classes), read("sources", sources));
        let rows = columns(&found.ranking(), &found, &classes, &sources).unwrap();
        let ranking = read("ranking", write(&RANKING, rows).unwrap());
        assert_eq!(ranking.i32("rank").unwrap(), [1, 2]);
        assert_eq!(ranking.text("class_name").unwrap(), ["bee", "ant"]);
        assert_eq!(ranking.text("predicted_name").unwrap(), ["ant", ""]);
        assert_eq!(ranking.text("source").unwrap(), ["bee/10.png", ""]);
    }
}
