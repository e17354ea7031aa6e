//! Which way kernels run: by AVX2, or in plain Rust.
//!
//! In: kernels. Out: what they return, the same either way. Knows no kernels.

#[cfg(target_arch = "x86_64")]
use crate::avx2::Detected;
use crate::lanes::Kernel;
use crate::portable::Portable;

/// Which instructions kernels run with. Results do not depend on it, only speed does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instructions(Path);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Path {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2(Detected),
}

impl Instructions {
    /// The fastest that this processor has.
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(detected) = Detected::new() {
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
