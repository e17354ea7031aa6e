//! Lets the programs know which build they are of.

use std::ffi::OsString;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

fn main() {
    println!("cargo:rustc-env=HSPIPE_BUILD={:016x}", build());
}

/// A hash of all that the programs are built from: two builds of which something differs are told apart.
fn build() -> u64 {
    let mut hasher = DefaultHasher::new();
    // hspipe-torch is of the build of this library, and what it trains too.
    let crates = ["crates/engine/src", "crates/ensemble/src", "crates/neighbours/src", "crates/torch/src"];
    for part in ["src", "Cargo.toml", "Cargo.lock"].into_iter().chain(crates) {
        println!("cargo:rerun-if-changed={part}");
        hash(Path::new(part), &mut hasher);
    }
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
    Command::new(rustc).arg("-vV").output().map(|output| output.stdout).unwrap_or_default().hash(&mut hasher);
    for name in ["TARGET", "PROFILE", "OPT_LEVEL"] {
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
