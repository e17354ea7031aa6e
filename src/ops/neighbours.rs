//! neighbours: samples -> the nearest others of each, by what they look like. Next: `neighbourhood`, `issues`.
//!
//! Labels play no part, so this is done once, however labels change. Samples that are the same are not each other's
//! neighbours: a duplicate says nothing of what is around.

use std::collections::HashMap;

use hspipe_engine::op::{Capacity, InputDecl, Op, OpError, Outputs, ParamError, Task, one};
use hspipe_neighbours::{Neighbour, Vectors, nearest};
use serde::{Deserialize, Serialize};

use super::content::{Content, digests_of_images};
use crate::tables::{self, Images, Normalisation, Samples};

pub struct Neighbours;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// How many of each, from 1 to 1000.
    neighbours: u32,
}

impl Op for Neighbours {
    type Params = Params;
    const NAME: &'static str = "neighbours";
    const VERSION: u32 = 1;
    const INPUTS: &'static [InputDecl] = &[one("images"), one("samples"), one("normalisation")];
    const OUTPUTS: &'static [&'static str] = &["neighbours"];

    fn canonical(&self, params: Params) -> Result<Params, ParamError> {
        match params.neighbours {
            1..=1000 => Ok(params),
            other => Err(ParamError::new("neighbours", format!("must be from 1 to 1000, not {other}"))),
        }
    }

    fn capacity(&self, _: &Params) -> Capacity {
        Capacity { batch: 1, threads: 64 }
    }

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let ids = Samples::read(task.inputs.one("samples")?.read()?)?.sample_id;
        let (digests, vectors) = read(task, &ids)?;
        if vectors.len() != ids.len() {
            let what = format!("{} of {} samples are there", vectors.len(), ids.len());
            return Err(OpError::new(what));
        }
        let found = nearest(&vectors, &groups(&digests), task.params.neighbours as usize);
        Ok(vec![("neighbours", table(&found).write()?)])
    }
}

/// What each sample is, and the samples as they are compared.
fn read(task: &Task<Params>, ids: &[i32]) -> Result<(Vec<Option<blake3::Hash>>, Vectors), OpError> {
    match Content::read(task.inputs)? {
        Content::Images(images) => {
            let digests = digests_of_images(&images, ids);
            let Images { channels, height, width, pixels, .. } = images;
            let shape = [channels, height, width].map(|sides| sides.first().map_or(0, |side| *side as usize));
            let pictures = ids.iter().filter_map(|id| pixels.get(*id as usize));
            Ok((digests, Vectors::of_pictures(pictures, shape)))
        }
        features => {
            let digests = features.digests(ids)?;
            let normalisation = Normalisation::read(task.inputs.one("normalisation")?.read()?)?;
            // Read again: features as they are and as they are compared would be twice 2 GB.
            let samples = Content::read(task.inputs)?.normalised(ids, normalisation)?;
            let [_, _, width] = samples.shape();
            Ok((digests, Vectors::of_features(&samples.normalised(), width)))
        }
    }
}

/// A number for each sample; samples that are the same have the same one.
fn groups(digests: &[Option<blake3::Hash>]) -> Vec<usize> {
    let mut first: HashMap<blake3::Hash, usize> = HashMap::new();
    let group = |(position, digest): (usize, &Option<blake3::Hash>)| {
        digest.map_or(position, |digest| *first.entry(digest).or_insert(position))
    };
    digests.iter().enumerate().map(group).collect()
}

fn table(found: &[Vec<Neighbour>]) -> tables::Neighbours {
    let rows = || found.iter().flatten();
    tables::Neighbours {
        position: found.iter().enumerate().flat_map(|(at, found)| vec![at as i32; found.len()]).collect(),
        rank: found.iter().flat_map(|found| 1..=found.len() as i32).collect(),
        neighbour: rows().map(|neighbour| neighbour.position as i32).collect(),
        distance: rows().map(|neighbour| neighbour.distance).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_that_are_the_same_are_one_group() {
        let digests =
            [Some(b"a"), Some(b"b"), None, Some(b"a"), None].map(|of| of.map(|of| blake3::hash(of)));
        assert_eq!(groups(&digests), [0, 1, 2, 0, 4]);
    }
}
