//! The way to libtorch. To load it takes a third of a second and 140 MB, so only the program hspipe-torch has it.
//!
//! In: the wish for it. Out: the trainer that uses it. If this process has none, it becomes hspipe-torch with the same
//! words: whoever asks must have changed nothing yet. hspipe-torch may have to be built first; `cargo x`, which started
//! this process, says how. Knows no jobs.

use std::ffi::OsStr;
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

/// Names the program of `cargo x`, if that has started this process.
const XTASK: &str = "HSPIPE_XTASK";

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

/// Who is told before hspipe-torch is set up, if that may be.
static SET_UP: OnceLock<Told> = OnceLock::new();

type Told = Box<dyn Fn(&str) + Send + Sync>;

/// What a user can do who got none.
static REMEDY: OnceLock<String> = OnceLock::new();

/// From now on [`get`] says why there is none, where it would make the process another.
pub fn forbid(why: String) {
    let _ = FORBIDDEN.set(why);
}

/// From now on [`get`] may fetch libtorch and build hspipe-torch, which takes minutes. It first tells `told` so.
pub fn allow_set_up(told: impl Fn(&str) + Send + Sync + 'static) {
    let _ = SET_UP.set(Box::new(told));
}

/// What to do about the libtorch that [`get`] was asked for in vain.
pub fn remedy() -> Option<&'static str> {
    REMEDY.get().map(String::as_str)
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
/// Why there is none; then [`remedy`] says what to do.
pub fn get() -> Result<&'static dyn Libtorch, String> {
    find().map_err(|(why, what_to_do)| {
        let _ = REMEDY.set(what_to_do);
        why
    })
}

/// The errors say why there is none, and what to do.
fn find() -> Result<&'static dyn Libtorch, (String, String)> {
    let stands_in_for = std::env::var(STANDS_IN_FOR).ok();
    if let Some(libtorch) = provided() {
        return match stands_in_for {
            Some(build) if build != crate::BUILD => {
                Err((format!("{PROGRAM} and hspipe are of different builds"), how_to_renew()))
            }
            _ => Ok(libtorch),
        };
    }
    if stands_in_for.is_some() {
        return Err((format!("the {PROGRAM} beside this hspipe has no libtorch"), how_to_renew()));
    }
    if let Some(why) = FORBIDDEN.get() {
        return Err((why.clone(), how_to_install()));
    }
    let mut command = match (stand_in(), std::env::var_os(XTASK), SET_UP.get()) {
        // It may be of an older build than this program: that brings it up to date.
        (Some(_), Some(xtask), _) => set_up(&xtask),
        (Some(command), None, _) => command,
        (None, Some(xtask), Some(told)) => {
            told(&announcement());
            set_up(&xtask)
        }
        (None, ..) => return Err((format!("there is no {PROGRAM} beside this hspipe"), how_to_install())),
    };
    command.args(std::env::args_os().skip(1));
    let program = command.get_program().display().to_string();
    Err((format!("{program} cannot be started: {}", replace(command)), how_to_renew()))
}

/// hspipe-torch, if it is there.
pub fn program() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?.with_file_name(PROGRAM);
    let program = program.with_extension(std::env::consts::EXE_EXTENSION);
    program.is_file().then_some(program)
}

/// hspipe-torch as a command that stands in for this program, if it is there.
pub fn stand_in() -> Option<Command> {
    program().map(as_stand_in)
}

fn as_stand_in(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env(STANDS_IN_FOR, crate::BUILD);
    command
}

/// What a user can do who has none.
pub fn how_to_install() -> String {
    match std::env::var_os(XTASK) {
        Some(_) => "cargo x setup torch".to_owned(),
        // Both must be of one build, so one that is built here does not fit an hspipe that pip brought.
        None => "in a checkout of hspipe: cargo x setup torch && cargo install --locked --path crates/torch; if pip \
                 brought this hspipe: cargo x there, with the same words"
            .to_owned(),
    }
}

/// What a user can do whose hspipe-torch does not fit to hspipe.
fn how_to_renew() -> String {
    match std::env::var_os(XTASK) {
        Some(_) => how_to_install(),
        None => {
            "install both again from one checkout: cargo x setup torch, then cargo install --locked --path . \
                 and cargo install --locked --path crates/torch"
                .to_owned()
        }
    }
}

/// `cargo x setup torch -- WORDS` builds hspipe-torch, and becomes it with these words.
fn set_up(xtask: &OsStr) -> Command {
    let mut command = as_stand_in(xtask);
    command.args(["setup", "torch", "--"]);
    command
}

fn announcement() -> String {
    format!(
        "This pipeline has networks that only libtorch trains. It is set up first, once: libtorch {VERSION} is fetched \
         unless it is here (a download of half a gigabyte), and {PROGRAM} is built. That takes some minutes."
    )
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
