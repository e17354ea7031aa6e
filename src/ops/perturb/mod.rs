//! perturb: samples -> the same samples, some with a wrong label or as an unusual picture, and which. Next: `search`, `fit`,
//! `folds`, `gradients`, `detection`.
//!
//! Exactly the share asked for is perturbed, and all networks of a draw see the same. Kinds after Seedat et al. 2024, arXiv
//! 2403.04551 (H-CAT).

mod labels;
mod pictures;

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, ParamError, Task, one};
use hspipe_ensemble::Generator;
use serde::{Deserialize, Serialize};

use super::content::Content;
use crate::tables::{Classes, Perturbed, Samples};

pub struct Perturb;

/// What is done to a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Kind {
    Label(WrongLabel),
    Picture(Unusual),
}

/// Which wrong label a sample gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WrongLabel {
    /// Any other class, each as likely.
    Uniform,
    /// Another class by shares that each class draws once, from a flat Dirichlet distribution.
    Asymmetric,
    /// The class before or the class after, around the ring.
    Adjacent,
    /// Of the other classes the one whose mean is nearest to the sample.
    Nearest,
}

/// How a sample's picture becomes an unusual one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Unusual {
    /// Its middle, larger.
    Zoom,
    /// Moved to one of the four sides.
    Shift,
    /// With Gaussian noise on every pixel.
    Grain,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    noise_kind: Kind,
    /// Of the samples that are perturbed, above 0 and below 1.
    noise_share: f64,
}

impl Op for Perturb {
    type Params = Params;
    const NAME: &'static str = "perturb";
    const VERSION: u32 = 2;
    const INPUTS: &'static [InputDecl] =
        &[one("images"), one("samples"), one("normalisation"), one("classes")];
    const OUTPUTS: &'static [&'static str] = &["samples", "images", "perturbed"];
    const SEEDED: bool = true;

    fn canonical(&self, params: Params) -> Result<Params, ParamError> {
        match params.noise_share {
            share if share > 0.0 && share < 1.0 => Ok(params),
            share => Err(ParamError::new("noise_share", format!("must be above 0 and below 1, not {share}"))),
        }
    }

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let Params { noise_kind, noise_share } = *task.params;
        let clean = Samples::read(task.inputs.one("samples")?.read()?)?;
        let mut images = task.inputs.one("images")?.read()?;
        let mut generator = Generator::new(task.draw_seed(0)?);
        let count = clean.clean_label.len();
        let mut chosen = generator.permutation(count as u32);
        chosen.truncate((count as f64 * noise_share).round() as usize);
        let chosen: Vec<usize> = chosen.into_iter().map(|position| position as usize).collect();
        let label = match noise_kind {
            Kind::Label(kind) => {
                let classes = Classes::read(task.inputs.one("classes")?.read()?)?.class.len();
                labels::labels(kind, &clean, &chosen, classes, &mut generator, task.inputs)?
            }
            Kind::Picture(kind) => {
                let Content::Images(all) = Content::of(images)? else {
                    let what = "samples that are not pictures have no such kind of noise";
                    let hint =
                        "take kinds of wrong labels: noise_kinds=[uniform, asymmetric, adjacent, nearest]";
                    return Err(OpError::new(what).hint(hint.to_string()).lasting());
                };
                images = pictures::pictures(kind, &all, &clean.sample_id, &chosen, &mut generator).write()?;
                clean.clean_label.clone()
            }
        };
        let mut is_perturbed = vec![false; count];
        chosen.iter().for_each(|position| is_perturbed[*position] = true);
        let perturbed = Perturbed {
            position: clean.position.clone(),
            sample_id: clean.sample_id.clone(),
            class: label.clone(),
            clean_class: clean.clean_label.clone(),
            perturbed: is_perturbed,
        };
        Ok(vec![
            ("samples", Samples { label, ..clean }.write()?),
            ("images", images),
            ("perturbed", perturbed.write()?),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_one_word() {
        for word in ["uniform", "asymmetric", "adjacent", "nearest", "zoom", "shift", "grain"] {
            let kind: Kind = serde_json::from_value(word.into()).unwrap();
            assert_eq!(serde_json::to_value(kind).unwrap(), word);
        }
        assert!(serde_json::from_value::<Kind>("blur".into()).is_err());
    }
}
