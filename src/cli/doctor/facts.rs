//! What one machine is, as far as hspipe minds: asked on this one, and by a probe on another.
//!
//! In: what the system says. Out: [`Facts`]. Knows no executors.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::cli::args::cores;

/// A machine, and the hspipe that runs on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    pub version: String,
    pub build: String,
    /// None where the program brings its own, or has another C library.
    pub glibc: Option<String>,
    /// Those that this process may use.
    pub cores: usize,
    /// Bytes that it may use, if that is known.
    pub memory: Option<u64>,
    pub node: String,
}

impl Facts {
    pub fn here() -> Facts {
        Facts {
            version: env!("CARGO_PKG_VERSION").to_string(),
            build: crate::BUILD.to_string(),
            glibc: glibc(),
            cores: cores(),
            memory: memory(),
            node: node(),
        }
    }

    /// `hspipe 0.1.0, glibc 2.36, 2 cores, 7.8 GB of memory`
    pub fn shown(&self) -> String {
        let glibc = self.glibc.as_ref().map_or("no glibc".to_string(), |version| format!("glibc {version}"));
        let cores = if self.cores == 1 { "1 core".to_string() } else { format!("{} cores", self.cores) };
        let memory = self.memory.map(|bytes| format!(", {:.1} GB of memory", bytes as f64 / 1e9));
        format!("hspipe {}, {glibc}, {cores}{}", self.version, memory.unwrap_or_default())
    }
}

/// Its own words, found in the file that this process has loaded.
fn glibc() -> Option<String> {
    let maps = fs::read_to_string("/proc/self/maps").ok()?;
    let is_libc = |path: &&str| {
        let name = path.rsplit('/').next().unwrap_or_default();
        name == "libc.so.6" || name.starts_with("libc-2.")
    };
    let path = maps.lines().filter_map(|line| line.split_whitespace().nth(5)).find(is_libc)?;
    version_in(&fs::read(path).ok()?)
}

fn version_in(library: &[u8]) -> Option<String> {
    const BEFORE: &[u8] = b"GNU C Library";
    const NEAR: &[u8] = b"release version ";
    let after = |bytes: &'_ [u8], mark: &[u8]| {
        Some(bytes.windows(mark.len()).position(|part| part == mark)? + mark.len())
    };
    let banner = &library[after(library, BEFORE)?..];
    let version = &banner[after(banner, NEAR)?..];
    let ends = version.iter().position(|byte| !byte.is_ascii_digit() && *byte != b'.')?;
    let version = String::from_utf8_lossy(&version[..ends]).trim_end_matches('.').to_string();
    (!version.is_empty()).then_some(version)
}

/// That of the machine, or less where a control group allows less.
fn memory() -> Option<u64> {
    let info = fs::read_to_string("/proc/meminfo").ok()?;
    let total = info.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let total = total.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? * 1024;
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    Some(groups.lines().flat_map(limits).fold(total, u64::min))
}

/// What a line of /proc/self/cgroup leads to: the limits of a group and of those that it lies in.
fn limits(line: &str) -> Vec<u64> {
    let mut fields = line.splitn(3, ':').skip(1);
    let (Some(controllers), Some(group)) = (fields.next(), fields.next()) else { return Vec::new() };
    let (root, file) = match controllers {
        "" => ("/sys/fs/cgroup", "memory.max"),
        "memory" => ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
        _ => return Vec::new(),
    };
    let groups = Path::new(group.trim_start_matches('/')).ancestors();
    let files = groups.map(|group| Path::new(root).join(group).join(file));
    files.filter_map(|file| fs::read_to_string(file).ok()?.trim().parse().ok()).collect()
}

/// As SLURM calls it, else as it calls itself.
fn node() -> String {
    let by_slurm = std::env::var("SLURMD_NODENAME").ok();
    let by_itself = || fs::read_to_string("/proc/sys/kernel/hostname").ok();
    by_slurm.or_else(by_itself).map_or("a machine without a name".to_string(), |name| name.trim().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_says_its_version() {
        let text = b"\x7fELF release version 9 \0GNU C Library (Debian GLIBC 2.36-9) stable release version 2.36.\nCopyright";
        assert_eq!(version_in(text).as_deref(), Some("2.36"));
        assert_eq!(version_in(b"musl libc (x86_64)"), None);
        let ldd = std::process::Command::new("ldd").arg("--version").output().unwrap().stdout;
        let ldd = String::from_utf8(ldd).unwrap();
        assert_eq!(glibc().as_deref(), ldd.lines().next().unwrap().rsplit(' ').next());
    }

    #[test]
    fn a_machine_is_described_in_a_line() {
        let facts = Facts::here();
        assert!(facts.memory.is_some_and(|bytes| bytes > 1_000_000), "{facts:?}");
        let facts = Facts { glibc: Some("2.28".into()), cores: 1, memory: Some(4_000_000_000), ..facts };
        assert!(facts.shown().ends_with(", glibc 2.28, 1 core, 4.0 GB of memory"), "{}", facts.shown());
    }
}
