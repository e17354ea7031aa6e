//! The nearest neighbours of samples, the same on every machine.
//!
//! In: [`Vectors`], and which samples are the same as others. Out: for each sample the nearest others, by the angle between
//! them. Every pair is compared once; the result is the same whatever the threads. Knows no labels, files or tables.
//!
//! ```
//! use hspipe_neighbours::{Vectors, nearest};
//!
//! let vectors = Vectors::of_features(&[1.0, 0.0, 0.9, 0.1, 0.0, 1.0], 2);
//! let found = nearest(&vectors, &[0, 1, 2], 1);
//! assert_eq!(found[2][0].position, 1);
//! ```

#![warn(missing_docs)]

mod vectors;

use std::sync::Mutex;

use rayon::prelude::*;

pub use vectors::Vectors;

/// Samples that are compared with as many others at a time: both fit into the cache.
const BLOCK: usize = 128;

/// A sample that lies near another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    /// 1 less the cosine of the angle between both, from 0 to 2.
    pub distance: f32,
    /// Its place among the samples.
    pub position: usize,
}

impl Neighbour {
    /// Nearer ones first, the first of equals first. Distances are not negative: their bits have their order.
    fn order(&self) -> (u32, usize) {
        (self.distance.to_bits(), self.position)
    }
}

/// For each sample its `most` nearest others, the nearest first. Samples of one `group` are the same, and are not each
/// other's neighbours.
pub fn nearest(vectors: &Vectors, group: &[usize], most: usize) -> Vec<Vec<Neighbour>> {
    let blocks = vectors.len().div_ceil(BLOCK);
    let found: Vec<Mutex<Block>> = (0..blocks).map(|at| Mutex::new(Block::new(vectors, at))).collect();
    // Pairs that are equally far apart, so that threads seldom want the same block.
    for apart in 0..blocks {
        (apart..blocks).into_par_iter().for_each(|b| {
            let a = b - apart;
            let [of_a, of_b] = compare(vectors, group, a, b, [&found[a], &found[b]].map(limits));
            merge(&found[a], of_a, most);
            merge(&found[b], of_b, most);
        });
    }
    let lists =
        found.into_iter().flat_map(|block| block.into_inner().unwrap_or_else(|e| e.into_inner()).lists);
    lists.collect()
}

/// What has been found so far of the samples of a block.
struct Block {
    lists: Vec<Vec<Neighbour>>,
    /// Of each sample the distance that a nearer one has to be below.
    limits: Vec<f32>,
}

/// For each sample of a block those that may be near it.
type Candidates = Vec<Vec<Neighbour>>;

impl Block {
    fn new(vectors: &Vectors, at: usize) -> Self {
        let samples = (vectors.len() - at * BLOCK).min(BLOCK);
        Block { lists: vec![Vec::new(); samples], limits: vec![f32::INFINITY; samples] }
    }
}

fn limits(block: &Mutex<Block>) -> Vec<f32> {
    block.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).limits.clone()
}

/// All pairs of two blocks, or of one and itself: those that are within the limits.
fn compare(
    vectors: &Vectors,
    group: &[usize],
    a: usize,
    b: usize,
    [of_a, of_b]: [Vec<f32>; 2],
) -> [Candidates; 2] {
    let mut found = [vec![Vec::new(); of_a.len()], vec![Vec::new(); of_b.len()]];
    for (i, limit_a) in of_a.iter().enumerate() {
        let position = a * BLOCK + i;
        let first = if a == b { i + 1 } else { 0 };
        for (j, limit_b) in of_b.iter().enumerate().skip(first) {
            let other = b * BLOCK + j;
            let distance = vectors.distance(position, other);
            if distance > limit_a.max(*limit_b) || group[position] == group[other] {
                continue;
            }
            if distance <= *limit_a {
                found[0][i].push(Neighbour { distance, position: other });
            }
            if distance <= *limit_b {
                found[1][j].push(Neighbour { distance, position });
            }
        }
    }
    found
}

fn merge(block: &Mutex<Block>, candidates: Candidates, most: usize) {
    let Block { lists, limits } = &mut *block.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    for ((list, limit), candidates) in lists.iter_mut().zip(limits).zip(candidates) {
        if candidates.is_empty() {
            continue;
        }
        list.extend(candidates);
        list.sort_unstable_by_key(Neighbour::order);
        list.truncate(most);
        if list.len() == most {
            *limit = list.last().map_or(f32::INFINITY, |last| last.distance);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vectors(n: usize) -> Vectors {
        // Few values, so that many distances are equal.
        let features: Vec<f32> = (0..n * 3).map(|i| (i * i % 31 % 4) as f32).collect();
        Vectors::of_features(&features, 3)
    }

    /// All others, sorted.
    fn plainly(vectors: &Vectors, group: &[usize], most: usize) -> Vec<Vec<Neighbour>> {
        let of = |sample: usize| {
            let others =
                (0..vectors.len()).filter(|other| *other != sample && group[*other] != group[sample]);
            let mut others: Vec<Neighbour> = others
                .map(|position| Neighbour { distance: vectors.distance(sample, position), position })
                .collect();
            others.sort_by(|a, b| a.distance.total_cmp(&b.distance).then(a.position.cmp(&b.position)));
            others.truncate(most);
            others
        };
        (0..vectors.len()).map(of).collect()
    }

    #[test]
    fn neighbours_are_those_of_all_pairs_whatever_the_threads() {
        for n in [1, 2, BLOCK, 2 * BLOCK + 41] {
            let vectors = vectors(n);
            let group: Vec<usize> = (0..n).map(|at| if at % 7 == 0 { 0 } else { at }).collect();
            let expected = plainly(&vectors, &group, 5);
            for threads in [1, 2, 5] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                assert_eq!(pool.install(|| nearest(&vectors, &group, 5)), expected, "{n} on {threads}");
            }
        }
    }
}
