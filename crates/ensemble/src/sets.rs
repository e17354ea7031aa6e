//! Sets of samples as a pass reads them: lists of pixels, or rows of numbers.
//!
//! In: [`Samples`] and which of them. Out: [`SampleSet`], and [`TrainingSet`], which has what the gradient reads besides.
//! Pixels become [`lists`](crate::lists), or rows of numbers if nearly all are to be listed: lists would take three times
//! the memory and more time. Features stay where they are. Knows no networks.

use std::ops::Range;

use crate::features::Chosen;
use crate::lanes::LANES;
use crate::lists::{ByBlock, ByChunk, Ink};
use crate::partition::{Batches, blocks, partitions};
use crate::pixels::Channel;
use crate::{InputError, Pixels, Samples, lists};

/// Values whose weights of ten columns stay in the first-level cache (31 KB) while a chunk of samples reads them.
const SLICE: usize = 98;

/// The share of pixels that are not background above which rows are quicker than lists. Both give the same sums.
const DENSE: f64 = 0.8;

/// Samples to compute logits of.
#[derive(Debug)]
pub struct SampleSet {
    n: usize,
    width: usize,
    /// Of pixels; none of features, which need no lookup.
    channels: Vec<Channel>,
    /// The chunks of samples of each partition.
    partitions: Vec<Vec<Range<usize>>>,
    content: Content,
}

/// The samples in one of two forms.
#[derive(Debug)]
pub(crate) enum Content {
    Lists(ByChunk),
    Rows(Chosen),
}

impl SampleSet {
    /// Takes the samples at the positions `subset`, in that order, or all.
    ///
    /// # Errors
    /// Sizes that do not fit, a position where no sample is, a feature that is not finite.
    pub fn build<'a>(samples: impl Into<Samples<'a>>, subset: Option<&[u32]>) -> Result<Self, InputError> {
        Self::build_denser_than(DENSE, samples.into(), subset, None)
    }

    /// Pixels as rows, if more than a share of `dense` of them is not background.
    fn build_denser_than(
        dense: f64,
        samples: Samples,
        subset: Option<&[u32]>,
        batches: Option<&Batches>,
    ) -> Result<Self, InputError> {
        samples.check()?;
        if let Some(&position) = subset.into_iter().flatten().find(|at| **at as usize >= samples.n()) {
            return Err(InputError::Position { position, n: samples.n() });
        }
        let n = subset.map_or(samples.n(), <[u32]>::len);
        let (width, partitions) = (samples.width(), batches.map_or(partitions(n), Batches::partitions));
        let in_rows = |channels, chosen| SampleSet {
            n,
            width,
            channels,
            partitions: partitions.clone(),
            content: Content::Rows(chosen),
        };
        let pixels = match samples {
            Samples::Pixels(pixels) => pixels,
            Samples::Features(features) => return Ok(in_rows(Vec::new(), Chosen::new(&features, subset)?)),
        };
        let channels = pixels.channels();
        let (ink, bytes) = (Ink::new(&channels), bytes(pixels, subset));
        let inked: usize = (0..n).map(|sample| ink.count(bytes(sample))).sum();
        if inked as f64 > dense * (n * width) as f64 {
            let chosen = Chosen::of_bytes(&channels, (0..n).map(bytes));
            return Ok(in_rows(channels, chosen));
        }
        let chunks = partitions.iter().flatten().cloned();
        let content = Content::Lists(ByChunk::build(&ink, bytes, chunks, slices(width, 1)));
        Ok(SampleSet { n, width, channels, partitions, content })
    }

    /// How many samples.
    pub fn len(&self) -> usize {
        self.n
    }

    /// Whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// Values per sample.
    pub fn width(&self) -> usize {
        self.width
    }

    pub(crate) fn channels(&self) -> &[Channel] {
        &self.channels
    }

    pub(crate) fn partitions(&self) -> &[Vec<Range<usize>>] {
        &self.partitions
    }

    pub(crate) fn content(&self) -> &Content {
        &self.content
    }

    /// Of lists, each slice of the values with a row for each sample of a chunk.
    pub(crate) fn lists<'a>(
        &self,
        lists: &'a ByChunk,
        chunk: &Range<usize>,
    ) -> impl Iterator<Item = (Range<usize>, lists::Rows<'a>)> {
        slices(self.width, 1).zip(lists.rows(chunk))
    }

    /// Slices of the values of rows. Each begins at a multiple of [`LANES`].
    pub(crate) fn slices(&self) -> impl Iterator<Item = Range<usize>> {
        slices(self.width, LANES)
    }
}

/// Equal shares of the values, of a multiple of `unit` each, as few as keep each about within [`SLICE`].
fn slices(width: usize, unit: usize) -> impl Iterator<Item = Range<usize>> + Clone {
    let (count, units) = (width.div_ceil(SLICE), width.div_ceil(unit));
    let at = move |slice: usize| (slice * units / count * unit).min(width);
    (0..count).map(move |slice| at(slice)..at(slice + 1))
}

/// What gives the bytes of a sample of a subset.
fn bytes<'a>(pixels: Pixels<'a>, subset: Option<&'a [u32]>) -> impl Fn(usize) -> &'a [u8] {
    move |sample| pixels.sample(subset.map_or(sample, |positions| positions[sample] as usize))
}

/// Samples to train on: built once, read by any number of networks.
#[derive(Debug)]
pub struct TrainingSet {
    samples: SampleSet,
    /// Empty if the samples are not in lists.
    blocks: ByBlock,
    /// None if a step takes all samples.
    batches: Option<Batches>,
}

impl TrainingSet {
    /// Takes the samples at the positions `subset`, in that order, or all.
    ///
    /// # Errors
    /// Those of [`SampleSet::build`].
    pub fn build<'a>(samples: impl Into<Samples<'a>>, subset: Option<&[u32]>) -> Result<Self, InputError> {
        Self::build_denser_than(DENSE, samples.into(), subset, None)
    }

    /// The same for steps that take `size` samples each, a multiple of 8. Samples that stand side by side in the set stay
    /// in one batch, so their order should be a random one; the order of the batches is drawn for each epoch.
    ///
    /// # Errors
    /// Those of [`SampleSet::build`], and another size.
    pub fn in_batches<'a>(
        samples: impl Into<Samples<'a>>,
        subset: Option<&[u32]>,
        size: usize,
    ) -> Result<Self, InputError> {
        if size == 0 || !size.is_multiple_of(LANES) {
            return Err(InputError::Batch(size));
        }
        Self::build_denser_than(DENSE, samples.into(), subset, Some(size))
    }

    /// Pixels as rows, if more than a share of `dense` of them is not background.
    pub(crate) fn build_denser_than(
        dense: f64,
        samples: Samples,
        subset: Option<&[u32]>,
        batch: Option<usize>,
    ) -> Result<Self, InputError> {
        let n = subset.map_or(samples.n(), <[u32]>::len);
        let batches = batch.map(|size| Batches::new(n, size));
        let set = SampleSet::build_denser_than(dense, samples, subset, batches.as_ref())?;
        let blocks = match (samples, &set.content) {
            (Samples::Pixels(pixels), Content::Lists(_)) => {
                let blocks = set.partitions.iter().flatten().cloned().flat_map(blocks);
                ByBlock::build(&Ink::new(&set.channels), bytes(pixels, subset), blocks)
            }
            _ => ByBlock::default(),
        };
        Ok(TrainingSet { samples: set, blocks, batches })
    }

    /// The same samples to compute logits of.
    pub fn samples(&self) -> &SampleSet {
        &self.samples
    }

    /// The samples of each step of an epoch; none if there is one step, on all.
    pub(crate) fn batches(&self) -> Option<&Batches> {
        self.batches.as_ref()
    }

    /// Of lists, a row for each pixel of the samples of a block.
    pub(crate) fn block(&self, block: &Range<usize>) -> lists::Rows<'_> {
        self.blocks.rows(block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the lists hold, as a dense matrix of samples x width.
    fn dense(rows: lists::Rows, to: &mut impl FnMut(usize, usize, f32)) {
        let mut pairs = rows.offsets.iter().zip(rows.values);
        for (row, length) in rows.lengths.iter().enumerate() {
            for (offsets, values) in pairs.by_ref().take(usize::from(*length)) {
                for (offset, value) in offsets.iter().zip(values) {
                    to(row, usize::from(*offset), *value);
                }
            }
        }
    }

    #[test]
    fn both_orders_hold_each_value_of_the_subset_once() {
        let (n, area, mean, variance) = (300, 101, [0.3, 0.6], [0.04, 0.25]);
        let background = [0, 255];
        let byte = |i: usize| if i * i % 7 < 3 { (i % 251) as u8 } else { background[i / area % 2] };
        let bytes: Vec<u8> = (0..n * 202).map(byte).collect();
        assert_eq!(crate::background(&bytes, area, 2), background);
        let pixels =
            Pixels { bytes: &bytes, n, area, mean: &mean, variance: &variance, background: &background };
        let subset: Vec<u32> = (0..211).map(|i| (i * 17) % 300).collect();
        let set = TrainingSet::build(&pixels, Some(&subset)).unwrap();
        let (mut forward, mut backward) = (vec![0.0; 211 * 202], vec![0.0; 211 * 202]);
        let Content::Lists(lists) = &set.samples.content else { panic!("the pixels are sparse") };
        for chunk in set.samples.partitions.iter().flatten() {
            for (slice, rows) in set.samples.lists(lists, chunk) {
                let mut put = |row, at, value| forward[(chunk.start + row) * 202 + slice.start + at] += value;
                dense(rows, &mut put);
            }
        }
        for block in blocks(0..211) {
            let mut put = |row, at, value| backward[(block.start + at) * 202 + row] += value;
            dense(set.block(&block), &mut put);
        }
        let expected = |(i, at): (usize, usize)| {
            let channel = at / area;
            let deviation = (variance[channel] + 1e-9).sqrt();
            let above = f64::from(bytes[subset[i] as usize * 202 + at]) - f64::from(background[channel]);
            (above / 255.0 / deviation) as f32
        };
        let expected: Vec<f32> = (0..211 * 202).map(|i| expected((i / 202, i % 202))).collect();
        assert_eq!(forward, expected);
        assert_eq!(backward, expected);
    }
}
