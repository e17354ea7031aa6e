//! Samples as lists of their non-zero pixels, in the two orders in which training reads them.
//!
//! In: [`Pixels`] and which samples of them. Out: [`SampleLists`], rows of one sample each, for the way
//! forward, and in a [`TrainingSet`] also rows of one pixel each, for the gradient. A value is p/(255 std);
//! what normalisation takes away from it is added by whoever reads the lists. Knows no networks.

use std::ops::Range;

use crate::InputError;
use crate::partition::{BLOCK, blocks, partitions};
use crate::pixels::{Channel, Pixels};

/// Pixels whose weights of ten columns stay in the first-level cache (31 KB) while a chunk of samples reads them.
const SLICE: usize = 98;

/// Rows of entries: for each row how many pairs of entries it has, and all rows' pairs one after the other.
/// The last entry of an odd row is paired with one of value 0.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a> {
    pub lengths: &'a [u16],
    /// Which row of the operand each entry is multiplied with.
    pub offsets: &'a [[u16; 2]],
    pub values: &'a [[f32; 2]],
}

/// Consecutive [`Rows`], numbered.
#[derive(Debug, Default)]
struct Table {
    lengths: Vec<u16>,
    offsets: Vec<[u16; 2]>,
    values: Vec<[f32; 2]>,
    /// Rows and pairs up to the end of each.
    ends: Vec<(usize, usize)>,
}

impl Table {
    fn push_row(&mut self, entries: impl Iterator<Item = (usize, f32)>) {
        let before = self.offsets.len();
        let mut entries = entries.map(|(offset, value)| (offset as u16, value));
        while let Some(first) = entries.next() {
            let second = entries.next().unwrap_or((first.0, 0.0));
            self.offsets.push([first.0, second.0]);
            self.values.push([first.1, second.1]);
        }
        self.lengths.push((self.offsets.len() - before) as u16);
    }

    fn end_rows(&mut self) {
        self.ends.push((self.lengths.len(), self.offsets.len()));
    }

    fn shrink(mut self) -> Self {
        self.offsets.shrink_to_fit();
        self.values.shrink_to_fit();
        self
    }

    fn rows(&self, number: usize) -> Rows<'_> {
        let start = number.checked_sub(1).map_or((0, 0), |before| self.ends[before]);
        let end = self.ends[number];
        let pairs = start.1..end.1;
        Rows {
            lengths: &self.lengths[start.0..end.0],
            offsets: &self.offsets[pairs.clone()],
            values: &self.values[pairs],
        }
    }
}

/// Samples to compute logits of.
#[derive(Debug)]
pub struct SampleLists {
    n: usize,
    width: usize,
    channels: Vec<Channel>,
    /// The chunks of samples of each partition.
    partitions: Vec<Vec<Range<usize>>>,
    /// For each chunk and each slice of pixels: a row per sample, offsets are pixels in the slice.
    table: Table,
    /// The number of the first of each chunk's rows, by the chunk's first sample / BLOCK.
    numbers: Vec<usize>,
}

impl SampleLists {
    /// Takes the samples at the positions `subset`, in that order, or all.
    pub fn build(pixels: &Pixels, subset: Option<&[u32]>) -> Result<Self, InputError> {
        pixels.check()?;
        if let Some(&position) = subset.into_iter().flatten().find(|at| **at as usize >= pixels.n) {
            return Err(InputError::Position { position, n: pixels.n });
        }
        let n = subset.map_or(pixels.n, <[u32]>::len);
        let mut lists = SampleLists {
            n,
            width: pixels.width(),
            channels: pixels.channels(),
            partitions: partitions(n),
            table: Table::default(),
            numbers: vec![0; n.div_ceil(BLOCK)],
        };
        let values = lists.values();
        for chunk in lists.partitions.iter().flatten() {
            lists.numbers[chunk.start / BLOCK] = lists.table.ends.len();
            for slice in lists.slices() {
                for sample in chunk.clone() {
                    let bytes = &pixels.sample(position(subset, sample))[slice.clone()];
                    let inked = bytes.iter().enumerate().filter(|(_, byte)| **byte != 0);
                    let row = inked.map(|(at, byte)| (at, values[slice.start + at][usize::from(*byte)]));
                    lists.table.push_row(row);
                }
                lists.table.end_rows();
            }
        }
        lists.table = lists.table.shrink();
        Ok(lists)
    }

    /// How many samples.
    pub fn len(&self) -> usize {
        self.n
    }

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

    /// Equal shares of the pixels, as few as keep each within [`SLICE`].
    fn slices(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let (width, count) = (self.width, self.width.div_ceil(SLICE));
        (0..count).map(move |slice| slice * width / count..(slice + 1) * width / count)
    }

    /// Each slice of the pixels, with a row for each sample of a chunk.
    pub(crate) fn chunk(&self, chunk: &Range<usize>) -> impl Iterator<Item = (Range<usize>, Rows<'_>)> {
        let first = self.numbers[chunk.start / BLOCK];
        self.slices().enumerate().map(move |(i, slice)| (slice, self.table.rows(first + i)))
    }

    /// For each pixel of a sample the values of bytes.
    fn values(&self) -> Vec<[f32; 256]> {
        let of_channel = |channel: &Channel| std::iter::repeat_n(channel.values, channel.pixels.len());
        self.channels.iter().flat_map(of_channel).collect()
    }
}

/// Samples to train on: built once, read by any number of networks.
#[derive(Debug)]
pub struct TrainingSet {
    samples: SampleLists,
    /// For each block: a row per pixel, offsets are samples in the block.
    table: Table,
}

impl TrainingSet {
    /// Takes the samples at the positions `subset`, in that order, or all.
    pub fn build(pixels: &Pixels, subset: Option<&[u32]>) -> Result<Self, InputError> {
        let samples = SampleLists::build(pixels, subset)?;
        let values = samples.values();
        let mut table = Table::default();
        for block in blocks(0..samples.n) {
            let bytes: Vec<&[u8]> = block.map(|sample| pixels.sample(position(subset, sample))).collect();
            for (pixel, values) in values.iter().enumerate() {
                let column = bytes.iter().map(|bytes| bytes[pixel]).enumerate();
                let inked = column.filter(|(_, byte)| *byte != 0);
                table.push_row(inked.map(|(sample, byte)| (sample, values[usize::from(byte)])));
            }
            table.end_rows();
        }
        Ok(TrainingSet { samples, table: table.shrink() })
    }

    /// The same samples to compute logits of.
    pub fn samples(&self) -> &SampleLists {
        &self.samples
    }

    /// A row for each pixel, of one block of samples.
    pub(crate) fn block(&self, block: &Range<usize>) -> Rows<'_> {
        self.table.rows(block.start / BLOCK)
    }
}

fn position(subset: Option<&[u32]>, sample: usize) -> usize {
    subset.map_or(sample, |positions| positions[sample] as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the lists hold, as a dense matrix of samples x width.
    fn dense(rows: Rows, to: &mut impl FnMut(usize, usize, f32)) {
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
        let bytes: Vec<u8> = (0..n * 202).map(|i| if i * i % 7 < 3 { (i % 251) as u8 } else { 0 }).collect();
        let pixels = Pixels { bytes: &bytes, n, area, mean: &mean, variance: &variance };
        let subset: Vec<u32> = (0..211).map(|i| (i * 17) % 300).collect();
        let set = TrainingSet::build(&pixels, Some(&subset)).unwrap();
        let (mut forward, mut backward) = (vec![0.0; 211 * 202], vec![0.0; 211 * 202]);
        for chunk in set.samples.partitions.iter().flatten() {
            for (slice, rows) in set.samples.chunk(chunk) {
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
            (f64::from(bytes[subset[i] as usize * 202 + at]) / 255.0 / deviation) as f32
        };
        let expected: Vec<f32> = (0..211 * 202).map(|i| expected((i / 202, i % 202))).collect();
        assert_eq!(forward, expected);
        assert_eq!(backward, expected);
    }
}
