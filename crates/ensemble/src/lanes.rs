//! Eight f32 side by side, and what can be computed with them.
//!
//! In: kernels written once over [`Lanes`]. Out: the same bits whichever instructions run them. Every
//! operation here is one IEEE operation per lane, so that no path can round differently from another.
//! Knows no networks.

/// Lanes per vector.
pub const LANES: usize = 8;

/// Eight values in memory, aligned so that a load never crosses a cache line.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C, align(32))]
pub struct Vector(pub [f32; LANES]);

/// Eight values in registers.
///
/// All methods are `#[inline(always)]`, and so must be whatever is generic over this trait: only code that
/// ends up inside `Instructions::run`'s entry is compiled for the instructions it was chosen for. For the same
/// reason kernels use loops and not `for_each`: a closure that is not inlined falls back to calls.
pub trait Lanes: Copy {
    fn load(from: &Vector) -> Self;
    fn store(self, to: &mut Vector);
    fn splat(value: f32) -> Self;
    /// COUNT values over and over, those of `from` beginning at lane part * COUNT. COUNT divides [`LANES`].
    fn spread<const COUNT: usize>(from: &Vector, part: usize) -> Self;
    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
    fn times(self, other: Self) -> Self;
    fn over(self, other: Self) -> Self;
    /// self * factor + addend, rounded once.
    fn times_plus(self, factor: Self, addend: Self) -> Self;
    /// -self * factor + addend, rounded once.
    fn minus_times_plus(self, factor: Self, addend: Self) -> Self;
    /// The greater; `other` if either is NaN.
    fn greater(self, other: Self) -> Self;
    /// The lesser; `other` if either is NaN.
    fn lesser(self, other: Self) -> Self;
    /// 1 where self > other, else 0.
    fn is_above(self, other: Self) -> Self;
    /// 1 where self >= other, else 0.
    fn is_at_least(self, other: Self) -> Self;
    /// The bits as integers, added and wrapped.
    fn bits_plus(self, other: Self) -> Self;
    /// The bits as integers, subtracted and wrapped.
    fn bits_minus(self, other: Self) -> Self;
    /// The bits shifted to where the exponent stands.
    fn bits_to_exponent(self) -> Self;
    /// The bits shifted back from there, with the sign kept.
    fn bits_from_exponent(self) -> Self;
    /// The f32 nearest to the bits as a signed integer.
    fn bits_to_value(self) -> Self;
}

/// Work that any [`Lanes`] can do.
pub trait Kernel {
    type Output;
    /// Must be `#[inline(always)]`.
    fn run<L: Lanes>(self) -> Self::Output;
}
