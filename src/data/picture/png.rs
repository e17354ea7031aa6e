//! PNG.

use png::{BitDepth, ColorType};

use super::error::failed;
use super::{Fault, Raster, Turn, check_size};

pub(super) fn decode(bytes: &[u8], limit: u64) -> Result<Raster, Fault> {
    let mut decoder = png::Decoder::new_with_limits(bytes, png::Limits { bytes: limit as usize });
    let header = decoder.read_header_info().map_err(failed)?;
    check_size(header.width.into(), header.height.into(), 4, limit)?;
    if header.bit_depth == BitDepth::Sixteen {
        return Err(Fault::Deep(16));
    }
    // Palettes become colours, small depths 8 bits.
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().map_err(failed)?;
    let (colour, _) = reader.output_color_type();
    let mut samples = vec![0; reader.output_buffer_size()];
    let frame = reader.next_frame(&mut samples).map_err(failed)?;
    samples.truncate(frame.buffer_size());
    let (channels, alpha) = match colour {
        ColorType::Grayscale => (1, false),
        ColorType::GrayscaleAlpha => (1, true),
        ColorType::Rgb | ColorType::Indexed => (3, false),
        ColorType::Rgba => (3, true),
    };
    let (height, width) = (frame.height as usize, frame.width as usize);
    Ok(Raster { channels, alpha, height, width, samples, turn: turn(bytes) })
}

/// How the picture has to be turned, by its chunk eXIf (section 11.3.4.5 of the PNG specification, third edition),
/// which the decoder passes over. A chunk is its length, its type, its bytes and a sum of 4 bytes; the first begins at
/// byte 8.
fn turn(bytes: &[u8]) -> Turn {
    let mut rest = bytes.get(8..).unwrap_or_default();
    while let [a, b, c, d, kind @ ..] = rest {
        let len = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        let Some(content) = kind.get(4..4usize.saturating_add(len)) else { break };
        match &kind[..4] {
            b"eXIf" => return Turn::noted(content),
            b"IEND" => break,
            _ => rest = kind.get(4 + len + 4..).unwrap_or_default(),
        }
    }
    Turn::None
}
