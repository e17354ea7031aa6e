//! noise: samples -> the same samples, a share of them with a wrong label. Next: `search`, `fit`, `identify`.

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, ParamError, Task, one};
use hspipe_ensemble::Generator;
use serde::{Deserialize, Serialize};

use crate::tables::{Classes, Samples};

pub struct Noise;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// In 0..1.
    noise_ratio: f64,
}

impl Op for Noise {
    type Params = Params;
    const NAME: &'static str = "noise";
    const VERSION: u32 = 1;
    const INPUTS: &'static [InputDecl] = &[one("samples"), one("classes")];
    const OUTPUTS: &'static [&'static str] = &["samples"];
    const SEEDED: bool = true;

    fn canonical(&self, params: Params) -> Result<Params, ParamError> {
        match params.noise_ratio {
            ratio if (0.0..1.0).contains(&ratio) => Ok(params),
            ratio => Err(ParamError::new("noise_ratio", format!("must be from 0 to below 1, not {ratio}"))),
        }
    }

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let clean = Samples::read(task.inputs.one("samples")?.read()?)?;
        let classes = Classes::read(task.inputs.one("classes")?.read()?)?.class.len();
        let seed = task.draw_seed(0)?;
        let label = wrong_labels(&clean.clean_label, classes, task.params.noise_ratio, seed)?;
        Ok(vec![("samples", Samples { label, ..clean }.write()?)])
    }
}

/// floor(ratio * n) distinct positions get a label drawn from the other classes.
fn wrong_labels(clean: &[i32], classes: usize, ratio: f64, seed: u32) -> Result<Vec<i32>, OpError> {
    let mut labels = clean.to_vec();
    let noisy = (labels.len() as f64 * ratio) as usize;
    if noisy > 0 && classes < 2 {
        return Err(OpError::new("a wrong label needs at least two classes"));
    }
    let mut generator = Generator::new(seed);
    let order = generator.permutation(labels.len() as u32);
    for position in &order[..noisy] {
        let label = &mut labels[*position as usize];
        *label = any_other(&mut generator, classes, *label);
    }
    Ok(labels)
}

/// A class other than `class`, each of the `classes` - 1 as likely.
pub fn any_other(generator: &mut Generator, classes: usize, class: i32) -> i32 {
    let other = generator.below(classes as u32 - 1) as i32;
    if other >= class { other + 1 } else { other }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_share_is_wrong_and_all_wrong_labels_occur() {
        let clean: Vec<i32> = (0..1000).map(|i| i % 3).collect();
        let labels = wrong_labels(&clean, 3, 0.3, 7).unwrap();
        let wrong: Vec<(i32, i32)> =
            clean.iter().copied().zip(labels).filter(|(clean, label)| clean != label).collect();
        assert_eq!(wrong.len(), 300);
        for pair in [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)] {
            assert!(wrong.contains(&pair), "{pair:?}");
        }
        assert_eq!(wrong_labels(&clean, 3, 0.0, 7).unwrap(), clean);
    }
}
