//! The values of one column: from Rust to arrow and back.
//!
//! In: vectors. Out: arrow's arrays, or the other way round. Must not know what a column means.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, FixedSizeListArray, Float32Array, Float64Array, Int32Array,
    StringArray, UInt32Array,
};
use arrow_schema::{DataType, Field};

use super::Kind;

/// What a column may hold: its type, and whether it may be null.
pub trait Values: Sized {
    const KIND: Kind;
    const NULLABLE: bool = false;

    fn into_array(self) -> ArrayRef;

    /// None if the array is of another type, or has nulls where none may be.
    fn of_array(array: &ArrayRef) -> Option<Self>;
}

macro_rules! numbers {
    ($($value:ty, $array:ty, $kind:ident;)*) => {
        $(
            impl Values for Vec<$value> {
                const KIND: Kind = Kind::$kind;

                fn into_array(self) -> ArrayRef {
                    Arc::new(<$array>::from(self))
                }

                fn of_array(array: &ArrayRef) -> Option<Self> {
                    let array = array.as_any().downcast_ref::<$array>()?;
                    (array.null_count() == 0).then(|| array.values().to_vec())
                }
            }

            impl Values for Vec<Option<$value>> {
                const KIND: Kind = Kind::$kind;
                const NULLABLE: bool = true;

                fn into_array(self) -> ArrayRef {
                    Arc::new(<$array>::from(self))
                }

                fn of_array(array: &ArrayRef) -> Option<Self> {
                    Some(array.as_any().downcast_ref::<$array>()?.iter().collect())
                }
            }
        )*
    };
}

numbers! {
    i32, Int32Array, Int32;
    u32, UInt32Array, UInt32;
    f32, Float32Array, Float32;
    f64, Float64Array, Float64;
}

impl Values for Vec<bool> {
    const KIND: Kind = Kind::Bool;

    fn into_array(self) -> ArrayRef {
        Arc::new(BooleanArray::from(self))
    }

    fn of_array(array: &ArrayRef) -> Option<Self> {
        let array = array.as_any().downcast_ref::<BooleanArray>()?;
        (array.null_count() == 0).then(|| array.values().iter().collect())
    }
}

impl Values for Vec<Option<bool>> {
    const KIND: Kind = Kind::Bool;
    const NULLABLE: bool = true;

    fn into_array(self) -> ArrayRef {
        Arc::new(BooleanArray::from(self))
    }

    fn of_array(array: &ArrayRef) -> Option<Self> {
        Some(array.as_any().downcast_ref::<BooleanArray>()?.iter().collect())
    }
}

impl Values for Vec<Option<String>> {
    const KIND: Kind = Kind::Text;
    const NULLABLE: bool = true;

    fn into_array(self) -> ArrayRef {
        Arc::new(StringArray::from(self))
    }

    fn of_array(array: &ArrayRef) -> Option<Self> {
        let texts = array.as_any().downcast_ref::<StringArray>()?.iter();
        Some(texts.map(|text| text.map(String::from)).collect())
    }
}

/// Texts, one after the other in one buffer: a column of weights has millions that repeat.
pub struct Texts(StringArray);

impl Texts {
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(Option::unwrap_or_default)
    }

    pub fn get(&self, row: usize) -> Option<&str> {
        (row < self.0.len()).then(|| self.0.value(row))
    }

    pub fn to_vec(&self) -> Vec<String> {
        self.iter().map(String::from).collect()
    }
}

impl<T: AsRef<str>> FromIterator<T> for Texts {
    fn from_iter<I: IntoIterator<Item = T>>(texts: I) -> Self {
        Texts(StringArray::from_iter_values(texts))
    }
}

impl<T: AsRef<str>> From<Vec<T>> for Texts {
    fn from(texts: Vec<T>) -> Self {
        texts.into_iter().collect()
    }
}

impl Values for Texts {
    const KIND: Kind = Kind::Text;

    fn into_array(self) -> ArrayRef {
        Arc::new(self.0)
    }

    fn of_array(array: &ArrayRef) -> Option<Self> {
        let array = array.as_any().downcast_ref::<StringArray>()?;
        (array.null_count() == 0).then(|| Texts(array.clone()))
    }
}

/// Bytes of pixels or pictures, shared with what they were read from.
pub struct Blobs(BinaryArray);

impl Blobs {
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(Option::unwrap_or_default)
    }

    pub fn get(&self, row: usize) -> Option<&[u8]> {
        (row < self.0.len()).then(|| self.0.value(row))
    }
}

impl<T: AsRef<[u8]>> FromIterator<T> for Blobs {
    fn from_iter<I: IntoIterator<Item = T>>(blobs: I) -> Self {
        Blobs(BinaryArray::from_iter_values(blobs))
    }
}

impl Values for Blobs {
    const KIND: Kind = Kind::Binary;

    fn into_array(self) -> ArrayRef {
        Arc::new(self.0)
    }

    fn of_array(array: &ArrayRef) -> Option<Self> {
        let array = array.as_any().downcast_ref::<BinaryArray>()?;
        (array.null_count() == 0).then(|| Blobs(array.clone()))
    }
}

/// Lists of as many numbers each, one after the other in one buffer.
pub struct Vectors {
    /// rows x width, row-major.
    values: Float32Array,
    width: usize,
}

/// What the numbers of a list are called in Parquet.
pub const ELEMENT: &str = "element";

impl Vectors {
    /// `values` are rows x `width` numbers, row-major; those behind the last whole row are left out.
    pub fn new(values: Vec<f32>, width: usize) -> Self {
        let whole = values.len() - values.len() % width.max(1);
        Vectors { values: Float32Array::from(values).slice(0, whole), width }
    }

    /// Numbers per row.
    pub fn width(&self) -> usize {
        self.width
    }

    pub fn iter(&self) -> impl Iterator<Item = &[f32]> {
        self.values.values().chunks_exact(self.width.max(1))
    }
}

impl Values for Vectors {
    const KIND: Kind = Kind::Vector;

    fn into_array(self) -> ArrayRef {
        let (element, width) = (Field::new(ELEMENT, DataType::Float32, false), self.width as i32);
        Arc::new(FixedSizeListArray::new(Arc::new(element), width, Arc::new(self.values), None))
    }

    fn of_array(array: &ArrayRef) -> Option<Self> {
        let array = array.as_any().downcast_ref::<FixedSizeListArray>()?;
        let values = array.values().as_any().downcast_ref::<Float32Array>()?;
        let width = usize::try_from(array.value_length()).ok()?;
        (array.null_count() == 0 && values.null_count() == 0).then(|| {
            let values = values.slice(array.value_offset_at(0), array.len() * width);
            Vectors { values, width }
        })
    }
}
