//! Where libtorch comes from. In comes an operating system and a processor, out
//! goes what to download for them, with the sums it must have, and which of its
//! files to keep. A table: it must not know how anything is fetched or unpacked.

/// The libtorch that the pinned version of tch asks for.
pub const VERSION: &str = "2.13.0";

/// What there is to download for one platform.
pub struct Platform {
    /// PyTorch's own build for the CPU. It is the smaller one, but PyTorch publishes no sum of it: so it is taken only
    /// if a user gives one.
    pub official: Option<Official>,
    /// The wheels that together hold a libtorch, each with its sum.
    pub wheels: &'static [Wheel],
    /// The wheel is a build for CUDA, and its libtorch.so asks for CUDA's
    /// libraries. A libtorch.so that asks for the CPU half alone is made instead.
    pub stub: bool,
}

/// An archive of download.pytorch.org.
pub struct Official {
    pub url: &'static str,
}

impl Official {
    /// Where a file of the archive goes. Static libraries are half of its size
    /// and hspipe links none.
    pub fn place(name: &str) -> Option<String> {
        let name = name.strip_prefix("libtorch/")?;
        let library = name.starts_with("lib/")
            && (name.ends_with(".so") || name.contains(".so.") || name.ends_with(".dylib"));
        let keep = library || name.starts_with("include/") || name == "build-version";
        keep.then(|| name.to_owned())
    }
}

/// One wheel of the Python package index.
pub struct Wheel {
    /// What to ask pip for. `===` so that a mirror's `2.13.0+cpu`, which is another
    /// file with another sum, does not count as the same version.
    pub requirement: &'static str,
    /// The platform tag to ask pip for. Given in full, so that the same file
    /// comes whatever machine and Python asks.
    pub platform: &'static str,
    pub file: &'static str,
    pub bytes: u64,
    pub sha256: &'static str,
    /// The folder of headers to keep, all of it.
    pub include: Option<&'static str>,
    /// The folder of libraries, and those to keep: what libtorch_cpu needs and
    /// no system brings.
    pub lib: &'static str,
    pub libraries: &'static [&'static str],
}

impl Wheel {
    /// Where a file of the wheel goes.
    pub fn place(&self, name: &str) -> Option<String> {
        if let Some(header) = self.include.and_then(|folder| name.strip_prefix(folder)) {
            return Some(format!("include{header}"));
        }
        let library = name.strip_prefix(self.lib)?.strip_prefix('/')?;
        let keep = self.libraries.contains(&library);
        keep.then(|| format!("lib/{library}"))
    }
}

/// What to download for an operating system and a processor, named as in
/// `std::env::consts`; `None` where PyTorch has no build of this version.
pub fn platform(os: &str, arch: &str) -> Option<&'static Platform> {
    match (os, arch) {
        ("linux", "x86_64") => Some(&LINUX_X86_64),
        ("linux", "aarch64") => Some(&LINUX_AARCH64),
        ("macos", "aarch64") => Some(&MACOS_AARCH64),
        _ => None,
    }
}

static LINUX_X86_64: Platform = Platform {
    official: Some(Official {
        url: "https://download.pytorch.org/libtorch/cpu/libtorch-shared-with-deps-2.13.0%2Bcpu.zip",
    }),
    wheels: &[
        Wheel {
            requirement: "torch===2.13.0",
            platform: "manylinux_2_28_x86_64",
            file: "torch-2.13.0-cp311-cp311-manylinux_2_28_x86_64.whl",
            bytes: 526_574_961,
            sha256: "60fcdcb2f3876e21146cb4524ef06397d727ca9ad5f020818547e25075fe3cb7",
            include: Some("torch/include"),
            lib: "torch/lib",
            libraries: &["libtorch_cpu.so", "libc10.so", "libgomp.so.1"],
        },
        Wheel {
            requirement: "nvidia-cuda-cupti===13.0.85",
            platform: "manylinux_2_25_x86_64",
            file: "nvidia_cuda_cupti-13.0.85-py3-none-manylinux_2_25_x86_64.whl",
            bytes: 10_715_597,
            sha256: "4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8",
            include: None,
            lib: "nvidia/cu13/lib",
            libraries: &["libcupti.so.13"],
        },
        Wheel {
            requirement: "nvidia-cuda-runtime===13.0.96",
            platform: "manylinux2014_x86_64",
            file: "nvidia_cuda_runtime-13.0.96-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
            bytes: 2_243_632,
            sha256: "7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548",
            include: None,
            lib: "nvidia/cu13/lib",
            libraries: &["libcudart.so.13"],
        },
    ],
    stub: true,
};

static LINUX_AARCH64: Platform = Platform {
    official: None,
    wheels: &[
        Wheel {
            requirement: "torch===2.13.0",
            platform: "manylinux_2_28_aarch64",
            file: "torch-2.13.0-cp311-cp311-manylinux_2_28_aarch64.whl",
            bytes: 427_199_369,
            sha256: "092790c696a760c729fd5722835f50b9d81fd7c8f141571f3f3cf4081a8f664c",
            include: Some("torch/include"),
            lib: "torch/lib",
            libraries: &[
                "libtorch_cpu.so",
                "libc10.so",
                "libgomp.so.1",
                "libarm_compute.so",
                "libarm_compute_graph.so",
                "libnvpl_blas_core.so.0",
                "libnvpl_blas_lp64_gomp.so.0",
                "libnvpl_lapack_core.so.0",
                "libnvpl_lapack_lp64_gomp.so.0",
            ],
        },
        Wheel {
            requirement: "nvidia-cuda-cupti===13.0.85",
            platform: "manylinux_2_25_aarch64",
            file: "nvidia_cuda_cupti-13.0.85-py3-none-manylinux_2_25_aarch64.whl",
            bytes: 10_310_827,
            sha256: "796bd679890ee55fb14a94629b698b6db54bcfd833d391d5e94017dd9d7d3151",
            include: None,
            lib: "nvidia/cu13/lib",
            libraries: &["libcupti.so.13"],
        },
        Wheel {
            requirement: "nvidia-cuda-runtime===13.0.96",
            platform: "manylinux2014_aarch64",
            file: "nvidia_cuda_runtime-13.0.96-py3-none-manylinux2014_aarch64.manylinux_2_17_aarch64.whl",
            bytes: 2_261_060,
            sha256: "ef9bcbe90493a2b9d810e43d249adb3d02e98dd30200d86607d8d02687c43f55",
            include: None,
            lib: "nvidia/cu13/lib",
            libraries: &["libcudart.so.13"],
        },
    ],
    stub: true,
};

static MACOS_AARCH64: Platform = Platform {
    official: Some(Official {
        url: "https://download.pytorch.org/libtorch/cpu/libtorch-macos-arm64-2.13.0.zip",
    }),
    wheels: &[Wheel {
        requirement: "torch===2.13.0",
        platform: "macosx_14_0_arm64",
        file: "torch-2.13.0-cp311-cp311-macosx_14_0_arm64.whl",
        bytes: 111_187_938,
        sha256: "e76f9bcecc52b8ff711239a2f7547d5353df95878ab232f0773c1d95928b92f8",
        include: Some("torch/include"),
        lib: "torch/lib",
        libraries: &["libtorch.dylib", "libtorch_cpu.dylib", "libc10.dylib", "libomp.dylib"],
    }],
    stub: false,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_of_the_table_is_of_one_version_and_one_platform() {
        for (os, arch) in [("linux", "x86_64"), ("linux", "aarch64"), ("macos", "aarch64")] {
            let Some(platform) = platform(os, arch) else {
                panic!("{os} {arch} is missing");
            };
            if let Some(official) = &platform.official {
                assert!(official.url.contains(VERSION), "{}", official.url);
            }
            let torch = &platform.wheels[0];
            assert_eq!(torch.requirement, format!("torch==={VERSION}"));
            for wheel in platform.wheels {
                assert!(wheel.file.contains(wheel.platform), "{}", wheel.file);
                assert_eq!(wheel.sha256.len(), 64, "{}", wheel.file);
            }
        }
        assert!(platform("windows", "x86_64").is_none());
        assert!(platform("macos", "x86_64").is_none());
    }

    #[test]
    fn only_headers_and_the_cpu_half_are_kept() {
        let torch = &LINUX_X86_64.wheels[0];
        let place = |name| torch.place(name);
        assert_eq!(place("torch/include/ATen/ATen.h").as_deref(), Some("include/ATen/ATen.h"));
        assert_eq!(place("torch/lib/libc10.so").as_deref(), Some("lib/libc10.so"));
        assert_eq!(place("torch/lib/libtorch_cuda.so"), None);
        assert_eq!(place("torch/lib/libtorch.so"), None);
        assert_eq!(place("torch/nn/functional.py"), None);

        let place = Official::place;
        assert_eq!(place("libtorch/lib/libgomp-98b21ff3.so.1").as_deref(), Some("lib/libgomp-98b21ff3.so.1"));
        assert_eq!(place("libtorch/build-version").as_deref(), Some("build-version"));
        assert_eq!(place("libtorch/lib/libdnnl.a"), None);
        assert_eq!(place("elsewhere/lib/libc10.so"), None);
    }
}
