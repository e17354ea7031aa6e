//! The nearest neighbours of samples, the same on every machine.
//!
//! In: [`Vectors`], and which samples are the same as others. Out: for each sample the nearest others, by the angle between
//! them: all of them of up to [`EXACT`] samples, nearly all of more. The result is the same whatever the threads. Knows no
//! labels, files or tables.
//!
//! ```
//! use hspipe_neighbours::{Vectors, nearest};
//!
//! let vectors = Vectors::of_features(&[1.0, 0.0, 0.9, 0.1, 0.0, 1.0], 2);
//! let found = nearest(&vectors, &[0, 1, 2], 1);
//! assert_eq!(found[2][0].position, 1);
//! ```

#![warn(missing_docs)]

mod all_pairs;
mod cells;
mod products;
mod vectors;

pub use all_pairs::of_all_pairs;
pub use cells::of_near_cells;
pub use vectors::Vectors;

/// So many samples are each compared with all others; of more, each is compared with those of the cells around it.
pub const EXACT: usize = 100_000;

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
    if vectors.len() <= EXACT {
        of_all_pairs(vectors, group, most)
    } else {
        of_near_cells(vectors, group, most)
    }
}

/// Keeps the `most` nearest, in order; the distance that another has to be within, once there are as many.
fn keep_nearest(list: &mut Vec<Neighbour>, most: usize) -> f32 {
    list.sort_unstable_by_key(Neighbour::order);
    list.truncate(most);
    if list.len() == most { list.last().map_or(f32::INFINITY, |last| last.distance) } else { f32::INFINITY }
}
