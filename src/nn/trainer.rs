//! Which trainer a task resolves to, and its identity for the key.

use super::{Architecture, Trainer, libtorch, machine, native};

/// A trainer as resolved: its identity is part of every key of a training.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrainerChoice {
    /// Such as `native 2` or `tch 2.13.0 build 0123456789ab avx2 AMD EPYC 7763 01234567`.
    pub trainer: String,
    /// `cpu`, or such as `cuda:0 NVIDIA H100`.
    pub device: String,
}

/// Resolves `auto` and checks the other words. Resolving a resolved choice gives it back.
///
/// The native trainer is taken for what it can train: a SimpleNN on the CPU, all samples in one step. libtorch trains
/// everything else, on the first CUDA device if it finds one.
///
/// # Errors
/// What is wrong, with the parameter's name: `trainer` or `device`.
pub fn resolve(
    architecture: &Architecture,
    batch_size: Option<usize>,
    trainer: &str,
    device: &str,
) -> Result<TrainerChoice, (&'static str, String)> {
    let native = format!("native {}", native::VERSION);
    let other = match (architecture, batch_size) {
        (Architecture::ResNet, _) => Some("a ResNet"),
        (_, Some(_)) => Some("mini-batches"),
        _ if device.starts_with("cuda") => Some("a CUDA device"),
        _ => None,
    };
    let wants_native = trainer == "auto" || trainer == "native" || trainer == native;
    if wants_native && other.is_none() {
        let device = resolve_device(device, 0).map_err(|what| ("device", what))?;
        return Ok(TrainerChoice { trainer: native, device });
    }
    if trainer.starts_with("native") {
        let what = other.unwrap_or("another version");
        return Err(("trainer", format!("native does not train with {what}: take tch or auto")));
    }
    if !["auto", "tch"].contains(&trainer) && !trainer.starts_with("tch ") {
        return Err(("trainer", format!("`{trainer}` is not a trainer: there are auto, native and tch")));
    }
    let libtorch = libtorch::get().map_err(|why| {
        let what = other.unwrap_or("tch");
        ("trainer", format!("{what} needs libtorch, and {why}"))
    })?;
    let wanted = device;
    // Behind a resolved device stands its model.
    let word = device.split(' ').next().unwrap_or_default();
    let mut device = resolve_device(word, libtorch.cuda_devices()).map_err(|what| ("device", what))?;
    if let Some(number) = device.strip_prefix("cuda:").and_then(|number| number.parse().ok()) {
        let unknown =
            |why| ("device", format!("the model of {device}, which decides the bits, is not known: {why}"));
        let model = machine::gpu(number).map_err(unknown)?;
        device = format!("{device} {model}");
    }
    if wanted.contains(' ') && wanted != device {
        return Err(("device", format!("`{wanted}` cannot be had: here is {device}")));
    }
    let build = libtorch.build().map_err(|why| ("trainer", why))?;
    let identity = torch_identity(architecture, build, device == "cpu");
    if trainer.starts_with("tch ") && trainer != identity {
        return Err(("trainer", format!("`{trainer}` cannot be had: here is {identity}")));
    }
    Ok(TrainerChoice { trainer: identity, device })
}

fn resolve_device(device: &str, cuda_devices: usize) -> Result<String, String> {
    let number = match device {
        "cpu" => return Ok("cpu".into()),
        "auto" if cuda_devices == 0 => return Ok("cpu".into()),
        "auto" | "cuda" => Some(0),
        _ => device.strip_prefix("cuda:").and_then(|number| number.parse::<usize>().ok()),
    };
    match (number, cuda_devices) {
        (None, _) => {
            Err(format!("`{device}` is not a device: there are auto, cpu, and cuda:0, cuda:1 and so on"))
        }
        (Some(_), 0) => {
            Err(format!("`{device}` cannot be had: libtorch finds no CUDA device; take auto or cpu"))
        }
        (Some(number), devices) if number >= devices => {
            Err(format!("`{device}` cannot be had: the last CUDA device is cuda:{}", devices - 1))
        }
        (Some(number), _) => Ok(format!("cuda:{number}")),
    }
}

/// Raised whenever a ResNet's training by libtorch takes other steps; so it is for an Adam of our own.
const RESNET: u32 = 2;

/// The words of tch's bits: the library's version and build, on a CPU the instructions that its kernels are chosen by and
/// the processor, the settings of its libraries, and what of a training is ours.
fn torch_identity(architecture: &Architecture, build: &str, on_cpu: bool) -> String {
    let processor =
        if on_cpu { format!(" {} {}", capability(), machine::processor()) } else { String::new() };
    let settings =
        machine::settings(std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
        }));
    let library = format!("tch {} build {build}{processor}{settings}", libtorch::VERSION);
    match architecture {
        Architecture::SimpleNN { .. } => library,
        Architecture::ResNet => format!("{library} resnet {RESNET}"),
    }
}

/// The CPU capability that libtorch picks its kernels by. Its variable ATEN_CPU_CAPABILITY chooses one; words
/// that it does not know it ignores, and so must the key.
#[cfg(target_arch = "x86_64")]
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

#[cfg(not(target_arch = "x86_64"))]
fn capability() -> String {
    std::env::consts::ARCH.to_string()
}

/// The trainer that an identity given by [`resolve`] stands for; none if this process does not have it.
pub fn trainer(identity: &str) -> Option<&'static dyn Trainer> {
    match identity.starts_with("native") {
        true => Some(&native::Native),
        false => libtorch::provided().map(|libtorch| libtorch as &dyn Trainer),
    }
}

/// How a trainer is best used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Capacity {
    /// Networks that it is best given at once.
    pub networks: usize,
    /// Threads that it then uses at most.
    pub threads: usize,
}

/// The native trainer takes networks side by side, libtorch takes one on each thread.
pub fn capacity(trainer: &str) -> Capacity {
    match trainer.starts_with("native") {
        true => Capacity { networks: native::LANES, threads: native::THREADS },
        false => Capacity { networks: 1, threads: 1 },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_checked() {
        let device = |name: &str, devices| resolve_device(name, devices);
        assert_eq!([device("auto", 0), device("cpu", 2)], [Ok("cpu".into()), Ok("cpu".into())]);
        assert_eq!([device("auto", 1), device("cuda", 1)], [Ok("cuda:0".into()), Ok("cuda:0".into())]);
        assert_eq!(device("cuda:1", 2), Ok("cuda:1".into()));
        for (name, devices) in [("cuda:0", 0), ("cuda", 0), ("cuda:2", 2), ("gpu", 1), ("cuda:x", 1), ("", 1)]
        {
            assert!(device(name, devices).is_err(), "{name}");
        }
    }

    #[test]
    fn the_native_trainer_is_taken_for_what_it_can_do() {
        let simple = Architecture::SimpleNN { hidden: vec![3] };
        let auto = resolve(&simple, None, "auto", "auto").unwrap();
        assert_eq!(auto, resolve(&simple, None, &auto.trainer, &auto.device).unwrap());
        assert!(auto.trainer.starts_with("native") && auto.device == "cpu");
        let refused = |architecture: &Architecture, batch_size, trainer: &str, device: &str| {
            resolve(architecture, batch_size, trainer, device).unwrap_err().0
        };
        assert_eq!(refused(&Architecture::ResNet, None, "native", "cpu"), "trainer");
        assert_eq!(refused(&simple, Some(8), "native", "cpu"), "trainer");
        assert_eq!(refused(&simple, None, "native", "cuda:0"), "trainer");
        assert_eq!(refused(&simple, None, "nativ", "cpu"), "trainer");
        assert_eq!(refused(&simple, None, "native", "gpu"), "device");
        // The program of these tests has no libtorch, and none beside it.
        assert_eq!(refused(&Architecture::ResNet, None, "auto", "cpu"), "trainer");
    }
}
