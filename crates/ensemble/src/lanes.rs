//! Eight f32 side by side, and the two ways to compute with them.
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
/// ends up inside [`Instructions::run`]'s entry is compiled for the instructions it was chosen for. For the same
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

/// Which instructions kernels run with. Results do not depend on it, only speed does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instructions(Path);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Path {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2(crate::avx2::Detected),
}

impl Instructions {
    /// The fastest that this processor has.
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(detected) = crate::avx2::Detected::new() {
            return Instructions(Path::Avx2(detected));
        }
        Self::portable()
    }

    /// Plain Rust. Slow where the compiler's target has no fused multiply-add.
    pub fn portable() -> Self {
        Instructions(Path::Portable)
    }

    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self.0 {
            Path::Portable => kernel.run::<Portable>(),
            #[cfg(target_arch = "x86_64")]
            Path::Avx2(detected) => detected.run(kernel),
        }
    }
}

#[derive(Clone, Copy)]
struct Portable([f32; LANES]);

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
