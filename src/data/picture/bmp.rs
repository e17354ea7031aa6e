//! BMP as Windows and most programs write it: rows of pixels that are not packed.
//!
//! Pixels of 1, 4 or 8 bits are entries of a palette, which says grey if it is the grey levels themselves; pixels of
//! 24 or 32 bits are blue, green, red and, where masks say so, alpha.

use super::{Fault, Raster, Turn, check_size, is_grey};

/// Bytes before the header that says the size.
const FILE_HEADER: usize = 14;

/// The shortest header that says how pixels are packed; the one before it, OS/2's, has 12 bytes.
const INFO_HEADER: usize = 40;

/// How pixels are packed: not at all; not at all, with masks for each channel.
const PLAIN: u32 = 0;
const MASKED: u32 = 3;

/// The masks of red, green, blue and alpha that are read: a byte each.
const MASKS: [u32; 4] = [0x00ff_0000, 0x0000_ff00, 0x0000_00ff, 0xff00_0000];

pub(super) fn decode(bytes: &[u8], limit: u64) -> Result<Raster, Fault> {
    let word = |at: usize| bytes.get(at..at + 4).map_or(Err(Fault::Cut), |four| Ok(u32_of(four)));
    let half = |at: usize| bytes.get(at..at + 2).map_or(Err(Fault::Cut), |two| Ok(u32_of(two)));
    let start = word(10)? as usize;
    let header = word(FILE_HEADER)? as usize;
    if header < INFO_HEADER {
        return Err(Fault::Decode(format!(
            "its header has {header} bytes, and {INFO_HEADER} or more are read"
        )));
    }
    // Rows go up, unless the height is negative.
    let (width, signed) = (word(18)? as i32, word(22)? as i32);
    let (height, up) = (signed.unsigned_abs(), signed > 0);
    check_size(u64::try_from(width).unwrap_or(0), height.into(), 4, limit)?;
    let (height, width) = (height as usize, width.unsigned_abs() as usize);
    let (bits, packing) = (half(28)? as usize, word(30)?);
    let alpha = match (bits, packing) {
        (1 | 4 | 8 | 24 | 32, PLAIN) => false,
        (32, MASKED) => has_alpha([word(54)?, word(58)?, word(62)?], header, word(66).unwrap_or(0))?,
        _ => {
            return Err(Fault::Decode(format!("{bits} bits per pixel, packing {packing}: save it unpacked")));
        }
    };
    let row_len = (width * bits).div_ceil(32) * 4;
    // The padding of the last row may be missing.
    let needed = row_len * (height - 1) + (width * bits).div_ceil(8);
    let rows = bytes.get(start..).filter(|rows| rows.len() >= needed).ok_or(Fault::Cut)?;
    let row = |y: usize| &rows[row_len * if up { height - 1 - y } else { y }..];
    let raster =
        |channels, alpha, samples| Raster { channels, alpha, height, width, samples, turn: Turn::None };
    if bits > 8 {
        let (each, stride) = (bits / 8, 3 + usize::from(alpha));
        let mut samples = Vec::with_capacity(height * width * stride);
        for pixel in (0..height).flat_map(|y| row(y)[..width * each].chunks_exact(each)) {
            samples.extend([pixel[2], pixel[1], pixel[0]]);
            samples.extend(pixel.get(3).filter(|_| alpha));
        }
        return Ok(raster(3, alpha, samples));
    }
    let palette = palette(bytes, FILE_HEADER + header, bits, word(46)? as usize)?;
    let channels = if is_grey(&palette) { 1 } else { 3 };
    let mut samples = Vec::with_capacity(height * width * channels);
    for y in 0..height {
        let row = row(y);
        for x in 0..width {
            // The leftmost pixel has the highest bits.
            let index = row[x * bits / 8] >> (8 - bits - x * bits % 8) & (0xff >> (8 - bits));
            let outside = || Fault::Decode(format!("its palette has no colour {index}"));
            samples.extend_from_slice(&palette.get(usize::from(index)).ok_or_else(outside)?[..channels]);
        }
    }
    Ok(raster(channels, false, samples))
}

/// Whole numbers of two or four bytes.
fn u32_of(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// Whether masks have alpha, if they are those that are read. The header has a mask of alpha if it is that long.
fn has_alpha(colours: [u32; 3], header: usize, alpha: u32) -> Result<bool, Fault> {
    let has = header >= INFO_HEADER + 16 && alpha != 0;
    if colours != MASKS[..3] || has && alpha != MASKS[3] {
        return Err(Fault::Decode(
            "its masks are not a byte per channel: save it with 24 bits per pixel".to_owned(),
        ));
    }
    Ok(has)
}

/// The palette, an entry of blue, green, red and nothing each. All its entries if `used` is 0 or too many.
fn palette(bytes: &[u8], at: usize, bits: usize, used: usize) -> Result<Vec<[u8; 3]>, Fault> {
    let entries = if used == 0 || used > 1 << bits { 1 << bits } else { used };
    let table = bytes.get(at..).and_then(|rest| rest.get(..entries * 4)).ok_or(Fault::Cut)?;
    Ok(table.chunks_exact(4).map(|entry| [entry[2], entry[1], entry[0]]).collect())
}
