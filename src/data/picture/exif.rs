//! How a picture has to be turned, as cameras note it in EXIF.
//!
//! In: the bytes of EXIF, and planes. Out: planes that stand upright. Only tag 0x0112 of the first
//! directory is looked at: section 4.6.4 of the EXIF standard has its eight values.

use super::Picture;

/// How what is stored has to be turned to be upright.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Turn {
    /// Not at all.
    #[default]
    None,
    /// Left and right changed.
    Mirrored,
    /// By 180 degrees.
    Half,
    /// Top and bottom changed.
    Flipped,
    /// Rows become columns.
    Transposed,
    /// By 90 degrees clockwise.
    Right,
    /// Rows become columns, then by 180 degrees.
    Transversed,
    /// By 90 degrees counter-clockwise.
    Left,
}

/// The tag's number.
const ORIENTATION: u16 = 0x0112;

/// The type of its value: 16 bits.
const SHORT: u16 = 3;

impl Turn {
    /// By the tag's value; a value that means nothing turns nothing.
    pub(super) fn of(value: u16) -> Turn {
        match value {
            2 => Self::Mirrored,
            3 => Self::Half,
            4 => Self::Flipped,
            5 => Self::Transposed,
            6 => Self::Right,
            7 => Self::Transversed,
            8 => Self::Left,
            _ => Self::None,
        }
    }

    /// By the bytes of EXIF, with or without the words before them. Nothing where they are damaged: the
    /// picture may be good all the same.
    pub(super) fn noted(exif: &[u8]) -> Turn {
        let tiff = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
        value(tiff).map_or(Self::None, Self::of)
    }

    /// Turns the planes of a picture.
    pub(super) fn apply(self, picture: Picture) -> Picture {
        if self == Self::None {
            return picture;
        }
        let (height, width) = (picture.height, picture.width);
        let (to_height, to_width) = match self {
            Self::None | Self::Mirrored | Self::Half | Self::Flipped => (height, width),
            Self::Transposed | Self::Right | Self::Transversed | Self::Left => (width, height),
        };
        let mut pixels = Vec::with_capacity(picture.pixels.len());
        for plane in picture.pixels.chunks_exact(height * width) {
            for y in 0..to_height {
                pixels.extend((0..to_width).map(|x| {
                    let (row, column) = match self {
                        Self::None => (y, x),
                        Self::Mirrored => (y, width - 1 - x),
                        Self::Half => (height - 1 - y, width - 1 - x),
                        Self::Flipped => (height - 1 - y, x),
                        Self::Transposed => (x, y),
                        Self::Right => (height - 1 - x, y),
                        Self::Transversed => (height - 1 - x, width - 1 - y),
                        Self::Left => (x, width - 1 - y),
                    };
                    plane[row * width + column]
                }));
            }
        }
        Picture { pixels, height: to_height, width: to_width, channels: picture.channels }
    }
}

/// The tag's value in a TIFF structure.
fn value(tiff: &[u8]) -> Option<u16> {
    let little = match tiff.get(..4)? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let two = tiff.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if little { u16::from_le_bytes(two) } else { u16::from_be_bytes(two) })
    };
    let long = |at: usize| {
        let four = tiff.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if little { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) })
    };
    let directory = usize::try_from(long(4)?).ok()?;
    let entries = usize::from(short(directory)?);
    let mut places = (0..entries).map_while(|entry| directory.checked_add(2 + 12 * entry));
    let entry = places.find(|at| short(*at) == Some(ORIENTATION))?;
    (short(entry + 2)? == SHORT).then(|| short(entry + 8))?
}

#[cfg(test)]
mod tests {
    use super::*;

    /// EXIF with this value of the tag behind another tag.
    fn exif(little: bool, value: u16) -> Vec<u8> {
        let short = |x: u16| if little { x.to_le_bytes() } else { x.to_be_bytes() }.to_vec();
        let long = |x: u32| if little { x.to_le_bytes() } else { x.to_be_bytes() }.to_vec();
        let mark = if little { b"II*\0" } else { b"MM\0*" }.to_vec();
        let entry = |tag, value| [short(tag), short(SHORT), long(1), short(value), short(0)].concat();
        [b"Exif\0\0".to_vec(), mark, long(8), short(2), entry(0x0100, 7), entry(ORIENTATION, value), long(0)]
            .concat()
    }

    #[test]
    fn the_tag_is_found_in_both_byte_orders_and_damage_turns_nothing() {
        for little in [true, false] {
            let good = exif(little, 6);
            assert_eq!(Turn::noted(&good), Turn::Right);
            assert_eq!(Turn::noted(&good[6..]), Turn::Right);
            assert_eq!(Turn::noted(&exif(little, 9)), Turn::None);
            for len in 0..good.len() - 6 {
                assert_eq!(Turn::noted(&good[..len]), Turn::None, "cut to {len} bytes");
            }
            let mut lost = good.clone();
            lost[10..14].fill(0xff);
            assert_eq!(Turn::noted(&lost), Turn::None);
        }
    }

    /// By Pillow: `ImageOps.exif_transpose` of a 2x3 picture of 1 to 6 with each value of the tag.
    #[test]
    fn every_turn_is_what_pillow_makes_of_it() {
        let expected: [(usize, [u8; 6]); 8] = [
            (2, [1, 2, 3, 4, 5, 6]),
            (2, [3, 2, 1, 6, 5, 4]),
            (2, [6, 5, 4, 3, 2, 1]),
            (2, [4, 5, 6, 1, 2, 3]),
            (3, [1, 4, 2, 5, 3, 6]),
            (3, [4, 1, 5, 2, 6, 3]),
            (3, [6, 3, 5, 2, 4, 1]),
            (3, [3, 6, 2, 5, 1, 4]),
        ];
        for (value, (height, pixels)) in (1..).zip(expected) {
            let picture = Picture { channels: 1, height: 2, width: 3, pixels: (1..=6).collect() };
            let turned = Turn::of(value).apply(picture);
            assert_eq!(
                (turned.height, turned.width, turned.pixels),
                (height, 6 / height, pixels.to_vec()),
                "{value}"
            );
        }
    }
}
