//! hold_out: samples -> those that are scored, the first of them. The others are kept for tests. Next: `fit`, `folds`, `score`,
//! `prune`.
//!
//! `subset` has shuffled the samples, so the first are a random draw. They keep their positions.

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, ParamError, Task, one};
use serde::{Deserialize, Serialize};

use crate::tables::Samples;

pub struct HoldOut;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Of the samples that are scored, above 0 and below 1.
    scored_share: f64,
}

impl Op for HoldOut {
    type Params = Params;
    const NAME: &'static str = "hold_out";
    const VERSION: u32 = 1;
    const INPUTS: &'static [InputDecl] = &[one("samples")];
    const OUTPUTS: &'static [&'static str] = &["samples"];

    fn canonical(&self, params: Params) -> Result<Params, ParamError> {
        match params.scored_share {
            share if share > 0.0 && share < 1.0 => Ok(params),
            share => {
                Err(ParamError::new("scored_share", format!("must be above 0 and below 1, not {share}")))
            }
        }
    }

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let samples = Samples::read(task.inputs.one("samples")?.read()?)?;
        let (count, share) = (samples.position.len(), task.params.scored_share);
        let scored = (count as f64 * share).round() as usize;
        if scored == 0 || scored == count {
            let what = format!("scored_share is {share}: of {count} samples {scored} would be scored");
            let hint = "at least one sample must be scored, and at least one kept for tests";
            return Err(OpError::new(what).hint(hint.to_string()));
        }
        Ok(vec![("samples", first(samples, scored).write()?)])
    }
}

fn first(mut samples: Samples, count: usize) -> Samples {
    let Samples { position, sample_id, label, clean_label } = &mut samples;
    [position, sample_id, label, clean_label].into_iter().for_each(|column| column.truncate(count));
    samples
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_samples_are_whole() {
        let samples = Samples {
            position: vec![0, 1, 2],
            sample_id: vec![7, 5, 9],
            label: vec![1, 0, 2],
            clean_label: vec![1, 1, 2],
        };
        let Samples { position, sample_id, label, clean_label } = first(samples, 2);
        assert_eq!([position, sample_id, label, clean_label], [[0, 1], [7, 5], [1, 0], [1, 1]]);
    }
}
