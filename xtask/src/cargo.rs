//! The calls of cargo. In come arguments, out goes what cargo or hspipe ended with.
//! All calls have one profile and one feature set, so that a run, a build and a test
//! share what they compile. It must not know how libtorch got here.

use std::env;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus};

use anyhow::{Context, Result};

use crate::libtorch::{self, Libtorch};
use crate::report::{Hint, warn};

/// The data that the tests read.
const TEST_DATA: [&str; 2] = ["MNIST", "FashionMNIST"];

/// The choice that leaves torch out of hspipe.
pub const WITHOUT_TORCH: &str = "--no-default-features";

/// The repository's root. Asked of cargo at run time first: with a target folder that
/// clones share, the path compiled in may be another clone's.
pub fn root() -> PathBuf {
    let xtask = env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    xtask.parent().map_or(xtask.clone(), Path::to_owned)
}

/// `cargo build --release` of hspipe with the user's arguments.
pub fn build(root: &Path, arguments: &[OsString]) -> Result<ExitCode> {
    let mut command = cargo(root);
    command.args(["build", "--release"]).args(arguments);
    become_command(command.current_dir(root))
}

/// Builds hspipe and becomes it, so its signals and its exit code are the user's own.
pub fn hspipe(root: &Path, arguments: &[OsString]) -> Result<ExitCode> {
    let status = build_hspipe(root, &[])?;
    if !status.success() {
        return Ok(code(status));
    }
    become_command(run_hspipe(root, &[]).args(arguments))
}

/// Fetches the tests' data and runs the tests of the whole workspace.
pub fn test(root: &Path, arguments: &[OsString]) -> Result<ExitCode> {
    let features: &[&str] = match without_torch(arguments) {
        true => &[WITHOUT_TORCH],
        false => &[],
    };
    let status = build_hspipe(root, features)?;
    if !status.success() {
        return Ok(code(status));
    }
    let mut fetch = run_hspipe(root, features);
    fetch.args(["data", "fetch"]).args(TEST_DATA);
    let fetched = status_of(fetch.current_dir(root))?;
    if !fetched.success() {
        let data = TEST_DATA.join(" and ");
        warn(format!("{data} could not be fetched ({fetched}); the tests say what they miss"));
    }
    let mut command = cargo(root);
    command.args(["test", "--release", "--workspace"]).args(arguments);
    become_command(command.current_dir(root))
}

/// Whether cargo's own arguments, those before `--`, leave torch out.
pub fn without_torch(arguments: &[OsString]) -> bool {
    let own = arguments.iter().take_while(|argument| *argument != "--");
    own.into_iter().any(|argument| argument == WITHOUT_TORCH)
}

/// A build of its own, since the first takes minutes and `run --quiet` would show
/// nothing of it.
fn build_hspipe(root: &Path, features: &[&str]) -> Result<ExitStatus> {
    let mut command = cargo(root);
    command.args(["build", "--release", "--package=hspipe", "--bin=hspipe"]);
    status_of(command.args(features))
}

fn run_hspipe(root: &Path, features: &[&str]) -> Command {
    let mut command = cargo(root);
    command.args(["run", "--quiet", "--release", "--package=hspipe", "--bin=hspipe"]);
    command.args(features).arg("--");
    command
}

/// The LIBTORCH that cargo set for this process is taken away: with it in the
/// environment a build would differ from one by plain cargo, and tch compile again.
fn cargo(root: &Path) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    if libtorch::chosen(root) == Libtorch::Cached {
        command.env_remove("LIBTORCH");
    }
    command
}

fn status_of(command: &mut Command) -> Result<ExitStatus> {
    command.status().with_context(cannot_start)
}

/// Replaces this process; returns only if that fails.
fn become_command(command: &mut Command) -> Result<ExitCode> {
    Err(command.exec()).with_context(cannot_start)
}

fn cannot_start() -> Hint {
    Hint::new("cargo cannot be started", "see that `cargo --version` works in this shell")
}

fn code(status: ExitStatus) -> ExitCode {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    ExitCode::from(code.unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_cargos_own_arguments_choose_features() {
        let without = |arguments: &[&str]| {
            let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
            without_torch(&arguments)
        };
        assert!(without(&["--no-default-features", "--", "x"]));
        assert!(!without(&["figure", "--", "--no-default-features"]));
        assert!(!without(&[]));
    }
}
