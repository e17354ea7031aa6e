//! Lets the built programs find libtorch without an environment variable, and know which build they are of.

use std::ffi::OsString;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

fn main() {
    println!("cargo:rustc-env=HSPIPE_BUILD={:016x}", build());
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    if env::var_os("CARGO_FEATURE_TORCH").is_none() {
        return;
    }
    if let Some(libtorch) = env::var_os("LIBTORCH") {
        let lib = Path::new(&libtorch).join("lib");
        // `.libtorch` is a link: its target serves the program wherever that is installed.
        let lib = lib.canonicalize().unwrap_or(lib);
        println!("cargo:rustc-link-arg=-Wl,-rpath,{}", lib.display());
        if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os != "linux") {
            println!("cargo:rustc-env=HSPIPE_LIBTORCH_LIB={}", lib.display());
        }
    }
}

/// A hash of all that the programs are built from: two builds of which something differs are told apart.
fn build() -> u64 {
    let mut hasher = DefaultHasher::new();
    for part in ["src", "crates/engine/src", "crates/ensemble/src", "Cargo.toml", "Cargo.lock"] {
        println!("cargo:rerun-if-changed={part}");
        hash(Path::new(part), &mut hasher);
    }
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
    Command::new(rustc).arg("-vV").output().map(|output| output.stdout).unwrap_or_default().hash(&mut hasher);
    for name in ["TARGET", "PROFILE", "OPT_LEVEL", "CARGO_FEATURE_TORCH"] {
        env::var_os(name).hash(&mut hasher);
    }
    hasher.finish()
}

/// A file, or all files below a folder in the order of their names. One that is not there counts as such.
fn hash(path: &Path, hasher: &mut DefaultHasher) {
    path.hash(hasher);
    if !path.is_dir() {
        return fs::read(path).ok().hash(hasher);
    }
    let mut inside: Vec<PathBuf> =
        fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    inside.sort();
    inside.iter().for_each(|path| hash(path, hasher));
}
