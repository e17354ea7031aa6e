use ::png::{BitDepth, ColorType, Encoder};

use super::*;

/// A PNG of these interleaved samples.
pub fn png(width: u32, height: u32, colour: ColorType, depth: BitDepth, samples: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, width, height);
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

/// As it is in the file.
fn stored(bytes: &[u8]) -> Result<Picture, PictureError> {
    decode(bytes, &Wanted::default()).map(|decoded| decoded.picture)
}

fn refusal(bytes: &[u8]) -> String {
    stored(bytes).map(|_| ()).unwrap_err().to_string()
}

macro_rules! data {
    ($name:literal) => {
        (include_bytes!(concat!("../../../tests/data/", $name)) as &[u8])
    };
}

/// The pictures that tests/data/pictures/make.py makes have this size.
const HEIGHT: usize = 5;
const WIDTH: usize = 7;

fn planes(channels: usize, level: impl Fn(usize, usize, usize) -> usize) -> Picture {
    let level = &level;
    let plane = |channel| (0..HEIGHT).flat_map(move |y| (0..WIDTH).map(move |x| level(channel, y, x) as u8));
    Picture { channels, height: HEIGHT, width: WIDTH, pixels: (0..channels).flat_map(plane).collect() }
}

/// The formulas of make.py.
fn colour_ramp() -> Picture {
    planes(3, |channel, y, x| [30 * x + 10, 50 * y + 5, 20 * x + 20 * y][channel])
}

fn grey_ramp() -> Picture {
    planes(1, |_, y, x| 30 * x + 12 * y)
}

fn of_bits() -> Picture {
    planes(1, |_, y, x| if (x + y) % 3 == 0 { 255 } else { 0 })
}

fn of_palette() -> Picture {
    planes(3, |channel, _, x| [[9, 8, 7], [90, 80, 70], [0, 255, 0], [255, 0, 255]][x % 4][channel])
}

fn decoded(colour: ColorType, depth: BitDepth, samples: &[u8]) -> Result<(usize, Vec<u8>), String> {
    let picture = stored(&png(2, 1, colour, depth, samples)).map_err(|error| error.to_string())?;
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
    assert_eq!(refused, "this PNG has 16 bits per channel: save it with 8");
}

/// tests/data/README.md says what libjpeg makes of the two files.
#[test]
fn a_jpeg_is_what_libjpeg_makes_of_it_within_two_grey_levels() {
    let near = |jpeg: &[u8], channels: usize, expected: &[u8]| {
        let picture = stored(jpeg).unwrap();
        assert_eq!((picture.channels, picture.height, picture.width), (channels, 8, 8));
        assert_eq!(picture.pixels.len(), expected.len());
        let worst = picture.pixels.iter().zip(expected).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(worst <= Some(2), "{worst:?}");
    };
    near(data!("grey.jpg"), 1, data!("grey.raw"));
    near(data!("colour.jpg"), 3, data!("colour.raw"));
}

#[test]
fn what_keeps_every_pixel_is_read_to_the_pixel() {
    let same = |bytes: &[u8], expected: Picture, name| assert_eq!(stored(bytes).unwrap(), expected, "{name}");
    same(data!("pictures/colour.webp"), colour_ramp(), "WebP");
    same(data!("pictures/colour.bmp"), colour_ramp(), "BMP");
    same(data!("pictures/grey.bmp"), grey_ramp(), "BMP in grey");
    same(data!("pictures/bits.bmp"), of_bits(), "BMP in black and white");
    same(data!("pictures/palette.bmp"), of_palette(), "BMP with a palette");
    same(data!("pictures/lzw.tif"), colour_ramp(), "TIFF, LZW");
    same(data!("pictures/deflate.tif"), grey_ramp(), "TIFF in grey, Deflate");
    same(data!("pictures/bits.tif"), of_bits(), "TIFF in black and white, PackBits");
    same(data!("pictures/white.tif"), of_bits(), "TIFF in which 0 is white");
    same(data!("pictures/planes.tif"), colour_ramp(), "TIFF, planes, most significant byte first");
    same(data!("pictures/tiles.tif"), colour_ramp(), "TIFF, tiles");
    same(data!("pictures/palette.gif"), of_palette(), "GIF");
    same(data!("pictures/interlaced.gif"), of_palette(), "GIF, interlaced");
    same(data!("pictures/grey.gif"), grey_ramp(), "GIF in grey");
}

/// Windows' own programs write 32 bits of which 8 mean nothing, and leave them 0.
#[test]
fn the_fourth_byte_of_a_plain_bmp_is_not_alpha() {
    let mut bytes = b"BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x02\0\0\0\x01\0\0\0\x01\0\x20\0".to_vec();
    bytes.resize(54, 0);
    bytes.extend([3, 2, 1, 0, 6, 5, 4, 0]);
    assert_eq!(stored(&bytes).unwrap().pixels, [1, 4, 2, 5, 3, 6]);
}

#[test]
fn a_lossy_webp_is_what_libwebp_makes_of_it() {
    let picture = stored(data!("pictures/lossy.webp")).unwrap();
    let expected = Picture::from_interleaved(data!("pictures/lossy.raw"), 3, 3, HEIGHT, WIDTH);
    let worst = picture.pixels.iter().zip(&expected.pixels).map(|(a, b)| a.abs_diff(*b)).max();
    assert_eq!((picture.shape(), worst), (expected.shape(), Some(0)));
}

#[test]
fn what_would_lose_something_is_refused_in_words() {
    assert_eq!(
        refusal(data!("print.jpg")),
        "this JPEG has the colours of print (CMYK), neither grey nor red, green and blue: save it in RGB"
    );
    assert!(refusal(data!("pictures/print.tif")).starts_with("this TIFF has the colours of print (CMYK)"));
    assert_eq!(refusal(data!("pictures/deep.tif")), "this TIFF has 16 bits per channel: save it with 8");
    assert!(refusal(data!("pictures/palette.tif")).starts_with("this TIFF has a palette, neither grey nor"));
    assert_eq!(
        refusal(data!("pictures/packed.bmp")),
        "this BMP cannot be decoded: 8 bits per pixel, packing 1: save it unpacked"
    );
    let several = "holds several pictures: save the one that is meant";
    assert_eq!(refusal(data!("pictures/frames.gif")), format!("this GIF {several}"));
    assert_eq!(refusal(data!("pictures/frames.webp")), format!("this WebP {several}"));
    assert_eq!(refusal(data!("pictures/pages.tif")), format!("this TIFF {several}"));
    for bytes in [
        data!("pictures/clear.webp"),
        data!("pictures/clear.tif"),
        data!("pictures/clear.gif"),
        data!("pictures/clear.bmp"),
    ] {
        assert!(refusal(bytes).contains("is transparent in places"));
    }
}

/// The first column is a fifth of the picture over four fifths of (100, 200, 50).
#[test]
fn what_is_transparent_lies_on_the_background_that_is_wanted() {
    let wanted = Wanted { background: Some([100, 200, 50]), ..Wanted::default() };
    let ramp = colour_ramp();
    let expected = planes(3, |channel, y, x| {
        let level = usize::from(ramp.pixels[(channel * HEIGHT + y) * WIDTH + x]);
        if x == 0 { (level + 4 * [100, 200, 50][channel] + 2) / 5 } else { level }
    });
    for bytes in [data!("pictures/clear.webp"), data!("pictures/clear.tif"), data!("pictures/clear.bmp")] {
        assert_eq!(decode(bytes, &wanted).unwrap().picture, expected);
    }
    let gif = decode(data!("pictures/clear.gif"), &wanted).unwrap().picture;
    assert_eq!((gif.pixels[2], gif.pixels[WIDTH * HEIGHT + 2], gif.pixels[0]), (100, 200, 9));
    let grey = png(2, 1, ColorType::GrayscaleAlpha, BitDepth::Eight, &[10, 0, 20, 255]);
    // 0.299 * 100 + 0.587 * 200 + 0.114 * 50 = 153.
    assert_eq!(decode(&grey, &wanted).unwrap().picture.pixels, [153, 20]);
}

#[test]
fn what_exif_says_is_told_and_done_if_wanted() {
    let upright = Wanted { upright: true, ..Wanted::default() };
    for (bytes, turn) in [
        (data!("pictures/colour.webp"), Turn::Right),
        (data!("pictures/turned.tif"), Turn::Left),
        (data!("pictures/turned.jpg"), Turn::Right),
    ] {
        let as_stored = decode(bytes, &Wanted::default()).unwrap();
        assert_eq!((as_stored.turn, as_stored.picture.shape()), (turn, [3, HEIGHT, WIDTH]));
        let turned = decode(bytes, &upright).unwrap();
        assert_eq!(turned, Decoded { picture: turn.apply(as_stored.picture), turn });
        assert_eq!(turned.picture.shape(), [3, WIDTH, HEIGHT]);
    }
    assert_eq!(decode(data!("colour.jpg"), &upright).unwrap().turn, Turn::None);
}

/// By Pillow: `convert("L")` of these three pixels gives 76, 150 and 29, of (1, 2, 3) 2.
#[test]
fn colours_become_grey_by_their_weights_and_grey_three_equal_planes() {
    let bytes = png(2, 2, ColorType::Rgb, BitDepth::Eight, &[255, 0, 0, 0, 255, 0, 0, 0, 255, 1, 2, 3]);
    let wanted = |colour| Wanted { colour: Some(colour), ..Wanted::default() };
    let grey = decode(&bytes, &wanted(Colour::Grey)).unwrap().picture;
    assert_eq!((grey.channels, grey.pixels), (1, vec![76, 150, 29, 2]));
    let colour = decode(&self::grey(2, 1, &[3, 9]), &wanted(Colour::Rgb)).unwrap().picture;
    assert_eq!((colour.channels, colour.pixels), (3, vec![3, 9, 3, 9, 3, 9]));
    assert_eq!(decode(&bytes, &wanted(Colour::Rgb)).unwrap().picture, stored(&bytes).unwrap());
}

/// Two sizes of a plane of 47 x 61, by Pillow's `BILINEAR`, rows and then columns: see make.py.
#[test]
fn a_resized_picture_is_pillows_to_the_byte() {
    let (height, width) = (47, 61);
    let level = |y: usize, x: usize| ((7 * x * x + 13 * y * y + 5 * x * y) / 16 % 256) as u8;
    let plane: Vec<u8> = (0..height).flat_map(|y| (0..width).map(move |x| level(y, x))).collect();
    let colour: Vec<u8> = plane.iter().flat_map(|level| [*level, 0, 255 - level]).collect();
    let bytes = png(61, 47, ColorType::Rgb, BitDepth::Eight, &colour);
    let mut expected = data!("pictures/resized.raw");
    for size in [[9, 13], [50, 7]] {
        let area = size[0] * size[1];
        let picture = decode(&bytes, &Wanted { size: Some(size), ..Wanted::default() }).unwrap().picture;
        assert_eq!(picture.shape(), [3, size[0], size[1]]);
        let (own, rest) = expected.split_at(area);
        expected = rest;
        assert_eq!(&picture.pixels[..area], own);
        assert!(
            picture.pixels[area..2 * area].iter().all(|level| *level == 0),
            "a plane of one level keeps it"
        );
    }
    assert!(expected.is_empty());
}

#[test]
fn damage_at_any_byte_is_an_error_and_no_panic() {
    let good = grey(3, 2, &[1, 2, 3, 4, 5, 6]);
    // Behind the pixels lie 12 bytes of PNG's end, 2 of JPEG's.
    for (bytes, end) in [(good.as_slice(), 12), (data!("colour.jpg"), 2)] {
        assert!(stored(bytes).is_ok());
        for len in 0..bytes.len() - end {
            assert!(stored(&bytes[..len]).is_err(), "cut to {len} bytes");
        }
    }
}

/// Every file of every format, cut at every byte, and with every byte changed in a few ways: an error or a picture of
/// the size that is wanted, and never a panic, which `decode` would call damage. What is cut is an error, or lacks
/// nothing of the picture.
#[test]
fn hostile_bytes_end_in_an_error_or_in_a_picture() {
    let files: [(&str, &[u8]); 22] = [
        ("grey.png", &grey(3, 2, &[1, 2, 3, 4, 5, 6])),
        ("colour.jpg", data!("colour.jpg")),
        ("turned.jpg", data!("pictures/turned.jpg")),
        ("colour.webp", data!("pictures/colour.webp")),
        ("clear.webp", data!("pictures/clear.webp")),
        ("lossy.webp", data!("pictures/lossy.webp")),
        ("frames.webp", data!("pictures/frames.webp")),
        ("colour.bmp", data!("pictures/colour.bmp")),
        ("bits.bmp", data!("pictures/bits.bmp")),
        ("palette.bmp", data!("pictures/palette.bmp")),
        ("packed.bmp", data!("pictures/packed.bmp")),
        ("clear.bmp", data!("pictures/clear.bmp")),
        ("lzw.tif", data!("pictures/lzw.tif")),
        ("deflate.tif", data!("pictures/deflate.tif")),
        ("bits.tif", data!("pictures/bits.tif")),
        ("palette.tif", data!("pictures/palette.tif")),
        ("planes.tif", data!("pictures/planes.tif")),
        ("tiles.tif", data!("pictures/tiles.tif")),
        ("clear.tif", data!("pictures/clear.tif")),
        ("palette.gif", data!("pictures/palette.gif")),
        ("clear.gif", data!("pictures/clear.gif")),
        ("interlaced.gif", data!("pictures/interlaced.gif")),
    ];
    let wanted =
        Wanted { size: Some([3, 2]), colour: Some(Colour::Grey), background: Some([255; 3]), upright: true };
    for (name, bytes) in files {
        let whole = decode(bytes, &wanted).map(|decoded| decoded.picture).ok();
        let try_out = |bytes: &[u8], what: String| {
            let picture = decode(bytes, &wanted).ok()?.picture;
            assert_eq!(picture.shape(), [1, 3, 2], "{name}: {what}");
            assert_eq!(picture.pixels.len(), 6, "{name}: {what}");
            Some(picture)
        };
        assert_eq!(whole.is_none(), matches!(name, "frames.webp" | "packed.bmp" | "palette.tif"), "{name}");
        for len in 0..bytes.len() {
            let cut = try_out(&bytes[..len], format!("cut to {len}"));
            assert!(cut.is_none() || cut == whole, "{name} cut to {len} of {} bytes", bytes.len());
        }
        let mut damaged = bytes.to_vec();
        for place in 0..bytes.len() {
            for change in [0xff, 0x80, 0x01] {
                damaged[place] ^= change;
                try_out(&damaged, format!("byte {place} changed by {change}"));
                damaged[place] ^= change;
            }
        }
    }
}

#[test]
fn a_header_that_claims_billions_of_pixels_is_refused_unread() {
    let mut png = grey(1, 1, &[0]);
    png[16..24].copy_from_slice(&[0x00, 0x01, 0, 0, 0x00, 0x01, 0, 0]);
    let crc = png_crc(&png[12..29]);
    png[29..33].copy_from_slice(&crc.to_be_bytes());
    let mut jpeg = data!("colour.jpg").to_vec();
    let frame = jpeg.windows(2).position(|marker| marker == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].fill(0xff);
    let mut bmp = data!("pictures/colour.bmp").to_vec();
    bmp[18..26].copy_from_slice(&[0xff, 0xff, 0, 0, 0xff, 0xff, 0, 0]);
    let mut gif = data!("pictures/palette.gif").to_vec();
    gif[6..10].fill(0xff);
    let mut tiff = data!("pictures/lzw.tif").to_vec();
    for tag in [[0, 1], [1, 1], [0x16, 1]] {
        // Width, height and rows per strip: a tag, its type, how many, and the value.
        let entry =
            tiff.windows(8).position(|entry| entry[..2] == tag && entry[4..] == [1, 0, 0, 0]).unwrap();
        tiff[entry + 8..entry + 10].fill(0xff);
    }
    let refusals = [(png, 65536), (jpeg, 65535), (bmp, 65535), (gif, 65535), (tiff, 65535)];
    for (bytes, side) in refusals {
        for wanted in [Wanted::default(), Wanted { size: Some([8, 8]), ..Wanted::default() }] {
            let error = decode(&bytes, &wanted).unwrap_err();
            let is_size = |fault: &Fault| matches!(fault, Fault::Size { width, .. } if *width == side);
            assert!(matches!(&error, PictureError::Bad { fault, .. } if is_size(fault)), "{error}");
        }
    }
}

/// The CRC-32 of PNG's chunks.
fn png_crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// The chunk is big-endian TIFF with the tag 0x0112 alone: 6, a quarter clockwise.
#[test]
fn the_exif_of_a_png_is_looked_at() {
    let plain = grey(2, 1, &[3, 9]);
    let exif = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let mut crc = flate2::Crc::new();
    crc.update(b"eXIf");
    crc.update(exif);
    let chunk = [&(exif.len() as u32).to_be_bytes()[..], b"eXIf", exif, &crc.sum().to_be_bytes()].concat();
    // Behind the header, which is 8 + 25 bytes.
    let turned = [&plain[..33], &chunk, &plain[33..]].concat();
    let upright = Wanted { upright: true, ..Wanted::default() };
    let found = decode(&turned, &upright).unwrap();
    assert_eq!((found.turn, found.picture.height, found.picture.pixels), (Turn::Right, 2, vec![3, 9]));
    assert_eq!(decode(&plain, &upright).unwrap().turn, Turn::None);
}

#[test]
fn what_is_no_picture_is_called_what_it_is() {
    let said = |bytes: &[u8]| match stored(bytes) {
        Err(error @ PictureError::Unknown(_)) => (error.to_string(), error.hint()),
        other => panic!("{other:?}"),
    };
    let (text, hint) = said(b"\0\0\0\x18ftypheic\0\0\0\0");
    assert_eq!(text, "it is a HEIC photograph; hspipe reads PNG, JPEG, WebP, BMP, TIFF and GIF");
    assert_eq!(hint, "HEIC is not read: convert it to JPEG or PNG");
    for (bytes, what) in [
        (&b""[..], "it is empty;"),
        (b"\n <!DOCTYPE html><html>", "it is an HTML page;"),
        (b"<?xml version=\"1.0\"?>\n<svg xmlns=", "it is an SVG drawing;"),
        (b"%PDF-1.7", "it is a PDF;"),
        (b"version https://git-lfs.github.com/spec/v1\n", "it is a pointer of Git LFS"),
        (b"404 Not Found", "it is text;"),
        (&[0; 64], "it is nothing but zeros;"),
        (&[7, 0, 1, 2], "it is of no kind that is known here;"),
        (b"GIF8", "it is text;"),
    ] {
        let (text, _) = said(bytes);
        assert!(text.starts_with(what), "{text}");
    }
    let dicom = [&[0; 128][..], b"DICM"].concat();
    assert!(said(&dicom).0.starts_with("it is a DICOM image"));
}
