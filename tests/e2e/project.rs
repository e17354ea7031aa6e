//! A project in a temporary folder, and runs of hspipe in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::{HSPIPE, REPOSITORY};

/// A folder with a pipeline and a tiny dataset. It is removed when dropped.
pub struct Project {
    folder: tempfile::TempDir,
}

/// What a run left: its code, and what it printed.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn of(mut command: Command) -> Ran {
        let Output { status, stdout, stderr } = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran { code: status.code(), out: text(stdout), err: text(stderr) }
    }
}

const FIGURE: &str = r#"
stages:
  tiny_figure:
    op: plot_classes
    inputs: {counts: "hard_counts[strategy=stragglers]", classes: load.classes}
    axes: [dataset]
    params: {title: tiny, y_label: Number of hard samples, file: Tiny/stragglers}
"#;

/// Small enough for a test, large enough that every class inverts.
const SMALL: &[(&str, &str)] = &[
    ("datasets: [MNIST, KMNIST, FashionMNIST]", "datasets: [./tiny]"),
    // Draws with hard samples of every strategy.
    ("seed: 42 ", "seed: 1 "),
    ("subset_size: 20000 ", "subset_size: 400 "),
    ("accuracy_subset_size: 70000", "accuracy_subset_size: 600"),
    ("accuracy_runs: 100", "accuracy_runs: 2"),
    ("runs: 5 ", "runs: 2 "),
    ("train_ratios: [0.9, 0.7, 0.5]", "train_ratios: [0.9]"),
    ("epochs: 500\n", "epochs: 300\n"),
    ("learning_rate: auto ", "learning_rate: 0.3 "),
    ("train_fraction: 1/7", "train_fraction: 1/2"),
    ("dataset=CIFAR10", "dataset=./tiny"),
];

impl Project {
    pub fn new() -> Project {
        let repository = Path::new(REPOSITORY);
        let folder = tempfile::tempdir().unwrap();
        let mut pipeline = fs::read_to_string(repository.join("pipeline.yaml")).unwrap();
        for (old, new) in SMALL {
            assert!(pipeline.contains(old), "pipeline.yaml has no `{old}` any longer");
            pipeline = pipeline.replace(old, new);
        }
        pipeline = pipeline.replace("\nstages:\n", FIGURE);
        fs::write(folder.path().join("pipeline.yaml"), pipeline).unwrap();
        let tiny = folder.path().join("tiny");
        fs::create_dir(&tiny).unwrap();
        for file in fs::read_dir(repository.join("tests/data/tiny")).unwrap() {
            let file = file.unwrap().path();
            fs::copy(&file, tiny.join(file.file_name().unwrap())).unwrap();
        }
        Project { folder }
    }

    pub fn path(&self, inside: &str) -> PathBuf {
        self.folder.path().join(inside)
    }

    /// hspipe with these words, in this folder. No dataset can be fetched: its network is a closed door.
    pub fn command(&self, words: &[&str]) -> Command {
        self.command_of(Path::new(HSPIPE), words)
    }

    /// The same with another program.
    pub fn command_of(&self, program: &Path, words: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(words).current_dir(self.folder.path()).env_remove("HSPIPE_DATA");
        command.env("ALL_PROXY", "http://127.0.0.1:9").env("RUST_BACKTRACE", "0");
        command
    }

    pub fn hspipe(&self, words: &[&str]) -> Ran {
        Ran::of(self.command(words))
    }

    /// A run that must succeed; returns its last line.
    pub fn run(&self, words: &[&str]) -> String {
        let ran = self.hspipe(&[&["run"], words].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        ran.err.lines().last().unwrap_or_default().to_string()
    }

    /// How many objects and records there are, half written ones among them.
    pub fn files(&self) -> usize {
        let below = |part: &str| fs::read_dir(self.path(part)).into_iter().flatten().flatten();
        let folders = below("cache/objects").chain(below("cache/records"));
        folders.map(|folder| fs::read_dir(folder.path()).map_or(0, Iterator::count)).sum()
    }

    /// Every object and record by its path, records without what a clock says; and every result and figure.
    pub fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        for part in ["cache/objects", "cache/records", "Results", "Figures"] {
            collect(&self.path(part), self.folder.path(), &mut files);
        }
        for (name, bytes) in &mut files {
            if name.ends_with(".json") {
                let mut record: serde_json::Value = serde_json::from_slice(bytes).unwrap();
                // The checksum is of all of it.
                for field in ["made", "check"] {
                    record.as_object_mut().unwrap().remove(field);
                }
                *bytes = serde_json::to_vec(&record).unwrap();
            }
        }
        files
    }
}

fn collect(folder: &Path, root: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_string();
        if path.is_dir() {
            collect(&path, root, files);
        } else if !name.contains(".tmp-") {
            files.insert(name, fs::read(&path).unwrap());
        }
    }
}

/// The names of the files of `a` and `b` that are missing in one or differ.
pub fn differences(a: &BTreeMap<String, Vec<u8>>, b: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    a.keys().chain(b.keys()).filter(|name| a.get(*name) != b.get(*name)).cloned().collect()
}
