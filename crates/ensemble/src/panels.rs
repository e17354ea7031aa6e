//! Samples as matrices of all their values: pixels with little background, whose lists would take three times the memory
//! and more time, or features.
//!
//! In: samples, slices of their values. Out: panels, matrices of samples x values. A pixel's value is the pixel less its
//! background, by 255 std, as in lists. Knows no networks.

use std::ops::Range;

use crate::lanes::{LANES, Vector};
use crate::pixels::Channel;

/// A matrix for each slice of the values.
#[derive(Debug, Default)]
pub struct Panels(Vec<Panel>);

#[derive(Debug)]
struct Panel {
    slice: Range<usize>,
    /// Vectors per sample.
    width: usize,
    values: Vec<Vector>,
}

/// Some samples of a panel: a row for each, `width` vectors long. What stands behind a slice's last value is not read.
pub struct Rows<'a> {
    pub width: usize,
    pub values: &'a [Vector],
}

impl Panel {
    fn new(slice: Range<usize>) -> Self {
        Panel { width: slice.len().div_ceil(LANES), slice, values: Vec::new() }
    }
}

impl Panels {
    /// Of pixels: the bytes of each sample, and what they stand for.
    pub fn build<'a>(
        channels: &[Channel],
        samples: impl ExactSizeIterator<Item = &'a [u8]> + Clone,
        slices: impl Iterator<Item = Range<usize>>,
    ) -> Self {
        let panel = |slice: Range<usize>| {
            let mut panel = Panel::new(slice.clone());
            let tables: Vec<&[f32; 256]> = slice
                .clone()
                .flat_map(|pixel| channels.iter().find(|channel| channel.pixels.contains(&pixel)))
                .map(|channel| &channel.values)
                .collect();
            panel.values.reserve_exact(samples.len() * panel.width);
            for bytes in samples.clone() {
                for (bytes, tables) in bytes[slice.clone()].chunks(LANES).zip(tables.chunks(LANES)) {
                    let mut vector = Vector::default();
                    for ((value, byte), table) in vector.0.iter_mut().zip(bytes).zip(tables) {
                        *value = table[usize::from(*byte)];
                    }
                    panel.values.push(vector);
                }
            }
            panel
        };
        Panels(slices.map(panel).collect())
    }

    /// Holds these samples of features instead of what it held. The slices must always be the same.
    pub fn fill<'a>(
        &mut self,
        samples: impl ExactSizeIterator<Item = &'a [f32]>,
        slices: impl Iterator<Item = Range<usize>>,
    ) {
        if self.0.is_empty() {
            self.0.extend(slices.map(Panel::new));
        }
        for panel in &mut self.0 {
            panel.values.resize(samples.len() * panel.width, Vector::default());
        }
        for (sample, values) in samples.enumerate() {
            for panel in &mut self.0 {
                let row = &mut panel.values[sample * panel.width..][..panel.width];
                for (vector, values) in row.iter_mut().zip(values[panel.slice.clone()].chunks(LANES)) {
                    vector.0[..values.len()].copy_from_slice(values);
                }
            }
        }
    }

    /// Each slice of the values, with a row for each of some samples.
    pub fn rows(&self, samples: Range<usize>) -> impl Iterator<Item = (Range<usize>, Rows<'_>)> {
        self.0.iter().map(move |Panel { slice, width, values }| {
            let values = &values[samples.start * width..samples.end * width];
            (slice.clone(), Rows { width: *width, values })
        })
    }
}
