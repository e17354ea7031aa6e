//! USPS: handwritten digits of the US postal service, two files of text as LIBSVM reads it.
//!
//! A line is a digit: its label, from 1 for 0 to 10 for 9, and `1:value` to `256:value`, the 16x16 pixels from -1 to 1. In: a
//! folder, or the bytes of its files, unpacked. Out: the files, or grey images, or what is wrong. Pixels become bytes as
//! torchvision makes them (torchvision/datasets/usps.py), which drops what is behind the point. Must not know: bzip2,
//! checksums.

use std::path::Path;

use super::{Content, Found, SETS, named_files};
use crate::data::images::{self, Images};
use crate::data::labels::Labels;
use crate::data::samples::{Content as Samples, Rows, Set};
use crate::data::{Cause, DataError};

/// The two files; each may be packed by bzip2 and then ends in .bz2.
pub const FILES: [&str; 2] = ["usps", "usps.t"];

const SIDE: usize = 16;

/// Pixels of an image.
const AREA: usize = SIDE * SIDE;

/// More bytes than a line has: each pixel has its number, a colon, a value of a few digits and a blank.
pub const MAX_LINE: u64 = AREA as u64 * 24;

/// The longest unpacked file that is read where no length is known beforehand.
pub const MAX_LEN: u64 = 100_000 * MAX_LINE;

/// What a good file is.
pub const WHAT: &str = "file of USPS";

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UspsError {
    /// Nothing, or bytes of something else.
    #[error("it is no text of lines")]
    NoText,
    /// A label that is none.
    #[error("line {line} begins with {found:?}, and not with one of the labels 1 to {classes}")]
    Label {
        /// From 1.
        line: usize,
        /// As found.
        found: String,
        /// Classes.
        classes: usize,
    },
    /// A pixel that is none.
    #[error("line {line} has {found:?} where pixel {pixel} should be, as in `{pixel}:0.5`, from -1 to 1")]
    Pixel {
        /// From 1.
        line: usize,
        /// As found; empty if the line ends before.
        found: String,
        /// From 1.
        pixel: usize,
    },
    /// More than an image has.
    #[error("line {line} goes on behind pixel {AREA}")]
    Long {
        /// From 1.
        line: usize,
    },
}

/// The files in a folder that has both; their names are anybody's.
pub fn find(folder: &Path) -> Result<Option<Vec<Found>>, DataError> {
    let is_there = |name: &str| ["", ".bz2"].iter().any(|end| folder.join(format!("{name}{end}")).is_file());
    if FILES.iter().all(|name| is_there(name)) {
        named_files(folder, &FILES, &["", ".bz2"])
    } else {
        Ok(None)
    }
}

/// Joins the two files, train first.
pub fn rows(files: Vec<Content>) -> Result<Rows, DataError> {
    let (mut pixels, mut labels, mut sets) = (Vec::new(), Labels::default(), Vec::new());
    let path = files.first().map(|file| file.path.clone()).unwrap_or_default();
    for (file, set) in files.iter().zip([SETS[0], SETS[2]]) {
        let (digits, bytes) = parse(&file.bytes, 10).map_err(|error| file.broken(WHAT, error))?;
        Set::count(&mut sets, set, digits.len());
        digits.into_iter().for_each(|digit| labels.push_number(i64::from(digit)));
        pixels.extend(bytes);
    }
    images::check_size(&path, &[pixels.len() as u64])?;
    let images = Images { pixels, channels: 1, height: SIDE, width: SIDE };
    let notices = vec!["pixels of USPS from -1 to 1 are brought to 0 to 255".to_owned()];
    Ok(Rows { content: Samples::Images(images), labels, sets, texts: Vec::new(), notices })
}

/// What is wrong with a file, if anything.
pub fn check_file(bytes: &[u8], classes: usize) -> Result<(), Cause> {
    parse(bytes, classes.min(10))?;
    Ok(())
}

/// The digit of each line, and the pixels of all.
fn parse(bytes: &[u8], classes: usize) -> Result<(Vec<u8>, Vec<u8>), UspsError> {
    let text = std::str::from_utf8(bytes).map_err(|_| UspsError::NoText)?;
    let (mut digits, mut pixels) = (Vec::new(), Vec::new());
    for (line, row) in (1..).zip(text.lines()) {
        let mut words = row.split_ascii_whitespace();
        let label = words.next().unwrap_or_default();
        match label.parse::<usize>() {
            Ok(number) if (1..=classes).contains(&number) => digits.push((number - 1) as u8),
            _ => return Err(UspsError::Label { line, found: label.to_owned(), classes }),
        }
        for pixel in 1..=AREA {
            let word = words.next().unwrap_or_default();
            let byte = byte(word, pixel);
            pixels.push(byte.ok_or_else(|| UspsError::Pixel { line, found: word.to_owned(), pixel })?);
        }
        if words.next().is_some() {
            return Err(UspsError::Long { line });
        }
    }
    if digits.is_empty() { Err(UspsError::NoText) } else { Ok((digits, pixels)) }
}

/// The byte of `7:0.5`, if that is pixel 7. Numbers have 32 bits, as in torchvision.
fn byte(word: &str, pixel: usize) -> Option<u8> {
    let (index, value) = word.split_once(':')?;
    let value = value.parse::<f64>().ok()? as f32;
    let is_good = index.parse() == Ok(pixel) && (-1.0..=1.0).contains(&value);
    is_good.then_some(((value + 1.0) / 2.0 * 255.0) as u8)
}

#[cfg(test)]
mod tests {
    use super::super::tests::content;
    use super::*;

    /// A line: pixels begin with these values, the others are -1.
    fn line(label: &str, values: &[&str]) -> String {
        let value = |pixel: usize| values.get(pixel).copied().unwrap_or("-1");
        let words = (0..AREA).map(|pixel| format!(" {}:{}", pixel + 1, value(pixel)));
        format!("{label}{} \n", words.collect::<String>())
    }

    #[test]
    fn lines_become_images_as_torchvision_makes_them() {
        let train = [line("10", &["1", "-0.631", "0.862", "0"]), line("1", &[])].concat();
        let test = line("7", &["-0.999999", "0.999999"]);
        let files = vec![content("usps", train.into()), content("usps.t", test.into())];
        let read = rows(files).unwrap();
        assert_eq!(read.labels.numbers().collect::<Vec<_>>(), [9, 0, 6]);
        let Samples::Images(images) = read.content else { panic!("these are images") };
        assert_eq!((images.height, images.width, images.pixels.len()), (16, 16, 3 * AREA));
        // numpy.uint8 of (numpy.float32(x) + 1) / 2 * 255.
        assert_eq!(images.pixels[..5], [255, 47, 237, 127, 0]);
        assert_eq!(images.pixels[2 * AREA..2 * AREA + 2], [0, 254]);
        assert_eq!((read.sets[0].samples, read.sets[1].samples), (2, 1));
    }

    #[test]
    fn what_is_wrong_with_a_line_is_told() {
        let good = line("3", &[]);
        let told = |bytes: &str| parse(bytes.as_bytes(), 10).unwrap_err().to_string();
        assert!(told(&[good.as_str(), &line("11", &[])].concat()).starts_with("line 2 begins with \"11\""));
        assert!(told(&line("3", &["0", "1.5"])).contains("\"2:1.5\" where pixel 2"));
        assert!(told(&line("3", &["nan"])).contains("\"1:nan\" where pixel 1"));
        assert!(told("3 2:0.5\n").contains("\"2:0.5\" where pixel 1"));
        assert!(told(&good[..good.len() - 8]).contains("where pixel 256"));
        assert!(told(&good.replace('\n', "257:0\n")).contains("goes on behind"));
        assert_eq!(parse(b"", 10), Err(UspsError::NoText));
        assert_eq!(parse(&[0xff, 0xfe], 10), Err(UspsError::NoText));
    }
}
