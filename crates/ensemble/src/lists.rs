//! Samples as lists of the pixels that are not background, in the two orders in which training reads them; or as
//! [`Panels`], if nearly all pixels are to be listed.
//!
//! In: [`Pixels`] and which samples of them. Out: [`SampleLists`], rows of one sample each, for the way
//! forward, and in a [`TrainingSet`] also rows of one pixel each, for the gradient. A value is the
//! pixel less its background, by 255 std; what normalisation takes away from it is taken by whoever reads the lists. Knows
//! no networks.

use std::ops::Range;

use crate::InputError;
use crate::panels::{self, Panels};
use crate::partition::{BLOCK, blocks, partitions};
use crate::pixels::{Channel, Pixels};

/// Pixels whose weights of ten columns stay in the first-level cache (31 KB) while a chunk of samples reads them.
const SLICE: usize = 98;

/// The share of pixels that are not background above which panels are quicker than lists. Both give the same sums.
const DENSE: f64 = 0.8;

/// Samples and pixels of some of them, in one of the two forms.
pub(crate) enum Entries<'a> {
    Lists(Rows<'a>),
    Panel(panels::Rows<'a>),
}

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
    content: Content,
}

#[derive(Debug)]
enum Content {
    Lists {
        /// For each chunk and each slice of pixels: a row per sample, offsets are pixels in the slice.
        table: Table,
        /// The number of the first of each chunk's rows, by the chunk's first sample / BLOCK.
        numbers: Vec<usize>,
    },
    Panels(Panels),
}

impl SampleLists {
    /// Takes the samples at the positions `subset`, in that order, or all.
    pub fn build(pixels: &Pixels, subset: Option<&[u32]>) -> Result<Self, InputError> {
        Self::build_denser_than(DENSE, pixels, subset)
    }

    /// As panels, if more than a share of `dense` of the pixels is not background.
    fn build_denser_than(dense: f64, pixels: &Pixels, subset: Option<&[u32]>) -> Result<Self, InputError> {
        pixels.check()?;
        if let Some(&position) = subset.into_iter().flatten().find(|at| **at as usize >= pixels.n) {
            return Err(InputError::Position { position, n: pixels.n });
        }
        let n = subset.map_or(pixels.n, <[u32]>::len);
        let (width, channels, partitions) = (pixels.width(), pixels.channels(), partitions(n));
        let samples = (0..n).map(|sample| position(subset, sample));
        let backgrounds = backgrounds(&channels);
        let inked = |sample| {
            let pairs = pixels.sample(sample).iter().zip(&backgrounds);
            pairs.filter(|(byte, background)| byte != background).count()
        };
        let inked: usize = samples.clone().map(inked).sum();
        let content = if inked as f64 > dense * (n * width) as f64 {
            Content::Panels(Panels::build(pixels, samples, slices(width)))
        } else {
            let values = values(&channels);
            let (mut table, mut numbers) = (Table::default(), vec![0; n.div_ceil(BLOCK)]);
            for chunk in partitions.iter().flatten() {
                numbers[chunk.start / BLOCK] = table.ends.len();
                for slice in slices(width) {
                    for sample in chunk.clone() {
                        let bytes = &pixels.sample(position(subset, sample))[slice.clone()];
                        let pairs = bytes.iter().zip(&backgrounds[slice.clone()]).enumerate();
                        let inked = pairs.filter(|(_, (byte, background))| byte != background);
                        table.push_row(
                            inked.map(|(at, (byte, _))| (at, values[slice.start + at][usize::from(*byte)])),
                        );
                    }
                    table.end_rows();
                }
            }
            Content::Lists { table: table.shrink(), numbers }
        };
        Ok(SampleLists { n, width, channels, partitions, content })
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

    /// Each slice of the pixels, with a row for each sample of a chunk.
    pub(crate) fn chunk(&self, chunk: &Range<usize>) -> Vec<(Range<usize>, Entries<'_>)> {
        match &self.content {
            Content::Lists { table, numbers } => {
                let first = numbers[chunk.start / BLOCK];
                let rows = |(i, slice)| (slice, Entries::Lists(table.rows(first + i)));
                slices(self.width).enumerate().map(rows).collect()
            }
            Content::Panels(panels) => in_panels(panels, chunk),
        }
    }
}

fn in_panels<'a>(panels: &'a Panels, samples: &Range<usize>) -> Vec<(Range<usize>, Entries<'a>)> {
    panels.rows(samples).map(|(slice, rows)| (slice, Entries::Panel(rows))).collect()
}

/// Equal shares of the pixels, as few as keep each within [`SLICE`].
fn slices(width: usize) -> impl Iterator<Item = Range<usize>> {
    let count = width.div_ceil(SLICE);
    (0..count).map(move |slice| slice * width / count..(slice + 1) * width / count)
}

/// For each pixel of a sample the values of bytes.
fn values(channels: &[Channel]) -> Vec<[f32; 256]> {
    let of_channel = |channel: &Channel| std::iter::repeat_n(channel.values, channel.pixels.len());
    channels.iter().flat_map(of_channel).collect()
}

/// For each pixel of a sample its background.
fn backgrounds(channels: &[Channel]) -> Vec<u8> {
    let of_channel = |channel: &Channel| std::iter::repeat_n(channel.background, channel.pixels.len());
    channels.iter().flat_map(of_channel).collect()
}

/// Samples to train on: built once, read by any number of networks.
#[derive(Debug)]
pub struct TrainingSet {
    samples: SampleLists,
    /// For each block: a row per pixel, offsets are samples in the block. Empty if the samples are in panels.
    table: Table,
}

impl TrainingSet {
    /// Takes the samples at the positions `subset`, in that order, or all.
    pub fn build(pixels: &Pixels, subset: Option<&[u32]>) -> Result<Self, InputError> {
        Self::build_denser_than(DENSE, pixels, subset)
    }

    /// As panels, if more than a share of `dense` of the pixels is not background.
    pub(crate) fn build_denser_than(
        dense: f64,
        pixels: &Pixels,
        subset: Option<&[u32]>,
    ) -> Result<Self, InputError> {
        let samples = SampleLists::build_denser_than(dense, pixels, subset)?;
        let mut table = Table::default();
        if let Content::Lists { .. } = samples.content {
            let (values, backgrounds) = (values(&samples.channels), backgrounds(&samples.channels));
            for block in blocks(0..samples.n) {
                let bytes: Vec<&[u8]> = block.map(|sample| pixels.sample(position(subset, sample))).collect();
                for (pixel, (values, background)) in values.iter().zip(&backgrounds).enumerate() {
                    let column = bytes.iter().map(|bytes| bytes[pixel]).enumerate();
                    let inked = column.filter(|(_, byte)| byte != background);
                    table.push_row(inked.map(|(sample, byte)| (sample, values[usize::from(byte)])));
                }
                table.end_rows();
            }
        }
        Ok(TrainingSet { samples, table: table.shrink() })
    }

    /// The same samples to compute logits of.
    pub fn samples(&self) -> &SampleLists {
        &self.samples
    }

    /// Slices of the pixels, of one block of samples: lists have a row for each pixel, panels for each sample.
    pub(crate) fn block(&self, block: &Range<usize>) -> Vec<(Range<usize>, Entries<'_>)> {
        match &self.samples.content {
            Content::Lists { .. } => {
                vec![(0..self.samples.width, Entries::Lists(self.table.rows(block.start / BLOCK)))]
            }
            Content::Panels(panels) => in_panels(panels, block),
        }
    }
}

fn position(subset: Option<&[u32]>, sample: usize) -> usize {
    subset.map_or(sample, |positions| positions[sample] as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the lists hold, as a dense matrix of samples x width.
    fn dense(entries: Entries, to: &mut impl FnMut(usize, usize, f32)) {
        let Entries::Lists(rows) = entries else { panic!("the pixels are sparse") };
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
        for chunk in set.samples.partitions.iter().flatten() {
            for (slice, rows) in set.samples.chunk(chunk) {
                let mut put = |row, at, value| forward[(chunk.start + row) * 202 + slice.start + at] += value;
                dense(rows, &mut put);
            }
        }
        for block in blocks(0..211) {
            for (slice, rows) in set.block(&block) {
                let mut put =
                    |row, at, value| backward[(block.start + at) * 202 + slice.start + row] += value;
                dense(rows, &mut put);
            }
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
