//! One array in NumPy's .npy format: a header in the syntax of Python, then the numbers.
//!
//! In: a stream. Out: the array's type, shape and bytes. What the header claims is checked before
//! anything of that size is made. Must not know: archives, what the array means.

use std::io::Read;

use crate::data::file::{self, Unread};
use crate::data::images::MAX_PIXELS;

/// The longest header that is read. NumPy's own takes 128 bytes for what is of use here.
const MAX_HEADER: usize = 1 << 14;

/// What is wrong with an array.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NpyError {
    /// No header, or one that NumPy would not write.
    #[error("its header is not NumPy's: {0}")]
    Header(String),
    /// Structured, of text, of objects, or of floats.
    #[error("its type is {0}, and whole numbers are needed")]
    Type(String),
    /// Anything but floats.
    #[error("its type is {0}, and floats are needed")]
    NotFloats(String),
    /// Columns first.
    #[error("it is stored in Fortran's order: save numpy.ascontiguousarray of it")]
    Order,
    /// More than can be held.
    #[error("its header says {0:?}, which is more than 2 GiB")]
    TooBig(Vec<u64>),
    /// Longer or shorter than its header says, or it cannot be read.
    #[error("its header says {says} bytes, but {found}")]
    Length {
        /// Bytes.
        says: u64,
        /// What was found.
        found: String,
    },
}

/// An array of whole numbers, row-major.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Array {
    pub shape: Vec<u64>,
    pub bytes: Vec<u8>,
    kind: Kind,
}

/// The type of a whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kind {
    signed: bool,
    big_endian: bool,
    /// Bytes: 1, 2, 4 or 8.
    size: usize,
}

/// An array of any type.
struct Raw<T> {
    of: T,
    shape: Vec<u64>,
    bytes: Vec<u8>,
}

impl<T> Raw<T> {
    /// `parse` gives the type and its bytes, and none if it is another than is needed, which `refuse` says.
    fn read(
        mut from: impl Read,
        parse: impl Fn(&str) -> Option<(T, usize)>,
        refuse: fn(String) -> NpyError,
    ) -> Result<Raw<T>, NpyError> {
        let bad = |why: &str| NpyError::Header(why.to_owned());
        let mut take = |n: usize| {
            let mut bytes = vec![0; n];
            from.read_exact(&mut bytes).map(|()| bytes).map_err(|error| NpyError::Header(error.to_string()))
        };
        let start = take(8)?;
        if !start.starts_with(b"\x93NUMPY") {
            return Err(bad("it does not begin with NUMPY"));
        }
        // Version 1 has 2 bytes for the header's length, later ones 4.
        let len = take(if start[6] == 1 { 2 } else { 4 })?;
        let len = len.iter().rev().fold(0, |len, byte| len << 8 | usize::from(*byte));
        if len > MAX_HEADER {
            return Err(bad("it is too long"));
        }
        let header = take(len)?;
        let header = std::str::from_utf8(&header).map_err(|_| bad("it is no text"))?;
        let after = |field: &str| -> Option<&str> {
            let (_, rest) = header.split_once(&format!("'{field}':"))?;
            Some(rest.trim_start())
        };
        let descr = after("descr").ok_or_else(|| bad("it has no descr"))?;
        let (of, size) = parse(descr)
            .ok_or_else(|| refuse(descr.split(',').next().unwrap_or_default().trim().to_owned()))?;
        if after("fortran_order").is_none_or(|order| !order.starts_with("False")) {
            return Err(NpyError::Order);
        }
        let shape = after("shape").and_then(|rest| rest.strip_prefix('(')?.split_once(')'));
        let (shape, _) = shape.ok_or_else(|| bad("it has no shape"))?;
        let sizes = shape.split(',').map(str::trim).filter(|size| !size.is_empty());
        let shape: Vec<u64> = sizes
            .map(|size| size.trim_end_matches('L').parse())
            .collect::<Result<_, _>>()
            .map_err(|_| bad("its shape is none"))?;
        let says = shape.iter().try_fold(size as u64, |product, size| product.checked_mul(*size));
        let says = says.filter(|&says| says <= MAX_PIXELS).ok_or_else(|| NpyError::TooBig(shape.clone()))?;
        let length = |found| NpyError::Length { says, found };
        let bytes = file::at_most(says, &mut from).map_err(|error| match error {
            Unread::Io(error) => length(error.to_string()),
            Unread::TooLong => length("it has more".to_owned()),
        })?;
        if (bytes.len() as u64) < says {
            return Err(length(format!("it has {}", bytes.len())));
        }
        Ok(Raw { of, shape, bytes })
    }
}

/// The numbers of an array of floats, row-major.
pub fn floats(from: impl Read) -> Result<Vec<f64>, NpyError> {
    let float = |descr: &str| {
        let (big_endian, letter, size) = of_descr(descr)?;
        (letter == 'f' && matches!(size, 4 | 8)).then_some((big_endian, size))
    };
    let Raw { of: (big_endian, size), bytes, .. } =
        Raw::read(from, |descr| float(descr).map(|of| (of, of.1)), NpyError::NotFloats)?;
    let number = |bytes: &[u8]| {
        let mut little = [0; 8];
        little[..size].copy_from_slice(bytes);
        if big_endian {
            little[..size].reverse();
        }
        match size {
            4 => f64::from(f32::from_le_bytes([little[0], little[1], little[2], little[3]])),
            _ => f64::from_le_bytes(little),
        }
    };
    Ok(bytes.chunks_exact(size).map(number).collect())
}

impl Array {
    pub fn read(from: impl Read) -> Result<Array, NpyError> {
        let parse = |descr: &str| Kind::parse(descr).map(|kind| (kind, kind.size));
        let Raw { of: kind, shape, bytes } = Raw::read(from, parse, NpyError::Type)?;
        Ok(Array { shape, bytes, kind })
    }

    /// True if it holds unsigned bytes.
    pub fn is_u8(&self) -> bool {
        self.kind.size == 1 && !self.kind.signed
    }

    /// The numbers, in order.
    pub fn numbers(&self) -> impl Iterator<Item = i128> + '_ {
        let Kind { signed, big_endian, size } = self.kind;
        self.bytes.chunks_exact(size).map(move |bytes| {
            let digit = |number: i128, byte: &u8| number << 8 | i128::from(*byte);
            let number =
                if big_endian { bytes.iter().fold(0, digit) } else { bytes.iter().rev().fold(0, digit) };
            let limit = 1i128 << (8 * size - 1);
            if signed && number >= limit { number - 2 * limit } else { number }
        })
    }
}

impl Kind {
    fn parse(descr: &str) -> Option<Kind> {
        let (big_endian, letter, size) = of_descr(descr)?;
        let known = matches!(letter, 'i' | 'u' | 'b') && matches!(size, 1 | 2 | 4 | 8);
        known.then_some(Kind { signed: letter == 'i', big_endian, size })
    }
}

/// Of such as `'<i8', ...`: whether the largest byte comes first, the kind, the number of bytes.
fn of_descr(descr: &str) -> Option<(bool, char, usize)> {
    let text = descr.strip_prefix('\'')?.split('\'').next()?;
    let mut letters = text.chars();
    let (order, letter) = (letters.next()?, letters.next()?);
    let size = letters.as_str().parse().ok()?;
    matches!(order, '<' | '>' | '|').then_some((order == '>', letter, size))
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// An .npy file with this header, right or wrong.
    pub fn npy(descr: &str, shape: &str, bytes: &[u8]) -> Vec<u8> {
        let header = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n");
        let len = (header.len() as u16).to_le_bytes();
        [b"\x93NUMPY\x01\x00", &len[..], header.as_bytes(), bytes].concat()
    }

    fn numbers(descr: &str, shape: &str, bytes: &[u8]) -> Result<Vec<i128>, NpyError> {
        Array::read(&npy(descr, shape, bytes)[..]).map(|array| array.numbers().collect())
    }

    #[test]
    fn whole_numbers_of_any_size_and_order() {
        assert_eq!(numbers("'|u1'", "(3,)", &[0, 127, 255]), Ok(vec![0, 127, 255]));
        assert_eq!(numbers("'|i1'", "(3, 1)", &[0, 127, 255]), Ok(vec![0, 127, -1]));
        assert_eq!(numbers("'<i2'", "(2,)", &[1, 0, 0xfe, 0xff]), Ok(vec![1, -2]));
        assert_eq!(numbers("'>u4'", "(1,)", &[0, 0, 1, 2]), Ok(vec![258]));
        assert_eq!(numbers("'<u8'", "(1L,)", &[255; 8]), Ok(vec![u64::MAX.into()]));
        assert_eq!(numbers("'|b1'", "(2,)", &[0, 1]), Ok(vec![0, 1]));
    }

    /// 1.5 and -2, by numpy's tobytes() of '>f4' and '<f8'.
    #[test]
    fn floats_of_both_sizes_and_orders() {
        let of = |descr: &str, shape: &str, bytes: &[u8]| floats(&npy(descr, shape, bytes)[..]);
        assert_eq!(of("'>f4'", "(2,)", &[0x3f, 0xc0, 0, 0, 0xc0, 0, 0, 0]), Ok(vec![1.5, -2.0]));
        assert_eq!(of("'<f8'", "(1,)", &[0, 0, 0, 0, 0, 0, 0xf8, 0x3f]), Ok(vec![1.5]));
        assert_eq!(of("'<i4'", "(1,)", &[0; 4]), Err(NpyError::NotFloats("'<i4'".into())));
    }

    #[test]
    fn what_is_no_good_array_says_why() {
        assert_eq!(numbers("'<f4'", "(1,)", &[0; 4]), Err(NpyError::Type("'<f4'".into())));
        assert!(matches!(numbers("[('a', '<i4')]", "(1,)", &[0; 4]), Err(NpyError::Type(_))));
        assert!(matches!(numbers("'|u1'", "(5,)", &[0; 4]), Err(NpyError::Length { says: 5, .. })));
        assert!(matches!(numbers("'|u1'", "(3,)", &[0; 4]), Err(NpyError::Length { says: 3, .. })));
        assert!(matches!(numbers("'|u1'", "5", &[0; 4]), Err(NpyError::Header(_))));
        let fortran = String::from_utf8_lossy(&npy("'|u1'", "(1,)", b"a")[8..]).replace("False", "True ");
        let fortran = [b"\x93NUMPY\x01\x00", fortran.as_bytes()].concat();
        assert_eq!(Array::read(&fortran[..]), Err(NpyError::Order));
        for len in 0..30 {
            assert!(Array::read(&npy("'|u1'", "(1,)", b"a")[..len]).is_err());
        }
    }

    #[test]
    fn a_shape_beyond_reason_is_refused_before_it_is_believed() {
        for shape in ["(3000000, 28, 28)", "(18446744073709551615, 9)", "(4294967296, 4294967296, 4)"] {
            assert!(matches!(numbers("'|u1'", shape, &[]), Err(NpyError::TooBig(_))), "{shape}");
        }
        let mut long = b"\x93NUMPY\x02\x00".to_vec();
        long.extend([0xff; 4]);
        assert!(matches!(Array::read(&long[..]), Err(NpyError::Header(_))));
    }
}
