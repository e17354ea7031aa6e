//! What a finished libtorch folder is. In comes a folder, out goes whether it is
//! whole; or it is sealed, which is the last step of a set-up, and put in its place.
//! It must not know where the files came from.

use std::env::consts::DLL_SUFFIX;
use std::fs;
use std::io;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::source::VERSION;

/// Lists the libraries with their sizes. A folder is renamed into place only when it
/// has this file, but after a power cut the name may be on the disk and the data not.
const SEAL: &str = "hspipe-complete";

/// Says whether `folder` is a libtorch of the right version that was set up to the end.
pub fn is_complete(folder: &Path) -> bool {
    let Ok(seal) = fs::read_to_string(folder.join(SEAL)) else {
        return false;
    };
    let listed: Vec<(u64, &str)> = seal.lines().filter_map(entry).collect();
    let there = |&(size, name): &(u64, &str)| {
        let meta = fs::metadata(folder.join("lib").join(name));
        meta.is_ok_and(|meta| meta.len() == size)
    };
    check(folder).is_ok() && !listed.is_empty() && listed.iter().all(there)
}

fn entry(line: &str) -> Option<(u64, &str)> {
    let (size, name) = line.split_once(' ')?;
    Some((size.parse().ok()?, name))
}

/// Checks what was unpacked and marks the folder as complete.
pub fn seal(folder: &Path) -> Result<()> {
    check(folder)?;
    let lib = folder.join("lib");
    let mut lines = Vec::new();
    let reading = || format!("cannot read {}", lib.display());
    for file in fs::read_dir(&lib).with_context(reading)? {
        let file = file.with_context(reading)?;
        let size = file.metadata().with_context(reading)?.len();
        lines.push(format!("{size} {}\n", file.file_name().to_string_lossy()));
    }
    lines.sort();
    write(&folder.join(SEAL), &lines.concat())
}

/// Writes the file that says which version the folder holds; the build of tch reads it.
pub fn write_version(folder: &Path) -> Result<()> {
    write(&folder.join("build-version"), &format!("{VERSION}\n"))
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

fn check(folder: &Path) -> Result<()> {
    let file = folder.join("build-version");
    let version = fs::read_to_string(&file)
        .with_context(|| format!("cannot read the version in {}", file.display()))?;
    // "2.13.0+cpu" in the official archive.
    let version = version.trim();
    if version.split('+').next() != Some(VERSION) {
        bail!("it is version {version}, not {VERSION}");
    }
    for name in ["torch", "torch_cpu", "c10"] {
        let name = format!("lib/lib{name}{DLL_SUFFIX}");
        if !folder.join(&name).is_file() {
            bail!("it has no {name}");
        }
    }
    if !folder.join("include/torch").is_dir() {
        bail!("it has no headers in include/torch");
    }
    Ok(())
}

/// Renames the sealed folder `new` to `place`. A whole one that is there already stays
/// and `new` is left to be deleted; what is there and not whole is moved to `aside`.
pub fn publish(new: &Path, place: &Path, aside: &Path) -> Result<()> {
    let moving = || format!("cannot move {} to {}", new.display(), place.display());
    let Err(error) = fs::rename(new, place) else {
        return Ok(());
    };
    if is_complete(place) {
        return Ok(());
    }
    if fs::symlink_metadata(place).is_err() {
        return Err(error).with_context(moving);
    }
    match fs::rename(place, aside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot move {} away", place.display()));
        }
        _ => {}
    }
    match fs::rename(new, place) {
        Err(error) if !is_complete(place) => Err(error).with_context(moving),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpacked(folder: &Path, version: &str) {
        fs::create_dir_all(folder.join("lib")).unwrap();
        fs::create_dir_all(folder.join("include/torch")).unwrap();
        for name in ["torch", "torch_cpu", "c10"] {
            fs::write(folder.join(format!("lib/lib{name}{DLL_SUFFIX}")), name).unwrap();
        }
        fs::write(folder.join("build-version"), version).unwrap();
    }

    #[test]
    fn a_folder_is_complete_once_sealed_and_while_its_libraries_are_whole() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path();
        unpacked(folder, "2.13.0+cpu\n");
        assert!(!is_complete(folder));
        seal(folder).unwrap();
        assert!(is_complete(folder));
        fs::write(folder.join(format!("lib/libc10{DLL_SUFFIX}")), "").unwrap();
        assert!(!is_complete(folder));
    }

    #[test]
    fn another_version_is_not_sealed() {
        let dir = tempfile::tempdir().unwrap();
        unpacked(dir.path(), "2.13.1\n");
        assert!(seal(dir.path()).is_err());
    }

    #[test]
    fn publishing_keeps_a_whole_folder_and_replaces_a_broken_one() {
        let dir = tempfile::tempdir().unwrap();
        let (place, aside) = (dir.path().join("place"), dir.path().join("aside"));
        let new = |name: &str| {
            let folder = dir.path().join(name);
            unpacked(&folder, VERSION);
            seal(&folder).unwrap();
            fs::write(folder.join("name"), name).unwrap();
            folder
        };
        let name = || fs::read_to_string(place.join("name")).unwrap_or_default();

        fs::create_dir_all(place.join("half")).unwrap();
        publish(&new("first"), &place, &aside).unwrap();
        assert_eq!(name(), "first");
        assert!(aside.join("half").is_dir());
        publish(&new("second"), &place, &aside).unwrap();
        assert_eq!(name(), "first");
    }
}
