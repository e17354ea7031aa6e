//! Lets the built programs find libtorch without an environment variable.

fn main() {
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    if std::env::var_os("CARGO_FEATURE_TORCH").is_none() {
        return;
    }
    if let Some(libtorch) = std::env::var_os("LIBTORCH") {
        let lib = std::path::Path::new(&libtorch).join("lib");
        // `.libtorch` is a link: its target serves the program wherever that is installed.
        let lib = lib.canonicalize().unwrap_or(lib);
        println!("cargo:rustc-link-arg=-Wl,-rpath,{}", lib.display());
        if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os != "linux") {
            println!("cargo:rustc-env=HSPIPE_LIBTORCH_LIB={}", lib.display());
        }
    }
}
