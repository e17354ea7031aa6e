//! TIFF of one page, grey or in RGB: unpacked, or packed by LZW, Deflate, PackBits or as a fax is.

use std::io::Cursor;

use tiff::ColorType;
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::Tag;

use super::error::failed;
use super::{Fault, Raster, Turn, check_size};

/// What the tag `PhotometricInterpretation` says of a palette, which the decoder does not know.
const PALETTE: u16 = 3;

/// What the tag `ExtraSamples` says of alpha: colours are multiplied by it, or not.
const MULTIPLIED: u16 = 1;
const STRAIGHT: u16 = 2;

pub(super) fn decode(bytes: &[u8], limit: u64) -> Result<Raster, Fault> {
    let mut limits = Limits::default();
    (limits.decoding_buffer_size, limits.intermediate_buffer_size) = (limit as usize, limit as usize);
    let mut decoder = Decoder::new(Cursor::new(bytes)).map_err(failed)?.with_limits(limits);
    let (width, height) = decoder.dimensions().map_err(failed)?;
    check_size(width.into(), height.into(), 4, limit)?;
    let (height, width) = (height as usize, width as usize);
    let photometric: Option<u16> =
        decoder.find_tag_unsigned(Tag::PhotometricInterpretation).map_err(failed)?;
    if photometric == Some(PALETTE) {
        return Err(Fault::Colours("a palette".to_owned()));
    }
    let colour = decoder.colortype().map_err(failed)?;
    if colour.bit_depth() > 8 {
        return Err(Fault::Deep(colour.bit_depth()));
    }
    let extra: Option<Vec<u16>> = decoder.find_tag_unsigned_vec(Tag::ExtraSamples).map_err(failed)?;
    let extra = extra.and_then(|extra| extra.first().copied());
    let (channels, alpha, bits) = match colour {
        ColorType::Gray(bits) => (1, false, bits),
        ColorType::RGB(8) => (3, false, 8),
        ColorType::RGBA(8) => (3, true, 8),
        ColorType::GrayA(8) => (1, true, 8),
        ColorType::Multiband { bit_depth: 8, num_samples: 2 }
            if matches!(extra, Some(MULTIPLIED | STRAIGHT)) =>
        {
            (1, true, 8)
        }
        ColorType::CMYK(_) | ColorType::CMYKA(_) => {
            return Err(Fault::Colours("the colours of print (CMYK)".to_owned()));
        }
        other => return Err(Fault::Colours(format!("the colours {other:?}"))),
    };
    let turn = decoder.find_tag_unsigned(Tag::Orientation).map_err(failed)?.map_or(Turn::None, Turn::of);
    let samples = samples(&mut decoder, height, width, channels + usize::from(alpha), bits)?;
    let mut raster = Raster { channels, alpha, height, width, samples, turn };
    if bits < 8 {
        let top = (1u16 << bits) - 1;
        // At most 255.
        raster.samples.iter_mut().for_each(|level| *level = (u16::from(*level) * 255 / top) as u8);
    }
    if extra == Some(MULTIPLIED) && alpha {
        // The colours of what one can see through are lost in part.
        let stride = channels + 1;
        if raster.samples.iter().skip(channels).step_by(stride).any(|alpha| *alpha != 255) {
            return Err(Fault::Transparent);
        }
    }
    if decoder.more_images() {
        return Err(Fault::Several);
    }
    Ok(raster)
}

/// The samples as they are stored, a byte for each: rows of bits are unpacked, planes are joined.
fn samples(
    decoder: &mut Decoder<Cursor<&[u8]>>,
    height: usize,
    width: usize,
    stride: usize,
    bits: u8,
) -> Result<Vec<u8>, Fault> {
    let mut read = DecodingResult::U8(Vec::new());
    let layout = decoder.read_image_to_buffer(&mut read).map_err(failed)?;
    let DecodingResult::U8(bytes) = read else {
        return Err(Fault::Decode("its samples are not whole numbers from 0".to_owned()));
    };
    let wrong = || Fault::Decode(format!("{} bytes of {width}x{height}", bytes.len()));
    if bits == 8 {
        if bytes.len() != height * width * stride {
            return Err(wrong());
        }
        if layout.planes <= 1 {
            return Ok(bytes);
        }
        let area = height * width;
        return Ok((0..area).flat_map(|pixel| bytes[pixel..].iter().step_by(area).copied()).collect());
    }
    // One sample per pixel: what has more has 8 bits.
    let row = (width * usize::from(bits)).div_ceil(8);
    if !matches!(bits, 1 | 2 | 4) || bytes.len() != height * row {
        return Err(wrong());
    }
    let per_byte = 8 / usize::from(bits);
    let mut samples = Vec::with_capacity(height * width);
    for row in bytes.chunks_exact(row) {
        samples.extend((0..width).map(|x| {
            let shift = 8 - bits * (x % per_byte + 1) as u8;
            row[x / per_byte] >> shift & ((1 << bits) - 1)
        }));
    }
    Ok(samples)
}
