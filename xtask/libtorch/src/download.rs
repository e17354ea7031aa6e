//! Checked downloads. In comes an address or a wheel and a folder, out goes a file
//! there whose sum is the pinned one; a file that is wrong is named, deleted and
//! fetched once more. It must not know what the files hold.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::report::{Hint, megabytes, seconds, step};
use crate::source::Wheel;

/// Without a network this is how long the set-up waits before it goes on.
const CONNECT: Duration = Duration::from_secs(5);
/// A server that stays silent for so long is taken to be gone.
const SILENCE: Duration = Duration::from_secs(60);

/// What one try to fetch a file came to; `Err` is for what a second try would not
/// mend.
enum Fetched {
    Whole,
    Broken(String),
}

/// Fetches an address into `folder`.
pub fn https(url: &str, sha256: &str, folder: &Path) -> Result<PathBuf> {
    let name = url.rsplit('/').next().unwrap_or(url);
    let file = folder.join(name);
    twice(name, &file, sha256, || {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .https_only(true)
            .timeout_resolve(Some(CONNECT))
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(SILENCE))
            .timeout_per_read(Some(SILENCE))
            .build()
            .into();
        let mut response = agent.get(url).call()?;
        let expected = response.body().content_length();
        let size = expected.map_or("of unknown size".to_owned(), megabytes);
        step(format!("downloading {name} ({size})"));
        let (got, end) = copy(&mut response.body_mut().as_reader(), &file)?;
        Ok(match (end, expected) {
            (Err(why), _) => Fetched::Broken(format!("broke off after {}: {why}", megabytes(got))),
            (Ok(()), Some(expected)) if got != expected => {
                Fetched::Broken(format!("{got} of {expected} bytes came"))
            }
            _ => Fetched::Whole,
        })
    })?;
    Ok(file)
}

/// Fetches a wheel into `folder` by the user's own pip, which knows the mirrors and
/// proxies of the place.
pub fn wheel(wheel: &Wheel, folder: &Path) -> Result<PathBuf> {
    let file = folder.join(wheel.file);
    twice(wheel.file, &file, wheel.sha256, || {
        step(format!("downloading {} ({}) by pip", wheel.file, megabytes(wheel.bytes)));
        pip(wheel, folder)?;
        Ok(if file.is_file() { Fetched::Whole } else { Fetched::Broken("pip chose another file".to_owned()) })
    })?;
    Ok(file)
}

/// The wheel is unpacked once and kept nowhere, so pip's cache would only double
/// the space; and a second try must not be given the first one's file.
fn pip(wheel: &Wheel, folder: &Path) -> Result<()> {
    let output = Command::new("python3")
        .args(["-m", "pip", "download", "--no-deps", "--no-cache-dir"])
        .args(["--only-binary=:all:", "--implementation=cp"])
        .args(["--python-version=3.11", "--disable-pip-version-check"])
        .args(["--progress-bar=off", "--no-input", "--quiet"])
        .args(["--platform", wheel.platform])
        .arg("--dest")
        .arg(folder)
        .arg(wheel.requirement)
        .output();
    let what = format!("python3 -m pip cannot download {}", wheel.requirement);
    let output = output.with_context(|| {
        Hint::new(what.clone(), format!("install python3 with pip, or {}", crate::libtorch::OTHERWISE))
    })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let lines = || said.lines().map(str::trim).filter(|line| !line.is_empty());
    let why = lines().find(|line| line.starts_with("ERROR")).or_else(|| lines().next_back());
    Err(Hint::error(
        what,
        why.map_or_else(|| output.status.to_string(), str::to_owned),
        format!("check the network and that `python3 -m pip` works, or {}", crate::libtorch::OTHERWISE),
    ))
}

/// Runs `fetch`, and once more if the file it left is broken or has a wrong sum.
fn twice(name: &str, file: &Path, sha256: &str, mut fetch: impl FnMut() -> Result<Fetched>) -> Result<()> {
    let mut flaws: Vec<String> = Vec::new();
    for last in [false, true] {
        let start = Instant::now();
        let flaw = match fetch()? {
            Fetched::Broken(flaw) => Some(flaw),
            Fetched::Whole => wrong_sum(file, sha256)?,
        };
        let Some(flaw) = flaw else {
            let size = fs::metadata(file).map(|meta| meta.len());
            let size = size.with_context(|| format!("cannot read {}", file.display()))?;
            step(format!("{name}: {} in {}, SHA-256 checked", megabytes(size), seconds(start.elapsed())));
            return Ok(());
        };
        remove(file)?;
        let then = if last { "" } else { ", fetching it again" };
        step(format!("{name}: {flaw}; deleted{then}"));
        flaws.push(flaw);
    }
    flaws.dedup();
    Err(Hint::error(
        format!("the download {name} is wrong twice"),
        flaws.join("; then "),
        format!("try again later or from another network, or {}", crate::libtorch::OTHERWISE),
    ))
}

fn wrong_sum(file: &Path, pinned: &str) -> Result<Option<String>> {
    let sum = sha256(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok((sum != pinned).then(|| format!("its SHA-256 is {sum}, not {pinned}")))
}

fn sha256(file: &Path) -> io::Result<String> {
    let mut file = File::open(file)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let n = file.read(&mut buffer)?;
        if n == 0 {
            break;
        }
        hasher.update(&buffer[..n]);
    }
    let sum = hasher.finalize();
    Ok(sum.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Copies until the end or until the reader fails, which the caller may try again;
/// a failure to write (a full disk) is an error at once.
fn copy(reader: &mut impl Read, to: &Path) -> Result<(u64, io::Result<()>)> {
    let writing = || format!("cannot write {}", to.display());
    let mut file = File::create(to).with_context(writing)?;
    let mut buffer = vec![0; 1 << 20];
    let mut bytes = 0;
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok((bytes, Ok(()))),
            Ok(n) => {
                file.write_all(&buffer[..n]).with_context(writing)?;
                bytes += n as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Ok((bytes, Err(error))),
        }
    }
}

fn remove(file: &Path) -> Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot delete {}", file.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of "abc".
    const SUM: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    /// Fetches the given contents one after the other; says how many were asked for
    /// and whether a file is left.
    fn fetch(contents: &[&str]) -> (Result<()>, usize, bool) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        let mut tries = 0;
        let result = twice("file", &file, SUM, || {
            fs::write(&file, contents[tries])?;
            tries += 1;
            Ok(Fetched::Whole)
        });
        (result, tries, file.exists())
    }

    #[test]
    fn a_right_sum_is_taken_at_once() {
        let (result, tries, left) = fetch(&["abc"]);
        assert!(result.is_ok() && tries == 1 && left);
    }

    #[test]
    fn a_wrong_sum_is_fetched_once_more() {
        let (result, tries, left) = fetch(&["abd", "abc"]);
        assert!(result.is_ok() && tries == 2 && left);
    }

    #[test]
    fn a_sum_wrong_twice_is_refused_and_deleted() {
        let (result, tries, left) = fetch(&["abd", "abd", "abc"]);
        let error = format!("{:#}", result.unwrap_err());
        assert!(tries == 2 && !left);
        assert!(error.contains("file is wrong twice") && error.contains(SUM), "{error}");
    }

    #[test]
    fn a_broken_connection_is_no_whole_file() {
        struct Breaks(u8);
        impl Read for Breaks {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                self.0 += 1;
                match self.0 {
                    1 => Ok(3),
                    _ => Err(io::ErrorKind::ConnectionReset.into()),
                }
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let (bytes, end) = copy(&mut Breaks(0), &folder.path().join("file")).unwrap();
        assert!(bytes == 3 && end.is_err());
    }
}
