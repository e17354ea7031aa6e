//! A PNG file: opaque pixels come in, the file's bytes go out. It must not know
//! what is on the picture.
//!
//! The renderer's own makes files five times as large, with an alpha channel
//! that publishers refuse, and no resolution.

use png::{BitDepth, Compression, Encoder, FilterType, PixelDimensions, Unit};

pub use png::{ColorType, EncodingError};

/// Encodes the bytes of pixels, row by row. The resolution is that at which the picture is printed; none for a screen.
pub fn encode(
    pixels: &[u8],
    color: ColorType,
    (width, height): (u32, u32),
    dpi: Option<f64>,
) -> Result<Vec<u8>, EncodingError> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, width, height);
    encoder.set_color(color);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Best);
    // The difference to the row above is zero nearly everywhere on a chart.
    encoder.set_filter(FilterType::Up);
    // Without a resolution LaTeX and word processors take 72 or 96 dots for an
    // inch, and a figure comes out three times too large.
    encoder.set_pixel_dims(dpi.map(|dpi| {
        let per_metre = (dpi / 0.0254).round() as u32;
        PixelDimensions { xppu: per_metre, yppu: per_metre, unit: Unit::Meter }
    }));
    encoder.write_header()?.write_image_data(pixels)?;
    Ok(file)
}

/// The red, green and blue of red, green, blue and alpha.
pub fn opaque(rgba: &[u8]) -> Vec<u8> {
    rgba.chunks_exact(4).flat_map(|pixel| &pixel[..3]).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_decoder_reads_the_same_pixels() {
        let rgba: Vec<u8> =
            (0..3 * 2 * 4).map(|at| if at % 4 == 3 { 255 } else { (at * 37) as u8 }).collect();
        let png = encode(&opaque(&rgba), ColorType::Rgb, (3, 2), Some(300.0)).unwrap();
        let read = resvg::tiny_skia::Pixmap::decode_png(&png).unwrap();
        assert_eq!((read.width(), read.height()), (3, 2));
        assert_eq!(read.data(), rgba);
    }
}
