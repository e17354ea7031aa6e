//! The calls of cargo and of what it has built. In come arguments, out goes exit code 1 if a
//! step fails; what is to run at last, this process becomes. All calls have one profile and,
//! by Cargo.toml, one feature set, so that a run, a build and a test share what they compile.
//! It must not know how libtorch gets here.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Tells hspipe which program sets hspipe-torch up: this one.
const XTASK: &str = "HSPIPE_XTASK";

/// Cargo in a checkout of hspipe.
pub struct Cargo {
    /// The repository's root.
    root: PathBuf,
}

impl Cargo {
    /// Cargo says where the root is at run time: with a target folder that clones share, the
    /// path compiled in may be another clone's.
    pub fn new() -> Self {
        let xtask = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        Self { root: xtask.parent().map_or(xtask.clone(), Path::to_owned) }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn build_hspipe(&self) -> Result<(), ExitCode> {
        succeed(self.command("build").args(["--package=hspipe"]))
    }

    /// Fetches libtorch if need be, and builds both programs.
    pub fn build_torch(&self) -> Result<(), ExitCode> {
        self.fetch_libtorch()?;
        succeed(self.command("build").args(["--package=hspipe", "--package=hspipe-torch"]))
    }

    /// What fetches it is built together with hspipe, which has all of its dependencies: so none
    /// is compiled with other features.
    fn fetch_libtorch(&self) -> Result<(), ExitCode> {
        let mut build = self.command("build");
        succeed(build.args(["--package=hspipe", "--package=xtask-libtorch"]))?;
        succeed(Command::new(built("xtask-libtorch")).arg(&self.root))
    }

    pub fn build(&self, arguments: &[OsString]) -> Result<ExitCode, ExitCode> {
        if Packages::of(arguments) == Packages::Torch {
            self.fetch_libtorch()?;
        }
        become_command(self.command("build").args(arguments).current_dir(&self.root))
    }

    /// The tests bring their own data.
    pub fn test(&self, arguments: &[OsString]) -> Result<ExitCode, ExitCode> {
        let packages = Packages::of(arguments);
        if packages != Packages::Others {
            self.fetch_libtorch()?;
        }
        let mut command = self.command("test");
        if packages == Packages::NotChosen {
            command.arg("--workspace");
        }
        become_command(command.args(arguments).current_dir(&self.root))
    }

    /// So hspipe's signals and its exit code are the user's own.
    pub fn become_hspipe(&self, words: &[OsString]) -> Result<ExitCode, ExitCode> {
        let mut command = Command::new(built("hspipe"));
        if let Ok(xtask) = env::current_exe() {
            command.env(XTASK, xtask);
        }
        become_command(command.args(words))
    }

    pub fn become_torch(&self, words: &[OsString]) -> Result<ExitCode, ExitCode> {
        become_command(Command::new(built("hspipe-torch")).args(words))
    }

    fn command(&self, what: &str) -> Command {
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        // The empty word is no wish for another libtorch than .cargo/config.toml names.
        if env::var_os("LIBTORCH").is_some_and(|path| path.is_empty()) {
            command.env_remove("LIBTORCH");
        }
        without_cargos_variables(&mut command);
        command.args([what, "--release"]);
        command
    }
}

/// What cargo has set for this process is taken away: build scripts that watch those
/// variables (ring's does) would run again whenever a build by `cargo x` follows one by plain
/// cargo, and all that stands on them would be compiled with them.
pub fn without_cargos_variables(command: &mut Command) {
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(is_of_this_package) {
            command.env_remove(name);
        }
    }
}

/// Which packages arguments of cargo choose, as far as libtorch matters.
#[derive(Debug, PartialEq)]
enum Packages {
    NotChosen,
    /// hspipe-torch is one of them.
    Torch,
    Others,
}

impl Packages {
    /// Only cargo's own arguments count, those before `--`.
    fn of(arguments: &[OsString]) -> Self {
        let own: Vec<&str> =
            arguments.iter().map_while(|word| word.to_str().filter(|word| *word != "--")).collect();
        let is_given = |option: &str| own.iter().any(|word| word.starts_with(option));
        let names_torch = own.iter().any(|word| word.contains("hspipe-torch"));
        if is_given("--workspace") || is_given("--all") {
            // What names it there leaves it out.
            if names_torch { Self::Others } else { Self::Torch }
        } else if names_torch {
            Self::Torch
        } else if is_given("-p") || is_given("--package") {
            Self::Others
        } else {
            Self::NotChosen
        }
    }
}

/// Whether cargo sets this variable to tell a program which package it is of.
fn is_of_this_package(name: &str) -> bool {
    name.starts_with("CARGO_PKG_")
        || name.starts_with("CARGO_MANIFEST_")
        || ["CARGO_CRATE_NAME", "CARGO_BIN_NAME", "CARGO_PRIMARY_PACKAGE"].contains(&name)
}

/// A program that was built; it lies beside this one.
fn built(name: &str) -> PathBuf {
    env::current_exe().unwrap_or_default().with_file_name(name)
}

/// Runs a step; one that fails has said why.
pub fn succeed(command: &mut Command) -> Result<(), ExitCode> {
    let status = command.status().map_err(|error| cannot_start(command.get_program(), &error))?;
    if status.success() { Ok(()) } else { Err(ExitCode::FAILURE) }
}

/// Replaces this process; returns only if that fails.
fn become_command(command: &mut Command) -> Result<ExitCode, ExitCode> {
    let error = command.exec();
    Err(cannot_start(command.get_program(), &error))
}

fn cannot_start(program: &OsStr, error: &io::Error) -> ExitCode {
    eprintln!("error: {} cannot be started\n  why: {error}", program.display());
    eprintln!("  hint: see that `{} --version` works in this shell", program.display());
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_cargos_own_arguments_choose_packages() {
        let chosen = |text: &str| {
            let arguments: Vec<OsString> = text.split(' ').map(OsString::from).collect();
            Packages::of(&arguments)
        };
        assert_eq!(chosen("-p hspipe --test e2e"), Packages::Others);
        assert_eq!(chosen("-p hspipe -p hspipe-torch"), Packages::Torch);
        assert_eq!(chosen("--package=hspipe-torch"), Packages::Torch);
        assert_eq!(chosen("figure -- -p hspipe-torch"), Packages::NotChosen);
        assert_eq!(chosen("--workspace -- x"), Packages::Torch);
        assert_eq!(chosen("--workspace --exclude hspipe-torch"), Packages::Others);
    }
}
