//! One array in NumPy's .npy format: a header in the syntax of Python, then the values.
//!
//! In: a stream. Out: the array's type, shape and bytes, the last axis fastest. What the header claims is checked before
//! anything of that size is made. Must not know: archives, what the array means.

use std::io::Read;

use half::f16;

use crate::data::file::{self, Unread};

/// The longest header that is read. NumPy's own takes 128 bytes for what is of use here.
const MAX_HEADER: usize = 1 << 14;

/// The most bytes of an array that is read: 1,000,000 x 512 floats of 64 bits.
const MAX_BYTES: u64 = 4 << 30;

/// What is wrong with an array.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NpyError {
    /// No header, or one that NumPy would not write.
    #[error("its header is not NumPy's: {0}")]
    Header(String),
    /// Structured, of objects, or of dates.
    #[error("its type is {0}, and numbers or texts are needed")]
    Type(String),
    /// Anything but floats.
    #[error("its type is {0}, and floats are needed")]
    NotFloats(String),
    /// More than can be held.
    #[error("its header says {0:?}, which is more than 4 GiB")]
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

impl NpyError {
    /// What the user can do; none about damage.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Type(_) | Self::NotFloats(_) => {
                Some("save it as numbers or as texts, such as array.astype(str), and not as objects")
            }
            Self::TooBig(_) => Some("save floats of 32 bits, or fewer samples"),
            Self::Header(_) | Self::Length { .. } => None,
        }
    }
}

/// What a header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub shape: Vec<u64>,
    pub kind: Kind,
    /// The first axis fastest, as Fortran has it.
    fortran: bool,
    descr: String,
}

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    pub of: Of,
    big_endian: bool,
    /// Bytes of a value.
    size: usize,
}

/// What values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    Flags,
    Unsigned,
    Signed,
    Floats,
    /// Letters of 4 bytes.
    Texts,
    /// Letters of 1 byte.
    Bytes,
}

/// An array, the last axis fastest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Array {
    pub header: Header,
    pub bytes: Vec<u8>,
}

impl Header {
    /// Reads the header, and leaves the stream at the first value.
    pub fn read(mut from: impl Read) -> Result<Header, NpyError> {
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
        let written = descr.split(',').next().unwrap_or_default().trim().to_owned();
        let kind = Kind::parse(descr).ok_or_else(|| NpyError::Type(written.clone()))?;
        let order = after("fortran_order").ok_or_else(|| bad("it has no order"))?;
        let shape = after("shape").and_then(|rest| rest.strip_prefix('(')?.split_once(')'));
        let (shape, _) = shape.ok_or_else(|| bad("it has no shape"))?;
        let sizes = shape.split(',').map(str::trim).filter(|size| !size.is_empty());
        let shape: Vec<u64> = sizes
            .map(|size| size.trim_end_matches('L').parse())
            .collect::<Result<_, _>>()
            .map_err(|_| bad("its shape is none"))?;
        Ok(Header { shape, kind, fortran: order.starts_with("True"), descr: written })
    }

    /// The sizes, as people write them.
    pub fn sizes(&self) -> String {
        self.shape.iter().map(u64::to_string).collect::<Vec<_>>().join(" x ")
    }
}

impl Kind {
    /// Of such as `'<i8', ...`.
    fn parse(descr: &str) -> Option<Kind> {
        let text = descr.strip_prefix('\'')?.split('\'').next()?;
        let mut letters = text.chars();
        let (order, letter) = (letters.next()?, letters.next()?);
        let size: usize = letters.as_str().parse().ok()?;
        let (of, size) = match (letter, size) {
            ('b', 1) => (Of::Flags, 1),
            ('u', 1 | 2 | 4 | 8) => (Of::Unsigned, size),
            ('i', 1 | 2 | 4 | 8) => (Of::Signed, size),
            ('f', 2 | 4 | 8) => (Of::Floats, size),
            ('U', 1..=65_536) => (Of::Texts, 4 * size),
            ('S', 1..=65_536) => (Of::Bytes, size),
            _ => return None,
        };
        matches!(order, '<' | '>' | '|').then_some(Kind { of, big_endian: order == '>', size })
    }
}

/// The numbers of an array of floats.
pub fn floats(from: impl Read) -> Result<Vec<f64>, NpyError> {
    let array = Array::read(from)?;
    if array.header.kind.of == Of::Floats {
        Ok(array.floats().collect())
    } else {
        Err(NpyError::NotFloats(array.header.descr))
    }
}

impl Array {
    /// Reads a whole array.
    pub fn read(mut from: impl Read) -> Result<Array, NpyError> {
        let header = Header::read(&mut from)?;
        let says =
            header.shape.iter().try_fold(header.kind.size as u64, |product, size| product.checked_mul(*size));
        let says =
            says.filter(|&says| says <= MAX_BYTES).ok_or_else(|| NpyError::TooBig(header.shape.clone()))?;
        let length = |found| NpyError::Length { says, found };
        let mut bytes = file::at_most(says, &mut from).map_err(|error| match error {
            Unread::Io(error) => length(error.to_string()),
            Unread::TooLong => length("it has more".to_owned()),
        })?;
        if (bytes.len() as u64) < says {
            return Err(length(format!("it has {}", bytes.len())));
        }
        if header.fortran && header.shape.len() > 1 {
            bytes = last_axis_fastest(&bytes, &header.shape, header.kind.size);
        }
        Ok(Array { header, bytes })
    }

    /// Whether its values are unsigned bytes.
    pub fn is_bytes(&self) -> bool {
        self.header.kind.of == Of::Unsigned && self.header.kind.size == 1
    }

    /// Whole numbers, in order; of flags 0 and 1.
    pub fn numbers(&self) -> impl Iterator<Item = i128> + '_ {
        let Kind { of, big_endian, size } = self.header.kind;
        self.bytes.chunks_exact(size).map(move |bytes| {
            let digit = |number: i128, byte: &u8| number << 8 | i128::from(*byte);
            let number =
                if big_endian { bytes.iter().fold(0, digit) } else { bytes.iter().rev().fold(0, digit) };
            let limit = 1i128 << (8 * size - 1);
            if of == Of::Signed && number >= limit { number - 2 * limit } else { number }
        })
    }

    /// Numbers of any type, in order.
    pub fn floats(&self) -> Box<dyn Iterator<Item = f64> + '_> {
        if self.header.kind.of != Of::Floats {
            return Box::new(self.numbers().map(|number| number as f64));
        }
        Box::new(self.floats_from(0))
    }

    /// The numbers of an array of floats from one on.
    pub fn floats_from(&self, first: usize) -> impl Iterator<Item = f64> + '_ {
        let Kind { big_endian, size, .. } = self.header.kind;
        let bytes = self.bytes.get(first * size..).unwrap_or_default();
        bytes.chunks_exact(size).map(move |bytes| {
            let mut little = [0; 8];
            little[..size].copy_from_slice(bytes);
            if big_endian {
                little[..size].reverse();
            }
            match size {
                2 => f64::from(f16::from_le_bytes([little[0], little[1]])),
                4 => f64::from(f32::from_le_bytes([little[0], little[1], little[2], little[3]])),
                _ => f64::from_le_bytes(little),
            }
        })
    }

    /// Texts, in order, without what fills them up to one length.
    pub fn texts(&self) -> impl Iterator<Item = String> + '_ {
        let Kind { of, big_endian, size } = self.header.kind;
        self.bytes.chunks_exact(size).map(move |bytes| {
            let text: String = if of == Of::Texts {
                let letter = |four: &[u8]| {
                    let four = [four[0], four[1], four[2], four[3]];
                    let code = if big_endian { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) };
                    char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
                };
                bytes.chunks_exact(4).map(letter).collect()
            } else {
                // Bytes that are no UTF-8 are letters of Latin-1: each stays another.
                match std::str::from_utf8(bytes) {
                    Ok(text) => text.to_owned(),
                    Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
                }
            };
            text.trim_end_matches('\0').to_owned()
        })
    }
}

/// The values of an array whose first axis is the fastest, in the other order.
fn last_axis_fastest(bytes: &[u8], shape: &[u64], size: usize) -> Vec<u8> {
    let sizes: Vec<usize> = shape.iter().map(|size| *size as usize).collect();
    let mut strides = vec![size; sizes.len()];
    for axis in 1..sizes.len() {
        strides[axis] = strides[axis - 1] * sizes[axis - 1];
    }
    let mut ordered = Vec::with_capacity(bytes.len());
    let mut index = vec![0; sizes.len()];
    for _ in 0..bytes.len() / size {
        let from: usize = index.iter().zip(&strides).map(|(at, stride)| at * stride).sum();
        ordered.extend_from_slice(&bytes[from..from + size]);
        for axis in (0..sizes.len()).rev() {
            index[axis] += 1;
            if index[axis] < sizes[axis] {
                break;
            }
            index[axis] = 0;
        }
    }
    ordered
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

    /// numpy.array([["ab", "c"]]), and of floats of 16 bits [1.5, -2] by tobytes().
    #[test]
    fn texts_and_short_floats() {
        let texts = |descr: &str, bytes: &[u8]| {
            Array::read(&npy(descr, "(2,)", bytes)[..]).unwrap().texts().collect::<Vec<_>>()
        };
        let wide = [b'a', 0, 0, 0, b'b', 0, 0, 0, 0xe9, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(texts("'<U2'", &wide), ["ab", "\u{e9}"]);
        assert_eq!(texts("'|S2'", b"abc\0"), ["ab", "c"]);
        assert_eq!(floats(&npy("'<f2'", "(2,)", &[0, 0x3e, 0, 0xc0])[..]), Ok(vec![1.5, -2.0]));
    }

    /// numpy.asfortranarray(numpy.arange(24).reshape(2, 3, 4)).tobytes("A").
    #[test]
    fn an_array_in_fortrans_order_is_turned() {
        let bytes: Vec<u8> = (0..24).map(|i| (i % 2) * 12 + i / 2 % 3 * 4 + i / 6).collect();
        assert_eq!(&bytes[..8], [0, 12, 4, 16, 8, 20, 1, 13]);
        let text = npy("'|u1'", "(2, 3, 4)", &bytes);
        let at = text.windows(5).position(|window| window == b"False").unwrap();
        let turned = [&text[..at], b"True ", &text[at + 5..]].concat();
        assert_eq!(Array::read(&turned[..]).unwrap().bytes, (0..24).collect::<Vec<u8>>());
    }

    #[test]
    fn what_is_no_good_array_says_why() {
        assert_eq!(numbers("'|O'", "(1,)", &[0; 8]), Err(NpyError::Type("'|O'".into())));
        assert!(matches!(numbers("[('a', '<i4')]", "(1,)", &[0; 4]), Err(NpyError::Type(_))));
        assert!(matches!(numbers("'|u1'", "(5,)", &[0; 4]), Err(NpyError::Length { says: 5, .. })));
        assert!(matches!(numbers("'|u1'", "(3,)", &[0; 4]), Err(NpyError::Length { says: 3, .. })));
        assert!(matches!(numbers("'|u1'", "5", &[0; 4]), Err(NpyError::Header(_))));
        for len in 0..30 {
            assert!(Array::read(&npy("'|u1'", "(1,)", b"a")[..len]).is_err());
        }
    }

    #[test]
    fn a_shape_beyond_reason_is_refused_before_it_is_believed() {
        for shape in ["(6000000, 28, 28)", "(18446744073709551615, 9)", "(4294967296, 4294967296, 4)"] {
            assert!(matches!(numbers("'|u1'", shape, &[]), Err(NpyError::TooBig(_))), "{shape}");
        }
        let mut long = b"\x93NUMPY\x02\x00".to_vec();
        long.extend([0xff; 4]);
        assert!(matches!(Array::read(&long[..]), Err(NpyError::Header(_))));
    }
}
