//! Images or features of arrays.
//!
//! In: the arrays of all sets. Out: images, if there are as many axes, or rows of bytes that are square images laid
//! flat; else features. Pixels of other types become bytes by one rule for all sets, which is said. Must not know:
//! names of arrays beyond errors, labels.

use std::path::Path;

use super::error::ArrayError;
use super::npy::Array;
use crate::data::DataError;
use crate::data::features::{self, Features};
use crate::data::images::{self, Images};
use crate::data::samples::Content;

/// The least side of a flat image of bytes: fewer numbers in a row are features.
const FLAT: u64 = 8;

/// What the axes of an array are, beside the first, which counts samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Axes {
    Features(usize),
    Images {
        height: usize,
        width: usize,
        channels: usize,
        /// Whether channels are the last axis, and not the second.
        channels_last: bool,
    },
}

/// Joins the arrays of all sets, each with its name.
pub fn of(
    arrays: Vec<(String, Array)>,
    path: &Path,
    notices: &mut Vec<String>,
) -> Result<Content, DataError> {
    let broken = |error: ArrayError| error.of(path);
    let Some((first, array)) = arrays.first() else {
        return Err(DataError::NoSamples { path: path.to_owned() });
    };
    let axes = Axes::of(first, array).map_err(broken)?;
    let samples: u64 = arrays.iter().map(|(_, array)| array.header.shape[0]).sum();
    for (other, array) in &arrays[1..] {
        if Axes::of(other, array).map_err(broken)? != axes {
            let sizes = |array: &Array| array.header.sizes();
            let error = ArrayError::Sizes {
                one: first.clone(),
                other: other.clone(),
                first: sizes(&arrays[0].1),
                second: sizes(array),
            };
            return Err(broken(error));
        }
    }
    match axes {
        Axes::Features(width) => {
            if let [_, steps, each] = array.header.shape[..] {
                notices.push(format!(
                    "{first} has {steps} x {each} numbers that are no pixels: read as {width} features"
                ));
            }
            features_of(arrays, width, samples, path, notices).map(Content::Features)
        }
        Axes::Images { height, width, channels, channels_last } => {
            images::check_size(path, &[samples, (height * width * channels) as u64])?;
            if array.header.shape.len() == 2 {
                notices.push(format!(
                    "{first} has {} bytes in a row: read as images of {height}x{width}",
                    height * width
                ));
            }
            let scale = Scale::of(&arrays).map_err(broken)?;
            notices.extend(scale.notice());
            let mut pixels = Vec::with_capacity(samples as usize * height * width * channels);
            for (_, array) in arrays {
                let bytes = scale.bytes(array);
                if !channels_last || channels == 1 {
                    pixels.extend(bytes);
                    continue;
                }
                for sample in bytes.chunks_exact(height * width * channels) {
                    for channel in 0..channels {
                        pixels.extend(sample.iter().skip(channel).step_by(channels));
                    }
                }
            }
            Ok(Content::Images(Images { pixels, channels, height, width }))
        }
    }
}

impl Axes {
    fn of(name: &str, array: &Array) -> Result<Axes, ArrayError> {
        let size = |size: u64| size as usize;
        let images = |height: u64, width: u64, channels: u64, channels_last: bool| Axes::Images {
            height: size(height),
            width: size(width),
            channels: size(channels),
            channels_last,
        };
        Ok(match array.header.shape[..] {
            [_] => Axes::Features(1),
            [_, flat] if array.is_bytes() && flat.isqrt().pow(2) == flat && flat >= FLAT * FLAT => {
                images(flat.isqrt(), flat.isqrt(), 1, true)
            }
            [_, width] if width > 0 => Axes::Features(size(width)),
            [_, height, width] if height > 0 && width > 0 && !array.is_sequence(height, width) => {
                images(height, width, 1, true)
            }
            [_, 1 | 3, _, 3] | [_, 3, _, 1] => {
                return Err(ArrayError::Channels(name.to_owned(), array.header.sizes()));
            }
            [_, steps, width] if steps > 0 && width > 0 => Axes::Features(size(steps * width)),
            [_, height, width, channels @ (1 | 3)] if height > 0 && width > 0 => {
                images(height, width, channels, true)
            }
            [_, channels @ (1 | 3), height, width] if height > 0 && width > 0 => {
                images(height, width, channels, false)
            }
            _ => return Err(ArrayError::Shape { name: name.to_owned(), found: array.header.sizes() }),
        })
    }
}

fn features_of(
    arrays: Vec<(String, Array)>,
    width: usize,
    samples: u64,
    path: &Path,
    notices: &mut Vec<String>,
) -> Result<Features, DataError> {
    features::check_size(path, samples, width)?;
    let names: Vec<String> = (0..width).map(|i| i.to_string()).collect();
    let mut bounds = vec![(f64::INFINITY, f64::NEG_INFINITY); width];
    for (_, array) in &arrays {
        for (at, value) in array.floats().enumerate().filter(|(_, value)| value.is_finite()) {
            let (least, most) = &mut bounds[at % width];
            (*least, *most) = (least.min(value), most.max(value));
        }
    }
    let offsets: Vec<f64> = bounds.into_iter().map(|(least, most)| features::offset(least, most)).collect();
    notices.extend(features::taken(&names, &offsets));
    let mut values = Vec::with_capacity(samples as usize * width);
    for (_, array) in arrays {
        values.extend(
            array.floats().zip(offsets.iter().cycle()).map(|(value, offset)| (value - offset) as f32),
        );
    }
    Ok(Features { values, names })
}

/// The least side, and the most that one is longer than the other, of images of floats of any scale: what is narrower is a
/// sequence, or an embedding with an axis too many.
const LEAST_SIDE: u64 = 8;
const LONGEST: u64 = 4;

impl Array {
    /// Whether N x `height` x `width` numbers are no images: floats beyond 0 to 1 that are no whole numbers of bytes,
    /// in a strip.
    fn is_sequence(&self, height: u64, width: u64) -> bool {
        let (short, long) = (height.min(width), height.max(width));
        let is_strip = short < LEAST_SIDE || long > LONGEST * short;
        let is_pixel = |value: f64| {
            (0.0..=1.0).contains(&value) || (value.fract() == 0.0 && (0.0..=255.0).contains(&value))
        };
        is_strip && !self.is_bytes() && !self.floats().all(is_pixel)
    }
}

/// With what a notice begins that pixels were brought to the range of bytes.
pub const RANGE: &str = "pixels from";

/// How pixels become bytes.
#[derive(Debug, PartialEq)]
enum Scale {
    /// They are whole numbers from 0 to 255.
    Bytes,
    /// They are numbers from 0 to 1.
    Unit,
    /// They are any numbers between these two.
    Between(f64, f64),
}

impl Scale {
    /// By the values of all arrays.
    fn of(arrays: &[(String, Array)]) -> Result<Scale, ArrayError> {
        let (mut least, mut most, mut all_whole) = (f64::INFINITY, f64::NEG_INFINITY, true);
        let mut tops: Vec<(&String, f64)> = Vec::new();
        for (name, array) in arrays {
            if array.is_bytes() {
                (least, most) = (least.min(0.0), most.max(255.0));
                tops.push((name, 255.0));
                continue;
            }
            let (mut top, mut is_whole) = (f64::NEG_INFINITY, true);
            for value in array.floats() {
                if !value.is_finite() {
                    return Err(ArrayError::NotFinite(name.clone()));
                }
                (least, top) = (least.min(value), top.max(value));
                is_whole &= value.fract() == 0.0;
            }
            most = most.max(top);
            all_whole &= is_whole;
            // Whole numbers up to 1 may be black and white of 0 to 255.
            tops.push((name, if is_whole { 255.0 } else { top }));
        }
        // One set from 0 to 1, another from 0 to 255: no rule fits both.
        let unit = tops.iter().find(|(_, top)| *top <= 1.0 && least >= 0.0);
        if let (Some((one, _)), Some((other, top))) = (unit, tops.iter().find(|(_, top)| *top > 1.0)) {
            return Err(ArrayError::Scales((*one).clone(), (*other).clone(), *top));
        }
        Ok(match (least, most) {
            _ if all_whole && least >= 0.0 && most <= 255.0 => Scale::Bytes,
            _ if least >= 0.0 && most <= 1.0 => Scale::Unit,
            _ => Scale::Between(least, most),
        })
    }

    fn notice(&self) -> Option<String> {
        match self {
            Scale::Bytes => None,
            Scale::Unit => Some(format!("{RANGE} 0 to 1 are read as 0 to 255, rounded")),
            Scale::Between(least, most) => {
                Some(format!("{RANGE} {least:.4} to {most:.4} are read as 0 to 255, rounded"))
            }
        }
    }

    /// The pixels of an array, each in 0..=255.
    fn bytes(&self, array: Array) -> Vec<u8> {
        let (least, factor) = match self {
            Scale::Bytes if array.is_bytes() => return array.bytes,
            Scale::Bytes => (0.0, 1.0),
            Scale::Unit => (0.0, 255.0),
            Scale::Between(least, most) => (*least, 255.0 / (most - least)),
        };
        // A cast of a float stays within the bounds of a byte.
        array.floats().map(|value| ((value - least) * factor).round() as u8).collect()
    }
}
