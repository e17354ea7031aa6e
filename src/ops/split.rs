//! split: samples and hard samples -> which samples are trained on and which are tested. Next: `retrain`.
//!
//! Hard and easy samples are shuffled apart. The first of each are training pools, the others the test set. Of the
//! pool that is reduced only a part is kept.

use hspipe_engine::op::{Cost, InputDecl, Op, OpError, Outputs, ParamError, Task, one};
use hspipe_ensemble::Generator;
use serde::{Deserialize, Serialize};

use crate::tables::{self, Hard, Samples};

pub struct Split;

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Reduce {
    Easy,
    Hard,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Which samples are left out.
    reduce: Reduce,
    /// The share of the hard, and of the easy, samples that is in the training pools, above 0 and below 1.
    train_ratio: f64,
    /// The share of the reduced pool that is kept, from 0 to 1.
    remaining_ratio: f64,
}

impl Op for Split {
    type Params = Params;
    const NAME: &'static str = "split";
    const VERSION: u32 = 1;
    const INPUTS: &'static [InputDecl] = &[one("samples"), one("hard")];
    const OUTPUTS: &'static [&'static str] = &["split"];
    const SEEDED: bool = true;

    fn canonical(&self, params: Params) -> Result<Params, ParamError> {
        if !(params.train_ratio > 0.0 && params.train_ratio < 1.0) {
            let what = format!("must be above 0 and below 1, not {}", params.train_ratio);
            return Err(ParamError::new("train_ratio", what));
        }
        if !(0.0..=1.0).contains(&params.remaining_ratio) {
            let what = format!("must be from 0 to 1, not {}", params.remaining_ratio);
            return Err(ParamError::new("remaining_ratio", what));
        }
        Ok(params)
    }

    fn cost(&self, _: &Params) -> Cost {
        Cost { networks: 0, seconds: 0.006, bytes: 90_000 }
    }

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let samples = Samples::read(task.inputs.one("samples")?.read()?)?;
        let mut hard = vec![false; samples.position.len()];
        for position in Hard::read(task.inputs.one("hard")?.read()?)?.position {
            hard[position as usize] = true;
        }
        let part = draw(&hard, task.params, task.draw_seed(0)?).into();
        let split = tables::Split { position: (0..hard.len() as i32).collect(), hard, part };
        Ok(vec![("split", split.write()?)])
    }
}

/// `train`, `test` or `left out`, for each sample.
fn draw(hard: &[bool], params: &Params, seed: u32) -> Vec<&'static str> {
    let mut generator = Generator::new(seed);
    let mut parts = vec!["test"; hard.len()];
    for is_hard in [true, false] {
        let positions: Vec<usize> = (0..hard.len()).filter(|position| hard[*position] == is_hard).collect();
        let order = generator.permutation(positions.len() as u32);
        let pool = (positions.len() as f64 * params.train_ratio) as usize;
        let kept = if is_hard == (params.reduce == Reduce::Hard) {
            (pool as f64 * params.remaining_ratio) as usize
        } else {
            pool
        };
        for (place, index) in order[..pool].iter().enumerate() {
            parts[positions[*index as usize]] = if place < kept { "train" } else { "left out" };
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pools_are_floors_and_only_one_is_reduced() {
        let hard: Vec<bool> = (0..20_000).map(|position| position % 13 == 0).collect();
        let is_hard = |position: &usize| hard[*position];
        let params = Params { reduce: Reduce::Easy, train_ratio: 0.7, remaining_ratio: 0.05 };
        let parts = draw(&hard, &params, 5);
        let count = |part: &str, wanted: bool| {
            (0..20_000).filter(|at| is_hard(at) == wanted && parts[*at] == part).count()
        };
        // 1,539 hard samples and 18,461 easy ones.
        assert_eq!([count("train", true), count("left out", true), count("test", true)], [1077, 0, 462]);
        assert_eq!([count("train", false), count("left out", false)], [646, 12_922 - 646]);
        let other = draw(&hard, &Params { reduce: Reduce::Hard, ..params }, 5);
        let trained = (0..20_000).filter(|at| is_hard(at) && other[*at] == "train").count();
        assert_eq!(trained, 53);
        assert_ne!(parts, draw(&hard, &params, 6), "another seed, another draw");
    }

    /// The f64 product 1450 * 0.7 is 1014.9999999999999.
    #[test]
    fn a_pool_is_the_floor_of_the_product() {
        let hard = vec![true; 1450];
        let params = Params { reduce: Reduce::Hard, train_ratio: 0.7, remaining_ratio: 1.0 };
        assert_eq!(draw(&hard, &params, 1).iter().filter(|part| **part == "train").count(), 1014);
    }
}
