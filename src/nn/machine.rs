//! What of a machine decides libtorch's bits: processor, GPUs, the settings of its libraries.
//!
//! In: what the system says of itself. Out: words for the key, the same whenever the bits must be.
//! MKL and oneDNN choose kernels and block sizes by the processor's model, not by its instructions
//! alone; so does every library by variables of its own. Knows no libtorch.

use std::process::Command;
use std::sync::OnceLock;

/// Names that variables of libtorch and of the libraries in it begin with.
const FAMILIES: [&str; 11] = [
    "ATEN_",
    "CUBLAS_",
    "CUDNN_",
    "DNNL_",
    "MKL_",
    "NVIDIA_TF32_",
    "NVPL_",
    "ONEDNN_",
    "OPENBLAS_",
    "PYTORCH_",
    "TORCH_",
];

/// Of these families what changes no bit: how many threads, which hspipe sets to one, and how much
/// is told.
const HARMLESS: [&str; 4] = ["THREADS", "VERBOSE", "_LOG", "_HOME"];

/// The variables of libtorch's libraries that are set, sorted, with a space before each.
pub fn settings(variables: impl Iterator<Item = (String, String)>) -> String {
    let decides = |name: &str| {
        FAMILIES.iter().any(|family| name.starts_with(family))
            && !HARMLESS.iter().any(|word| name.contains(word))
    };
    let mut set: Vec<String> = variables
        .filter(|(name, value)| decides(name) && !value.is_empty())
        .map(|(name, value)| format!(" {name}={value}"))
        .collect();
    set.sort();
    set.concat()
}

/// The processor: its name, and a digest of its model, caches and vector instructions.
pub fn processor() -> &'static str {
    static PROCESSOR: OnceLock<String> = OnceLock::new();
    PROCESSOR.get_or_init(|| match std::fs::read_to_string("/proc/cpuinfo") {
        Ok(text) => of_cpuinfo(&text),
        Err(_) => {
            // macOS.
            let asked = Command::new("sysctl").args(["-n", "machdep.cpu.brand_string"]).output();
            let name = asked.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
            name.ok().filter(|name| !name.is_empty()).unwrap_or_else(|| std::env::consts::ARCH.to_owned())
        }
    })
}

/// Lines of /proc/cpuinfo that say which processor it is; on x86 and on ARM.
const MODEL: [&str; 10] = [
    "vendor_id",
    "cpu family",
    "model",
    "model name",
    "stepping",
    "cache size",
    "CPU implementer",
    "CPU variant",
    "CPU part",
    "CPU revision",
];

/// Instructions that kernels are chosen by begin so on x86; other flags come and go with the
/// system's kernel.
const VECTORS: [&str; 10] = ["sse", "ssse", "avx", "fma", "f16c", "amx", "bmi", "aes", "vaes", "gfni"];

/// The first processor stands for all. Where some cores are of another kind, that of the first
/// decides.
fn of_cpuinfo(text: &str) -> String {
    let lines = text.lines().take_while(|line| !line.trim().is_empty());
    let (mut name, mut content) = (String::new(), String::new());
    for (key, value) in
        lines.filter_map(|line| line.split_once(':')).map(|(key, value)| (key.trim(), value.trim()))
    {
        let value = match key {
            "flags" => {
                let is_vector = |flag: &&str| VECTORS.iter().any(|start| flag.starts_with(start));
                value.split(' ').filter(is_vector).collect::<Vec<_>>().join(" ")
            }
            "Features" => value.to_owned(),
            _ if MODEL.contains(&key) => value.to_owned(),
            _ => continue,
        };
        match key {
            "model name" => name = value.split_whitespace().collect::<Vec<_>>().join(" "),
            "CPU part" if name.is_empty() => name = format!("{} {value}", std::env::consts::ARCH),
            _ => {}
        }
        content.push_str(&format!("{key}: {value}\n"));
    }
    format!("{name} {}", &blake3::hash(content.as_bytes()).to_hex()[..8]).trim_start().to_owned()
}

/// The CPU capability that libtorch picks its kernels by. Its variable ATEN_CPU_CAPABILITY chooses
/// one; words that it does not know it ignores, and so must the key.
#[cfg(target_arch = "x86_64")]
pub fn capability() -> String {
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
pub fn capability() -> String {
    std::env::consts::ARCH.to_string()
}

/// The name of the CUDA device of this number.
///
/// # Errors
/// Why it is not known.
pub fn gpu(number: usize) -> Result<String, String> {
    static LISTED: OnceLock<Result<String, String>> = OnceLock::new();
    let listed = LISTED.get_or_init(|| {
        let output = Command::new("nvidia-smi").arg("-L").output();
        let output = output.map_err(|error| format!("nvidia-smi cannot be run: {error}"))?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() { Ok(said) } else { Err(format!("nvidia-smi -L failed: {said}")) }
    });
    let chosen =
        ["CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER"].map(|name| std::env::var(name).unwrap_or_default());
    of_list(listed.as_ref().map_err(Clone::clone)?, number, &chosen.join(" "))
}

/// Of `nvidia-smi -L`. CUDA may count the devices in another order; so if they are of several
/// models, all are named, with what chooses among them.
fn of_list(list: &str, number: usize, chosen: &str) -> Result<String, String> {
    let model = |line: &str| {
        let (place, rest) = line.split_once(':')?;
        let name = rest.split("(UUID").next()?.trim();
        // A part of a GPU has its size in front of the colon: `MIG 1g.10gb Device 0`.
        let part = place.trim().strip_prefix("MIG ").and_then(|part| part.split(' ').next());
        Some(part.map_or(name.to_owned(), |part| format!("MIG {part}")))
    };
    let models: Vec<String> = list.lines().filter_map(model).filter(|model| !model.is_empty()).collect();
    match models.as_slice() {
        [] => Err("nvidia-smi -L lists no GPU".to_owned()),
        [first, rest @ ..] if rest.iter().all(|model| model == first) => Ok(first.clone()),
        _ => Ok(format!("{number} {chosen} of {}", models.join(", "))
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_choose_kernels_enter_and_others_do_not() {
        let set = |pairs: &[(&str, &str)]| {
            settings(pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())))
        };
        let harmless = [
            ("MKL_NUM_THREADS", "4"),
            ("OMP_NUM_THREADS", "2"),
            ("ONEDNN_VERBOSE", "1"),
            ("HOME", "/"),
            ("MKL_CBWR", ""),
        ];
        assert_eq!(set(&harmless), "");
        let deciding = [
            ("ONEDNN_MAX_CPU_ISA", "AVX2"),
            ("MKL_CBWR", "COMPATIBLE"),
            ("DNNL_DEFAULT_FPMATH_MODE", "BF16"),
        ];
        let words = " DNNL_DEFAULT_FPMATH_MODE=BF16 MKL_CBWR=COMPATIBLE ONEDNN_MAX_CPU_ISA=AVX2";
        assert_eq!(set(&deciding), words);
    }

    const X86: &str = "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 1\n\
        model name\t: AMD  EPYC 7763\nstepping\t: 1\ncpu MHz\t\t: 2445.1\ncache size\t: 512 KB\n\
        flags\t\t: fpu sse2 avx avx2 fma ibrs\n\nprocessor\t: 1\nmodel name\t: other\n";

    #[test]
    fn a_processor_is_its_model_and_its_vector_instructions() {
        let known = of_cpuinfo(X86);
        assert!(known.starts_with("AMD EPYC 7763 ") && known.len() == "AMD EPYC 7763 ".len() + 8, "{known}");
        for (from, to) in [("2445.1", "3100"), (" ibrs", ""), ("other", "another")] {
            assert_eq!(of_cpuinfo(&X86.replace(from, to)), known, "{from} decides nothing");
        }
        for (from, to) in
            [("stepping\t: 1", "stepping\t: 2"), (" avx2", ""), ("512 KB", "1024 KB"), ("25", "26")]
        {
            assert_ne!(of_cpuinfo(&X86.replace(from, to)), known, "{from} decides");
        }
        let arm = "processor\t: 0\nFeatures\t: fp asimd sve\nCPU implementer\t: 0x41\nCPU part\t: 0xd40\n";
        assert!(of_cpuinfo(arm).contains("0xd40"));
        assert_ne!(of_cpuinfo(arm), of_cpuinfo(&arm.replace("0xd40", "0xd4f")));
        assert_ne!(of_cpuinfo(arm), of_cpuinfo(&arm.replace(" sve", "")));
    }

    #[test]
    fn a_gpu_is_its_model() {
        let one = "GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-1)\n";
        assert_eq!(of_list(one, 0, "").unwrap(), "NVIDIA H100 80GB HBM3");
        let two = format!("{one}GPU 1: NVIDIA H100 80GB HBM3 (UUID: GPU-2)\n");
        assert_eq!(of_list(&two, 1, "1").unwrap(), "NVIDIA H100 80GB HBM3");
        let mixed = format!("{one}GPU 1: Tesla T4 (UUID: GPU-2)\n");
        assert_eq!(of_list(&mixed, 0, "1").unwrap(), "0 1 of NVIDIA H100 80GB HBM3, Tesla T4");
        let part = format!("{one}  MIG 1g.10gb     Device  0: (UUID: MIG-1)\n");
        assert!(of_list(&part, 0, "").unwrap().contains("MIG 1g.10gb"));
        assert!(of_list("", 0, "").is_err());
    }
}
