//! Samples as short whole numbers, so that their products are exact: no machine and no order of additions changes one.
//!
//! In: bytes of pictures, or features. Out: [`Vectors`] of one length. Pictures are made smaller first: neighbours of small
//! pictures are found faster, and are better ones, since a line that is moved by a pixel is still where it was.

use std::ops::Range;

use crate::products::multiply;

/// The most rows and columns of a picture that is compared.
const SIDE: usize = 16;

/// The largest number of a feature's vector: products of a thousand fit into 32 bits.
const LARGEST: f32 = 1023.0;

/// A feature that all samples have alike. Angles alone tell little of samples of few features: of one feature, its sign. Seen
/// from so many standard deviations above them, how far they are counts too; of many features it is hardly seen.
const LIFT: f32 = 3.0;

/// Vectors are filled up with zeros to a multiple of this: what the compiler multiplies side by side.
const STRIDE: usize = 32;

/// Vectors of one length, one after the other.
pub struct Vectors {
    values: Vec<i16>,
    width: usize,
    /// Of each vector: 1 / its length, 0 of one that is all zeros.
    inverse: Vec<f64>,
}

impl Vectors {
    /// Pictures of `channels` planes of `height` x `width` bytes each, row-major. Each becomes means of squares, 16 rows and
    /// columns at most.
    pub fn of_pictures<'a>(
        pictures: impl Iterator<Item = &'a [u8]>,
        [channels, height, width]: [usize; 3],
    ) -> Self {
        let square = height.max(width).div_ceil(SIDE).max(1);
        let (rows, columns) = (height.div_ceil(square), width.div_ceil(square));
        let small = |picture: &[u8]| {
            let mut values = Vec::with_capacity(channels * rows * columns);
            for plane in picture.chunks(height * width).take(channels) {
                for row in 0..rows {
                    values.extend((0..columns).map(|column| mean(plane, width, square, row, column)));
                }
            }
            values
        };
        Self::new(pictures.flat_map(small).collect(), channels * rows * columns)
    }

    /// Features, n x `width`, row-major, of mean 0 and variance 1. Each sample gets one more: [`LIFT`].
    pub fn of_features(features: &[f32], width: usize) -> Self {
        Self::scaled(features, width, Some(LIFT))
    }

    /// Numbers, n x `width`, row-major, that are compared by their angles alone.
    pub(crate) fn of_numbers(numbers: &[f32], width: usize) -> Self {
        Self::scaled(numbers, width, None)
    }

    /// Each sample is scaled so that its largest number is 1023, which changes no angle but by rounding.
    fn scaled(numbers: &[f32], width: usize, lift: Option<f32>) -> Self {
        let scaled = |sample: &[f32]| {
            let all = || sample.iter().chain(&lift);
            let largest = all().fold(0.0f32, |largest, value| largest.max(value.abs()));
            let scale = if largest > 0.0 { LARGEST / largest } else { 0.0 };
            all().map(|value| (value * scale).round() as i16).collect::<Vec<_>>()
        };
        let all = width + usize::from(lift.is_some());
        Self::new(numbers.chunks(width.max(1)).flat_map(scaled).collect(), all)
    }

    fn new(values: Vec<i16>, width: usize) -> Self {
        let padded = width.next_multiple_of(STRIDE).max(STRIDE);
        let mut filled = Vec::with_capacity(values.len() / width.max(1) * padded);
        for vector in values.chunks(width.max(1)) {
            filled.extend_from_slice(vector);
            filled.resize(filled.len() + padded - vector.len(), 0);
        }
        let mut vectors = Vectors { values: filled, width: padded, inverse: Vec::new() };
        let inverse = |at: usize| {
            let length = (vectors.product(at, at) as f64).sqrt();
            if length > 0.0 { 1.0 / length } else { 0.0 }
        };
        vectors.inverse = (0..vectors.len()).map(inverse).collect();
        vectors
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.values.len() / self.width
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// 1 less the cosine of the angle between two, from 0 to 2; 1 from or to a vector of zeros.
    pub fn distance(&self, a: usize, b: usize) -> f32 {
        self.distance_of(self.product(a, b), a, b)
    }

    /// The distance of two whose product is known.
    pub(crate) fn distance_of(&self, product: i64, a: usize, b: usize) -> f32 {
        (1.0 - product as f64 * self.inverse[a] * self.inverse[b]).max(0.0) as f32
    }

    /// 1 / the length of a vector, 0 of one that is all zeros.
    pub(crate) fn inverse(&self, at: usize) -> f64 {
        self.inverse[at]
    }

    /// The numbers of a vector, and zeros behind them.
    pub(crate) fn row(&self, at: usize) -> &[i16] {
        self.rows(at..at + 1)
    }

    /// Those of some vectors, one after the other.
    pub(crate) fn rows(&self, range: Range<usize>) -> &[i16] {
        &self.values[range.start * self.width..range.end * self.width]
    }

    /// Copies of some of them.
    pub(crate) fn chosen(&self, chosen: impl Iterator<Item = usize>) -> Vectors {
        let mut vectors = Vectors { values: Vec::new(), width: self.width, inverse: Vec::new() };
        for at in chosen {
            vectors.values.extend_from_slice(self.row(at));
            vectors.inverse.push(self.inverse[at]);
        }
        vectors
    }

    fn product(&self, a: usize, b: usize) -> i64 {
        let mut product = [0];
        multiply(self.row(a), self.row(b), &mut product);
        product[0]
    }
}

/// The rounded mean of the part of a square of pixels that is within the plane.
fn mean(plane: &[u8], width: usize, square: usize, row: usize, column: usize) -> i16 {
    let rows = plane.chunks(width).skip(row * square).take(square);
    let pixels = rows.flat_map(|row| row.iter().skip(column * square).take(square));
    let (sum, count) = pixels.fold((0u32, 0u32), |(sum, count), pixel| (sum + u32::from(*pixel), count + 1));
    ((sum + count / 2) / count.max(1)) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: 17 columns and 2 rows become 9 and 1, the last of them of two pixels.
    #[test]
    fn pictures_are_made_small() {
        let mut picture = vec![0u8; 34];
        [picture[0], picture[17], picture[18], picture[16], picture[33]] = [10, 20, 31, 7, 8];
        let vectors = Vectors::of_pictures([picture.as_slice()].into_iter(), [1, 2, 17]);
        assert_eq!(vectors.values[..9], [15, 0, 0, 0, 0, 0, 0, 0, 8]);
        assert_eq!(vectors.values[9..], [0; STRIDE - 9]);
        let whole = Vectors::of_pictures([[1u8, 2, 3, 4].as_slice()].into_iter(), [1, 2, 2]);
        assert_eq!((&whole.values[..5], whole.len()), ([1, 2, 3, 4, 0].as_slice(), 1));
    }

    /// numpy: a = [3, 4], b = [4, -3], c = [6, 8]; 1 - a @ b / norm(a) / norm(b) = 1, of a and c 0, of a and -a 2
    #[test]
    fn distances_are_by_the_angle() {
        let vectors = Vectors::of_numbers(&[3.0, 4.0, 4.0, -3.0, 6.0, 8.0, -3.0, -4.0, 0.0, 0.0], 2);
        let distance = |b| f64::from(vectors.distance(0, b));
        assert!((distance(1) - 1.0).abs() < 1e-3);
        assert!(distance(2).abs() < 1e-6 && (distance(3) - 2.0).abs() < 1e-6);
        assert_eq!(distance(4), 1.0);
        assert_eq!(vectors.len(), 5);
    }

    /// One feature: by the angle alone, all of one sign would be one sample.
    #[test]
    fn how_far_a_sample_is_counts_where_features_are_few() {
        let vectors = Vectors::of_features(&[1.0, 2.0, 4.0, -1.0], 1);
        let distances: Vec<f32> = (1..4).map(|other| vectors.distance(0, other)).collect();
        assert!(
            distances[0] > 0.0 && distances[1] > 2.0 * distances[0] && distances[2] > distances[0],
            "{distances:?}"
        );
    }

    /// 3000 numbers of 1023: their product is more than 32 bits hold.
    #[test]
    fn long_vectors_do_not_overflow() {
        let vectors = Vectors::of_numbers(&[7.5; 6000], 3000);
        assert_eq!(vectors.product(0, 1), 3000 * 1023 * 1023);
    }
}
