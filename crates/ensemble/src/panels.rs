//! Samples as matrices of all their pixels, for those with little background: lists would take three times the memory, and
//! more time.
//!
//! In: [`Pixels`], which samples of them, slices of the pixels. Out: panels, matrices of samples x pixels. A value
//! is the pixel less its background, by 255 std, as in lists. Knows no networks.

use std::ops::Range;

use crate::lanes::{LANES, Vector};
use crate::pixels::Pixels;

/// A matrix for each slice of the pixels.
#[derive(Debug)]
pub struct Panels(Vec<Panel>);

#[derive(Debug)]
struct Panel {
    pixels: Range<usize>,
    /// Vectors per sample.
    width: usize,
    values: Vec<Vector>,
}

/// Some samples of a panel: a row for each, `width` vectors long. Behind a slice's last pixel stand zeros.
pub struct Rows<'a> {
    pub width: usize,
    pub values: &'a [Vector],
}

impl Panels {
    pub fn build(
        pixels: &Pixels,
        samples: impl ExactSizeIterator<Item = usize> + Clone,
        slices: impl Iterator<Item = Range<usize>>,
    ) -> Self {
        let channels = pixels.channels();
        let panel = |slice: Range<usize>| {
            let width = slice.len().div_ceil(LANES);
            let tables: Vec<&[f32; 256]> = slice
                .clone()
                .flat_map(|pixel| channels.iter().find(|channel| channel.pixels.contains(&pixel)))
                .map(|channel| &channel.values)
                .collect();
            let mut values = Vec::with_capacity(samples.len() * width);
            for sample in samples.clone() {
                let bytes = &pixels.sample(sample)[slice.clone()];
                for (bytes, tables) in bytes.chunks(LANES).zip(tables.chunks(LANES)) {
                    let mut vector = Vector::default();
                    for ((value, byte), table) in vector.0.iter_mut().zip(bytes).zip(tables) {
                        *value = table[usize::from(*byte)];
                    }
                    values.push(vector);
                }
            }
            Panel { pixels: slice, width, values }
        };
        Panels(slices.map(panel).collect())
    }

    /// Each slice of the pixels, with a row for each of some samples.
    pub fn rows(&self, samples: &Range<usize>) -> impl Iterator<Item = (Range<usize>, Rows<'_>)> {
        let samples = samples.clone();
        self.0.iter().map(move |Panel { pixels, width, values }| {
            let values = &values[samples.start * width..samples.end * width];
            (pixels.clone(), Rows { width: *width, values })
        })
    }
}
