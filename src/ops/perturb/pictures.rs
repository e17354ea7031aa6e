//! Unusual pictures: images and the samples whose pictures are to be unusual -> the images of all samples.
//!
//! Sizes are those of H-CAT for pictures of 28 x 28: a zoom of 1.75, a shift by 10 pixels of 28. Numbers are rounded once, at
//! the end: the same bytes on every machine.

use std::collections::HashSet;

use hspipe_ensemble::{Generator, background};

use super::Unusual;
use crate::tables::Images;

const ZOOM: f64 = 1.75;
/// Of the side.
const SHIFT: f64 = 10.0 / 28.0;
/// Standard deviation, in steps of a pixel's 255.
const GRAIN: f64 = 64.0;

/// The table of images, with nothing in the rows of samples that are not among `ids`; of those the ones at `chosen` are
/// unusual.
pub fn pictures(
    kind: Unusual,
    images: &Images,
    ids: &[i32],
    chosen: &[usize],
    generator: &mut Generator,
) -> Images {
    let studied: HashSet<i32> = ids.iter().copied().collect();
    let all = images.sample_id.iter().zip(images.pixels.iter());
    let mut pixels: Vec<Vec<u8>> =
        all.map(|(id, pixels)| if studied.contains(id) { pixels.to_vec() } else { Vec::new() }).collect();
    let side = |sides: &[i32]| sides.first().map_or(0, |side| *side as usize);
    let frame = Frame {
        channels: side(&images.channels),
        height: side(&images.height),
        width: side(&images.width),
        background: Vec::new(),
    };
    let background = background(&pixels.concat(), frame.height * frame.width, frame.channels);
    let frame = Frame { background, ..frame };
    for position in chosen {
        let Some(picture) = pixels.get_mut(ids[*position] as usize) else { continue };
        *picture = match kind {
            Unusual::Zoom => frame.zoomed(picture),
            Unusual::Shift => frame.shifted(picture, generator.below(4)),
            Unusual::Grain => picture.iter().map(|pixel| grained(*pixel, generator)).collect(),
        };
    }
    Images {
        sample_id: images.sample_id.clone(),
        channels: images.channels.clone(),
        height: images.height.clone(),
        width: images.width.clone(),
        pixels: pixels.into_iter().collect(),
    }
}

/// The form of pictures: planes of `height` x `width` bytes, row-major, and the byte that most of a plane have.
struct Frame {
    channels: usize,
    height: usize,
    width: usize,
    background: Vec<u8>,
}

impl Frame {
    /// The byte of each place, given plane, row and column.
    fn filled(&self, byte: impl Fn(usize, usize, usize) -> u8) -> Vec<u8> {
        let places = (0..self.channels)
            .flat_map(|plane| (0..self.height).map(move |row| (plane, row)))
            .flat_map(|(plane, row)| (0..self.width).map(move |column| (plane, row, column)));
        places.map(|(plane, row, column)| byte(plane, row, column)).collect()
    }

    fn at(&self, picture: &[u8], plane: usize, row: usize, column: usize) -> u8 {
        picture[(plane * self.height + row) * self.width + column]
    }

    /// The middle of the picture over all of it, by bilinear interpolation.
    fn zoomed(&self, picture: &[u8]) -> Vec<u8> {
        let from = |at: usize, side: usize| {
            let middle = (side as f64 - 1.0) / 2.0;
            let place = middle + (at as f64 - middle) / ZOOM;
            let low = place.floor().max(0.0);
            (low as usize, (low as usize + 1).min(side - 1), place - low)
        };
        self.filled(|plane, row, column| {
            let ((top, bottom, down), (left, right, across)) =
                (from(row, self.height), from(column, self.width));
            let of_row = |row: usize| {
                let at = |column: usize| f64::from(self.at(picture, plane, row, column));
                at(left) * (1.0 - across) + at(right) * across
            };
            (of_row(top) * (1.0 - down) + of_row(bottom) * down).round() as u8
        })
    }

    /// Moved up, down, left or right; what comes in is background.
    fn shifted(&self, picture: &[u8], side: u32) -> Vec<u8> {
        let (rows, columns) = match side {
            0 => (1, 0),
            1 => (-1, 0),
            2 => (0, 1),
            _ => (0, -1),
        };
        let from = |at: usize, direction: isize, side: usize| {
            at.checked_add_signed(direction * (side as f64 * SHIFT).round() as isize).filter(|at| *at < side)
        };
        self.filled(|plane, row, column| {
            let from = (from(row, rows, self.height), from(column, columns, self.width));
            match from {
                (Some(row), Some(column)) => self.at(picture, plane, row, column),
                _ => self.background[plane],
            }
        })
    }
}

/// By the method of Box and Muller.
fn grained(pixel: u8, generator: &mut Generator) -> u8 {
    let mut uniform = || f64::from(generator.uniform(0.0, 1.0));
    let length = (-2.0 * libm::log(1.0 - uniform())).sqrt();
    let normal = length * libm::cos(std::f64::consts::TAU * uniform());
    (f64::from(pixel) + GRAIN * normal).round().clamp(0.0, 255.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> Frame {
        Frame { channels: 1, height: 2, width: 3, background: vec![9] }
    }

    /// A third of two rows is one, of three columns one.
    #[test]
    fn a_shift_brings_in_background() {
        let picture = [1, 2, 3, 4, 5, 6];
        let shifted = |side| frame().shifted(&picture, side);
        assert_eq!(shifted(0), [4, 5, 6, 9, 9, 9]);
        assert_eq!(shifted(1), [9, 9, 9, 1, 2, 3]);
        assert_eq!(shifted(2), [2, 3, 9, 5, 6, 9]);
        assert_eq!(shifted(3), [9, 1, 2, 9, 4, 5]);
    }

    /// By hand: rows come from .5 -+ .5 / 1.75, columns from 1 -+ 1 / 1.75.
    #[test]
    fn a_zoom_is_the_middle() {
        let zoomed = frame().zoomed(&[0, 70, 140, 0, 70, 140]);
        assert_eq!(zoomed, [30, 70, 110, 30, 70, 110]);
        assert_eq!(frame().zoomed(&[0, 0, 0, 70, 70, 70]), [15, 15, 15, 55, 55, 55]);
    }

    #[test]
    fn grain_is_normal() {
        let mut generator = Generator::new(1);
        let drawn: Vec<f64> = (0..4000).map(|_| f64::from(grained(128, &mut generator)) - 128.0).collect();
        let mean = drawn.iter().sum::<f64>() / 4000.0;
        let std = (drawn.iter().map(|value| value * value).sum::<f64>() / 4000.0).sqrt();
        assert!(mean.abs() < 5.0 && (std - 62.0).abs() < 3.0, "{mean} {std}");
        assert!(drawn.iter().all(|value| (-128.0..=127.0).contains(value)));
    }

    #[test]
    fn only_studied_samples_have_a_picture_and_only_chosen_ones_another() {
        let images = Images {
            sample_id: vec![0, 1, 2],
            channels: vec![1; 3],
            height: vec![1; 3],
            width: vec![2; 3],
            pixels: [[0, 200], [0, 100], [0, 0]].into_iter().collect(),
        };
        let made = pictures(Unusual::Shift, &images, &[2, 1], &[1], &mut Generator::new(4));
        let pixels: Vec<&[u8]> = made.pixels.iter().collect();
        assert_eq!((pixels[0], pixels[2]), ([].as_slice(), [0, 0].as_slice()));
        assert_ne!(pixels[1], [0, 100]);
    }
}
