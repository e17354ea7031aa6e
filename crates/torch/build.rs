//! Lets hspipe-torch, its tests and its bench find libtorch without an environment variable.

use std::env;
use std::path::Path;

fn main() {
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    if let Some(libtorch) = env::var_os("LIBTORCH") {
        let lib = Path::new(&libtorch).join("lib");
        // `.libtorch` is a link: its target serves the program wherever that is installed.
        let lib = lib.canonicalize().unwrap_or(lib);
        println!("cargo:rustc-link-arg=-Wl,-rpath,{}", lib.display());
        if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os != "linux") {
            println!("cargo:rustc-env=HSPIPE_LIBTORCH_LIB={}", lib.display());
        }
    }
}
