//! Makes the Python package. In comes which wheel is wanted, out it lies in dist/; its tools,
//! maturin and zig, come from the Python package index into a virtual environment below the
//! target folder. It must not know what the program does.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::cargo::{succeed, without_cargos_variables};

/// What pip is asked for. Zig is another compiler with each of its minor versions.
const TOOLS: [&str; 2] = ["maturin>=1.16,<2", "ziglang>=0.17,<0.18"];

/// The oldest glibc that Rust's standard library runs with. Zig links against it, however new this system's is.
const SYSTEM: &str = "manylinux_2_17";

/// Which wheel is to be made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wheel {
    /// The one to publish, and the sources: the program is small, quick, and runs on old systems.
    Release,
    /// One for this machine, quickly: the program is the one that `cargo x` builds.
    Local,
}

impl Wheel {
    /// Makes it of the checkout `root`. A step that fails has said why.
    pub fn make(self, root: &Path) -> Result<(), ExitCode> {
        let tools = Tools::get(&target_folder().join("wheel-tools"))?;
        let maturin = |words: &[&str]| succeed(&mut tools.maturin(root, words));
        match self {
            Self::Local => {
                let system = "--compatibility=linux";
                maturin(&["build", "--locked", "--profile=release", system, "--out=dist/local"])
            }
            Self::Release => {
                // Only glibc has versions to choose from.
                let system = ["--zig", "--compatibility", SYSTEM];
                let system = if cfg!(target_os = "linux") { &system[..] } else { &[] };
                maturin(&[&["build", "--locked", "--out=dist"], system].concat())?;
                maturin(&["sdist", "--out=dist"])
            }
        }
    }
}

/// The folder that this program was built into.
fn target_folder() -> PathBuf {
    let program = env::current_exe().unwrap_or_default();
    program.ancestors().nth(2).map(Path::to_owned).unwrap_or_default()
}

/// A virtual environment with maturin and zig.
struct Tools {
    /// The folder of its programs.
    programs: PathBuf,
}

impl Tools {
    /// Those in `folder`; they are installed there if need be. A Python without ensurepip, as Debian has it, serves.
    fn get(folder: &Path) -> Result<Self, ExitCode> {
        let (programs, stamp) = (folder.join("bin"), folder.join("installed"));
        let wanted = TOOLS.join("\n");
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
            return Ok(Self { programs });
        }
        let python = programs.join("python");
        succeed(Command::new("python3").args(["-m", "venv", "--clear", "--without-pip"]).arg(folder))?;
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "--quiet", "--python"]).arg(&python);
        succeed(pip.args(["install", "--disable-pip-version-check"]).args(TOOLS))?;
        fs::write(&stamp, wanted).map_err(|error| {
            eprintln!("error: cannot write {}\n  why: {error}", stamp.display());
            ExitCode::FAILURE
        })?;
        Ok(Self { programs })
    }

    /// maturin, which takes zig, and cargo, from PATH.
    fn maturin(&self, root: &Path, words: &[&str]) -> Command {
        let mut command = Command::new(self.programs.join("maturin"));
        without_cargos_variables(&mut command);
        command.args(words).current_dir(root).env("PATH", before(&self.programs, env::var_os("PATH")));
        command
    }
}

/// A PATH that begins with `folder`.
fn before(folder: &Path, path: Option<OsString>) -> OsString {
    let mut whole = OsString::from(folder);
    if let Some(rest) = path.as_deref().filter(|rest| !rest.is_empty()) {
        whole.push(OsStr::new(":"));
        whole.push(rest);
    }
    whole
}
