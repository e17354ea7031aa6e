//! GIF of one frame.
//!
//! Its colours are those of a palette, unless that is the grey levels themselves.

use std::num::NonZeroU64;

use gif::{ColorOutput, DecodeOptions, MemoryLimit};

use super::error::failed;
use super::{Fault, Raster, Turn, check_size, is_grey};

pub(super) fn decode(bytes: &[u8], limit: u64) -> Result<Raster, Fault> {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    options.check_frame_consistency(true);
    if let Some(limit) = NonZeroU64::new(limit) {
        options.set_memory_limit(MemoryLimit::Bytes(limit));
    }
    let mut decoder = options.read_info(bytes).map_err(failed)?;
    let (height, width) = (usize::from(decoder.height()), usize::from(decoder.width()));
    check_size(width as u64, height as u64, 4, limit)?;
    let empty = || Fault::Decode("it has no picture".to_owned());
    let frame = decoder.read_next_frame().map_err(failed)?.ok_or_else(empty)?.clone();
    // To the end of the file, so that a file without its end is told.
    if decoder.next_frame_info().map_err(failed)?.is_some() {
        return Err(Fault::Several);
    }
    let palette = frame.palette.as_deref().or(decoder.global_palette()).unwrap_or_default();
    let (palette, _) = palette.as_chunks::<3>();
    let channels = if is_grey(palette) { 1 } else { 3 };
    // What the frame does not cover is transparent.
    let mut samples = vec![0; height * width * (channels + 1)];
    let (left, top, wide) = (usize::from(frame.left), usize::from(frame.top), usize::from(frame.width));
    for (place, index) in frame.buffer.iter().enumerate() {
        if frame.transparent == Some(*index) {
            continue;
        }
        let outside = || Fault::Decode(format!("its palette has no colour {index}"));
        let colour = palette.get(usize::from(*index)).ok_or_else(outside)?;
        let pixel = (top + place / wide) * width + left + place % wide;
        let pixel = samples.get_mut(pixel * (channels + 1)..).ok_or_else(empty)?;
        pixel[..channels].copy_from_slice(&colour[..channels]);
        pixel[channels] = 255;
    }
    Ok(Raster { channels, alpha: true, height, width, samples, turn: Turn::None })
}
