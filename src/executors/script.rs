//! What the elements of an array execute: a script of the shell, made for one submission.
//!
//! In: an order, and what jobs are started with. Out: a file below the order's folder. It stands alone, since sites may
//! start jobs with an empty environment (`SBATCH_EXPORT=NONE`). Knows no engine.

use std::ffi::{OsStr, OsString};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use hspipe_engine::away::{Order, QueueError};

use super::command::Surroundings;

/// A script that lies in its folder.
pub struct Script {
    pub path: PathBuf,
    /// A name that no other submission has.
    pub name: String,
}

/// Which element works on which pack.
pub struct Numbers<'a> {
    /// The variable that holds an element's number.
    pub index: &'a str,
    /// What is added to it for the number of its pack; may be below zero.
    pub base: i64,
    /// Whether the script itself appends what is printed to logs/PACK.log.
    pub keeps_log: bool,
}

/// Writes the script for some packs of an order, and the folder of logs if need be.
///
/// # Errors
/// The folder cannot be written in.
pub fn write(
    order: &Order,
    packs: (usize, usize),
    numbers: &Numbers,
    surroundings: &Surroundings,
) -> Result<Script, QueueError> {
    write_script(order, packs, numbers, surroundings).map_err(|error| {
        let what = format!("cannot write a script in {}: {error}", order.folder.display());
        QueueError { what, may_pass: false }
    })
}

fn write_script(
    order: &Order,
    (first, last): (usize, usize),
    numbers: &Numbers,
    surroundings: &Surroundings,
) -> io::Result<Script> {
    fs::create_dir_all(order.folder.join("logs"))?;
    let scripts = order.folder.join("scripts");
    fs::create_dir_all(&scripts)?;
    let name = name(order.folder)?;
    let path = scripts.join(format!("{first}-{last}.{name}.sh"));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    // Variables may hold secrets.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o700);
    options.open(&path)?.write_all(&text(order, (first, last), numbers, surroundings))?;
    Ok(Script { path, name })
}

/// `hspipe-` and what people know the folder by, so that a listing of jobs says whose they are.
fn name(folder: &Path) -> io::Result<String> {
    let mut random = [0; 4];
    getrandom::getrandom(&mut random)?;
    let run = folder.file_name().unwrap_or_default().to_string_lossy();
    let run: String = run.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(24).collect();
    Ok(format!("hspipe-{run}-{:08x}", u32::from_ne_bytes(random)))
}

fn text(
    order: &Order,
    (first, last): (usize, usize),
    numbers: &Numbers,
    surroundings: &Surroundings,
) -> Vec<u8> {
    let Numbers { index, base, keeps_log } = numbers;
    let folder = quoted(order.folder.as_os_str());
    let mut script =
        format!("#!/bin/sh\n# Packs {first} to {last}, by hspipe {}.\n", env!("CARGO_PKG_VERSION"));
    script += &format!("index=${{{index}:?is not set, so this element has no number}}\n");
    let mut script = script.into_bytes();
    for (name, value) in surroundings.variables.iter().filter(|(name, _)| is_needed(name)) {
        script.extend([b"export ", name.as_encoded_bytes(), b"=", &quoted(value), b"\n"].concat());
    }
    script.extend(format!("pack=$((index + {base}))\n").into_bytes());
    if *keeps_log {
        // Engines that know no array of one are asked for two.
        script.extend(format!("[ $pack -le {last} ] || exit 0\n").into_bytes());
        script.extend([b"exec >>", folder.as_slice(), b"/logs/$pack.log 2>&1\n"].concat());
    }
    let program = quoted(surroundings.program.as_os_str());
    // In the place of the shell, so that signals reach it.
    let command = order.command.as_bytes();
    script.extend([b"exec ", program.as_slice(), b" ", command, b" ", &folder, b" $pack\n"].concat());
    script
}

/// What hspipe and its libraries read, and where the shell finds programs.
fn is_needed(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_plain && (name.starts_with("HSPIPE_") || name == "PATH" || name == "LD_LIBRARY_PATH")
}

/// As one word of the shell.
pub fn quoted(text: &OsStr) -> Vec<u8> {
    let mut quoted = vec![b'\''];
    for byte in text.as_encoded_bytes() {
        match byte {
            b'\'' => quoted.extend(br"'\''"),
            other => quoted.push(*other),
        }
    }
    quoted.push(b'\'');
    quoted
}

/// Bytes of the shell as a word for a program.
pub fn os_string(bytes: Vec<u8>) -> OsString {
    #[cfg(unix)]
    return std::os::unix::ffi::OsStringExt::from_vec(bytes);
    #[cfg(not(unix))]
    String::from_utf8_lossy(&bytes).into_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;
    use std::time::Duration;

    /// Executed with an empty environment, below a folder whose name has all that shells trip over.
    #[test]
    fn a_script_stands_alone() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("a b'c \"d\" $e %j");
        fs::create_dir(&folder).unwrap();
        let program = folder.join("program");
        fs::write(&program, "#!/bin/sh\nprintf '%s|' \"$@\" \"$HSPIPE_DATA\" \"$LANG\" \"$PATH\"\n").unwrap();
        let order = Order { command: "work", folder: &folder, first: 2, last: 9, time_limit: Duration::ZERO };
        let variables = [("HSPIPE_DATA", "it's\n$x"), ("LANG", "C"), ("PATH", "/bin:/usr/bin")];
        let variables = variables.map(|(name, value)| (name.into(), value.into())).into();
        let surroundings = Surroundings { program, variables };
        let numbers = Numbers { index: "INDEX", base: 1, keeps_log: true };
        let script = write(&order, (2, 9), &numbers, &surroundings).unwrap();
        Command::new("chmod").arg("+x").arg(&surroundings.program).status().unwrap();
        let run = |index: &str| {
            let mut sh = Command::new("/bin/sh");
            sh.arg(&script.path).env_clear().env("INDEX", index).status().unwrap().success()
        };
        assert!(run("4"));
        let expected = format!("work|{}|5|it's\n$x||/bin:/usr/bin|", folder.display());
        assert_eq!(fs::read_to_string(folder.join("logs/5.log")).unwrap(), expected);
        assert!(run("9") && !folder.join("logs/10.log").exists(), "there is no pack 10");
        assert!(!run(""), "an element without a number works on no pack");
        let second = write(&order, (2, 9), &numbers, &surroundings).unwrap();
        assert_ne!(second.name, script.name);
    }
}
