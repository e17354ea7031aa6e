//! The trainers: as one is asked for, which one that comes to, and its identity for the key.
//!
//! In: words such as `auto` or `tch`, and what is to be trained. Out: [`TrainerId`]. Knows no
//! samples.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Architecture, BatchSize, Device, Trainer, WantedDevice, libtorch, machine, native};

/// A trainer of this machine, or of the one that a record is from. In keys it is its text, such as
/// `native 2` or `tch 2.13.0 build 0123456789ab avx2 AMD EPYC 7763 01234567`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum TrainerId {
    /// Many networks side by side on the CPU.
    Native {
        /// Of the crate that it is.
        version: u32,
    },
    /// One network on each thread, by libtorch.
    Tch {
        /// What decides its bits, in words.
        build: String,
    },
}

/// A trainer as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum WantedTrainer {
    /// The native one for what it can train, else libtorch.
    Auto,
    /// libtorch, whatever its build.
    Tch,
    /// This one and no other.
    This(TrainerId),
}

/// How a trainer is best used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Capacity {
    /// Networks that it is best given at once.
    pub networks: usize,
    /// Threads that it then uses at most.
    pub threads: usize,
}

impl TrainerId {
    /// The native trainer of this build.
    pub const NATIVE: TrainerId = TrainerId::Native { version: native::VERSION };

    /// The trainer; none if this process does not have it.
    pub fn trainer(&self) -> Option<&'static dyn Trainer> {
        match self {
            TrainerId::Native { .. } => Some(&native::Native),
            TrainerId::Tch { .. } => libtorch::provided().map(|libtorch| libtorch as &dyn Trainer),
        }
    }

    /// The native trainer takes networks side by side, libtorch takes one on each thread.
    pub fn capacity(&self) -> Capacity {
        match self {
            TrainerId::Native { .. } => Capacity { networks: native::LANES, threads: native::THREADS },
            TrainerId::Tch { .. } => Capacity { networks: 1, threads: 1 },
        }
    }

    /// libtorch here: the library's version and build, on a CPU the instructions that its kernels
    /// are chosen by and the processor, the settings of its libraries, and what of a training is
    /// ours.
    fn tch(architecture: &Architecture, build: &str, device: &Device) -> Self {
        let mut words = format!("{} build {build}", libtorch::VERSION);
        if *device == Device::Cpu {
            words.push_str(&format!(" {} {}", machine::capability(), machine::processor()));
        }
        words.push_str(&machine::settings(std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
        })));
        if *architecture == Architecture::ResNet {
            words.push_str(&format!(" resnet {RESNET}"));
        }
        TrainerId::Tch { build: words }
    }
}

/// Raised whenever a ResNet's training by libtorch takes other steps; so it is for an Adam of our
/// own.
const RESNET: u32 = 2;

/// The trainer and the device that words come to. Words that name what has been resolved give it
/// back.
///
/// The native trainer is taken for what it can train: a SimpleNN on the CPU, a step on all samples
/// or on a multiple of 8. libtorch trains everything else, on the first CUDA device if it finds one. Does not return
/// if this process becomes the one that has libtorch.
///
/// # Errors
/// What is wrong, with the parameter's name: `trainer` or `device`.
pub fn resolve(
    architecture: &Architecture,
    batch_size: Option<BatchSize>,
    trainer: &WantedTrainer,
    device: &WantedDevice,
) -> Result<(TrainerId, Device), (&'static str, String)> {
    let beyond_native = match (architecture, batch_size) {
        (Architecture::ResNet, _) => Some("a ResNet"),
        (_, Some(size)) if !size.is_native() => Some("mini-batches whose size is not a multiple of 8"),
        _ if device.is_cuda() => Some("a CUDA device"),
        _ => None,
    };
    match trainer {
        WantedTrainer::Auto | WantedTrainer::This(TrainerId::NATIVE) if beyond_native.is_none() => {
            return Ok((TrainerId::NATIVE, Device::Cpu));
        }
        WantedTrainer::This(TrainerId::Native { .. }) => {
            let what = beyond_native.unwrap_or("another version");
            return Err(("trainer", format!("native does not train with {what}: take tch or auto")));
        }
        WantedTrainer::Auto | WantedTrainer::Tch | WantedTrainer::This(TrainerId::Tch { .. }) => {}
    }
    let libtorch = libtorch::get().map_err(|why| {
        let what = beyond_native.unwrap_or("tch");
        ("trainer", format!("{what} needs libtorch, and {why}"))
    })?;
    let device = device.resolve(libtorch.cuda_devices()).map_err(|what| ("device", what))?;
    let build = libtorch.build().map_err(|why| ("trainer", why))?;
    let here = TrainerId::tch(architecture, build, &device);
    match trainer {
        WantedTrainer::This(wanted) if *wanted != here => {
            Err(("trainer", format!("`{wanted}` cannot be had: here is {here}")))
        }
        _ => Ok((here, device)),
    }
}

impl fmt::Display for TrainerId {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            TrainerId::Native { version } => write!(f, "native {version}"),
            TrainerId::Tch { build } => write!(f, "tch {build}"),
        }
    }
}

impl FromStr for WantedTrainer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let identity = match text.split_once(' ') {
            None if text == "auto" => return Ok(WantedTrainer::Auto),
            None if text == "tch" => return Ok(WantedTrainer::Tch),
            None if text == "native" => Some(TrainerId::NATIVE),
            Some(("native", version)) => version.parse().ok().map(|version| TrainerId::Native { version }),
            Some(("tch", build)) => Some(TrainerId::Tch { build: build.to_owned() }),
            _ => None,
        };
        let unknown = || format!("`{text}` is not a trainer: there are auto, native and tch");
        identity.map(WantedTrainer::This).ok_or_else(unknown)
    }
}

impl TryFrom<String> for WantedTrainer {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl TryFrom<String> for TrainerId {
    type Error = String;

    /// Of a key's text; whether this machine has it is not asked.
    fn try_from(text: String) -> Result<Self, String> {
        match text.parse::<WantedTrainer>()? {
            WantedTrainer::This(identity) => Ok(identity),
            _ => Err(format!("`{text}` may be any of several trainers")),
        }
    }
}

impl From<TrainerId> for String {
    fn from(identity: TrainerId) -> String {
        identity.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_native_trainer_is_taken_for_what_it_can_do() {
        let simple = Architecture::SimpleNN { hidden: vec![3] };
        let resolved = |architecture: &Architecture, batch_size, trainer: &str, device: &str| {
            resolve(architecture, batch_size, &trainer.parse().unwrap(), &device.parse().unwrap())
        };
        let native = Ok((TrainerId::NATIVE, Device::Cpu));
        for (trainer, device) in
            [("auto", "auto"), ("native", "cpu"), (&*TrainerId::NATIVE.to_string(), "cpu")]
        {
            assert_eq!(resolved(&simple, None, trainer, device), native, "{trainer} on {device}");
        }
        for size in [BatchSize::Of(128), BatchSize::Share(0.01)] {
            assert_eq!(resolved(&simple, Some(size), "auto", "auto"), native);
        }
        let refused = |architecture: &Architecture, batch_size, trainer: &str, device: &str| {
            let (param, what) = resolved(architecture, batch_size, trainer, device).unwrap_err();
            assert_eq!(param, "trainer");
            what
        };
        assert!(refused(&Architecture::ResNet, None, "native", "cpu").contains("with a ResNet"));
        assert!(refused(&simple, Some(BatchSize::Of(9)), "native", "cpu").contains("with mini-batches"));
        assert!(refused(&simple, None, "native", "cuda:0").contains("with a CUDA device"));
        assert!(refused(&simple, None, "native 0", "cpu").contains("with another version"));
        // The program of these tests has no libtorch, and none beside it.
        assert!(refused(&Architecture::ResNet, None, "auto", "cpu").contains("a ResNet needs libtorch"));
        assert!(refused(&simple, None, "tch", "cpu").contains("tch needs libtorch"));
        assert!("nativ".parse::<WantedTrainer>().unwrap_err().contains("is not a trainer"));
    }

    #[test]
    fn a_trainer_is_its_text_in_keys() {
        for text in ["native 2", "tch 2.13.0 build 0123456789ab avx2 AMD EPYC 7763 01234567 resnet 2"] {
            assert_eq!(TrainerId::try_from(text.to_owned()).unwrap().to_string(), text);
        }
        assert!(TrainerId::try_from("tch".to_owned()).is_err(), "it says no build");
    }
}
