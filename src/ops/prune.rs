//! prune: samples, and scores of a part of them -> which of that part are trained on. All others are tested, and have never
//! been scored. Next: `retrain`.

use hspipe_engine::op::{Cost, InputDecl, Op, OpError, Outputs, ParamError, Reads, Task, one, optional};
use hspipe_ensemble::Generator;
use serde::{Deserialize, Serialize};

use super::score::rows_of;
use crate::scores::Strategy;
use crate::tables::{SampleScores, Samples, Split};

pub struct Prune;

/// Which of the scored samples are kept.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Keep {
    Hardest,
    Easiest,
    /// The same share of each class.
    HardestOfClass,
    Random,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    keep: Keep,
    /// Of the scored samples, above 0 and up to 1.
    kept_share: f64,
    /// The score that samples are in the order of. None once it is canonical, if they are drawn at random.
    #[serde(default)]
    prune_by: Option<Strategy>,
}

impl Op for Prune {
    type Params = Params;
    const NAME: &'static str = "prune";
    const VERSION: u32 = 1;
    const INPUTS: &'static [InputDecl] = &[one("samples"), one("scored"), optional("scores")];
    const OUTPUTS: &'static [&'static str] = &["split"];
    const SEEDED: bool = true;

    fn canonical(&self, params: Params) -> Result<Params, ParamError> {
        let Params { keep, kept_share, prune_by } = params;
        if !(kept_share > 0.0 && kept_share <= 1.0) {
            let what = format!("must be above 0 and at most 1, not {kept_share}");
            return Err(ParamError::new("kept_share", what));
        }
        let prune_by = prune_by.filter(|_| keep != Keep::Random);
        if keep != Keep::Random && prune_by.is_none() {
            return Err(ParamError::new("prune_by", "must name a score, unless samples are drawn at random"));
        }
        Ok(Params { keep, kept_share, prune_by })
    }

    fn reads(&self, params: &Params, _: &str) -> Reads {
        if params.prune_by.is_some() { Reads::Always } else { Reads::Never }
    }

    fn cost(&self, _: &Params) -> Cost {
        Cost { networks: 0, seconds: 0.03, bytes: 90_000 }
    }

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let Params { keep, kept_share, prune_by } = *task.params;
        let samples = Samples::read(task.inputs.one("samples")?.read()?)?;
        let scored = Samples::read(task.inputs.one("scored")?.read()?)?;
        let order = match prune_by {
            Some(Strategy(score)) => {
                hardest_first(&SampleScores::read(task.inputs.one("scores")?.read()?)?, score.name)?
            }
            None => Generator::new(task.draw_seed(0)?).permutation(scored.label.len() as u32),
        };
        if order.len() != scored.label.len() {
            let what = format!("{} samples are to be scored, and {} are", scored.label.len(), order.len());
            return Err(OpError::new(what));
        }
        let mut part = vec!["test"; samples.position.len()];
        part[..order.len()].fill("left out");
        for position in kept(keep, kept_share, order, &scored.label) {
            part[position as usize] = "train";
        }
        let split = Split { hard: vec![false; part.len()], position: samples.position, part: part.into() };
        Ok(vec![("split", split.write()?)])
    }
}

/// Positions, by the ranks of a score.
fn hardest_first(scores: &SampleScores, score: &str) -> Result<Vec<u32>, OpError> {
    let rows = rows_of(scores, score).into_iter();
    let mut ranked: Vec<(i32, i32)> = rows.map(|row| (scores.rank[row], scores.position[row])).collect();
    if ranked.is_empty() {
        let what = format!("the samples have no score `{score}`");
        return Err(OpError::new(what).hint("name it in scores too, or another in prune_scores".to_string()));
    }
    ranked.sort_unstable();
    Ok(ranked.into_iter().map(|(_, position)| position as u32).collect())
}

/// Positions that are kept of `order`, which is all scored ones; the share of them is rounded.
fn kept(keep: Keep, share: f64, mut order: Vec<u32>, labels: &[i32]) -> Vec<u32> {
    let of = |count: usize| (count as f64 * share).round() as usize;
    match keep {
        Keep::HardestOfClass => {
            // Stable, so that each class stays in its order.
            order.sort_by_key(|position| labels[*position as usize]);
            let classes = order.chunk_by(|a, b| labels[*a as usize] == labels[*b as usize]);
            return classes.flat_map(|class| &class[..of(class.len())]).copied().collect();
        }
        Keep::Easiest => order.reverse(),
        Keep::Hardest | Keep::Random => {}
    }
    order.truncate(of(order.len()));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: ten samples, of which 3, 1, 4, 0 and 5 are the hardest, in that order.
    #[test]
    fn each_way_keeps_its_own_samples() {
        let order = vec![3, 1, 4, 0, 5, 9, 2, 6, 8, 7];
        let labels = [0, 0, 1, 0, 0, 1, 1, 1, 1, 1];
        let of = |keep, share| kept(keep, share, order.clone(), &labels);
        assert_eq!(of(Keep::Hardest, 0.3), [3, 1, 4]);
        assert_eq!(of(Keep::Random, 0.3), [3, 1, 4], "the order is a random one there");
        assert_eq!(of(Keep::Easiest, 0.3), [7, 8, 6]);
        assert_eq!(of(Keep::HardestOfClass, 0.5), [3, 1, 5, 9, 2]);
        for keep in [Keep::Hardest, Keep::Easiest, Keep::HardestOfClass, Keep::Random] {
            let mut all = of(keep, 1.0);
            all.sort_unstable();
            assert_eq!(all, (0..10).collect::<Vec<_>>());
        }
        // The f64 product 10 * 0.29 is 2.9, which a floor would make 2.
        assert_eq!(of(Keep::Hardest, 0.29).len(), 3);
    }

    #[test]
    fn ranks_of_another_score_do_not_count() {
        let scores = SampleScores {
            score: vec!["aum", "aum", "loss", "loss"].into(),
            rank: vec![2, 1, 1, 2],
            position: vec![0, 1, 0, 1],
            sample_id: vec![7, 5, 7, 5],
            class: vec![0; 4],
            class_name: vec!["ant"; 4].into(),
            mean: vec![0.0; 4],
            std: vec![0.0; 4],
            networks: vec![1; 4],
        };
        assert_eq!(hardest_first(&scores, "aum").unwrap(), [1, 0]);
        assert_eq!(hardest_first(&scores, "loss").unwrap(), [0, 1]);
        assert!(hardest_first(&scores, "el2n").unwrap_err().to_string().contains("no score `el2n`"));
    }

    #[test]
    fn what_is_drawn_at_random_hangs_on_no_score() {
        let canonical = |params: serde_json::Value| {
            Prune.canonical(serde_json::from_value(params).unwrap()).map(|params| params.prune_by.is_some())
        };
        let params = |keep: &str| serde_json::json!({"keep": keep, "kept_share": 1.0, "prune_by": "aum"});
        assert_eq!(canonical(params("random")).ok(), Some(false));
        assert_eq!(canonical(params("hardest_of_class")).ok(), Some(true));
        assert!(canonical(serde_json::json!({"keep": "hardest", "kept_share": 0.5})).is_err());
        assert!(canonical(serde_json::json!({"keep": "random", "kept_share": 0})).is_err());
    }
}
