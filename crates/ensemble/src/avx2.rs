//! [`Lanes`] by AVX2 and FMA: the only module with unsafe code.
//!
//! In: kernels. Out: what they return. Its soundness rests on one thing: [`Detected`] exists only where the
//! processor has AVX2 and FMA, and [`Avx2`] is named only inside the entry that a `Detected` opens.

#![allow(unsafe_code)]

use std::arch::x86_64::*;

use crate::lanes::{Kernel, Lanes, Vector};

/// Proof that this processor has AVX2 and FMA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detected(());

impl Detected {
    pub fn new() -> Option<Self> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Detected(()))
    }

    pub fn run<K: Kernel>(self, kernel: K) -> K::Output {
        // SAFETY: `self` proves that the processor has what `entry` is compiled for.
        unsafe { entry(kernel) }
    }
}

#[target_feature(enable = "avx2,fma")]
fn entry<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Avx2>()
}

/// Private, so that only `entry` can choose it.
#[derive(Clone, Copy)]
struct Avx2(__m256);

// SAFETY of every block below: the intrinsics need AVX2 or FMA. Methods of this private type are reached only
// through `entry`, and that only on a processor that has both. Loads and stores go through references to
// `Vector`, which is 32 bytes long and aligned to 32.
impl Lanes for Avx2 {
    #[inline(always)]
    fn load(from: &Vector) -> Self {
        // SAFETY: as above.
        unsafe { Avx2(_mm256_load_ps(from.0.as_ptr())) }
    }
    #[inline(always)]
    fn store(self, to: &mut Vector) {
        // SAFETY: as above.
        unsafe { _mm256_store_ps(to.0.as_mut_ptr(), self.0) }
    }
    #[inline(always)]
    fn splat(value: f32) -> Self {
        // SAFETY: as above.
        unsafe { Avx2(_mm256_set1_ps(value)) }
    }
    #[inline(always)]
    fn spread<const COUNT: usize>(from: &Vector, part: usize) -> Self {
        let values = from.0[part * COUNT..][..COUNT].as_ptr();
        // SAFETY: as above. `values` has COUNT elements, as many as the load of each arm reads, and stands at a
        // multiple of their size in a vector that is aligned to 32; f32s may be read as any of these types.
        unsafe {
            Avx2(match COUNT {
                8 => _mm256_load_ps(values),
                4 => _mm256_broadcast_ps(&*values.cast::<__m128>()),
                2 => _mm256_castpd_ps(_mm256_broadcast_sd(&*values.cast::<f64>())),
                1 => _mm256_broadcast_ss(&*values),
                _ => unreachable!("a vector is spread from 1, 2, 4 or 8 values"),
            })
        }
    }
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        // SAFETY: as above.
        unsafe { Avx2(_mm256_add_ps(self.0, other.0)) }
    }
    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        // SAFETY: as above.
        unsafe { Avx2(_mm256_sub_ps(self.0, other.0)) }
    }
    #[inline(always)]
    fn times(self, other: Self) -> Self {
        // SAFETY: as above.
        unsafe { Avx2(_mm256_mul_ps(self.0, other.0)) }
    }
    #[inline(always)]
    fn over(self, other: Self) -> Self {
        // SAFETY: as above.
        unsafe { Avx2(_mm256_div_ps(self.0, other.0)) }
    }
    #[inline(always)]
    fn times_plus(self, factor: Self, addend: Self) -> Self {
        // SAFETY: as above.
        unsafe { Avx2(_mm256_fmadd_ps(self.0, factor.0, addend.0)) }
    }
    #[inline(always)]
    fn minus_times_plus(self, factor: Self, addend: Self) -> Self {
        // SAFETY: as above.
        unsafe { Avx2(_mm256_fnmadd_ps(self.0, factor.0, addend.0)) }
    }
    #[inline(always)]
    fn greater(self, other: Self) -> Self {
        // SAFETY: as above.
        unsafe { Avx2(_mm256_max_ps(self.0, other.0)) }
    }
    #[inline(always)]
    fn lesser(self, other: Self) -> Self {
        // SAFETY: as above.
        unsafe { Avx2(_mm256_min_ps(self.0, other.0)) }
    }
    #[inline(always)]
    fn is_above(self, other: Self) -> Self {
        // SAFETY: as above.
        unsafe { Avx2(_mm256_and_ps(_mm256_cmp_ps::<_CMP_GT_OQ>(self.0, other.0), _mm256_set1_ps(1.0))) }
    }
    #[inline(always)]
    fn is_at_least(self, other: Self) -> Self {
        // SAFETY: as above.
        unsafe { Avx2(_mm256_and_ps(_mm256_cmp_ps::<_CMP_GE_OQ>(self.0, other.0), _mm256_set1_ps(1.0))) }
    }
    #[inline(always)]
    fn bits_plus(self, other: Self) -> Self {
        // SAFETY: as above.
        unsafe {
            let sum = _mm256_add_epi32(_mm256_castps_si256(self.0), _mm256_castps_si256(other.0));
            Avx2(_mm256_castsi256_ps(sum))
        }
    }
    #[inline(always)]
    fn bits_minus(self, other: Self) -> Self {
        // SAFETY: as above.
        unsafe {
            let difference = _mm256_sub_epi32(_mm256_castps_si256(self.0), _mm256_castps_si256(other.0));
            Avx2(_mm256_castsi256_ps(difference))
        }
    }
    #[inline(always)]
    fn bits_to_exponent(self) -> Self {
        // SAFETY: as above.
        unsafe { Avx2(_mm256_castsi256_ps(_mm256_slli_epi32::<23>(_mm256_castps_si256(self.0)))) }
    }
    #[inline(always)]
    fn bits_from_exponent(self) -> Self {
        // SAFETY: as above.
        unsafe { Avx2(_mm256_castsi256_ps(_mm256_srai_epi32::<23>(_mm256_castps_si256(self.0)))) }
    }
    #[inline(always)]
    fn bits_to_value(self) -> Self {
        // SAFETY: as above.
        unsafe { Avx2(_mm256_cvtepi32_ps(_mm256_castps_si256(self.0))) }
    }
}
