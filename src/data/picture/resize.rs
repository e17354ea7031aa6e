//! Another size, by the triangle filter: to the byte what Pillow's `BILINEAR` makes of rows and then of columns. Pillow
//! itself takes columns first where it likes, and then differs by a grey level.
//!
//! A pixel that is made is the mean of the pixels below a triangle around its centre: as wide as two pixels, or, where
//! the picture shrinks, two of those that are made, so that none is skipped. Between rows
//! and columns lie bytes. Weights are numbers of 64 bits by sums, products and quotients alone, and are
//! rounded to 22 bits before they touch a pixel: the same on any machine. The crates that resize are faster
//! by vector instructions or by floats; beside what it takes to decode a picture this is little.

use super::Picture;

/// Bits of a weight. A byte, a sum's carry and a half fit beside them in 32.
const BITS: u32 = 22;

/// What one pixel is made of: neighbours from `first` on, with their weights.
struct Window {
    first: usize,
    /// Their sum is 1, in units of 2^-[`BITS`].
    weights: Vec<u32>,
}

/// The picture at another size, whatever its shape was.
pub(super) fn resized(picture: Picture, [height, width]: [usize; 2]) -> Picture {
    let Picture { channels, height: from_height, width: from_width, mut pixels } = picture;
    if from_width != width {
        let windows = windows(from_width, width);
        let rows = pixels.chunks_exact(from_width);
        pixels = rows
            .flat_map(|row| windows.iter().map(|window| window.mean(row[window.first..].iter())))
            .collect();
    }
    if from_height != height {
        let windows = windows(from_height, height);
        let mut made = Vec::with_capacity(channels * height * width);
        for plane in pixels.chunks_exact(from_height * width) {
            for window in &windows {
                let column = |x| plane[window.first * width + x..].iter().step_by(width);
                made.extend((0..width).map(|x| window.mean(column(x))));
            }
        }
        pixels = made;
    }
    Picture { channels, height, width, pixels }
}

impl Window {
    /// To the nearest.
    fn mean<'a>(&self, pixels: impl Iterator<Item = &'a u8>) -> u8 {
        let products = self.weights.iter().zip(pixels).map(|(weight, pixel)| weight * u32::from(*pixel));
        let sum = (1 << (BITS - 1)) + products.sum::<u32>();
        // Rounded weights may add up to a little more than 1.
        (sum >> BITS).min(255) as u8
    }
}

/// The windows of `to` pixels in a row of `from`.
fn windows(from: usize, to: usize) -> Vec<Window> {
    let scale = from as f64 / to as f64;
    let reach = scale.max(1.0);
    let slope = 1.0 / reach;
    let window = |made: usize| {
        let centre = (made as f64 + 0.5) * scale;
        // Whole numbers from 0 on: what is below is cut off there.
        let first = (centre - reach + 0.5).max(0.0) as usize;
        let end = ((centre + reach + 0.5) as usize).min(from);
        let height = |pixel: usize| (1.0 - ((pixel as f64 - centre + 0.5) * slope).abs()).max(0.0);
        let sum: f64 = (first..end).map(height).sum();
        let weight = |pixel| (height(pixel) / sum * f64::from(1 << BITS) + 0.5) as u32;
        Window { first, weights: (first..end).map(weight).collect() }
    };
    (0..to).map(window).collect()
}
