//! Installs libtorch. In comes the folder it shall have, out goes that folder, whole,
//! put together beside it from files whose sums are right, and renamed. It must not know
//! who will use it.

use std::env::{self, consts};
use std::fs::{self, File, TryLockError};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::libtorch::OTHERWISE;
use crate::report::{Hint, megabytes, seconds, step};
use crate::source::{Official, Platform, VERSION, Wheel, platform};
use crate::{download, folder, unpack};

/// Where in a work folder libtorch is put together.
const NEW: &str = "libtorch";

/// Sets libtorch up in `place`, unless another process does so first.
pub fn install(cache: &Path, place: &Path) -> Result<()> {
    let start = Instant::now();
    // PyTorch's libraries are linked against glibc.
    let platform =
        platform(consts::OS, consts::ARCH).filter(|_| !cfg!(target_env = "musl")).ok_or_else(|| {
            Hint::error(
                format!("no libtorch {VERSION} to fetch is known for {} {}", consts::OS, consts::ARCH),
                "PyTorch publishes it for Linux (glibc) on x86-64 and ARM, and for macOS on ARM",
                OTHERWISE,
            )
        })?;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(cache).with_context(|| {
        let what = format!("cannot make the folder {}", cache.display());
        Hint::new(what, "set XDG_CACHE_HOME to a folder that can be written")
    })?;

    let _lock = lock(cache);
    if folder::is_complete(place) {
        return Ok(());
    }
    let made = fetch(platform, cache).and_then(|work| {
        let (new, aside) = (work.path().join(NEW), work.path().join("aside"));
        folder::publish(&new, place, &aside)
    });
    made.map_err(|error| match error.downcast_ref::<Hint>() {
        Some(_) => error,
        None => error.context(Hint::new(
            "libtorch cannot be set up",
            format!("see that {} has 2 GB of free space, or {OTHERWISE}", cache.display()),
        )),
    })?;
    step(format!("set up in {}", seconds(start.elapsed())));
    Ok(())
}

/// Lets one process at a time set libtorch up, so that nothing is fetched twice. Where
/// the file system knows no locks the last rename still keeps the folder whole.
fn lock(cache: &Path) -> Option<File> {
    let file = File::create(cache.join(format!("libtorch-{VERSION}.lock"))).ok()?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            step("another process is setting it up; waiting for that one");
            file.lock().ok()?;
        }
        Err(TryLockError::Error(_)) => return None,
    }
    // Only under the lock is it sure that no living process works in them.
    for entry in fs::read_dir(cache).ok()?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(&work_prefix()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    Some(file)
}

fn work_prefix() -> String {
    format!("libtorch-{VERSION}.tmp-")
}

/// Puts libtorch together in a new folder beside its place.
fn fetch(platform: &Platform, cache: &Path) -> Result<TempDir> {
    let work = || {
        let folder = tempfile::Builder::new().prefix(&work_prefix()).tempdir_in(cache);
        folder.with_context(|| format!("cannot make a folder in {}", cache.display()))
    };
    let work = work()?;
    match (given_sum(env::var(ARCHIVE_SUM).ok())?, &platform.official) {
        (Some(sum), Some(official)) => {
            step(format!("not here yet, taking the archive {}", official.url));
            from_archive(official, &sum, work.path()).with_context(|| {
                let what = format!("the archive {} cannot be set up", official.url);
                Hint::new(
                    what,
                    format!(
                        "check the network and the sum, or unset {ARCHIVE_SUM}: then the wheels are taken"
                    ),
                )
            })?;
        }
        (Some(_), None) => {
            return Err(Hint::error(
                format!("{ARCHIVE_SUM} is set, but no archive is known for this platform"),
                "PyTorch publishes none",
                format!("unset {ARCHIVE_SUM}: then the wheels are taken"),
            ));
        }
        (None, _) => {
            let size = platform.wheels.iter().map(|wheel| wheel.bytes).sum();
            step(format!(
                "not here yet, taking PyTorch's wheel ({}) from where pip is set to",
                megabytes(size)
            ));
            from_wheels(platform, work.path())?;
        }
    }
    Ok(work)
}

/// The SHA-256 that a user gives for PyTorch's own archive, which is then taken instead of the wheels. What runs here is
/// never taken without a sum.
pub const ARCHIVE_SUM: &str = "HSPIPE_LIBTORCH_SHA256";

fn given_sum(variable: Option<String>) -> Result<Option<String>> {
    let Some(sum) = variable.filter(|sum| !sum.is_empty()) else { return Ok(None) };
    if sum.len() == 64 && sum.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(Some(sum.to_ascii_lowercase()))
    } else {
        Err(Hint::error(
            format!("{ARCHIVE_SUM} is no SHA-256"),
            format!("it is `{sum}`, not 64 hexadecimal digits"),
            format!("give the sum that `sha256sum` prints of an archive you trust, or unset {ARCHIVE_SUM}"),
        ))
    }
}

fn from_archive(official: &Official, sum: &str, work: &Path) -> Result<()> {
    let new = work.join(NEW);
    let zip = download::https(official.url, sum, work)?;
    unpack_and_delete(&zip, &new, Official::place)?;
    folder::seal(&new)
}

fn from_wheels(platform: &Platform, work: &Path) -> Result<()> {
    let new = work.join(NEW);
    for wheel in platform.wheels {
        let file = download::wheel(wheel, work)?;
        unpack_and_delete(&file, &new, |name| wheel.place(name))?;
        have_libraries(wheel, &new)?;
    }
    if platform.stub {
        unpack::stub(&new.join("lib"))?;
    }
    folder::write_version(&new)?;
    folder::seal(&new)
}

fn have_libraries(wheel: &Wheel, new: &Path) -> Result<()> {
    let missing = wheel.libraries.iter().find(|name| !new.join("lib").join(name).is_file());
    match missing {
        Some(name) => bail!("{} does not hold {name}", wheel.file),
        None => Ok(()),
    }
}

fn unpack_and_delete(archive: &Path, new: &Path, place: impl Fn(&str) -> Option<String>) -> Result<()> {
    let start = Instant::now();
    let bytes = unpack::unpack(archive, new, place)?;
    step(format!("unpacked {} in {}", megabytes(bytes), seconds(start.elapsed())));
    fs::remove_file(archive).with_context(|| format!("cannot delete {}", archive.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_is_taken_only_with_a_sum() {
        let sum = "AB".repeat(32);
        assert_eq!(given_sum(None).unwrap(), None);
        assert_eq!(given_sum(Some(String::new())).unwrap(), None);
        assert_eq!(given_sum(Some(sum.clone())).unwrap(), Some("ab".repeat(32)));
        for bad in ["yes", &sum[1..], &sum.replace('A', "g")] {
            let error = given_sum(Some(bad.to_owned())).unwrap_err();
            assert!(format!("{error:#}").contains("64 hexadecimal"), "{error:#}");
        }
    }
}
