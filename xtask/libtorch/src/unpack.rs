//! Turns downloads into a libtorch folder. In come a zip archive (a wheel is one) and
//! a rule that says where each of its files goes; out go the files. Also makes the
//! libtorch.so of a folder that has only the CPU half. It must not know of the network.

use std::env;
use std::fs::{self, File};
use std::io;
use std::path::{Component, Path};
use std::process::Command;

use anyhow::{Context, Result, bail};
use zip::ZipArchive;

use crate::report::Hint;

/// Unpacks the files that `place` names a path for, under `folder`, and returns their
/// size together. Each file's CRC is checked on the way.
pub fn unpack(archive: &Path, folder: &Path, place: impl Fn(&str) -> Option<String>) -> Result<u64> {
    let reading = || format!("cannot read {}", archive.display());
    let file = File::open(archive).with_context(reading)?;
    let mut zip = ZipArchive::new(io::BufReader::new(file)).with_context(reading)?;
    let mut bytes = 0;
    for index in 0..zip.len() {
        let Some(name) = zip.name_for_index(index).map(str::to_owned) else {
            continue;
        };
        let Some(path) = place(&name) else { continue };
        let mut entry = zip.by_index(index).with_context(reading)?;
        if entry.is_dir() {
            continue;
        }
        let inside = |part| matches!(part, Component::Normal(_));
        if entry.is_symlink() || !Path::new(&path).components().all(inside) {
            bail!("{} holds {name}, a link or a path that leads out of it", archive.display());
        }
        let to = folder.join(path);
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
        }
        let mut out = File::create(&to).with_context(|| format!("cannot write {}", to.display()))?;
        bytes += io::copy(&mut entry, &mut out)
            .with_context(|| format!("cannot unpack {name} to {}", to.display()))?;
    }
    Ok(bytes)
}

/// Makes the `libtorch.so` that the linker is told to link: an empty library that
/// needs the CPU half, as the one of PyTorch's own CPU build is.
pub fn stub(lib: &Path) -> Result<()> {
    let compilers = match env::var("CXX") {
        Ok(chosen) if !chosen.trim().is_empty() => vec![chosen],
        _ => ["c++", "g++", "clang++"].map(str::to_owned).to_vec(),
    };
    let mut why = String::new();
    for compiler in &compilers {
        // CXX may hold a wrapper or flags: "ccache g++".
        let mut words = compiler.split_whitespace();
        let output = Command::new(words.next().unwrap_or_default())
            .args(words)
            .current_dir(lib)
            .args(["-shared", "-o", "libtorch.so", "-x", "c", "/dev/null"])
            .args(["-x", "none", "-Wl,--no-as-needed"])
            .args(["libtorch_cpu.so", "libc10.so"])
            .args(["-Wl,-rpath,$ORIGIN", "-Wl,-soname,libtorch.so"])
            .output();
        match output {
            Ok(output) if output.status.success() => return Ok(()),
            Ok(output) => {
                let said = String::from_utf8_lossy(&output.stderr);
                why = format!("{compiler}: {}: {}", output.status, said.trim());
                break;
            }
            Err(error) => why = format!("{compiler}: {error}"),
        }
    }
    Err(Hint::error(
        "libtorch.so cannot be made",
        why,
        "install a C++ compiler (g++ or clang++), which the build of hspipe needs too, or name one in CXX",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use zip::write::{SimpleFileOptions, ZipWriter};

    fn archive(folder: &Path, files: &[(&str, &str)]) -> std::path::PathBuf {
        let path = folder.join("archive.zip");
        let mut zip = ZipWriter::new(File::create(&path).unwrap());
        let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        for (name, text) in files {
            zip.start_file(*name, stored).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        zip.finish().unwrap();
        path
    }

    fn below_a(name: &str) -> Option<String> {
        name.strip_prefix("a/").map(str::to_owned)
    }

    #[test]
    fn only_placed_files_come_out() {
        let folder = tempfile::tempdir().unwrap();
        let zip = archive(folder.path(), &[("a/b/c", "hello"), ("d", "no")]);
        let out = folder.path().join("out");
        assert_eq!(unpack(&zip, &out, below_a).unwrap(), 5);
        assert_eq!(fs::read_to_string(out.join("b/c")).unwrap(), "hello");
        assert!(!out.join("d").exists());
    }

    #[test]
    fn a_path_that_leads_out_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let zip = archive(folder.path(), &[("a/../../evil", "x")]);
        let error = unpack(&zip, &folder.path().join("out"), below_a).unwrap_err();
        assert!(error.to_string().contains("leads out"), "{error}");
    }

    #[test]
    fn a_flipped_bit_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let zip = archive(folder.path(), &[("a/b", "hello")]);
        let mut bytes = fs::read(&zip).unwrap();
        let at = bytes.windows(5).position(|w| w == b"hello").unwrap();
        bytes[at] ^= 1;
        fs::write(&zip, bytes).unwrap();
        assert!(unpack(&zip, &folder.path().join("out"), below_a).is_err());
    }
}
