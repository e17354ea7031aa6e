//! What no epoch can be faster than: fused multiply-adds, and nothing else.
//!
//! In: how many. Out: their time is for benches to compare with. Knows no networks.

use crate::instructions::Instructions;
use crate::lanes::{Kernel, LANES, Lanes, Vector};

/// Chains that do not wait for each other: more than a processor has under way.
const CHAINS: usize = 10;

/// Does at least so many multiply-adds of vectors of eight, on values in registers; the result means nothing.
pub fn multiply_adds(instructions: Instructions, count: usize) -> [f32; LANES] {
    instructions.run(MultiplyAdds(count.div_ceil(CHAINS)))
}

struct MultiplyAdds(usize);

impl Kernel for MultiplyAdds {
    type Output = [f32; LANES];

    #[inline(always)]
    fn run<L: Lanes>(self) -> [f32; LANES] {
        let (factor, addend) = (L::splat(0.999), L::splat(0.001));
        let mut chains: [L; CHAINS] = std::array::from_fn(|chain| L::splat(chain as f32));
        for _ in 0..self.0 {
            for chain in &mut chains {
                *chain = chain.times_plus(factor, addend);
            }
        }
        let mut sum = Vector::default();
        chains.into_iter().fold(L::splat(0.0), L::plus).store(&mut sum);
        sum.0
    }
}
