//! `cargo x`: builds hspipe and runs it, and sets up what it needs. In come the words after
//! `cargo x`, out goes the exit code of what was called. This file sorts the words; it must
//! not know how cargo is called. It has no dependencies, so that it is compiled in a second.

#![allow(clippy::print_stderr)]

mod cargo;
mod wheel;

use std::env;
use std::ffi::OsString;
use std::process::ExitCode;

use cargo::Cargo;
use wheel::Wheel;

const USAGE: &str = "\
Builds hspipe and runs it.

  cargo x COMMAND...      builds hspipe and runs `hspipe COMMAND...`: cargo x run figure8
  cargo x setup           only builds hspipe
  cargo x setup torch     builds hspipe-torch too, which trains what only libtorch can, and
                          fetches libtorch (half a gigabyte) if need be; a run does so by itself
  cargo x build [ARGS]    runs `cargo build`
  cargo x test [ARGS]     runs `cargo test` on the workspace, or on what ARGS choose
  cargo x wheel           makes the Python package in dist/, wheel and sources; compiles for long
  cargo x wheel local     makes a wheel for this machine in dist/local/, of what is compiled already
  cargo x help            shows this; `cargo x --help` is hspipe's own help

All builds but that of `cargo x wheel` are release builds. A libtorch of your own is used if
LIBTORCH names its folder.
PyTorch's own archive, whose sum nobody publishes, is fetched instead of its wheel if
HSPIPE_LIBTORCH_SHA256 gives its SHA-256.
";

/// What the words ask for.
#[derive(Debug, PartialEq)]
enum Task<'a> {
    Help,
    /// Words that mean nothing here: what is wrong with them.
    Wrong(&'static str),
    SetUp,
    SetUpTorch,
    /// What hspipe asks for when it needs libtorch: to become hspipe-torch.
    Torch(&'a [OsString]),
    Build(&'a [OsString]),
    Test(&'a [OsString]),
    Wheel(Wheel),
    /// Anything else is hspipe's, so that a new command of it needs nothing here.
    Hspipe(&'a [OsString]),
}

impl<'a> Task<'a> {
    fn of(words: &'a [OsString]) -> Self {
        let Some((first, rest)) = words.split_first() else {
            return Self::Help;
        };
        match first.to_str() {
            Some("help") => Self::Help,
            Some("setup") => match rest {
                [] => Self::SetUp,
                [torch] if torch == "torch" => Self::SetUpTorch,
                [torch, dashes, words @ ..] if torch == "torch" && dashes == "--" => Self::Torch(words),
                _ => Self::Wrong("`cargo x setup` takes no word but `torch`"),
            },
            Some("build") => Self::Build(rest),
            Some("test") => Self::Test(rest),
            Some("wheel") => match rest {
                [] => Self::Wheel(Wheel::Release),
                [local] if local == "local" => Self::Wheel(Wheel::Local),
                _ => Self::Wrong("`cargo x wheel` takes no word but `local`"),
            },
            _ => Self::Hspipe(words),
        }
    }

    /// Returns the exit code, unless this process becomes what is to run.
    fn run(&self, cargo: &Cargo) -> Result<ExitCode, ExitCode> {
        match self {
            Self::Help => eprint!("{USAGE}"),
            Self::Wrong(why) => {
                eprint!("error: {why}\n\n{USAGE}");
                return Err(ExitCode::from(2));
            }
            Self::SetUp => cargo.build_hspipe()?,
            Self::SetUpTorch => cargo.build_torch()?,
            Self::Torch(words) => {
                cargo.build_torch()?;
                return cargo.become_torch(words);
            }
            Self::Build(arguments) => return cargo.build(arguments),
            Self::Test(arguments) => return cargo.test(arguments),
            Self::Wheel(wheel) => wheel.make(cargo.root())?,
            Self::Hspipe(words) => {
                cargo.build_hspipe()?;
                return cargo.become_hspipe(words);
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn main() -> ExitCode {
    let words: Vec<OsString> = env::args_os().skip(1).collect();
    Task::of(&words).run(&Cargo::new()).unwrap_or_else(|failed| failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_words_are_its_own() {
        let words = |text: &str| -> Vec<OsString> { text.split(' ').map(Into::into).collect() };
        let line = words("test -p hspipe");
        assert_eq!(Task::of(&line), Task::Test(&line[1..]));
        for text in ["run figure8 setup", "--help", "data list"] {
            let line = words(text);
            assert_eq!(Task::of(&line), Task::Hspipe(&line));
        }
        assert_eq!(Task::of(&[]), Task::Help);
        assert_eq!(Task::of(&words("setup")), Task::SetUp);
        assert_eq!(Task::of(&words("setup torch")), Task::SetUpTorch);
        assert_eq!(Task::of(&words("wheel local")), Task::Wheel(Wheel::Local));
        for line in ["setup tch", "wheel loca"].map(words) {
            assert!(matches!(Task::of(&line), Task::Wrong(_)));
        }
        let line = words("setup torch -- run figure3");
        assert_eq!(Task::of(&line), Task::Torch(&line[3..]));
    }
}
