//! identify: scores -> the hard samples of one set, by one strategy. Next: `hard_counts`, `overlap`, `split`.
//!
//! Stragglers are the samples that an inversion search misclassifies. The other strategies take the hardest samples by
//! their score, as many as a search on clean labels has stragglers, and so need both the score and that search; or a
//! share of all samples that is given.

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, ParamError, Reads, Task, one, optional};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::scores::{Network, Scored, Snapshot, Strategy};
use crate::tables::{Classes, Counts, Hard, Noise, Samples};

pub struct Identify;

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    /// The number of hard samples is met in total.
    Dataset,
    /// It is met in each class.
    Class,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    strategy: Strategy,
    level: Level,
    snapshot: Snapshot,
    /// Raises the number of hard samples per class by floor(noise_ratio * n / classes).
    noise_ratio: f64,
    /// The key leaves `auto` out: keys are older than the choice.
    #[serde(default, skip_serializing_if = "Share::is_auto")]
    hard_share: Share,
}

/// How many samples are hard by strategies other than stragglers.
#[derive(Clone, Copy, Default, PartialEq)]
enum Share {
    /// As many as a search on clean labels has stragglers.
    #[default]
    Auto,
    /// This share of all, above 0 and below 1: no search is asked.
    Of(f64),
}

impl Share {
    fn is_auto(&self) -> bool {
        *self == Share::Auto
    }

    /// The share of a number of samples, rounded; at least one of them.
    fn of(share: f64, samples: usize) -> usize {
        ((samples as f64 * share).round() as usize).max(1).min(samples)
    }
}

impl Serialize for Share {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Share::Auto => serializer.serialize_str("auto"),
            Share::Of(share) => serializer.serialize_f64(*share),
        }
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::String(word) if word == "auto" => Ok(Share::Auto),
            value => match value.as_f64().filter(|share| *share > 0.0 && *share < 1.0) {
                Some(share) => Ok(Share::Of(share)),
                None => Err(D::Error::custom("must be auto, or above 0 and below 1")),
            },
        }
    }
}

/// The search on clean labels whose stragglers are counted.
const THRESHOLD: &str = "threshold";

impl Op for Identify {
    type Params = Params;
    const NAME: &'static str = "identify";
    const VERSION: u32 = 1;
    const INPUTS: &'static [InputDecl] = &[
        one("samples"),
        one("classes"),
        optional("search"),
        optional(THRESHOLD),
        optional("fit"),
        optional("logits"),
        optional("dynamics"),
        optional("folds"),
        optional("folds_dynamics"),
        optional("early_logits"),
        optional("neighbourhood"),
        optional("gradients"),
        optional("subsets"),
        optional("bags"),
    ];
    const OUTPUTS: &'static [&'static str] = &["hard", "counts", "noise"];

    fn canonical(&self, mut params: Params) -> Result<Params, ParamError> {
        if params.strategy.0.takes_mistakes() {
            // Neither matters then, so neither may tell keys apart.
            params.level = Level::Dataset;
            params.noise_ratio = 0.0;
            params.hard_share = Share::Auto;
        }
        if !params.hard_share.is_auto() {
            // It is the number already.
            params.noise_ratio = 0.0;
        }
        Ok(params)
    }

    fn reads(&self, params: &Params, input: &str) -> Reads {
        let Strategy(score) = params.strategy;
        let is_counted = !score.takes_mistakes() && params.hard_share.is_auto();
        if score.reads(input) || (input == THRESHOLD && is_counted) { Reads::Always } else { Reads::Never }
    }

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let samples = Samples::read(task.inputs.one("samples")?.read()?)?;
        let classes = Classes::read(task.inputs.one("classes")?.read()?)?.class.len();
        let Params { strategy: Strategy(score), level, snapshot, noise_ratio, hard_share } = *task.params;
        let Scored { values, predicted } = score.read(task.inputs, snapshot)?;
        let ranked = score.ranked(&values).into_iter();
        let hard = if let Some(predicted) = predicted {
            ranked.filter(|position| predicted[*position] != samples.label[*position]).collect()
        } else if let Share::Of(share) = hard_share {
            let wanted: Vec<usize> = match level {
                Level::Dataset => vec![Share::of(share, samples.label.len())],
                Level::Class => per_class(0..samples.label.len(), &samples.label, classes)
                    .into_iter()
                    .map(|samples| Share::of(share, samples))
                    .collect(),
            };
            take(ranked, &wanted, level, &samples.label)
        } else {
            let search = task.inputs.one(THRESHOLD)?.read()?;
            let predicted = Network::Search.predictions(search, snapshot)?.predicted;
            // That search saw clean labels.
            let clean = &samples.clean_label;
            let stragglers = (0..clean.len()).filter(|position| predicted[*position] != clean[*position]);
            let found = per_class(stragglers, clean, classes);
            let more = (noise_ratio * samples.label.len() as f64 / classes as f64) as usize;
            let sizes = per_class(0..samples.label.len(), &samples.label, classes);
            let wanted: Vec<usize> =
                found.iter().zip(&sizes).map(|(found, size)| (found + more).min(*size)).collect();
            take(ranked, &wanted, level, &samples.label)
        };
        tables(&samples, &hard, &values, classes)
    }
}

/// The first of `ranked` positions, as many as `wanted` says: in total, or of each class.
fn take(ranked: impl Iterator<Item = usize>, wanted: &[usize], level: Level, labels: &[i32]) -> Vec<usize> {
    match level {
        Level::Dataset => ranked.take(wanted.iter().sum()).collect(),
        Level::Class => {
            let mut left = wanted.to_vec();
            let mut is_wanted = |position: &usize| {
                let left = &mut left[labels[*position] as usize];
                let wanted = *left > 0;
                *left -= usize::from(wanted);
                wanted
            };
            ranked.filter(&mut is_wanted).collect()
        }
    }
}

fn per_class(positions: impl Iterator<Item = usize>, labels: &[i32], classes: usize) -> Vec<usize> {
    let mut counts = vec![0; classes];
    for position in positions {
        counts[labels[position] as usize] += 1;
    }
    counts
}

/// The tables of the hard samples at these positions, the hardest first.
fn tables(samples: &Samples, hard: &[usize], values: &[f32], classes: usize) -> Result<Outputs, OpError> {
    let (labels, clean) = (&samples.label, &samples.clean_label);
    let of = |column: &[i32]| hard.iter().map(|position| column[*position]).collect();
    let as_i32 = |counts: Vec<usize>| counts.into_iter().map(|count| count as i32).collect();
    let is_noisy = |position: &usize| labels[*position] != clean[*position];
    let noisy = (0..labels.len()).filter(is_noisy).count();
    let found = hard.iter().copied().filter(is_noisy).count();
    let recall = (noisy > 0).then(|| found as f64 / noisy as f64);
    let counts = Counts {
        class: (0..classes as i32).collect(),
        samples: as_i32(per_class(0..labels.len(), labels, classes)),
        hard: as_i32(per_class(hard.iter().copied(), labels, classes)),
    };
    let noise = Noise { noisy: vec![noisy as i32], found: vec![found as i32], noise_recall: vec![recall] };
    let hard = Hard {
        rank: (0..hard.len() as i32).collect(),
        position: hard.iter().map(|position| *position as i32).collect(),
        sample_id: of(&samples.sample_id),
        class: of(labels),
        clean_class: of(clean),
        score: hard.iter().map(|position| values[*position]).collect(),
    };
    Ok(vec![("hard", hard.write()?), ("counts", counts.write()?), ("noise", noise.write()?)])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What keys have always held is without the share.
    #[test]
    fn a_share_asks_no_search_and_auto_leaves_keys_alone() {
        let params = |strategy: &str, share: Option<serde_json::Value>| {
            let mut params = serde_json::json!({
                "strategy": strategy, "level": "class", "snapshot": "last", "noise_ratio": 0.1
            });
            share.into_iter().for_each(|share| params["hard_share"] = share);
            serde_json::from_value::<Params>(params).map(|params| Identify.canonical(params).ok().unwrap())
        };
        let of = |strategy: &str, share: Option<serde_json::Value>| {
            let params = params(strategy, share).unwrap_or_else(|error| panic!("{error}"));
            let reads = Identify.reads(&params, THRESHOLD) == Reads::Always;
            (serde_json::to_value(&params).unwrap(), reads)
        };
        let before = of("aum", None);
        assert!(before.1 && before.0.get("hard_share").is_none());
        assert_eq!(of("aum", Some("auto".into())), before);
        let (key, reads) = of("aum", Some(0.05.into()));
        assert_eq!((&key["hard_share"], &key["noise_ratio"], reads), (&0.05.into(), &0.0.into(), false));
        assert_eq!(of("stragglers", Some(0.05.into())), of("stragglers", None));
        for bad in [0.0.into(), 1.0.into(), "some".into()] {
            assert!(params("aum", Some(bad)).is_err());
        }
        assert_eq!([(0.05, 50), (0.05, 3), (0.9, 1)].map(|(share, of)| Share::of(share, of)), [3, 1, 1]);
    }

    #[test]
    fn levels_take_in_total_or_by_class() {
        let labels = [0, 0, 1, 1, 1];
        let ranked = || [3, 4, 2, 1, 0].into_iter();
        assert_eq!(take(ranked(), &[1, 2], Level::Dataset, &labels), [3, 4, 2]);
        assert_eq!(take(ranked(), &[1, 2], Level::Class, &labels), [3, 4, 1]);
    }
}
