//! What becomes of decoded pixels: a background, other colours.
//!
//! In: pixels. Out: planes. Everything is counted in whole numbers, so that it is the same on any
//! machine.

use super::{Colour, Fault, Picture, Raster};

/// The planes of a raster, before `background` where it is transparent.
///
/// # Errors
/// It is transparent, and there is no background.
pub(super) fn opaque(raster: Raster, background: Option<[u8; 3]>) -> Result<Picture, Fault> {
    let Raster { channels, alpha, height, width, mut samples, .. } = raster;
    let stride = channels + usize::from(alpha);
    if alpha && samples.iter().skip(channels).step_by(stride).any(|alpha| *alpha != 255) {
        let [red, green, blue] = background.ok_or(Fault::Transparent)?;
        let behind = if channels == 1 { [grey(red, green, blue); 3] } else { [red, green, blue] };
        for pixel in samples.chunks_exact_mut(stride) {
            let (colours, alpha) = pixel.split_at_mut(channels);
            colours
                .iter_mut()
                .zip(behind)
                .for_each(|(colour, behind)| *colour = over(*colour, alpha[0], behind));
        }
    }
    Ok(Picture::from_interleaved(&samples, stride, channels, height, width))
}

/// A colour of this alpha over what lies behind it, to the nearest.
fn over(colour: u8, alpha: u8, behind: u8) -> u8 {
    let (colour, alpha, behind) = (u16::from(colour), u16::from(alpha), u16::from(behind));
    // At most 255 * 255 + 127: it fits. The quotient is at most 255.
    ((colour * alpha + behind * (255 - alpha) + 127) / 255) as u8
}

/// How bright a colour is, by the weights of ITU-R BT.601 in parts of 65,536, as Pillow has them: 0.299
/// red, 0.587 green, 0.114 blue.
fn grey(red: u8, green: u8, blue: u8) -> u8 {
    let sum = 19_595 * u32::from(red) + 38_470 * u32::from(green) + 7_471 * u32::from(blue);
    // The weights add up to 65,536: at most 255.
    ((sum + 32_768) >> 16) as u8
}

/// The picture in grey or in colour.
pub(super) fn coloured(picture: Picture, colour: Colour) -> Picture {
    let Picture { channels, height, width, pixels } = picture;
    let (channels, pixels) = match (channels, colour) {
        (3, Colour::Grey) => {
            let (red, rest) = pixels.split_at(height * width);
            let (green, blue) = rest.split_at(height * width);
            let planes = red.iter().zip(green).zip(blue);
            (1, planes.map(|((red, green), blue)| grey(*red, *green, *blue)).collect())
        }
        (1, Colour::Rgb) => (3, pixels.repeat(3)),
        _ => (channels, pixels),
    };
    Picture { channels, height, width, pixels }
}
