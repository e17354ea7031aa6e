//! Where a shared cache lies in a test, and machines that use it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::TARGETS;
use crate::project::{Project, Ran};

/// An address, and the variables that it needs.
pub struct Place {
    pub url: String,
    pub variables: Vec<(&'static str, String)>,
}

/// A folder. It is removed when dropped.
pub struct Folder {
    pub place: Place,
    folder: tempfile::TempDir,
}

impl Folder {
    pub fn new() -> Folder {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("file://{}/cache", folder.path().display());
        Folder { place: Place { url, variables: Vec::new() }, folder }
    }

    pub fn path(&self, inside: &str) -> PathBuf {
        self.folder.path().join("cache").join(inside)
    }

    /// The files below `v1/PART`, in the order of their names.
    pub fn files(&self, part: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path("v1").join(part)).into_iter().flatten().flatten();
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        files.sort();
        files
    }
}

/// A machine: a project whose runs share a cache.
pub struct Machine<'a> {
    pub project: Project,
    pub place: &'a Place,
}

impl<'a> Machine<'a> {
    pub fn new(place: &'a Place) -> Machine<'a> {
        Machine { project: Project::new(), place }
    }

    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = self.project.command(words);
        // The other tests' closed door, which a server on this machine is not behind.
        command.env_remove("ALL_PROXY").env("NO_PROXY", "*");
        command.env("HSPIPE_REMOTE", &self.place.url);
        command.envs(self.place.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    pub fn hspipe(&self, words: &[&str]) -> Ran {
        Ran::of(self.command(words))
    }

    /// A run that must succeed, and what it said.
    pub fn run(&self, words: &[&str]) -> String {
        let ran = self.hspipe(&[&["run"], words].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        ran.err
    }

    /// One of all targets.
    pub fn run_all(&self) -> String {
        self.run(TARGETS)
    }

    /// What people read of it, by path.
    pub fn results(&self) -> Vec<(String, Vec<u8>)> {
        let contents = self.project.contents().into_iter();
        contents.filter(|(name, _)| !name.starts_with("cache/")).collect()
    }
}

/// What a machine of its own computes.
pub fn computed_alone() -> Vec<(String, Vec<u8>)> {
    let folder = Folder::new();
    let alone = Machine::new(&folder.place);
    let words = [TARGETS, &["--remote", "none"]].concat();
    alone.run(&words);
    assert!(folder.files("packs").is_empty());
    alone.results()
}

/// The line of what was said that has this in it.
pub fn line<'a>(said: &'a str, part: &str) -> &'a str {
    said.lines().find(|line| line.contains(part)).unwrap_or_else(|| panic!("no `{part}` in: {said}"))
}
