//! `cargo x`: sees that libtorch is here, then builds, runs or tests hspipe.
//! In come the words after `cargo x`, out goes the exit code of what was called. This
//! file sorts the words; it must not know how libtorch is found or cargo is called.

#![allow(clippy::print_stderr)]

mod cargo;
mod download;
mod folder;
mod install;
mod libtorch;
mod report;
mod source;
mod unpack;

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

const USAGE: &str = "\
Fetches libtorch if need be, then builds, runs or tests hspipe.

  cargo x COMMAND...      builds hspipe and runs `hspipe COMMAND...`: cargo x run figure8
  cargo x test [ARGS]     fetches the tests' data and runs `cargo test` on the workspace
  cargo x build [ARGS]    runs `cargo build`
  cargo x setup           only fetches libtorch
  cargo x help            shows this; `cargo x --help` is hspipe's own help

All builds are release builds. With --no-default-features, test and build leave torch
out and fetch no libtorch. A libtorch of your own is used if LIBTORCH names its folder.
PyTorch's own archive, whose sum nobody publishes, is fetched instead of its wheel if
HSPIPE_LIBTORCH_SHA256 gives its SHA-256.
";

/// What the first word asks for.
#[derive(Debug, PartialEq)]
enum Task<'a> {
    Help,
    SetUp,
    Build(&'a [OsString]),
    Test(&'a [OsString]),
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
            Some("setup") => Self::SetUp,
            Some("build") => Self::Build(rest),
            Some("test") => Self::Test(rest),
            _ => Self::Hspipe(words),
        }
    }

    /// Whether libtorch must be here before the task begins.
    fn needs_libtorch(&self) -> bool {
        match self {
            Self::Help | Self::SetUp => false,
            Self::Hspipe(_) => true,
            Self::Build(arguments) | Self::Test(arguments) => !cargo::without_torch(arguments),
        }
    }

    fn run(&self, root: &Path) -> Result<ExitCode> {
        if self.needs_libtorch() {
            libtorch::set_up(root)?;
        }
        match self {
            Self::Help => eprint!("{USAGE}"),
            Self::SetUp => {
                let folder = libtorch::set_up(root)?;
                report::step(format!("ready in {}", folder.display()));
            }
            Self::Build(arguments) => return cargo::build(root, arguments),
            Self::Test(arguments) => return cargo::test(root, arguments),
            Self::Hspipe(arguments) => return cargo::hspipe(root, arguments),
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn main() -> ExitCode {
    let words: Vec<OsString> = env::args_os().skip(1).collect();
    Task::of(&words).run(&cargo::root()).unwrap_or_else(|error| {
        report::error(&error);
        ExitCode::FAILURE
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_four_words_are_its_own() {
        let words = |text: &str| -> Vec<OsString> { text.split(' ').map(Into::into).collect() };
        let line = words("test --no-default-features");
        assert_eq!(Task::of(&line), Task::Test(&line[1..]));
        assert!(!Task::of(&line).needs_libtorch());
        for text in ["run figure8 --no-default-features", "--help", "data list"] {
            let line = words(text);
            assert_eq!(Task::of(&line), Task::Hspipe(&line));
            assert!(Task::of(&line).needs_libtorch());
        }
        assert_eq!(Task::of(&[]), Task::Help);
    }
}
