//! tanh, exp and log of eight f32 at once.
//!
//! In and out: [`Lanes`]. Own polynomials instead of the platform's library, so that every machine rounds
//! alike; the operations and their order are part of what fixes a network's bits. The coefficients of tanh
//! are those of Eigen's rational approximation, of exp and log those of Moshier's Cephes library.

use crate::lanes::Lanes;

/// Past it tanh is 1 in f32.
const TANH_CLAMP: f32 = 9.0;
/// Odd numerator, from x^13 down to x.
const TANH_ABOVE: [f32; 7] = [
    -2.760_768_5e-16,
    2.000_188e-13,
    -8.604_672e-11,
    5.122_297_3e-8,
    1.485_722_35e-5,
    6.372_619_4e-4,
    4.893_524_7e-3,
];
/// Even denominator, from x^6 down to 1.
const TANH_BELOW: [f32; 4] = [1.198_258_4e-6, 1.185_347_1e-4, 2.268_434_6e-3, 4.893_525e-3];

/// Within 5e-7 of tanh and never past +-1; NaN gives NaN.
#[inline(always)]
pub fn tanh<L: Lanes>(x: L) -> L {
    // The constant stands first: where one side is NaN the second is returned.
    let x = L::splat(TANH_CLAMP).lesser(L::splat(-TANH_CLAMP).greater(x));
    let square = x.times(x);
    let above = polynomial(square, &TANH_ABOVE).times(x);
    let below = polynomial(square, &TANH_BELOW);
    L::splat(1.0).lesser(L::splat(-1.0).greater(above.over(below)))
}

/// From here on 2^n stays a normal number.
const EXP_CLAMP: f32 = -87.0;
/// 1.5 * 2^23: added to a small number it leaves the nearest integer in the last bits.
const ROUNDER: f32 = 12_582_912.0;
/// log 2 in two parts, the first exact in few bits.
const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = -2.121_944_4e-4;
const EXP_POLYNOMIAL: [f32; 6] =
    [1.987_569_1e-4, 1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5];

/// exp of a number that is at most 0, within 2 units in the last place; below -87 it is exp(-87), and NaN
/// gives NaN.
#[inline(always)]
pub fn exp<L: Lanes>(x: L) -> L {
    let x = L::splat(EXP_CLAMP).greater(x);
    let rounded = x.times_plus(L::splat(std::f32::consts::LOG2_E), L::splat(ROUNDER));
    let n = rounded.minus(L::splat(ROUNDER));
    let r = n.minus_times_plus(L::splat(LN_2_HIGH), x);
    let r = n.minus_times_plus(L::splat(LN_2_LOW), r);
    let value = polynomial(r, &EXP_POLYNOMIAL).times_plus(r.times(r), r).plus(L::splat(1.0));
    // The rounder's own bits leave at the top.
    value.bits_plus(rounded.bits_to_exponent())
}

/// sqrt(1/2): mantissas are taken from here to its double.
const SQRT_HALF: f32 = std::f32::consts::FRAC_1_SQRT_2;
const LOG_POLYNOMIAL: [f32; 9] = [
    7.037_683_6e-2,
    -1.151_461e-1,
    1.167_699_9e-1,
    -1.242_014_1e-1,
    1.424_932_3e-1,
    -1.666_805_7e-1,
    2.000_071_5e-1,
    -2.499_999_4e-1,
    3.333_333e-1,
];

/// The natural logarithm of a positive normal number, within 2 units in the last place; NaN or infinity
/// gives NaN.
#[inline(always)]
pub fn log<L: Lanes>(x: L) -> L {
    let exponent = x.bits_minus(L::splat(SQRT_HALF)).bits_from_exponent();
    let mantissa = x.bits_minus(exponent.bits_to_exponent()).minus(L::splat(1.0));
    let n = exponent.bits_to_value();
    let square = mantissa.times(mantissa);
    let tail = polynomial(mantissa, &LOG_POLYNOMIAL).times(mantissa).times(square);
    let tail = n.times_plus(L::splat(LN_2_LOW), tail);
    let tail = square.minus_times_plus(L::splat(0.5), tail);
    let value = n.times_plus(L::splat(LN_2_HIGH), mantissa.plus(tail));
    // The bits of a NaN look like a number's up to here.
    x.times_plus(L::splat(0.0), value)
}

/// Horner's rule; the coefficient of the highest power comes first.
#[inline(always)]
fn polynomial<L: Lanes, const N: usize>(x: L, coefficients: &[f32; N]) -> L {
    let mut value = L::splat(coefficients[0]);
    for coefficient in &coefficients[1..] {
        value = value.times_plus(x, L::splat(*coefficient));
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instructions::Instructions;
    use crate::lanes::{Kernel, LANES, Vector};

    #[derive(Clone, Copy)]
    enum Function {
        Tanh,
        Exp,
        Log,
    }

    struct Apply<'a>(Function, &'a mut Vector);

    impl Kernel for Apply<'_> {
        type Output = ();
        #[inline(always)]
        fn run<L: Lanes>(self) {
            let x = L::load(self.1);
            match self.0 {
                Function::Tanh => tanh(x),
                Function::Exp => exp(x),
                Function::Log => log(x),
            }
            .store(self.1);
        }
    }

    fn apply(instructions: Instructions, function: Function, values: &[f32]) -> Vec<f32> {
        let mut results = Vec::new();
        for chunk in values.chunks(LANES) {
            let mut vector = Vector::default();
            vector.0[..chunk.len()].copy_from_slice(chunk);
            instructions.run(Apply(function, &mut vector));
            results.extend_from_slice(&vector.0[..chunk.len()]);
        }
        results
    }

    /// The values, after both paths have been seen to agree in every bit.
    fn both(function: Function, values: &[f32]) -> Vec<f32> {
        let fast = apply(Instructions::detect(), function, values);
        let portable = apply(Instructions::portable(), function, values);
        let differ = |(a, b): (&f32, &f32)| a.to_bits() != b.to_bits() && !(a.is_nan() && b.is_nan());
        assert!(!fast.iter().zip(&portable).any(differ));
        fast
    }

    fn between(low: f32, high: f32) -> Vec<f32> {
        (0..=100_000).map(|i| low + (high - low) * i as f32 / 100_000.0).collect()
    }

    /// In units of the last place of the f32 nearest to the truth.
    fn error_in_ulps(got: f32, truth: f64) -> f64 {
        let near = truth as f32;
        let ulp = f64::from(f32::from_bits(near.abs().to_bits() + 1)) - f64::from(near.abs());
        ((f64::from(got) - truth) / ulp).abs()
    }

    #[test]
    fn tanh_is_close_and_bounded() {
        let mut values = between(-12.0, 12.0);
        values.extend(between(-1e-3, 1e-3));
        values.extend([f32::INFINITY, f32::NEG_INFINITY, 1e30]);
        for (x, y) in values.iter().zip(both(Function::Tanh, &values)) {
            assert!((f64::from(y) - f64::from(*x).tanh()).abs() < 5e-7, "tanh {x} = {y}");
            assert!(y.abs() <= 1.0);
        }
        let small = between(1e-6, 1e-2);
        for (x, y) in small.iter().zip(both(Function::Tanh, &small)) {
            assert!(error_in_ulps(y, f64::from(*x).tanh()) < 6.0, "tanh {x} = {y}");
        }
        assert_eq!(both(Function::Tanh, &[0.0, -9.0, 9.0]), [0.0, -1.0, 1.0]);
        assert!(both(Function::Tanh, &[f32::NAN])[0].is_nan());
    }

    #[test]
    fn exp_is_close() {
        let values = between(-87.0, 0.0);
        for (x, y) in values.iter().zip(both(Function::Exp, &values)) {
            assert!(error_in_ulps(y, f64::from(*x).exp()) < 2.0, "exp {x} = {y}");
        }
        let edges = both(Function::Exp, &[0.0, -88.0, -1e9, f32::NEG_INFINITY, f32::NAN]);
        assert_eq!(edges[0], 1.0);
        assert!(edges[1..4].iter().all(|y| *y > 0.0 && *y < 2e-38));
        assert!(edges[4].is_nan());
    }

    #[test]
    fn log_is_close() {
        let mut values = between(1.0, 30.0);
        values.extend(between(1e-3, 1.0));
        for (x, y) in values.iter().zip(both(Function::Log, &values)) {
            let truth = f64::from(*x).ln();
            assert!(error_in_ulps(y, truth) < 2.0 || (f64::from(y) - truth).abs() < 1e-9, "log {x} = {y}");
        }
        assert_eq!(both(Function::Log, &[1.0]), [0.0]);
        assert!(both(Function::Log, &[f32::NAN, f32::INFINITY]).iter().all(|y| y.is_nan()));
    }
}
