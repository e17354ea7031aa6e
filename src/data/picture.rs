//! PNG and JPEG images.
//!
//! In: the bytes of one image. Out: its planes of 8 bits, grey or red, green and blue, or what is
//! wrong. The same bytes give the same planes on any machine: what decodes them counts in whole
//! numbers and uses no vector instructions. Must not know: paths, labels, datasets.
//!
//! Grey stays grey, and colour stays colour even where every pixel is grey; a palette is colour.
//! Fewer than 8 bits are scaled to 8. 16 bits are refused, since a part of each would be lost. An
//! alpha channel is left out where it is opaque everywhere, else refused: nothing says what lies
//! behind. How a JPEG says it should be turned is not looked at.

use std::io::Cursor;

use png::{BitDepth, ColorType};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::images::Picture;

/// What a good file is.
pub(super) const WHAT: &str = "PNG or JPEG image";

/// The most bytes that one decoded image may have. Its header is compared with this before anything
/// is allocated.
const MAX_BYTES: u64 = 64 << 20;

/// What is wrong with the bytes of an image.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// Neither of the two.
    #[error("it begins with neither the signature of PNG nor that of JPEG")]
    Signature,
    /// More than an image may have.
    #[error("its header says {width}x{height}: hspipe reads images of 64 MiB at most")]
    TooBig {
        /// Pixels.
        width: u64,
        /// Pixels.
        height: u64,
    },
    /// 16 bits per channel.
    #[error("it has 16 bits per channel: save it with 8")]
    Deep,
    /// Somewhere one can see through it.
    #[error("it is transparent in places: put it on a background and save it without alpha")]
    Transparent,
    /// Such as CMYK.
    #[error("its colours are {0}, neither grey nor red, green and blue: save it in RGB")]
    Colours(String),
    /// A JPEG without its end.
    #[error("it is cut short")]
    Cut,
    /// The decoder complains.
    #[error("it cannot be decoded: {0}")]
    Decode(String),
}

/// Decodes an image.
pub(super) fn decode(bytes: &[u8]) -> Result<Picture, PictureError> {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => decode_png(bytes),
        [0xff, 0xd8, 0xff, ..] => decode_jpeg(bytes),
        _ => Err(PictureError::Signature),
    }
}

fn decode_png(bytes: &[u8]) -> Result<Picture, PictureError> {
    let failed = |error: png::DecodingError| PictureError::Decode(error.to_string());
    let mut decoder = png::Decoder::new_with_limits(bytes, png::Limits { bytes: MAX_BYTES as usize });
    let header = decoder.read_header_info().map_err(failed)?;
    check_size(header.width.into(), header.height.into(), 4)?;
    if header.bit_depth == BitDepth::Sixteen {
        return Err(PictureError::Deep);
    }
    // Palettes become colours, small depths 8 bits.
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().map_err(failed)?;
    let (colour, _) = reader.output_color_type();
    let mut samples = vec![0; reader.output_buffer_size()];
    let frame = reader.next_frame(&mut samples).map_err(failed)?;
    samples.truncate(frame.buffer_size());
    let (height, width) = (frame.height as usize, frame.width as usize);
    let (channels, alpha) = match colour {
        ColorType::Grayscale => (1, false),
        ColorType::GrayscaleAlpha => (1, true),
        ColorType::Rgb | ColorType::Indexed => (3, false),
        ColorType::Rgba => (3, true),
    };
    let stride = channels + usize::from(alpha);
    if alpha && samples.iter().skip(channels).step_by(stride).any(|alpha| *alpha != 255) {
        return Err(PictureError::Transparent);
    }
    Ok(Picture::from_interleaved(&samples, stride, channels, height, width))
}

/// Markers of JPEG: a scan of the image begins; the image ends.
const SCAN: [u8; 2] = [0xff, 0xda];
const END: [u8; 2] = [0xff, 0xd9];

fn decode_jpeg(bytes: &[u8]) -> Result<Picture, PictureError> {
    let failed = |error: zune_jpeg::errors::DecodeErrors| PictureError::Decode(format!("{error:?}"));
    // The decoder makes up what little is missing at the end. These two markers cannot occur inside a scan.
    let last = |marker: [u8; 2]| bytes.windows(2).rposition(|pair| pair == marker);
    if last(END) <= last(SCAN) {
        return Err(PictureError::Cut);
    }
    // Strict: a file that is cut or damaged is an error, not an image with grey patches.
    let options = DecoderOptions::new_safe()
        .set_strict_mode(true)
        .set_max_width(MAX_BYTES as usize)
        .set_max_height(MAX_BYTES as usize);
    let mut decoder = JpegDecoder::new_with_options(Cursor::new(bytes), options);
    decoder.decode_headers().map_err(failed)?;
    let info = decoder.info().ok_or_else(|| PictureError::Decode("it has no header".to_owned()))?;
    check_size(info.width.into(), info.height.into(), 3)?;
    let (channels, wanted) = match decoder.input_colorspace() {
        Some(ColorSpace::Luma) => (1, ColorSpace::Luma),
        Some(ColorSpace::YCbCr | ColorSpace::RGB) => (3, ColorSpace::RGB),
        other => return Err(PictureError::Colours(other.map_or("unknown".to_owned(), named))),
    };
    decoder.set_options(options.jpeg_set_out_colorspace(wanted));
    let samples = decoder.decode().map_err(failed)?;
    let (height, width) = (usize::from(info.height), usize::from(info.width));
    if samples.len() != height * width * channels {
        return Err(PictureError::Decode(format!("{} bytes of {width}x{height}", samples.len())));
    }
    Ok(Picture::from_interleaved(&samples, channels, channels, height, width))
}

/// What people call the colours of a JPEG that is not read.
fn named(colours: ColorSpace) -> String {
    match colours {
        ColorSpace::CMYK | ColorSpace::YCCK => "those of print (CMYK)".to_owned(),
        other => format!("{other:?}"),
    }
}

fn check_size(width: u64, height: u64, channels: u64) -> Result<(), PictureError> {
    match width.checked_mul(height).and_then(|area| area.checked_mul(channels)) {
        Some(1..=MAX_BYTES) => Ok(()),
        _ => Err(PictureError::TooBig { width, height }),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A PNG of these interleaved samples.
    pub fn png(width: u32, height: u32, colour: ColorType, depth: BitDepth, samples: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, width, height);
        encoder.set_color(colour);
        encoder.set_depth(depth);
        if colour == ColorType::Indexed {
            encoder.set_palette(vec![0, 0, 0, 9, 8, 7]);
        }
        encoder.write_header().unwrap().write_image_data(samples).unwrap();
        bytes
    }

    /// A grey PNG of 8 bits.
    pub fn grey(width: u32, height: u32, samples: &[u8]) -> Vec<u8> {
        png(width, height, ColorType::Grayscale, BitDepth::Eight, samples)
    }

    fn decoded(colour: ColorType, depth: BitDepth, samples: &[u8]) -> Result<(usize, Vec<u8>), String> {
        let picture = decode(&png(2, 1, colour, depth, samples)).map_err(|error| error.to_string())?;
        assert_eq!((picture.height, picture.width), (1, 2));
        Ok((picture.channels, picture.pixels))
    }

    #[test]
    fn every_kind_of_png_is_planes_of_8_bits_or_refused() {
        use ColorType::{Grayscale, GrayscaleAlpha, Indexed, Rgb, Rgba};
        let eight = BitDepth::Eight;
        assert_eq!(decoded(Grayscale, eight, &[3, 250]), Ok((1, vec![3, 250])));
        // Two pixels of two bits: 1 and 3.
        assert_eq!(decoded(Grayscale, BitDepth::Two, &[0b0111_0000]), Ok((1, vec![85, 255])));
        assert_eq!(decoded(Rgb, eight, &[1, 2, 3, 4, 5, 6]), Ok((3, vec![1, 4, 2, 5, 3, 6])));
        assert_eq!(decoded(Rgb, eight, &[7; 6]), Ok((3, vec![7; 6])), "grey in colour stays colour");
        assert_eq!(decoded(Indexed, BitDepth::One, &[0b0100_0000]), Ok((3, vec![0, 9, 0, 8, 0, 7])));
        assert_eq!(decoded(GrayscaleAlpha, eight, &[1, 255, 2, 255]), Ok((1, vec![1, 2])));
        let opaque = [1, 2, 3, 255, 4, 5, 6, 255];
        assert_eq!(decoded(Rgba, eight, &opaque), Ok((3, vec![1, 4, 2, 5, 3, 6])));
        let refused = decoded(Rgba, eight, &[1, 2, 3, 255, 4, 5, 6, 254]).unwrap_err();
        assert!(refused.contains("transparent"), "{refused}");
        let refused = decoded(Grayscale, BitDepth::Sixteen, &[1, 2, 3, 4]).unwrap_err();
        assert!(refused.contains("16 bits"), "{refused}");
    }

    #[test]
    fn damage_at_any_byte_is_an_error_and_no_panic() {
        let good = grey(3, 2, &[1, 2, 3, 4, 5, 6]);
        assert!(decode(&good).is_ok());
        for len in 0..good.len() - 12 {
            assert!(decode(&good[..len]).is_err(), "cut to {len} bytes");
        }
        let jpeg = include_bytes!("../../tests/data/colour.jpg");
        for len in 0..jpeg.len() - 2 {
            assert!(decode(&jpeg[..len]).is_err(), "cut to {len} bytes");
        }
    }

    #[test]
    fn a_header_that_claims_billions_of_pixels_is_refused_unread() {
        let mut png = grey(1, 1, &[0]);
        png[16..24].copy_from_slice(&[0x00, 0x01, 0, 0, 0x00, 0x01, 0, 0]);
        let crc = png_crc(&png[12..29]);
        png[29..33].copy_from_slice(&crc.to_be_bytes());
        assert!(matches!(decode(&png), Err(PictureError::TooBig { width: 65536, .. })));
        let mut jpeg = include_bytes!("../../tests/data/colour.jpg").to_vec();
        let frame = jpeg.windows(2).position(|marker| marker == [0xff, 0xc0]).unwrap();
        jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff, 0xff, 0xff, 0xff]);
        assert!(matches!(decode(&jpeg), Err(PictureError::TooBig { width: 65535, .. })));
    }

    #[test]
    fn the_colours_of_print_are_refused_in_words() {
        let refused =
            decode(include_bytes!("../../tests/data/print.jpg")).map(|_| ()).unwrap_err().to_string();
        let words =
            "its colours are those of print (CMYK), neither grey nor red, green and blue: save it in RGB";
        assert_eq!(refused, words);
    }

    /// The CRC-32 of PNG's chunks.
    fn png_crc(bytes: &[u8]) -> u32 {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        crc.sum()
    }

    /// tests/data/README.md says what libjpeg makes of the two files.
    #[test]
    fn a_jpeg_is_what_libjpeg_makes_of_it_within_two_grey_levels() {
        let near = |jpeg: &[u8], channels: usize, expected: &[u8]| {
            let picture = decode(jpeg).unwrap();
            assert_eq!((picture.channels, picture.height, picture.width), (channels, 8, 8));
            let pairs = picture.pixels.iter().zip(expected);
            assert_eq!(picture.pixels.len(), expected.len());
            let worst = pairs.map(|(a, b)| a.abs_diff(*b)).max();
            assert!(worst <= Some(2), "{worst:?}");
        };
        near(include_bytes!("../../tests/data/grey.jpg"), 1, include_bytes!("../../tests/data/grey.raw"));
        near(include_bytes!("../../tests/data/colour.jpg"), 3, include_bytes!("../../tests/data/colour.raw"));
    }
}
