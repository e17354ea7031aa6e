//! Samples as numbers: features of any origin, such as embeddings or the columns of a table.
//!
//! In: a shared array of f32, standardised by whoever made it. Out: rows of it. What is made of features shares the
//! array and copies none of it: a million samples of 512 features are 2 GB. Knows no networks.

use std::sync::Arc;

use crate::InputError;
use crate::pixels::Channel;

/// `n` samples of `width` features, as networks are to see them. They learn best from features whose mean is about 0 and
/// whose variance is about 1. The bits of f32 decide those of the networks.
#[derive(Clone, Copy, Debug)]
pub struct Features<'a> {
    /// n * width finite numbers, row-major.
    pub values: &'a Arc<Vec<f32>>,
    /// How many samples.
    pub n: usize,
    /// Features per sample.
    pub width: usize,
}

impl Features<'_> {
    pub(crate) fn check(&self) -> Result<(), InputError> {
        match self.n.checked_mul(self.width) {
            Some(expected) if expected == self.values.len() && (expected > 0 || self.n == 0) => Ok(()),
            _ => Err(InputError::Features { values: self.values.len(), n: self.n, width: self.width }),
        }
    }
}

/// The samples of a set, in order: rows of the shared array, or of one that was made of pixels.
#[derive(Debug)]
pub struct Chosen {
    values: Arc<Vec<f32>>,
    width: usize,
    /// None for all samples.
    positions: Option<Vec<u32>>,
}

impl Chosen {
    /// Takes the samples at the positions `subset`, or all. Call `check` first; positions must be those of samples.
    pub fn new(features: &Features, subset: Option<&[u32]>) -> Result<Self, InputError> {
        let Features { values, n, width } = *features;
        let positions = subset.map(<[u32]>::to_vec);
        let chosen = Chosen { values: values.clone(), width, positions };
        for sample in 0..subset.map_or(n, <[u32]>::len) {
            // No way out in the middle of a row: so eight numbers are looked at together.
            let is_finite = chosen.row(sample).iter().fold(true, |all, value| all & value.is_finite());
            if !is_finite {
                return Err(chosen.refuse(sample));
            }
        }
        Ok(chosen)
    }

    /// Of pixels, the bytes of each sample. A value is the pixel less its background, by 255 std, as in lists.
    pub fn of_bytes<'a>(channels: &[Channel], samples: impl ExactSizeIterator<Item = &'a [u8]>) -> Self {
        let tables = channels.iter().flat_map(|channel| channel.pixels.clone().map(|_| &channel.values));
        let tables: Vec<&[f32; 256]> = tables.collect();
        let mut values = Vec::with_capacity(samples.len() * tables.len());
        for bytes in samples {
            values.extend(bytes.iter().zip(&tables).map(|(byte, table)| table[usize::from(*byte)]));
        }
        Chosen { values: Arc::new(values), width: tables.len(), positions: None }
    }

    /// The first number of a sample that is not finite, with its place in the array.
    fn refuse(&self, sample: usize) -> InputError {
        let row = self.row(sample);
        let feature = row.iter().position(|value| !value.is_finite()).unwrap_or(0);
        InputError::Feature { sample: self.position(sample), feature, value: row[feature] }
    }

    fn position(&self, sample: usize) -> usize {
        self.positions.as_ref().map_or(sample, |positions| positions[sample] as usize)
    }

    /// The features of one sample of the set.
    pub fn row(&self, sample: usize) -> &[f32] {
        &self.values[self.position(sample) * self.width..][..self.width]
    }
}
