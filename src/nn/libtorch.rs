//! The way to libtorch. To load it takes a third of a second and 140 MB, so only the program hspipe-torch has it.
//!
//! In: the wish for it. Out: the trainer that uses it. If this process has none, it becomes hspipe-torch with the same
//! words: whoever asks must have changed nothing yet. Knows no jobs.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use super::Trainer;

/// The libtorch that hspipe-torch is made for; its build refuses any other.
pub const VERSION: &str = "2.13.0";

/// The program that has it, beside this one.
const PROGRAM: &str = "hspipe-torch";

/// Tells hspipe-torch which hspipe it stands in for.
const STANDS_IN_FOR: &str = "HSPIPE_STANDS_IN_FOR";

/// A trainer that uses libtorch.
pub trait Libtorch: Trainer {
    /// CUDA devices that libtorch finds.
    fn cuda_devices(&self) -> usize;

    /// A digest of the builds of the libraries that compute, as they are loaded.
    ///
    /// # Errors
    /// Why they cannot be seen.
    fn build(&self) -> Result<&str, String>;
}

static PROVIDED: OnceLock<&'static dyn Libtorch> = OnceLock::new();

/// Why this process must not become another, if it must not.
static FORBIDDEN: OnceLock<String> = OnceLock::new();

/// From now on [`get`] says why there is none, where it would make the process another.
pub fn forbid(why: String) {
    let _ = FORBIDDEN.set(why);
}

/// Makes libtorch known to this process; to be called once, by the program that has it.
pub fn provide(libtorch: &'static dyn Libtorch) {
    let _ = PROVIDED.set(libtorch);
}

/// The trainer, if this process has it.
pub fn provided() -> Option<&'static dyn Libtorch> {
    PROVIDED.get().copied()
}

/// The trainer. Does not return if this process becomes the one that has it.
///
/// # Errors
/// Why there is none.
pub fn get() -> Result<&'static dyn Libtorch, String> {
    let ours = crate::BUILD;
    if let Some(libtorch) = provided() {
        return match std::env::var(STANDS_IN_FOR) {
            Ok(build) if build != ours => {
                Err(format!("{PROGRAM} and hspipe are of different builds: install both again"))
            }
            _ => Ok(libtorch),
        };
    }
    if std::env::var_os(STANDS_IN_FOR).is_some() {
        return Err(format!("the {PROGRAM} beside this hspipe has no libtorch: install both again"));
    }
    if let Some(why) = FORBIDDEN.get() {
        return Err(why.clone());
    }
    let program = program().ok_or_else(|| format!("there is no {PROGRAM} beside this hspipe"))?;
    let mut command = Command::new(&program);
    command.args(std::env::args_os().skip(1)).env(STANDS_IN_FOR, ours);
    Err(format!("{} cannot be started: {}", program.display(), replace(command)))
}

/// hspipe-torch, if it is there.
pub fn program() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?.with_file_name(PROGRAM);
    let program = program.with_extension(std::env::consts::EXE_EXTENSION);
    program.is_file().then_some(program)
}

/// Returns only if it fails.
#[cfg(unix)]
fn replace(mut command: Command) -> std::io::Error {
    std::os::unix::process::CommandExt::exec(&mut command)
}

#[cfg(not(unix))]
fn replace(mut command: Command) -> std::io::Error {
    match command.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => error,
    }
}
