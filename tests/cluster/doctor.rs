//! `hspipe doctor --on` against a real SLURM of two nodes.

use std::fs;

use crate::slurm::Slurm;

const HSPIPE: &str = env!("CARGO_BIN_EXE_hspipe");

/// A project whose cache is known to SLURM's nodes, and what the doctor says of them.
struct Visit {
    slurm: Slurm,
    project: tempfile::TempDir,
}

impl Visit {
    fn new() -> Visit {
        let project = tempfile::tempdir().unwrap();
        let text = "slurm: {kind: slurm, memory: 100M, lost_after: 5 s}\n";
        fs::write(project.path().join("executors.yaml"), text).unwrap();
        fs::write(project.path().join("pipeline.yaml"), "{}\n").unwrap();
        Visit { slurm: Slurm::start(), project }
    }

    fn folder(&self) -> String {
        self.project.path().display().to_string()
    }

    /// The exit code, and the lines; no job and no file of it is left.
    fn call(&self) -> (Option<i32>, Vec<String>) {
        let mut doctor = self.slurm.command(HSPIPE, &["doctor", "--on", "slurm"]);
        let output = doctor.current_dir(self.project.path()).output().unwrap();
        assert_eq!(self.slurm.asks("squeue", &["--noheader"]).trim(), "");
        assert_eq!(fs::read_dir(self.project.path().join("cache/jobs")).unwrap().count(), 0);
        let lines = String::from_utf8(output.stdout).unwrap();
        (output.status.code(), lines.lines().map(str::to_string).collect())
    }
}

#[test]
#[ignore = "needs SLURM"]
fn two_nodes_are_asked() {
    let visit = Visit::new();
    let (code, lines) = visit.call();
    let [jobs, first, second, files, locks] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!(code, Some(0));
    assert!(jobs.starts_with("ok     slurm: two jobs began on n") && jobs.contains(" and n"), "{jobs}");
    for node in [first, second] {
        assert!(node.contains("glibc 2.") && node.ends_with("the same build"), "{node}");
    }
    assert_ne!(first[..9], second[..9]);
    assert!(files.starts_with("ok     files: one written here is seen there and answered within"), "{files}");
    assert_eq!(locks, "ok     locks: those of one machine are seen by the others");
}

/// As Lustre with localflock, and NFS with local_lock.
#[test]
#[ignore = "needs SLURM and bindfs"]
fn locks_that_end_at_a_node_are_found_out() {
    let visit = Visit::new();
    let folder = visit.folder();
    visit.slurm.restart_node("n2", &format!("bindfs -o nonempty '{folder}' '{folder}'"));
    let (code, lines) = visit.call();
    assert_eq!(code, Some(0));
    let note = "note   locks: those of one machine are not seen by the others, and nobody is told";
    assert!(lines.iter().any(|line| line == note), "{lines:?}");
}

#[test]
#[ignore = "needs SLURM"]
fn a_disk_that_a_node_does_not_see_is_an_error() {
    let visit = Visit::new();
    visit.slurm.restart_node("n2", &format!("mount -t tmpfs none '{}'", visit.folder()));
    let (code, lines) = visit.call();
    assert_eq!(code, Some(1));
    let error = lines.iter().find(|line| line.starts_with("ERROR")).unwrap();
    assert!(error.contains("ended and left no report: FAILED") && error.ends_with("on n2"), "{error}");
    assert!(lines.last().unwrap().contains("is the cache on a disk that the nodes see?"), "{lines:?}");
}
