//! score: what networks have made of the samples -> every score of every sample, over all of them. Next: `issues`,
//! `hspipe query`.
//!
//! Each network of each set gives a sample a score. Means and spreads are over the networks; of a mean rank, over what it
//! is the mean of. Ranks are by the mean. Samples that are not hard have scores too.

use hspipe_engine::op::{InputDecl, Inputs, Op, OpError, Outputs, ParamError, Reads, Task, any, one};
use serde::de::IntoDeserializer;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::scores::{self, Score, Snapshot, Strategy};
use crate::tables::{Classes, SampleScores, Samples};

pub struct ScoreSamples;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    snapshot: Snapshot,
    /// The key has their names, so that a new one is computed where it was not.
    #[serde(default = "quick")]
    scores: Vec<Wanted>,
}

/// Scores that are computed, by a word.
#[derive(Clone, Copy)]
pub(super) enum Wanted {
    /// Those that take no more networks than a ranking does.
    Auto,
    All,
    This(&'static Score),
    /// Not this one, whatever other words say.
    Not(&'static Score),
}

const AUTO: &str = "auto";
const EVERY: &str = "all";
/// Stands before the name of a score that is left out.
const NOT: &str = "-";

pub(super) fn quick() -> Vec<Wanted> {
    vec![Wanted::Auto]
}

/// The scores that words stand for, in the order of the list of scores.
pub(super) fn named(words: &[Wanted]) -> Vec<&'static Score> {
    let is_left_out =
        |score: &Score| words.iter().any(|word| matches!(word, Wanted::Not(not) if not.name == score.name));
    let is_wanted = |score: &Score| words.iter().any(|wanted| wanted.is(score)) && !is_left_out(score);
    scores::ALL.iter().filter(|score| is_wanted(score)).collect()
}

impl Wanted {
    fn is(self, score: &Score) -> bool {
        match self {
            Wanted::Auto => !score.is_slow(),
            Wanted::All => true,
            Wanted::This(this) => this.name == score.name,
            Wanted::Not(_) => false,
        }
    }
}

impl Serialize for Wanted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Wanted::Auto => serializer.serialize_str(AUTO),
            Wanted::All => serializer.serialize_str(EVERY),
            Wanted::This(score) => Strategy(score).serialize(serializer),
            Wanted::Not(score) => serializer.serialize_str(&format!("{NOT}{}", score.name)),
        }
    }
}

impl<'de> Deserialize<'de> for Wanted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        Ok(match word.as_str() {
            AUTO => Wanted::Auto,
            EVERY => Wanted::All,
            _ => match word.strip_prefix(NOT) {
                Some(name) => Wanted::Not(Strategy::deserialize(name.into_deserializer())?.0),
                None => Wanted::This(Strategy::deserialize(word.into_deserializer())?.0),
            },
        })
    }
}

impl Op for ScoreSamples {
    type Params = Params;
    const NAME: &'static str = "score";
    const VERSION: u32 = 1;
    /// All but the first two are gathered over whatever tells sets apart. A score whose networks all failed is left out.
    const INPUTS: &'static [InputDecl] = &[
        one("samples"),
        one("classes"),
        any("search"),
        any("fit"),
        any("logits"),
        any("dynamics"),
        any("folds"),
        any("folds_dynamics"),
        any("early_logits"),
        any("neighbourhood"),
        any("gradients"),
        any("subsets"),
        any("bags"),
    ];
    const OUTPUTS: &'static [&'static str] = &["scores"];

    fn canonical(&self, mut params: Params) -> Result<Params, ParamError> {
        params.scores = named(&params.scores).into_iter().map(Wanted::This).collect();
        Ok(params)
    }

    fn reads(&self, params: &Params, input: &str) -> Reads {
        let is_read = named(&params.scores).iter().any(|score| score.reads(input));
        if is_read { Reads::IfGiven } else { Reads::Never }
    }

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let samples = Samples::read(task.inputs.one("samples")?.read()?)?;
        let names = Classes::read(task.inputs.one("classes")?.read()?)?.name.to_vec();
        let mut seen: Vec<(&Score, Summary)> = Vec::new();
        for score in named(&task.params.scores) {
            let summary = match score.input() {
                Some(_) => {
                    let values = of_networks(score, task.inputs, task.params.snapshot, samples.label.len())?;
                    (!values.is_empty()).then(|| summary(&values, values.len()))
                }
                None => over_parts(score, &seen),
            };
            seen.extend(summary.map(|summary| (score, summary)));
        }
        Ok(vec![("scores", table(&samples, &names, seen).write()?)])
    }
}

/// A score of all samples.
pub(super) struct Summary {
    networks: usize,
    pub(super) mean: Vec<f64>,
    /// The population's.
    pub(super) std: Vec<f64>,
}

/// What each network that there is says of the samples, by a score that reads one table; nothing if the score is not one of
/// such networks.
pub(super) fn of_networks(
    score: &Score,
    inputs: &Inputs,
    snapshot: Snapshot,
    samples: usize,
) -> Result<Vec<Vec<f64>>, OpError> {
    let Some(input) = score.input() else { return Ok(Vec::new()) };
    let mut values = Vec::new();
    for table in inputs.many(input) {
        let of_network = score.of_table(table.read()?, snapshot)?.values;
        if of_network.is_empty() {
            continue;
        }
        if of_network.len() != samples {
            let what = format!("there are {samples} samples, and {} in `{input}`", of_network.len());
            return Err(OpError::new(what));
        }
        values.push(of_network.into_iter().map(f64::from).collect());
    }
    Ok(values)
}

/// Of a mean rank: over its parts, each ranked by its mean over networks; none if one of them is missing.
fn over_parts(score: &Score, seen: &[(&Score, Summary)]) -> Option<Summary> {
    let of =
        |part: &Score| seen.iter().find(|(score, _)| score.name == part.name).map(|(_, summary)| summary);
    let networks = score.parts().map(|part| of(part).map_or(0, |summary| summary.networks)).min()?;
    let ranks = score.parts().map(|part| Some(part.ranks(&of(part)?.mean)));
    Some(summary(&ranks.collect::<Option<Vec<_>>>()?, networks))
}

pub(super) fn summary(values: &[Vec<f64>], networks: usize) -> Summary {
    let mean = mean(values);
    let square = |sample: usize| values.iter().map(|of| (of[sample] - mean[sample]).powi(2)).sum::<f64>();
    let std = (0..mean.len()).map(|sample| (square(sample) / values.len() as f64).sqrt()).collect();
    Summary { networks, std, mean }
}

/// Of each sample, over networks.
pub(super) fn mean(values: &[Vec<f64>]) -> Vec<f64> {
    let samples = 0..values.first().map_or(0, Vec::len);
    samples.map(|sample| values.iter().map(|of| of[sample]).sum::<f64>() / values.len() as f64).collect()
}

/// A row per score and sample.
fn table(samples: &Samples, names: &[String], seen: Vec<(&Score, Summary)>) -> SampleScores {
    let scores: Vec<&str> = seen.iter().map(|(score, _)| score.name).collect();
    let each = |column: &[i32]| column.repeat(scores.len());
    let name = |class: &i32| names.get(*class as usize).map_or("", String::as_str);
    let of_score = |score: &str| std::iter::repeat_n(score.to_string(), samples.label.len());
    let (mut mean, mut std, mut rank, mut networks) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (score, summary) in seen {
        let mut ranks = vec![0; summary.mean.len()];
        for (place, position) in score.ranked(&summary.mean).into_iter().enumerate() {
            ranks[position] = place as i32 + 1;
        }
        networks.extend(vec![summary.networks as i32; ranks.len()]);
        rank.extend(ranks);
        mean.extend(summary.mean);
        std.extend(summary.std);
    }
    SampleScores {
        class_name: samples.label.iter().map(name).collect::<Vec<_>>().repeat(scores.len()).into(),
        score: scores.iter().flat_map(|score| of_score(score)).collect(),
        rank,
        position: each(&samples.position),
        sample_id: each(&samples.sample_id),
        class: each(&samples.label),
        mean,
        std,
        networks,
    }
}

/// The rows of a score, in the order of the samples' positions; none if the table does not have it.
pub(super) fn rows_of(scores: &SampleScores, name: &str) -> Vec<usize> {
    let rows = scores.score.iter().enumerate().filter(|(_, score)| *score == name);
    rows.map(|(row, _)| row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_for_several_scores() {
        let named = |words: serde_json::Value| {
            let params = serde_json::json!({"snapshot": "last", "scores": words});
            let named =
                serde_json::from_value::<Params>(params).map(|params| super::named(&params.scores).len());
            named.map_err(|error| error.to_string())
        };
        let slow = scores::ALL.iter().filter(|score| score.is_slow()).count();
        assert!(slow > 0);
        assert_eq!(named(serde_json::json!(["all"])), Ok(scores::ALL.len()));
        assert_eq!(named(serde_json::json!(["auto"])), Ok(scores::ALL.len() - slow));
        assert_eq!(named(serde_json::json!(["c_score", "auto", "aum"])), Ok(scores::ALL.len() - slow + 1));
        assert_eq!(named(serde_json::json!(["-stragglers", "all"])), Ok(scores::ALL.len() - 1));
        assert_eq!(named(serde_json::json!(["aum", "-aum"])), Ok(0));
        assert!(named(serde_json::json!(["-aun"])).unwrap_err().contains("unknown variant `aun`"));
        assert!(named(serde_json::json!(["aun"])).unwrap_err().contains("unknown variant `aun`"));
    }

    /// By hand: two networks, three samples.
    #[test]
    fn means_spreads_and_ranks_are_over_networks() {
        let samples = Samples {
            position: vec![0, 1, 2],
            sample_id: vec![7, 5, 9],
            label: vec![1, 0, 1],
            clean_label: vec![1, 0, 1],
        };
        let values = [vec![1.0, 0.0, 4.0], vec![3.0, 0.0, 2.0]];
        let seen = ["aum", "loss"].map(|name| (Score::find(name).unwrap(), summary(&values, 2)));
        let table = table(&samples, &["ant".into(), "bee".into()], seen.into());
        assert_eq!(table.mean, [2.0, 0.0, 3.0, 2.0, 0.0, 3.0]);
        assert_eq!(table.std, [1.0, 0.0, 1.0, 1.0, 0.0, 1.0]);
        assert_eq!(table.rank, [2, 1, 3, 2, 3, 1]);
        assert_eq!(table.score.to_vec(), ["aum", "aum", "aum", "loss", "loss", "loss"]);
        assert_eq!(table.sample_id, [7, 5, 9, 7, 5, 9]);
        assert_eq!(table.class_name.to_vec()[3..], ["bee", "ant", "bee"]);
    }
}
