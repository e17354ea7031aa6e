//! Samples as lists of the pixels that are not background, in the two orders in which training reads them.
//!
//! In: the bytes of samples and what they stand for. Out: [`ByChunk`], rows of one sample each, for the way forward,
//! and [`ByBlock`], rows of one pixel each, for the gradient. A value is the pixel less its background, by 255 std; what
//! normalisation takes away from it is taken by whoever reads the lists. Knows no networks.

use std::ops::Range;

use crate::lanes::LANES;
use crate::pixels::Channel;

/// Rows of entries: for each row how many pairs of entries it has, and all rows' pairs one after the other.
/// The last entry of an odd row is paired with one of value 0.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
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

/// The number of the first rows of each run of samples, by its first sample. Runs begin at multiples of LANES, in order.
#[derive(Debug, Default)]
struct Numbers(Vec<usize>);

impl Numbers {
    fn set(&mut self, run: &Range<usize>, number: usize) {
        self.0.resize(run.start / LANES, 0);
        self.0.push(number);
    }

    fn of(&self, run: &Range<usize>) -> usize {
        self.0[run.start / LANES]
    }
}

/// For each pixel of a sample: its background, and the values of bytes.
pub struct Ink {
    backgrounds: Vec<u8>,
    values: Vec<[f32; 256]>,
}

impl Ink {
    pub fn new(channels: &[Channel]) -> Self {
        let pixels = || channels.iter().flat_map(|channel| channel.pixels.clone().map(move |_| channel));
        Ink {
            backgrounds: pixels().map(|channel| channel.background).collect(),
            values: pixels().map(|channel| channel.values).collect(),
        }
    }

    /// How many pixels of a sample are not background.
    pub fn count(&self, bytes: &[u8]) -> usize {
        bytes.iter().zip(&self.backgrounds).filter(|(byte, background)| byte != background).count()
    }
}

/// For each chunk and each slice of pixels: a row per sample, offsets are pixels in the slice.
#[derive(Debug)]
pub struct ByChunk {
    table: Table,
    numbers: Numbers,
}

impl ByChunk {
    /// `bytes` gives those of a sample.
    pub fn build<'a>(
        ink: &Ink,
        bytes: impl Fn(usize) -> &'a [u8],
        chunks: impl Iterator<Item = Range<usize>>,
        slices: impl Iterator<Item = Range<usize>> + Clone,
    ) -> Self {
        let (mut table, mut numbers) = (Table::default(), Numbers::default());
        for chunk in chunks {
            numbers.set(&chunk, table.ends.len());
            for slice in slices.clone() {
                for sample in chunk.clone() {
                    let pixels = bytes(sample)[slice.clone()].iter().zip(&ink.backgrounds[slice.clone()]);
                    let inked = pixels.enumerate().filter(|(_, (byte, background))| byte != background);
                    let value = |at: usize, byte: u8| ink.values[slice.start + at][usize::from(byte)];
                    table.push_row(inked.map(|(at, (byte, _))| (at, value(at, *byte))));
                }
                table.end_rows();
            }
        }
        ByChunk { table: table.shrink(), numbers }
    }

    /// The rows of each slice, for one chunk.
    pub fn rows(&self, chunk: &Range<usize>) -> impl Iterator<Item = Rows<'_>> {
        let first = self.numbers.of(chunk);
        (first..).map(|number| self.table.rows(number))
    }
}

/// For each block: a row per pixel, offsets are samples in the block.
#[derive(Debug, Default)]
pub struct ByBlock {
    table: Table,
    numbers: Numbers,
}

impl ByBlock {
    /// `bytes` gives those of a sample.
    pub fn build<'a>(
        ink: &Ink,
        bytes: impl Fn(usize) -> &'a [u8],
        blocks: impl Iterator<Item = Range<usize>>,
    ) -> Self {
        let (mut table, mut numbers) = (Table::default(), Numbers::default());
        for block in blocks {
            numbers.set(&block, table.ends.len());
            let bytes: Vec<&[u8]> = block.map(&bytes).collect();
            for (pixel, (values, background)) in ink.values.iter().zip(&ink.backgrounds).enumerate() {
                let column = bytes.iter().map(|bytes| bytes[pixel]).enumerate();
                let inked = column.filter(|(_, byte)| byte != background);
                table.push_row(inked.map(|(sample, byte)| (sample, values[usize::from(byte)])));
            }
            table.end_rows();
        }
        ByBlock { table: table.shrink(), numbers }
    }

    /// The rows of one block.
    pub fn rows(&self, block: &Range<usize>) -> Rows<'_> {
        self.table.rows(self.numbers.of(block))
    }
}
