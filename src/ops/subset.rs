//! subset: images and labels -> the samples studied, and their normalisation. Next: `noise`, `accuracy`.

use std::collections::HashSet;

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, ParamError, Task, one};
use hspipe_ensemble::Generator;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::content::{Content, FeatureRows};
use crate::tables::{Labels, Normalisation, Samples, TableError};

pub struct Subset;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Of PyTorch's generator, which keeps 32 bits.
    seed: u32,
    subset_size: Size,
}

/// How many samples are studied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Size {
    /// As many as there are.
    All,
    Of(usize),
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::String(word) if word == "all" => Ok(Size::All),
            value => match value.as_u64().and_then(|size| usize::try_from(size).ok()) {
                Some(size) => Ok(Size::Of(size)),
                None => Err(D::Error::custom("must be all, or a whole number from 2")),
            },
        }
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Size::All => serializer.serialize_str("all"),
            Size::Of(size) => serializer.serialize_u64(*size as u64),
        }
    }
}

impl Op for Subset {
    type Params = Params;
    const NAME: &'static str = "subset";
    const VERSION: u32 = 1;
    const INPUTS: &'static [InputDecl] = &[one("images"), one("labels")];
    const OUTPUTS: &'static [&'static str] = &["samples", "normalisation"];

    fn canonical(&self, params: Params) -> Result<Params, ParamError> {
        match params.subset_size {
            Size::Of(size @ (0 | 1)) => {
                Err(ParamError::new("subset_size", format!("must be at least 2, not {size}")))
            }
            _ => Ok(params),
        }
    }

    /// The first `subset_size` of PyTorch's `randperm(n)` after `manual_seed(seed)`.
    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let labels = Labels::read(task.inputs.one("labels")?.read()?)?.label;
        let size = match task.params.subset_size {
            Size::All => labels.len(),
            Size::Of(size) => size,
        };
        if size > labels.len() {
            let what = format!("subset_size is {size}, but the dataset has {} samples", labels.len());
            let hint =
                format!("set subset_size, or accuracy_subset_size, to all, or to {} at most", labels.len());
            return Err(OpError::new(what).hint(hint));
        }
        let order = Generator::new(task.params.seed).permutation(labels.len() as u32);
        let ids = &order[..size];
        let label: Vec<i32> = ids.iter().map(|id| labels[*id as usize]).collect();

        let sample_id: Vec<i32> = ids.iter().map(|id| *id as i32).collect();
        let moments = match Content::read(task.inputs)? {
            Content::Images(images) => {
                let channels = images.channels.first().copied().unwrap_or(1).max(1) as usize;
                moments(ids.iter().filter_map(|id| images.pixels.get(*id as usize)), channels)
            }
            Content::Features(rows) => moments_of_features(rows, &sample_id)?,
        };
        let (mean, variance): (Vec<f64>, Vec<f64>) = moments.into_iter().unzip();
        let samples =
            Samples { position: (0..size as i32).collect(), sample_id, clean_label: label.clone(), label };
        let normalisation = Normalisation { channel: (0..mean.len() as i32).collect(), mean, variance };
        Ok(vec![("samples", samples.write()?), ("normalisation", normalisation.write()?)])
    }
}

/// Mean and unbiased variance of each channel's pixels on the scale 0..1. The sums are whole numbers, so
/// they are exact.
fn moments<'a>(images: impl Iterator<Item = &'a [u8]>, channels: usize) -> Vec<(f64, f64)> {
    let mut sums = vec![(0u64, 0u64, 0u64); channels];
    for image in images {
        let area = (image.len() / channels).max(1);
        for (plane, (n, sum, squares)) in image.chunks(area).zip(&mut sums) {
            *n += plane.len() as u64;
            for pixel in plane {
                *sum += u64::from(*pixel);
                *squares += u64::from(*pixel) * u64::from(*pixel);
            }
        }
    }
    sums.into_iter()
        .map(|(n, sum, squares)| {
            // n * squares - sum^2 needs more than 64 bits.
            let spread = (u128::from(n) * u128::from(squares) - u128::from(sum) * u128::from(sum)) as f64;
            let n = n as f64;
            (sum as f64 / n / 255.0, spread / (n * (n - 1.0).max(1.0)) / (255.0 * 255.0))
        })
        .collect()
}

/// Mean and unbiased variance of each feature of the samples of these ids, by Welford's recurrence in the order of the
/// table: it keeps its digits on any scale (Welford 1962; Knuth, The Art of Computer Programming 2, 4.2.2).
pub fn moments_of_features(rows: FeatureRows, ids: &[i32]) -> Result<Vec<(f64, f64)>, TableError> {
    let chosen: HashSet<i32> = ids.iter().copied().collect();
    let (mut n, mut moments) = (0.0, Vec::new());
    rows.each(|id, values| {
        if !chosen.contains(&id) {
            return;
        }
        n += 1.0;
        moments.resize(values.len(), (0.0, 0.0));
        for ((mean, squares), value) in moments.iter_mut().zip(values) {
            let before = f64::from(*value) - *mean;
            *mean += before / n;
            *squares += before * (f64::from(*value) - *mean);
        }
    })?;
    moments.iter_mut().for_each(|(_, squares)| *squares /= f64::max(n - 1.0, 1.0));
    Ok(moments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_a_number_or_all() {
        let read = |text: &str| serde_json::from_str::<Size>(text).ok();
        assert_eq!(read("\"all\""), Some(Size::All));
        assert_eq!(read("20000"), Some(Size::Of(20000)));
        assert_eq!([read("\"some\""), read("-1"), read("1.5"), read("[2]")], [None; 4]);
        // What keys have always held.
        assert_eq!(serde_json::to_string(&Size::Of(20000)).unwrap(), "20000");
    }

    /// python: numpy.array([0, 255, 51, 102])/255 has mean 0.4 and var(ddof=1) 0.18666...
    #[test]
    fn moments_are_of_the_scale_0_to_1() {
        let images: Vec<Vec<u8>> = vec![vec![0, 255], vec![51, 102]];
        let one = moments(images.iter().map(Vec::as_slice), 1);
        assert!((one[0].0 - 0.4).abs() < 1e-15 && (one[0].1 - 0.56 / 3.0).abs() < 1e-15);
        let two = moments(images.iter().map(Vec::as_slice), 2);
        assert!((two[0].0 - 0.1).abs() < 1e-15 && (two[1].0 - 0.7).abs() < 1e-15);
    }
}
