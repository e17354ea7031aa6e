//! [`Lanes`] in plain Rust.
//!
//! In: kernels. Out: the same bits as by any other instructions. Knows no kernels.

use crate::lanes::{LANES, Lanes, Vector};

/// Eight values in whatever registers the compiler takes.
#[derive(Clone, Copy)]
pub struct Portable([f32; LANES]);

impl Portable {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        Portable(std::array::from_fn(|lane| f(self.0[lane], other.0[lane])))
    }

    #[inline(always)]
    fn map(self, f: impl Fn(f32) -> f32) -> Self {
        Portable(self.0.map(f))
    }
}

impl Lanes for Portable {
    #[inline(always)]
    fn load(from: &Vector) -> Self {
        Portable(from.0)
    }
    #[inline(always)]
    fn store(self, to: &mut Vector) {
        to.0 = self.0;
    }
    #[inline(always)]
    fn splat(value: f32) -> Self {
        Portable([value; LANES])
    }
    #[inline(always)]
    fn spread<const COUNT: usize>(from: &Vector, part: usize) -> Self {
        Portable(std::array::from_fn(|lane| from.0[part * COUNT + lane % COUNT]))
    }
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }
    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }
    #[inline(always)]
    fn times(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }
    #[inline(always)]
    fn over(self, other: Self) -> Self {
        self.zip(other, |a, b| a / b)
    }
    #[inline(always)]
    fn times_plus(self, factor: Self, addend: Self) -> Self {
        Portable(std::array::from_fn(|lane| self.0[lane].mul_add(factor.0[lane], addend.0[lane])))
    }
    #[inline(always)]
    fn minus_times_plus(self, factor: Self, addend: Self) -> Self {
        self.map(|a| -a).times_plus(factor, addend)
    }
    #[inline(always)]
    fn greater(self, other: Self) -> Self {
        self.zip(other, |a, b| if a > b { a } else { b })
    }
    #[inline(always)]
    fn lesser(self, other: Self) -> Self {
        self.zip(other, |a, b| if a < b { a } else { b })
    }
    #[inline(always)]
    fn is_above(self, other: Self) -> Self {
        self.zip(other, |a, b| f32::from(a > b))
    }
    #[inline(always)]
    fn is_at_least(self, other: Self) -> Self {
        self.zip(other, |a, b| f32::from(a >= b))
    }
    #[inline(always)]
    fn bits_plus(self, other: Self) -> Self {
        self.zip(other, |a, b| f32::from_bits(a.to_bits().wrapping_add(b.to_bits())))
    }
    #[inline(always)]
    fn bits_minus(self, other: Self) -> Self {
        self.zip(other, |a, b| f32::from_bits(a.to_bits().wrapping_sub(b.to_bits())))
    }
    #[inline(always)]
    fn bits_to_exponent(self) -> Self {
        self.map(|a| f32::from_bits(a.to_bits() << 23))
    }
    #[inline(always)]
    fn bits_from_exponent(self) -> Self {
        self.map(|a| f32::from_bits((a.to_bits().cast_signed() >> 23).cast_unsigned()))
    }
    #[inline(always)]
    fn bits_to_value(self) -> Self {
        self.map(|a| a.to_bits().cast_signed() as f32)
    }
}
