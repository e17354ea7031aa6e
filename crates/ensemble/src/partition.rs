//! How samples are divided: into partitions, chunks and blocks.
//!
//! In: the number of samples. Out: ranges. Each partition sums its own gradient, sample after sample, and
//! partitions are added in order: so their borders, [`BLOCK`], [`BLOCKS_PER_PARTITION`] and [`PARTITIONS`], are
//! constants behind every bit of a result, while chunks only keep memory small. Knows no pixels.

use std::ops::Range;

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
}
