//! JPEG, without vector instructions: they would give other pixels.

use std::io::Cursor;

use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::{Fault, Raster, Turn, check_size};

/// Markers: a scan of the image begins; the image ends.
const SCAN: [u8; 2] = [0xff, 0xda];
const END: [u8; 2] = [0xff, 0xd9];

pub(super) fn decode(bytes: &[u8], limit: u64) -> Result<Raster, Fault> {
    let failed = |error: DecodeErrors| Fault::Decode(format!("{error:?}"));
    // The decoder makes up what little is missing at the end. These two markers cannot occur inside a scan.
    let last = |marker: [u8; 2]| bytes.windows(2).rposition(|pair| pair == marker);
    if last(END) <= last(SCAN) {
        return Err(Fault::Cut);
    }
    // Strict: a file that is cut or damaged is an error, not an image with grey patches.
    let options = DecoderOptions::new_safe()
        .set_strict_mode(true)
        .set_max_width(limit as usize)
        .set_max_height(limit as usize);
    let mut decoder = JpegDecoder::new_with_options(Cursor::new(bytes), options);
    decoder.decode_headers().map_err(failed)?;
    let info = decoder.info().ok_or_else(|| Fault::Decode("it has no header".to_owned()))?;
    check_size(info.width.into(), info.height.into(), 3, limit)?;
    let (channels, wanted) = match decoder.input_colorspace() {
        Some(ColorSpace::Luma) => (1, ColorSpace::Luma),
        Some(ColorSpace::YCbCr | ColorSpace::RGB) => (3, ColorSpace::RGB),
        other => return Err(Fault::Colours(other.map_or("unknown colours".to_owned(), named))),
    };
    decoder.set_options(options.jpeg_set_out_colorspace(wanted));
    let samples = decoder.decode().map_err(failed)?;
    let (height, width) = (usize::from(info.height), usize::from(info.width));
    if samples.len() != height * width * channels {
        return Err(Fault::Decode(format!("{} bytes of {width}x{height}", samples.len())));
    }
    let turn = info.exif_data.as_deref().map_or(Turn::None, Turn::noted);
    Ok(Raster { channels, alpha: false, height, width, samples, turn })
}

/// What people call colours that are not read.
fn named(colours: ColorSpace) -> String {
    match colours {
        ColorSpace::CMYK | ColorSpace::YCCK => "the colours of print (CMYK)".to_owned(),
        other => format!("the colours {other:?}"),
    }
}
