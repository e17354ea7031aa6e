//! Where networks are trained: as it is asked for, and as it is part of a key.
//!
//! In: words such as `auto` or `cuda:1`. Out: [`Device`], one that there is. Knows no trainer.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::machine;

/// A device of this machine, or of the one that a record is from. In keys it is its text: `cpu`, or
/// such as `cuda:0 NVIDIA H100 80GB HBM3`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Device {
    Cpu,
    Cuda {
        number: usize,
        /// It decides the bits.
        model: String,
    },
}

/// A device as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum WantedDevice {
    /// The first CUDA device, or else the CPU.
    Auto,
    /// The CUDA device of this number, whatever its model.
    Cuda(usize),
    /// This one and no other.
    This(Device),
}

impl WantedDevice {
    /// Whether a CUDA device is asked for, and not just taken if there is one.
    pub fn is_cuda(&self) -> bool {
        matches!(self, WantedDevice::Cuda(_) | WantedDevice::This(Device::Cuda { .. }))
    }

    /// The device, where libtorch finds so many CUDA devices.
    ///
    /// # Errors
    /// Why it cannot be had.
    pub fn resolve(&self, cuda_devices: usize) -> Result<Device, String> {
        let Some(number) = self.number(cuda_devices)? else { return Ok(Device::Cpu) };
        let unknown =
            |why| format!("the model of cuda:{number}, which decides the bits, is not known: {why}");
        let here = Device::Cuda { number, model: machine::gpu(number).map_err(unknown)? };
        match self {
            WantedDevice::This(wanted) if *wanted != here => {
                Err(format!("`{wanted}` cannot be had: here is {here}"))
            }
            _ => Ok(here),
        }
    }

    /// The number of the CUDA device; none for the CPU.
    fn number(&self, devices: usize) -> Result<Option<usize>, String> {
        let number = match self {
            WantedDevice::This(Device::Cpu) => return Ok(None),
            WantedDevice::Auto => return Ok((devices > 0).then_some(0)),
            WantedDevice::Cuda(number) | WantedDevice::This(Device::Cuda { number, .. }) => *number,
        };
        if devices == 0 {
            let why = "libtorch finds no CUDA device; take auto or cpu";
            return Err(format!("`cuda:{number}` cannot be had: {why}"));
        }
        if number >= devices {
            let last = devices - 1;
            return Err(format!("`cuda:{number}` cannot be had: the last CUDA device is cuda:{last}"));
        }
        Ok(Some(number))
    }
}

impl FromStr for WantedDevice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |name: &str| name.strip_prefix("cuda:")?.parse().ok();
        let device = match text {
            "auto" => Some(WantedDevice::Auto),
            "cpu" => Some(WantedDevice::This(Device::Cpu)),
            "cuda" => Some(WantedDevice::Cuda(0)),
            _ => match text.split_once(' ') {
                Some((name, model)) => number(name)
                    .map(|number| WantedDevice::This(Device::Cuda { number, model: model.to_owned() })),
                None => number(text).map(WantedDevice::Cuda),
            },
        };
        device.ok_or_else(|| {
            format!("`{text}` is not a device: there are auto, cpu, and cuda:0, cuda:1 and so on")
        })
    }
}

impl TryFrom<String> for WantedDevice {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl TryFrom<String> for Device {
    type Error = String;

    /// Of a key's text; no other machine's devices are looked for.
    fn try_from(text: String) -> Result<Self, String> {
        match text.parse::<WantedDevice>()? {
            WantedDevice::This(device) => Ok(device),
            WantedDevice::Auto | WantedDevice::Cuda(_) => {
                Err(format!("`{text}` may be any of several devices"))
            }
        }
    }
}

impl From<Device> for String {
    fn from(device: Device) -> String {
        device.to_string()
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Device::Cpu => f.write_str("cpu"),
            Device::Cuda { number, model } => write!(f, "cuda:{number} {model}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_checked() {
        let number = |name: &str, devices| name.parse::<WantedDevice>()?.number(devices);
        assert_eq!([number("auto", 0), number("cpu", 2)], [Ok(None), Ok(None)]);
        assert_eq!([number("auto", 1), number("cuda", 1)], [Ok(Some(0)), Ok(Some(0))]);
        assert_eq!([number("cuda:1", 2), number("cuda:1 NVIDIA H100", 2)], [Ok(Some(1)), Ok(Some(1))]);
        for (name, devices) in [("cuda:0", 0), ("cuda", 0), ("cuda:2", 2), ("gpu", 1), ("cuda:x", 1), ("", 1)]
        {
            assert!(number(name, devices).is_err(), "{name}");
        }
    }

    #[test]
    fn a_device_is_its_text_in_keys() {
        for text in ["cpu", "cuda:1 NVIDIA H100 80GB HBM3"] {
            assert_eq!(Device::try_from(text.to_owned()).unwrap().to_string(), text);
        }
        assert!(Device::try_from("cuda:1".to_owned()).is_err(), "it says no model");
    }
}
