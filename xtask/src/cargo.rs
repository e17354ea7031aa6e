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
use crate::report::Hint;

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
    let status = build_hspipe(root)?;
    if !status.success() {
        return Ok(code(status));
    }
    become_command(run_hspipe(root).args(arguments))
}

/// Runs the tests of the whole workspace, which bring their own data.
pub fn test(root: &Path, arguments: &[OsString]) -> Result<ExitCode> {
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
fn build_hspipe(root: &Path) -> Result<ExitStatus> {
    let mut command = cargo(root);
    status_of(command.args(["build", "--release", "--package=hspipe", "--bins"]))
}

fn run_hspipe(root: &Path) -> Command {
    let mut command = cargo(root);
    command.args(["run", "--quiet", "--release", "--package=hspipe", "--bin=hspipe", "--"]);
    command
}

/// What cargo has set for this process is taken away: build scripts that watch those
/// variables (ring's does) would run again whenever a build by `cargo x` follows one by plain
/// cargo, and all that stands on them would be compiled with them.
fn cargo(root: &Path) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    if libtorch::chosen(root) == Libtorch::Cached {
        command.env_remove("LIBTORCH");
    }
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(is_of_this_package) {
            command.env_remove(name);
        }
    }
    command
}

/// Whether cargo sets this variable to tell a program which package it is of.
fn is_of_this_package(name: &str) -> bool {
    name.starts_with("CARGO_PKG_")
        || name.starts_with("CARGO_MANIFEST_")
        || ["CARGO_CRATE_NAME", "CARGO_BIN_NAME", "CARGO_PRIMARY_PACKAGE"].contains(&name)
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
