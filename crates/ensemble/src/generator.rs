//! PyTorch's CPU generator: MT19937, `randperm` and `uniform_`.
//!
//! The generator is Matsumoto and Nishimura's Mersenne Twister ("Mersenne Twister: a 623-dimensionally
//! equidistributed uniform pseudo-random number generator", 1998), seeded with 32 bits as PyTorch does.

const N: usize = 624;
const M: usize = 397;

/// The generator, somewhere in its sequence.
#[derive(Clone)]
pub struct Generator {
    state: [u32; N],
    next: usize,
}

impl Generator {
    /// The state after `torch.manual_seed(seed)`.
    pub fn new(seed: u32) -> Self {
        let mut state = [seed; N];
        for i in 1..N {
            let last = state[i - 1];
            state[i] = (last ^ (last >> 30)).wrapping_mul(1_812_433_253).wrapping_add(i as u32);
        }
        Generator { state, next: N }
    }

    /// 32 random bits.
    pub fn bits(&mut self) -> u32 {
        if self.next == N {
            self.refill();
        }
        let mut y = self.state[self.next];
        self.next += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    fn refill(&mut self) {
        for i in 0..N {
            let y = (self.state[i] & 0x8000_0000) | (self.state[(i + 1) % N] & 0x7fff_ffff);
            let twist = if y & 1 == 1 { 0x9908_b0df } else { 0 };
            self.state[i] = self.state[(i + M) % N] ^ (y >> 1) ^ twist;
        }
        self.next = 0;
    }

    /// `torch.randperm(n)`: a permutation of 0..n.
    pub fn permutation(&mut self, n: u32) -> Vec<u32> {
        let mut order: Vec<u32> = (0..n).collect();
        for i in 0..n.saturating_sub(1) {
            let other = i + self.bits() % (n - i);
            order.swap(i as usize, other as usize);
        }
        order
    }

    /// A number from 0..n, by the remainder of 32 bits, as PyTorch's `randint`.
    pub fn below(&mut self, n: u32) -> u32 {
        self.bits() % n
    }

    /// One value of `torch.empty(...).uniform_(low, high)` in f32: 24 random bits scaled to 0..1, then one
    /// fused multiply-add, as libtorch computes it on a CPU with FMA.
    pub fn uniform(&mut self, low: f32, high: f32) -> f32 {
        let unit = (self.bits() & 0x00ff_ffff) as f32 / 16_777_216.0;
        unit.mul_add(high - low, low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reference output of the authors' mt19937ar.c for the default seed 5489, also C++'s std::mt19937:
    /// its 10,000th number is 4123659995 (ISO C++ [rand.predef]).
    #[test]
    fn it_is_the_mersenne_twister() {
        let mut generator = Generator::new(5489);
        let last = (0..10_000).map(|_| generator.bits()).last();
        assert_eq!(last, Some(4_123_659_995));
    }

    /// python: torch.manual_seed(42); torch.randperm(70000)[:5]
    #[test]
    fn a_permutation_is_pytorchs() {
        let order = Generator::new(42).permutation(70_000);
        assert_eq!(order[..5], [37542, 64941, 23546, 30182, 19690]);
        assert_eq!(Generator::new(1).permutation(0), []);
        assert_eq!(Generator::new(1).permutation(1), [0]);
    }
}
