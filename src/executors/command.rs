//! Programs of an engine, called with patience that ends.
//!
//! In: a program's words, and how long it may take. Out: what it printed, or why nothing came of it. Knows no engine.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use hspipe_engine::away::QueueError;

use crate::patience::wait;

/// These programs answer in milliseconds.
const PAUSE: Duration = Duration::from_millis(5);

/// What this process hands on to jobs and to the programs of their engine.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// What each element executes.
    pub program: PathBuf,
    /// The environment.
    pub variables: BTreeMap<OsString, OsString>,
}

impl Surroundings {
    /// Those of this process.
    ///
    /// # Errors
    /// The system does not say where the running program lies.
    pub fn here() -> io::Result<Self> {
        Ok(Surroundings { program: std::env::current_exe()?, variables: std::env::vars_os().collect() })
    }
}

/// What a program left.
pub struct Ran {
    pub status: ExitStatus,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// What it complained of, in one line, without its own name before it.
    pub fn complaint(&self) -> String {
        let lines = self.err.lines().chain(self.out.lines()).map(str::trim).filter(|line| !line.is_empty());
        let lines: Vec<&str> =
            lines.map(|line| line.rsplit_once("error: ").map_or(line, |(_, why)| why)).collect();
        match lines.as_slice() {
            [] => self.status.to_string(),
            // The first says what was wrong, the last what came of it; between them is what nobody reads.
            [only] => (*only).to_string(),
            [first, .., last] if last.contains(first) => (*last).to_string(),
            [first, .., last] => format!("{first}; {last}"),
        }
    }

    /// What was not done. Only words tell whether another try may succeed.
    pub fn refusal(&self, program: &str) -> QueueError {
        let err = self.err.to_lowercase();
        let may_pass = ["unable to contact", "timed out", "connect", "temporarily", "try again"];
        let may_pass = may_pass.iter().any(|words| err.contains(words));
        QueueError { what: format!("{program}: {}", self.complaint()), may_pass }
    }
}

/// Calls `program` in these surroundings and waits for it, but no longer than `patience`.
///
/// # Errors
/// It cannot be started, or did not end in time, when it is killed.
pub fn call<S: AsRef<OsStr>>(
    surroundings: &Surroundings,
    program: &str,
    words: impl IntoIterator<Item = S>,
    patience: Duration,
) -> Result<Ran, QueueError> {
    let cannot = |error: io::Error| QueueError {
        what: format!("cannot call {program}: {error}"),
        // A command that is not there will not be there in a minute; memory or processes may.
        may_pass: error.kind() != io::ErrorKind::NotFound,
    };
    // Files, not pipes: what a program leaves running would keep a pipe open for ever.
    let (out, err) = (tempfile::tempfile().map_err(cannot)?, tempfile::tempfile().map_err(cannot)?);
    let mut child = Command::new(program)
        .args(words)
        .env_clear()
        .envs(surroundings.variables.iter().filter(|(name, _)| !bends_output(name)))
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(out.try_clone().map_err(cannot)?)
        .stderr(err.try_clone().map_err(cannot)?)
        .spawn()
        .map_err(cannot)?;
    let Some(status) = wait(&mut child, patience, PAUSE).map_err(cannot)? else {
        let what = format!("{program} did not answer for {} s", patience.as_secs());
        return Err(QueueError { what, may_pass: true });
    };
    Ok(Ran { status, out: text(out).map_err(cannot)?, err: text(err).map_err(cannot)? })
}

/// Variables by which users shape what such programs show them.
fn bends_output(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    ["SQUEUE_", "SACCT_"].iter().any(|start| name.starts_with(start)) || name == "SLURM_TIME_FORMAT"
}

fn text(mut file: File) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn sh(script: &str, patience: u64) -> Result<Ran, QueueError> {
        call(&Surroundings::here().unwrap(), "sh", ["-c", script], Duration::from_secs(patience))
    }

    #[test]
    fn what_a_program_leaves_running_is_not_waited_for() {
        let start = Instant::now();
        let ran = sh("sleep 60 & echo $!", 30).unwrap();
        assert!(start.elapsed() < Duration::from_secs(30));
        Command::new("kill").arg(ran.out.trim()).status().unwrap();
    }

    #[test]
    fn patience_ends() {
        let error = sh("exec sleep 60", 0).err().unwrap();
        assert!(error.may_pass && error.what == "sh did not answer for 0 s", "{error}");
        let missing =
            call(&Surroundings::here().unwrap(), "no-such-sbatch", ["x"], Duration::ZERO).err().unwrap();
        assert!(!missing.may_pass, "{missing}");
    }

    #[test]
    fn complaints_are_a_line() {
        let complaint = |script| sh(script, 30).unwrap().complaint();
        assert_eq!(complaint("echo 'sbatch: error: No such partition' >&2; exit 1"), "No such partition");
        assert_eq!(complaint("exit 3"), "exit status: 3");
        assert_eq!(
            complaint(
                "printf 'x: error: invalid partition: nix\nx: error: Submission failed: Bad name\n' >&2"
            ),
            "invalid partition: nix; Submission failed: Bad name"
        );
    }
}
