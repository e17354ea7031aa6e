//! A folder of a run's packs, and a shell script in the place of hspipe.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hspipe::executors::{Executors, Surroundings};
use hspipe_engine::away::{Element, Order, Queue};

/// Says what it was called with and what it sees, waits for a file `go`, and leaves one.
const PROGRAM: &str = r#"#!/bin/sh
trap 'echo told to end; exit 143' TERM
echo "$1 $3 $HSPIPE_MARK"
# A test that fails takes its folder away.
while ! [ -e "$2/go" ]; do [ -d "$2" ] || exit 1; sleep 0.1; done
touch "$2/done-$3"
"#;

pub struct Run {
    path: PathBuf,
    _folder: tempfile::TempDir,
}

impl Run {
    pub fn new() -> Run {
        Run::called("run")
    }

    /// In a folder of that name.
    pub fn called(name: &str) -> Run {
        let folder = tempfile::tempdir().unwrap();
        let run = Run { path: folder.path().join(name), _folder: folder };
        fs::create_dir(&run.path).unwrap();
        executable(&run.program(), PROGRAM);
        run
    }

    /// What stands for hspipe.
    pub fn program(&self) -> PathBuf {
        self.path("program")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub fn order(&self, first: usize, last: usize) -> Order<'_> {
        let time_limit = Duration::from_secs(60);
        Order { command: "work", folder: &self.path, first, last, time_limit }
    }

    pub fn log(&self, pack: usize) -> String {
        fs::read_to_string(self.path(&format!("logs/{pack}.log"))).unwrap_or_default()
    }

    /// The queue to SLURM of an executor that is written as `more` beside the words that all need here.
    pub fn queue(&self, surroundings: Surroundings, more: &str) -> Box<dyn Queue> {
        let text = format!("here: {{kind: slurm, cpus: 1, memory: 100M, {more}}}\n");
        fs::write(self.path("executors.yaml"), text).unwrap();
        Executors::open(&self.path).unwrap().get("here").unwrap().queue_for(surroundings)
    }
}

pub fn executable(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// The packs of those that run.
pub fn running(elements: &[Element]) -> Vec<usize> {
    elements.iter().filter(|element| element.is_running).map(|element| element.pack).collect()
}

/// All packs in their order.
pub fn packs(mut elements: Vec<Element>) -> Vec<usize> {
    elements.sort_by_key(|element| element.pack);
    elements.into_iter().map(|element| element.pack).collect()
}
