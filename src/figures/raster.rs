//! Pictures of pixels on a page. Planes of bytes come in; the same in the size at which they are printed, as PNG or
//! as bytes for a PDF, go out. It must not know what is on them.
//!
//! They are laid on the drawn page, since the renderer is built without raster images. So a small picture keeps its
//! square pixels in every viewer, and its edges lie on whole pixels of the PNG.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::canvas::Frame;
use super::{FigureError, png, style};

/// A picture: 1 (grey) or 3 (red, green, blue) planes of `height` x `width` bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Raster {
    pub channels: usize,
    pub width: usize,
    pub height: usize,
    pub pixels: Vec<u8>,
}

/// Points to pixels of the PNG.
const SCALE: f64 = style::PNG_DPI / 72.0;
/// From here on a picture grows in whole steps, so that all its pixels are equally large. It then fills three quarters
/// of its room or more.
const WHOLE_STEPS: f64 = 3.0;

/// The size in points at which a picture of so many pixels fills a room: whole pixels of the PNG.
pub fn size_in(room: (f64, f64), (width, height): (usize, usize)) -> (f64, f64) {
    let (width, height) = (width.max(1) as f64, height.max(1) as f64);
    let mut times = (room.0 * SCALE / width).min(room.1 * SCALE / height);
    if times >= WHOLE_STEPS {
        times = times.floor();
    }
    let side = |pixels: f64| (pixels * times).floor().max(1.0) / SCALE;
    (side(width), side(height))
}

/// The nearest edge of a pixel of the PNG, in points.
pub fn snapped(points: f64) -> f64 {
    (points * SCALE).round() / SCALE
}

/// A picture on the page.
pub struct Placed {
    pub raster: Raster,
    pub frame: Frame,
}

impl Placed {
    /// In pixels of the PNG: left, top, width, height.
    fn area(&self) -> [usize; 4] {
        let Frame { left, top, right, bottom } = self.frame;
        let [left, top, right, bottom] = [left, top, right, bottom].map(|v| (v * SCALE).round() as usize);
        [left, top, right.saturating_sub(left).max(1), bottom.saturating_sub(top).max(1)]
    }

    /// The picture as files hold it: never larger than it is printed.
    pub fn stored(&self) -> Raster {
        let [_, _, width, height] = self.area();
        self.raster.scaled(self.raster.width.min(width), self.raster.height.min(height))
    }

    /// Lays the picture on a page of rows of red, green, blue and alpha.
    pub fn paint(&self, page: &mut [u8], page_width: usize) {
        let [left, top, width, height] = self.area();
        let picture = self.raster.scaled(width, height);
        for y in 0..height {
            for x in 0..width.min(page_width.saturating_sub(left)) {
                let at = ((top + y) * page_width + left + x) * 4;
                if let Some(pixel) = page.get_mut(at..at + 3) {
                    pixel.copy_from_slice(&picture.rgb(x, y));
                }
            }
        }
    }

    /// Appends the picture as an SVG element; `units` to the point.
    pub fn write(&self, svg: &mut String, units: f64) -> Result<(), FigureError> {
        let picture = self.stored();
        let places = (0..picture.width * picture.height).map(|at| (at % picture.width, at / picture.width));
        let rgb: Vec<u8> = places.flat_map(|(x, y)| picture.rgb(x, y)).collect();
        let size = (picture.width as u32, picture.height as u32);
        let file = png::encode(&rgb, png::ColorType::Rgb, size, Some(style::PNG_DPI))?;
        let Frame { left, top, .. } = self.frame;
        let [left, top, width, height] =
            [left, top, self.frame.width(), self.frame.height()].map(|points| points * units);
        // Writing to a String cannot fail.
        let _ = write!(
            svg,
            "<image x=\"{left:.3}\" y=\"{top:.3}\" width=\"{width:.3}\" height=\"{height:.3}\" \
             preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\" \
             href=\"data:image/png;base64,{}\"/>",
            STANDARD.encode(file)
        );
        Ok(())
    }
}

impl Raster {
    /// The picture with so many pixels: each is the one below it, or the mean of those below it. Whole numbers, so it
    /// is the same everywhere.
    fn scaled(&self, width: usize, height: usize) -> Raster {
        if (width, height) == (self.width, self.height) {
            return self.clone();
        }
        let span = |at: usize, of: usize, source: usize| {
            let from = at * source / of;
            from..((at + 1) * source / of).max(from + 1)
        };
        let mut pixels = Vec::with_capacity(self.channels * width * height);
        for plane in self.pixels.chunks(self.width * self.height) {
            for y in 0..height {
                for x in 0..width {
                    let (rows, columns) = (span(y, height, self.height), span(x, width, self.width));
                    let count = (rows.len() * columns.len()) as u64;
                    let below = rows.flat_map(|row| {
                        let start = row * self.width;
                        &plane[start + columns.start..start + columns.end]
                    });
                    let sum: u64 = below.map(|pixel| u64::from(*pixel)).sum();
                    pixels.push(((sum + count / 2) / count) as u8);
                }
            }
        }
        Raster { channels: self.channels, width, height, pixels }
    }

    /// The bytes of one pixel side by side, row by row.
    pub fn interleaved(&self) -> Vec<u8> {
        let area = self.width * self.height;
        let pixel = |at| (0..self.channels).map(move |channel| self.pixels[channel * area + at]);
        (0..area).flat_map(pixel).collect()
    }

    fn rgb(&self, x: usize, y: usize) -> [u8; 3] {
        let (area, at) = (self.width * self.height, y * self.width + x);
        match self.channels {
            3 => [0, 1, 2].map(|channel| self.pixels[channel * area + at]),
            _ => [self.pixels[at]; 3],
        }
    }

    /// The picture for a screen, as a PNG whose longer side has about `side` pixels: a small picture grows in whole
    /// steps, without smoothing. None if there are not as many bytes as pixels.
    pub fn thumbnail(&self, side: usize) -> Option<Vec<u8>> {
        if !self.is_whole() {
            return None;
        }
        let longer = self.height.max(self.width);
        let (larger, smaller) = ((side / longer).max(1), longer.div_ceil(side));
        let size = |side: usize| (side * larger / smaller).max(1);
        let picture = self.scaled(size(self.width), size(self.height));
        let area = picture.width * picture.height;
        let (color, bytes) = match self.channels {
            3 => {
                let places = (0..area).map(|at| picture.rgb(at % picture.width, at / picture.width));
                (png::ColorType::Rgb, places.flatten().collect())
            }
            _ => (png::ColorType::Grayscale, picture.pixels),
        };
        png::encode(&bytes, color, (picture.width as u32, picture.height as u32), None).ok()
    }

    /// Whether there is a byte for each pixel of each plane.
    pub fn is_whole(&self) -> bool {
        let area = self.width.checked_mul(self.height).filter(|area| *area > 0);
        let bytes = area.and_then(|area| area.checked_mul(self.channels));
        matches!(self.channels, 1 | 3) && bytes == Some(self.pixels.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(width: usize, pixels: &[u8]) -> Raster {
        Raster { channels: 1, width, height: pixels.len() / width, pixels: pixels.into() }
    }

    #[test]
    fn small_pictures_keep_their_pixels_and_large_ones_are_averaged() {
        assert_eq!(grey(2, &[1, 2, 3, 4]).scaled(4, 2).pixels, [1, 1, 2, 2, 3, 3, 4, 4]);
        assert_eq!(grey(3, &[0, 10, 20]).scaled(1, 1).pixels, [10]);
        assert_eq!(grey(4, &[0, 10, 20, 40]).scaled(2, 1).pixels, [5, 30]);
        let colour = Raster { channels: 3, width: 2, height: 1, pixels: vec![1, 2, 3, 4, 5, 6] };
        assert_eq!(colour.scaled(4, 1).pixels, [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]);
        assert_eq!((colour.rgb(0, 0), colour.rgb(1, 0)), ([1, 3, 5], [2, 4, 6]));
        assert!(colour.is_whole() && !Raster { height: 2, ..colour }.is_whole());
    }

    #[test]
    fn pictures_grow_in_whole_steps_where_they_can() {
        // 42 points are 175 pixels of the PNG: six of 28.
        let (width, height) = size_in((42.0, 60.0), (28, 28));
        assert!((width * SCALE - 168.0).abs() < 1e-9 && width == height);
        let (width, height) = size_in((42.0, 60.0), (640, 480));
        assert!((width * SCALE - 175.0).abs() < 1e-9 && (height * SCALE - 131.0).abs() < 1e-9);
    }

    #[test]
    fn a_thumbnail_is_enlarged_without_smoothing_or_reduced_by_means() {
        let decoded = |raster: Raster| {
            let png = raster.thumbnail(84).unwrap();
            let mut reader = ::png::Decoder::new(png.as_slice()).read_info().unwrap();
            let mut picture = vec![0; reader.output_buffer_size()];
            let info = reader.next_frame(&mut picture).unwrap();
            (info.color_type, info.width, info.height, picture)
        };
        let (color, width, height, picture) = decoded(grey(3, &[0, 50, 100, 150, 200, 250]));
        assert_eq!((color, width, height), (png::ColorType::Grayscale, 84, 56));
        assert_eq!([picture[0], picture[27], picture[28], picture[84 * 55 + 83]], [0, 0, 50, 250]);
        let planes = [vec![10; 200 * 100], vec![20; 200 * 100], [0, 40].repeat(100 * 100)];
        let colour = Raster { channels: 3, width: 200, height: 100, pixels: planes.concat() };
        let (color, width, height, picture) = decoded(colour);
        assert_eq!((color, width, height), (png::ColorType::Rgb, 66, 33));
        assert_eq!(&picture[..2], [10, 20]);
        assert!((13..=27).contains(&picture[2]), "the mean of 0, 40, 0 is 13, of 40, 0, 40 is 27");
        assert!(Raster { height: 3, ..grey(2, &[0; 4]) }.thumbnail(84).is_none());
        assert!(Raster { channels: 1, width: 0, height: 0, pixels: Vec::new() }.thumbnail(84).is_none());
    }

    /// What is drawn first is the row at the top, from its left end.
    #[test]
    fn a_picture_is_painted_upright() {
        let frame = Frame { left: 1.0 / SCALE, top: 0.0, right: 3.0 / SCALE, bottom: 2.0 / SCALE };
        let placed = Placed { raster: grey(2, &[9, 8, 7, 6]), frame };
        let mut page = vec![0; 3 * 2 * 4];
        placed.paint(&mut page, 3);
        let reds: Vec<u8> = page.chunks(4).map(|pixel| pixel[0]).collect();
        assert_eq!(reds, [0, 9, 8, 0, 7, 6]);
    }
}
