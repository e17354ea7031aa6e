//! A sample as a small picture.
//!
//! In: pixels as the table `images` has them. Out: a PNG in an address of its own, `data:`. Must not know what the sample
//! is.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Pixels of the longer side of a picture, about: a smaller one is enlarged, without smoothing, and a larger one reduced.
const SIDE: usize = 84;

/// Pixels row by row, channel by channel: one for grey, three for red, green and blue; of any other number the first.
#[derive(Clone, Copy)]
pub struct Pixels<'a> {
    pub channels: usize,
    pub height: usize,
    pub width: usize,
    pub bytes: &'a [u8],
}

/// The picture as a PNG; none if there are not as many bytes as pixels.
pub fn png(pixels: Pixels) -> Option<Vec<u8>> {
    let Pixels { channels, height, width, bytes } = pixels;
    let longer = height.max(width);
    if longer == 0 || channels == 0 || bytes.len() != channels * height * width {
        return None;
    }
    let (larger, smaller) = ((SIDE / longer).max(1), longer.div_ceil(SIDE));
    let size = |side: usize| if smaller > 1 { (side / smaller).max(1) } else { side * larger };
    let (rows, columns) = (size(height), size(width));
    let planes = if channels == 3 { 3 } else { 1 };
    let mut picture = Vec::with_capacity(planes * rows * columns);
    for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
        for plane in bytes.chunks(height * width).take(planes) {
            let value = match smaller {
                1 => plane[row / larger * width + column / larger],
                // The mean of the square of pixels that come together.
                _ => {
                    let rows = row * smaller..((row + 1) * smaller).min(height);
                    let columns = column * smaller..((column + 1) * smaller).min(width);
                    let square = rows.flat_map(|row| columns.clone().map(move |column| row * width + column));
                    let (sum, n) = square.fold((0, 0), |(sum, n), at| (sum + u32::from(plane[at]), n + 1));
                    ((sum + n / 2) / n.max(1)) as u8
                }
            };
            picture.push(value);
        }
    }
    encode(&picture, planes, columns, rows).ok()
}

fn encode(picture: &[u8], planes: usize, width: usize, height: usize) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(if planes == 3 { png::ColorType::Rgb } else { png::ColorType::Grayscale });
    encoder.set_compression(png::Compression::Best);
    // Most rows are the same as the one above.
    encoder.set_filter(png::FilterType::Up);
    encoder.write_header()?.write_image_data(picture)?;
    Ok(bytes)
}

/// The address that holds a PNG itself.
pub fn data_uri(png: &[u8]) -> String {
    format!("data:image/png;base64,{}", STANDARD.encode(png))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(pixels: Pixels) -> (png::ColorType, u32, u32, Vec<u8>) {
        let png = png(pixels).unwrap();
        let mut reader = png::Decoder::new(png.as_slice()).read_info().unwrap();
        let mut picture = vec![0; reader.output_buffer_size()];
        let info = reader.next_frame(&mut picture).unwrap();
        (info.color_type, info.width, info.height, picture)
    }

    #[test]
    fn small_ones_are_enlarged_without_smoothing() {
        let (color, width, height, picture) =
            decoded(Pixels { channels: 1, height: 2, width: 3, bytes: &[0, 50, 100, 150, 200, 250] });
        assert_eq!((color, width, height), (png::ColorType::Grayscale, 84, 56));
        assert_eq!([picture[0], picture[27], picture[28], picture[84 * 55 + 83]], [0, 0, 50, 250]);
    }

    #[test]
    fn colours_are_kept_and_large_ones_reduced() {
        let planes = [vec![10; 200 * 100], vec![20; 200 * 100], [0, 40].repeat(100 * 100)];
        let bytes: Vec<u8> = planes.concat();
        let (color, width, height, picture) =
            decoded(Pixels { channels: 3, height: 100, width: 200, bytes: &bytes });
        assert_eq!((color, width, height), (png::ColorType::Rgb, 66, 33));
        assert_eq!(&picture[..2], [10, 20]);
        assert!((13..=27).contains(&picture[2]), "the mean of 0, 40, 0 is 13, of 40, 0, 40 is 27");
    }

    #[test]
    fn pixels_that_do_not_fit_give_none() {
        assert!(png(Pixels { channels: 1, height: 2, width: 2, bytes: &[0; 3] }).is_none());
        assert!(png(Pixels { channels: 1, height: 0, width: 0, bytes: &[] }).is_none());
        assert!(png(Pixels { channels: 2, height: 1, width: 1, bytes: &[1, 2] }).is_some());
    }
}
