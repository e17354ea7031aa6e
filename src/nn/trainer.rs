//! Which trainer a task resolves to, and its identity for the key.

use super::{Trainer, native};

/// A trainer as resolved: its identity is part of every key of a training.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrainerChoice {
    /// Such as `tch 2.13.0 avx512`.
    pub trainer: String,
    /// Such as `cpu`.
    pub device: String,
}

/// Resolves `auto` and checks the other words. Resolving a resolved choice gives it back.
///
/// # Errors
/// What is wrong, with the parameter's name: `trainer` or `device`.
pub fn resolve(trainer: &str, device: &str) -> Result<TrainerChoice, (&'static str, String)> {
    let native = format!("native {}", native::VERSION);
    let trainer = match (trainer, torch_identity()) {
        ("auto" | "native", _) => native,
        ("tch", Some(torch)) => torch,
        ("tch", None) => {
            return Err(("trainer", "this hspipe was built without libtorch: take native".into()));
        }
        (resolved, torch) if resolved == native || Some(resolved) == torch.as_deref() => resolved.to_string(),
        (other, _) => {
            return Err(("trainer", format!("`{other}` is not a trainer: there are auto, native and tch")));
        }
    };
    match device {
        "auto" | "cpu" => Ok(TrainerChoice { trainer, device: "cpu".into() }),
        other => Err(("device", format!("`{other}` is not available: SimpleNN is trained on the cpu"))),
    }
}

/// The words of tch's bits: the library's version and the instructions that its kernels are chosen by.
#[cfg(feature = "torch")]
fn torch_identity() -> Option<String> {
    Some(format!("tch {} {}", super::torch::VERSION, capability()))
}

#[cfg(not(feature = "torch"))]
fn torch_identity() -> Option<String> {
    None
}

/// The CPU capability that libtorch picks its kernels by. Its variable ATEN_CPU_CAPABILITY chooses one; words
/// that it does not know it ignores, and so must the key.
#[cfg(all(feature = "torch", target_arch = "x86_64"))]
fn capability() -> String {
    if let Ok(forced) = std::env::var("ATEN_CPU_CAPABILITY")
        && ["default", "avx2", "avx512"].contains(&forced.as_str())
    {
        return forced;
    }
    let avx512 = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq");
    let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    match (avx512, avx2) {
        (true, _) => "avx512".into(),
        (_, true) => "avx2".into(),
        _ => "default".into(),
    }
}

#[cfg(all(feature = "torch", not(target_arch = "x86_64")))]
fn capability() -> String {
    std::env::consts::ARCH.to_string()
}

/// The trainer that an identity given by [`resolve`] stands for.
pub fn trainer(identity: &str) -> &'static dyn Trainer {
    #[cfg(feature = "torch")]
    if identity.starts_with("tch") {
        return &super::torch::Torch;
    }
    debug_assert!(identity.starts_with("native"));
    &native::Native
}

/// How many networks that trainer is best given at once, and how many threads it then uses at most.
pub fn capacity(identity: &str) -> (usize, usize) {
    if identity.starts_with("native") { (native::LANES, native::THREADS) } else { (1, 1) }
}
