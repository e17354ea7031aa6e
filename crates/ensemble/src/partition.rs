//! How samples are divided: into partitions or batches, chunks and blocks.
//!
//! In: the number of samples, and of those that a step takes. Out: ranges. Each partition sums its own gradient, sample after sample, and
//! partitions are added in order: so their borders, [`BLOCK`], [`BLOCKS_PER_PARTITION`] and [`PARTITIONS`], are
//! constants behind every bit of a result, while chunks only keep memory small. Knows no pixels.

use std::ops::Range;

use crate::generator::Generator;

/// Samples whose deltas of ten columns stay in the first-level cache (25 KB) while the gradient takes them.
pub const BLOCK: usize = 80;
/// Blocks that a partition has at the least, unless it is the only one: below, adding gradients up would cost
/// more than a second thread gains.
const BLOCKS_PER_PARTITION: usize = 32;
/// As many threads can share one group of networks.
const PARTITIONS: usize = 8;
/// Blocks that go through all layers together.
const BLOCKS_PER_CHUNK: usize = 5;

/// The chunks of samples of each partition. Every chunk begins at a multiple of [`BLOCK`].
pub fn partitions(samples: usize) -> Vec<Vec<Range<usize>>> {
    let blocks = samples.div_ceil(BLOCK);
    let split = |blocks: Range<usize>, parts: usize| -> Vec<Range<usize>> {
        let at = |part: usize| blocks.start + part * blocks.len() / parts;
        (0..parts).map(|part| at(part)..at(part + 1)).collect()
    };
    let in_samples = |blocks: Range<usize>| blocks.start * BLOCK..(blocks.end * BLOCK).min(samples);
    split(0..blocks, blocks.div_ceil(BLOCKS_PER_PARTITION).clamp(1, PARTITIONS))
        .into_iter()
        .map(|part| {
            let chunks = part.len().div_ceil(BLOCKS_PER_CHUNK);
            split(part, chunks).into_iter().map(in_samples).collect()
        })
        .collect()
}

/// Samples in mini-batches: neighbours stay together, so that what is made of them is made once.
#[derive(Debug)]
pub struct Batches(Vec<Vec<Range<usize>>>);

impl Batches {
    /// Of `size` samples each, but for the last. A batch is one partition. `size` is a multiple of the lanes of a vector.
    pub fn new(samples: usize, size: usize) -> Self {
        let chunks = |batch: Range<usize>| {
            let end = batch.end;
            batch
                .step_by(BLOCK * BLOCKS_PER_CHUNK)
                .map(move |start| start..(start + BLOCK * BLOCKS_PER_CHUNK).min(end))
        };
        let batches = (0..samples).step_by(size).map(|start| start..(start + size).min(samples));
        Batches(batches.map(|batch| chunks(batch).collect()).collect())
    }

    /// The chunks of each batch, in the order of an epoch: a random one, the same for all networks.
    pub fn of_epoch(&self, epoch: u32) -> impl Iterator<Item = &[Range<usize>]> {
        let order = Generator::new(epoch).permutation(self.0.len() as u32);
        order.into_iter().map(|batch| self.0[batch as usize].as_slice())
    }

    /// All chunks, in as many partitions as so many samples have.
    pub fn partitions(&self) -> Vec<Vec<Range<usize>>> {
        let chunks: Vec<Range<usize>> = self.0.iter().flatten().cloned().collect();
        let samples = chunks.last().map_or(0, |last| last.end);
        let parts = partitions(samples).len().min(chunks.len()).max(1);
        let at = |part: usize| part * chunks.len() / parts;
        (0..parts).map(|part| chunks[at(part)..at(part + 1)].to_vec()).collect()
    }
}

/// The blocks of a chunk.
pub fn blocks(chunk: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let end = chunk.end;
    chunk.step_by(BLOCK).map(move |start| start..(start + BLOCK).min(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_is_in_one_chunk_and_one_block() {
        for n in [1, 79, 80, 81, 2560, 2561, 20_000, 70_000, 70_001] {
            let chunks: Vec<Range<usize>> = partitions(n).into_iter().flatten().collect();
            assert!(chunks.iter().all(|chunk| chunk.start % BLOCK == 0 && chunk.len() <= 400));
            assert!(chunks.iter().cloned().flatten().eq(0..n));
            assert!(chunks.iter().cloned().flat_map(blocks).flatten().eq(0..n));
        }
        assert_eq!([1, 2560, 2561, 20_000, 1_000_000].map(|n| partitions(n).len()), [1, 1, 2, 8, 8]);
        assert!(partitions(0).iter().all(Vec::is_empty));
    }

    #[test]
    fn every_sample_is_in_one_batch() {
        for (n, size) in [(1, 8), (199, 200), (200, 200), (20_001, 200), (5000, 1000), (70_000, 128)] {
            let batches = Batches::new(n, size);
            let mut chunks: Vec<Range<usize>> = batches.of_epoch(3).flatten().cloned().collect();
            assert!(batches.of_epoch(3).all(|chunks| chunks.iter().map(Range::len).sum::<usize>() <= size));
            assert!(chunks.iter().all(|chunk| chunk.start % crate::lanes::LANES == 0 && chunk.len() <= 400));
            chunks.sort_by_key(|chunk| chunk.start);
            assert!(chunks.iter().cloned().flatten().eq(0..n));
            assert!(batches.partitions().concat() == chunks && batches.partitions().len() <= PARTITIONS);
        }
        let batches = Batches::new(20_000, 200);
        assert!(!batches.of_epoch(0).eq(batches.of_epoch(1)), "each epoch has an order of its own");
    }
}
