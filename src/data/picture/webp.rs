//! WebP. It is always in colour.

use std::io::Cursor;

use image_webp::WebPDecoder;

use super::error::failed;
use super::{Fault, Raster, Turn, check_size};

pub(super) fn decode(bytes: &[u8], limit: u64) -> Result<Raster, Fault> {
    // The container says how long it is; the decoder makes up what is missing at the end.
    let says = bytes.get(4..8).and_then(|four| four.try_into().ok()).map(u32::from_le_bytes);
    if says.is_none_or(|says| bytes.len() as u64 - 8 < u64::from(says)) {
        return Err(Fault::Cut);
    }
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(failed)?;
    decoder.set_memory_limit(limit as usize);
    let (width, height) = decoder.dimensions();
    check_size(width.into(), height.into(), 4, limit)?;
    if decoder.is_animated() && decoder.num_frames() > 1 {
        return Err(Fault::Several);
    }
    let alpha = decoder.has_alpha();
    let mut samples = vec![0; width as usize * height as usize * if alpha { 4 } else { 3 }];
    decoder.read_image(&mut samples).map_err(failed)?;
    let exif = decoder.exif_metadata().ok().flatten();
    let turn = exif.as_deref().map_or(Turn::None, Turn::noted);
    Ok(Raster { channels: 3, alpha, height: height as usize, width: width as usize, samples, turn })
}
