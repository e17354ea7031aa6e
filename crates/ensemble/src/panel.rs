//! A chunk of samples as the gradient of the first layer reads it: value after value, and of each value all samples.
//!
//! In: rows of numbers. Out: [`Panel`]. Knows no networks.

use std::ops::Range;

use crate::lanes::{LANES, Vector};

/// Samples that are brought in together: of each of them a line of the cache is at hand.
const TOGETHER: usize = 8;

/// Where chunks are brought, one after the other.
#[derive(Debug, Default)]
pub struct PanelRoom(Vec<Vector>);

/// Some values of all samples: eight values of a sample stand in a vector, beside that of the next sample.
#[derive(Clone, Copy)]
pub struct Panel<'a> {
    pub samples: usize,
    /// For each eight values a vector per sample. What stands behind the last value is not read.
    pub values: &'a [Vector],
}

impl PanelRoom {
    /// Brings in so many samples of `width` values, in place of what was there.
    pub fn fill<'a>(&mut self, samples: usize, width: usize, row: impl Fn(usize) -> &'a [f32]) -> Panel<'_> {
        let PanelRoom(values) = self;
        values.resize(samples * width.div_ceil(LANES), Vector::default());
        for first in (0..samples).step_by(TOGETHER) {
            let together = first..(first + TOGETHER).min(samples);
            let rows: [&[f32]; TOGETHER] = std::array::from_fn(|at| row((first + at).min(samples - 1)));
            for (at, values) in values.chunks_exact_mut(samples).enumerate() {
                for (vector, row) in values[together.clone()].iter_mut().zip(rows) {
                    let row = &row[at * LANES..];
                    match row.first_chunk::<LANES>() {
                        Some(whole) => vector.0 = *whole,
                        None => vector.0[..row.len()].copy_from_slice(row),
                    }
                }
            }
        }
        Panel { samples, values }
    }
}

impl<'a> Panel<'a> {
    /// A slice of the values, whose start is a multiple of [`LANES`].
    pub fn slice(&self, slice: &Range<usize>) -> Panel<'a> {
        let vectors = slice.start / LANES..slice.end.div_ceil(LANES);
        Panel { values: &self.values[vectors.start * self.samples..vectors.end * self.samples], ..*self }
    }
}
