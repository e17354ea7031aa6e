//! The nearest of each sample among all others: every pair is compared once.
//!
//! In: [`Vectors`]. Out: neighbours, whatever the threads. Knows no cells.

use std::sync::Mutex;

use rayon::prelude::*;

use crate::products::multiply;
use crate::{Neighbour, Vectors, keep_nearest};

/// Samples that are compared with as many others at a time: both fit into the cache.
const BLOCK: usize = 128;

/// As [`nearest`](crate::nearest), exact for any number of samples. The time grows with its square.
pub fn of_all_pairs(vectors: &Vectors, group: &[usize], most: usize) -> Vec<Vec<Neighbour>> {
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
    let others = vectors.rows(b * BLOCK..b * BLOCK + of_b.len());
    let mut products = vec![0; of_b.len()];
    for (i, limit_a) in of_a.iter().enumerate() {
        let position = a * BLOCK + i;
        let first = if a == b { i + 1 } else { 0 };
        multiply(vectors.row(position), others, &mut products);
        for ((j, limit_b), product) in of_b.iter().enumerate().zip(&products).skip(first) {
            let other = b * BLOCK + j;
            let distance = vectors.distance_of(*product, position, other);
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
        *limit = keep_nearest(list, most);
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
                assert_eq!(pool.install(|| of_all_pairs(&vectors, &group, 5)), expected, "{n} on {threads}");
            }
        }
    }
}
