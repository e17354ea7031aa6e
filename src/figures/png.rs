//! A PNG file: opaque pixels come in, the file's bytes go out. It must not know
//! what is on the picture.
//!
//! Written here, as what comes with the renderer makes files five times as
//! large, with an alpha channel that publishers refuse, and no resolution.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::FigureError;

/// Encodes rows of red, green, blue and alpha, of which alpha is left out.
pub fn encode(rgba: &[u8], (width, height): (u32, u32), dpi: f64) -> Result<Vec<u8>, FigureError> {
    const BITS: u8 = 8;
    const RGB: u8 = 2;
    const METRE: u8 = 1;
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let [width_bytes, height_bytes] = [width, height].map(u32::to_be_bytes);
    let tail = [BITS, RGB, 0, 0, 0];
    chunk(&mut png, b"IHDR", &[&width_bytes[..], &height_bytes, &tail].concat());

    // Without it LaTeX and word processors take 72 or 96 dots for an inch, and
    // the figure comes out three times too large.
    let per_metre = ((dpi / 0.0254).round() as u32).to_be_bytes();
    chunk(&mut png, b"pHYs", &[&per_metre[..], &per_metre, &[METRE]].concat());

    let rows = zlib(rgba, width as usize).map_err(FigureError::Png)?;
    chunk(&mut png, b"IDAT", &rows);
    chunk(&mut png, b"IEND", &[]);
    Ok(png)
}

fn zlib(rgba: &[u8], width: usize) -> std::io::Result<Vec<u8>> {
    /// Each row is stored as its difference to the row above, which is zero
    /// nearly everywhere on a chart.
    const UP: u8 = 2;
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
    let mut above = vec![0; width * 3];
    for row in rgba.chunks_exact(width * 4) {
        let row: Vec<u8> = row.chunks_exact(4).flat_map(|pixel| &pixel[..3]).copied().collect();
        let difference: Vec<u8> = row.iter().zip(&above).map(|(new, old)| new.wrapping_sub(*old)).collect();
        packed.write_all(&[UP])?;
        packed.write_all(&difference)?;
        above = row;
    }
    packed.finish()
}

fn chunk(png: &mut Vec<u8>, kind: &[u8; 4], body: &[u8]) {
    let mut checksum = flate2::Crc::new();
    checksum.update(kind);
    checksum.update(body);
    png.extend((body.len() as u32).to_be_bytes());
    png.extend(kind);
    png.extend(body);
    png.extend(checksum.sum().to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_decoder_reads_the_same_pixels() {
        let rgba: Vec<u8> =
            (0..3 * 2 * 4).map(|at| if at % 4 == 3 { 255 } else { (at * 37) as u8 }).collect();
        let png = encode(&rgba, (3, 2), 300.0).unwrap();
        let read = resvg::tiny_skia::Pixmap::decode_png(&png).unwrap();
        assert_eq!((read.width(), read.height()), (3, 2));
        assert_eq!(read.data(), rgba);
    }
}
