//! Products of vectors of whole numbers: exact, so that every processor may add them up in its own order.
//!
//! In: a vector and others of its length. Out: their products. Compiled twice on x86-64: for every processor, and for those
//! with AVX2. The only unsafe code here is the call of the second, where the processor has been asked.

/// Numbers that are multiplied before their sum goes into 64 bits.
const CHUNK: usize = 1024;

/// The product of `vector` with each of `others`, which stand one after the other. Numbers are 1023 at most.
pub fn multiply(vector: &[i16], others: &[i16], products: &mut [i64]) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        #[allow(unsafe_code)]
        // SAFETY: the processor has AVX2.
        return unsafe { multiply_by_avx2(vector, others, products) };
    }
    multiply_plainly(vector, others, products);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn multiply_by_avx2(vector: &[i16], others: &[i16], products: &mut [i64]) {
    multiply_plainly(vector, others, products);
}

#[inline(always)]
fn multiply_plainly(vector: &[i16], others: &[i16], products: &mut [i64]) {
    for (other, to) in others.chunks_exact(vector.len()).zip(products) {
        // Most vectors are one chunk, and this is where all the time goes.
        *to =
            if vector.len() <= CHUNK { i64::from(product(vector, other)) } else { in_chunks(vector, other) };
    }
}

#[inline(always)]
fn in_chunks(a: &[i16], b: &[i16]) -> i64 {
    let mut sum = 0;
    for (a, b) in a.chunks(CHUNK).zip(b.chunks(CHUNK)) {
        sum += i64::from(product(a, b));
    }
    sum
}

/// Of at most [`CHUNK`] numbers each.
#[inline(always)]
fn product(a: &[i16], b: &[i16]) -> i32 {
    let mut sum = 0;
    for (a, b) in a.iter().zip(b) {
        sum += i32::from(*a) * i32::from(*b);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2000 numbers of 1023 are more than 32 bits hold.
    #[test]
    fn both_ways_are_exact() {
        let vector = vec![1023i16; 2016];
        let others: Vec<i16> =
            (0..7 * 2016).map(|at| [1023, -1023, 3, at as i16 % 7, 0, 1, -2][at / 2016]).collect();
        let expected: Vec<i64> =
            others.chunks(2016).map(|row| row.iter().map(|v| 1023 * i64::from(*v)).sum()).collect();
        for way in [multiply, multiply_plainly] {
            let mut products = vec![0; 7];
            way(&vector, &others, &mut products);
            assert_eq!(products, expected);
        }
    }
}
