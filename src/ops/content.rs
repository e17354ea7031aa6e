//! What `load` stores of samples: images, or features. The two ops that read either begin here.
//!
//! In: the input `images`, whose name stands in every key, whatever it holds. Out: [`Content`], and its samples as networks
//! see them. Must not know what they are read for.

use std::collections::{HashMap, HashSet};

use hspipe_engine::op::{Inputs, OpError};

use crate::nn::Samples;
use crate::tables::{Features, Images, Normalisation, Parts, TableError};

/// A table of samples.
pub enum Content {
    Images(Images),
    Features(FeatureRows),
}

impl Content {
    /// Reads the input `images`.
    pub fn read(inputs: &Inputs) -> Result<Content, OpError> {
        Ok(Self::of(inputs.one("images")?.read()?)?)
    }

    /// Reads the bytes of either table.
    pub fn of(bytes: Vec<u8>) -> Result<Content, TableError> {
        let parts = Parts::read("images", bytes)?;
        if parts.has("values") {
            return Ok(Content::Features(FeatureRows(parts)));
        }
        Ok(Content::Images(Images::of(&parts.whole()?)?))
    }

    /// The samples of these ids, in their order, as networks see them.
    ///
    /// # Errors
    /// Nothing varies; features of other samples than these, or of another number than was normalised.
    pub fn normalised(self, ids: &[i32], normalisation: Normalisation) -> Result<Samples, OpError> {
        let Normalisation { mean, variance, .. } = normalisation;
        let is_constant = variance.iter().all(|variance| *variance == 0.0);
        match self {
            Content::Images(_) if is_constant => {
                let what = "all pixels of all samples have the same value: there is nothing to learn from";
                let hint = "look at some of the images: are they empty?";
                Err(OpError::new(what).hint(hint.to_string()))
            }
            Content::Features(_) if is_constant => {
                let what = "every feature has the same value in all samples: there is nothing to learn from";
                Err(OpError::new(what))
            }
            Content::Images(images) => {
                let side = |sides: &[i32]| sides.first().copied().unwrap_or(0) as usize;
                let shape = [side(&images.height), side(&images.width)];
                let mut chosen = Vec::new();
                for pixels in ids.iter().filter_map(|id| images.pixels.get(*id as usize)) {
                    chosen.extend_from_slice(pixels);
                }
                Ok(Samples::new(chosen, shape, mean, variance))
            }
            Content::Features(rows) => Ok(Samples::features(rows.chosen(ids, mean.len())?, &mean, &variance)),
        }
    }
}

impl Content {
    /// A digest of what each sample of these ids is, in their order; none for one that is not there.
    ///
    /// # Errors
    /// A table that is damaged.
    pub fn digests(self, ids: &[i32]) -> Result<Vec<Option<blake3::Hash>>, TableError> {
        match self {
            Content::Images(images) => Ok(digests_of_images(&images, ids)),
            Content::Features(rows) => {
                let mut digests = HashMap::new();
                rows.each(|id, values| {
                    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
                    digests.insert(id, blake3::hash(&bytes));
                })?;
                Ok(ids.iter().map(|id| digests.get(id).copied()).collect())
            }
        }
    }
}

/// A digest of each image of these ids, in their order; none for one that is not there.
pub fn digests_of_images(images: &Images, ids: &[i32]) -> Vec<Option<blake3::Hash>> {
    ids.iter().map(|id| images.pixels.get(*id as usize).map(blake3::hash)).collect()
}

/// Features as they are read, so that a table of 2 GB is not in memory twice.
pub struct FeatureRows(Parts);

impl FeatureRows {
    /// Visits the samples in the order of the table: id, features.
    ///
    /// # Errors
    /// A table that is damaged.
    pub fn each(self, mut visit: impl FnMut(i32, &[f32])) -> Result<(), TableError> {
        for part in self.0 {
            let Features { sample_id, values } = Features::of(&part?)?;
            sample_id.iter().zip(values.iter()).for_each(|(id, values)| visit(*id, values));
        }
        Ok(())
    }

    /// The features of the samples of these ids, by id.
    ///
    /// # Errors
    /// A table that is damaged.
    pub fn of(self, ids: &[i32]) -> Result<HashMap<i32, Vec<f32>>, TableError> {
        let (ids, mut found) = (ids.iter().collect::<HashSet<_>>(), HashMap::new());
        self.each(|id, values| {
            if ids.contains(&id) {
                found.insert(id, values.to_vec());
            }
        })?;
        Ok(found)
    }

    /// The rows of these ids in their order, `width` features each: rows are put where they belong as they are read.
    fn chosen(self, ids: &[i32], width: usize) -> Result<Vec<f32>, OpError> {
        let places: HashMap<i32, usize> = ids.iter().copied().zip(0..).collect();
        let (mut values, mut found) = (vec![0.0; ids.len() * width], 0);
        self.each(|id, row| {
            if let Some(place) = places.get(&id).filter(|_| row.len() == width) {
                values[place * width..][..width].copy_from_slice(row);
                found += 1;
            }
        })?;
        if found == ids.len() {
            Ok(values)
        } else {
            Err(OpError::new(format!("{found} of {} samples have {width} features", ids.len())))
        }
    }
}

#[cfg(test)]
mod tests {
    use hspipe_ensemble::{Instructions, Job, Network, Schedule};

    use super::*;
    use crate::ops::subset::moments_of_features;
    use crate::tables::Vectors;

    /// From a table of features to a network, and what does not fit.
    #[test]
    fn features_are_studied_like_images() {
        let features = |n: i32| {
            let value =
                |i: i32| [1e5 + (i / 3 * 7 % 11) as f32, 5.0, (i / 3 % 2) as f32 * 1e-3][i as usize % 3];
            let values = Vectors::new((0..n * 3).map(value).collect(), 3);
            Features { sample_id: (0..n).collect(), values }.write().unwrap()
        };
        let rows = |bytes: Vec<u8>| match Content::of(bytes).unwrap() {
            Content::Features(rows) => rows,
            Content::Images(_) => panic!("no images are there"),
        };
        let ids: Vec<i32> = (0..2000).map(|i| i * 7 % 2000).filter(|id| *id != 5).collect();
        let moments = moments_of_features(rows(features(2000)), &ids).unwrap();
        assert_eq!(moments[1], (5.0, 0.0), "exactly");
        assert!((moments[0].0 - 100_005.0).abs() < 0.02 && (moments[0].1 - 10.0).abs() < 0.02);
        let normalisation = || {
            let (mean, variance) = moments.iter().copied().unzip();
            Normalisation { channel: vec![0, 1, 2], mean, variance }
        };
        let samples = Content::of(features(2000)).unwrap().normalised(&ids, normalisation()).unwrap();
        assert_eq!((samples.n, samples.shape()), (1999, [1, 1, 3]));
        let labels: Vec<i32> = ids.iter().map(|id| id % 2).collect();
        for (row, label) in samples.normalised().chunks(3).zip(&labels) {
            assert!(row[0].abs() < 2.0 && row[1] == 0.0 && (row[2] > 0.9) == (*label == 1), "{row:?}");
        }
        let train: Vec<u32> = (0..1500).collect();
        let lists = samples.lists(&train, None);
        let trained = hspipe_ensemble::train(&Job {
            set: lists.train().unwrap(),
            labels: &labels[..1500],
            network: &Network { hidden: vec![4], classes: 2 },
            seeds: &[1],
            bags: &[],
            learning_rate: 0.5,
            momentum: 0.0,
            schedule: Schedule::Epochs { epochs: 40, radii_from: None },
            latent_layer: 0,
            dynamics: false,
            evaluate: Some(lists.all().unwrap()),
            states: &[],
            keeper: None,
            threads: 1,
            instructions: Instructions::detect(),
        });
        let logits = trained.unwrap().remove(0).unwrap().logits;
        assert!(logits.chunks(2).map(|logits| i32::from(logits[1] > logits[0])).eq(labels.iter().copied()));

        let few = Content::of(features(1000)).unwrap().normalised(&ids, normalisation());
        assert!(few.err().unwrap().to_string().contains("999 of 1999"));
        let constant = Normalisation { channel: vec![0], mean: vec![1.0], variance: vec![0.0] };
        assert!(Content::of(features(2)).unwrap().normalised(&[0, 1], constant).is_err());
    }
}
