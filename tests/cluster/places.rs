//! A cache that two machines see differently, and how much a worker asks of it.
//!
//! A folder that is mounted twice stands for a shared file system at its worst: each mount keeps for half a minute that a name
//! was not there, and a lock taken through one is free through the other.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::HSPIPE;
use crate::project::{Project, Ran, differences};
use crate::slurm::wait_until;

/// The same folder, seen from one machine and from another.
struct Mounted {
    project: Project,
    mounts: tempfile::TempDir,
}

impl Mounted {
    fn new() -> Mounted {
        let mounted = Mounted { project: Project::new(), mounts: tempfile::tempdir().unwrap() };
        for place in ["here", "there"] {
            let at = mounted.at(place);
            fs::create_dir(&at).unwrap();
            let late = "entry_timeout=30,negative_timeout=30,attr_timeout=30";
            let words = [Path::new("-o"), Path::new(late), &mounted.project.path(""), &at];
            assert!(Command::new("bindfs").args(words).status().unwrap().success());
        }
        mounted
    }

    fn at(&self, place: &str) -> PathBuf {
        self.mounts.path().canonicalize().unwrap().join(place)
    }

    fn command(&self, place: &str, words: &[&str]) -> Command {
        let mut command = self.project.command(words);
        command.current_dir(self.at(place));
        command
    }

    /// An engine whose jobs find what lies there where the run has what lies here.
    fn write_executor(&self) {
        let (here, there) = (self.at("here"), self.at("there"));
        let pids = self.mounts.path().join("pids");
        let text = format!(
            r#"
there:
  kind: array
  cpus: 2
  pack: {{least: 1 s, most: 1 s}}
  ship: {{task_over: 0 s, group_over: 0 s}}
  poll: 1 s
  lost_after: 60 s
  index: INDEX
  submit: |
    for index in $(seq {{first}} {{last}}); do
      INDEX=$index setsid unshare --mount sh -c 'mount --bind {there} {here} && cd {here} && exec sh "$0"' {{script}} >>{pids}.log 2>&1 &
      echo {{name}} $index $! >>{pids}
    done
    echo {{name}}
  list: |
    while read name index pid; do [ -e /proc/$pid ] && echo $name $index R; done <{pids}; : {{ids}}
  cancel: ": {{ids}}"
"#,
            here = here.display(),
            there = there.display(),
            pids = pids.display()
        );
        fs::write(self.project.path("executors.yaml"), text).unwrap();
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        for place in ["here", "there"] {
            let _ = Command::new("umount").arg("--lazy").arg(self.at(place)).status();
        }
    }
}

#[test]
#[ignore = "needs bindfs"]
fn names_that_come_late_and_locks_that_hold_nothing_do_no_harm() {
    let mounted = Mounted::new();
    // An older run whose results a collection would take.
    let target = ["accuracy", "--set", "accuracy_runs=16", "--set", "epochs=6000"];
    assert_eq!(Ran::of(mounted.command("here", &["run", "radii", "--set", "radii_runs=2"])).code, Some(0));
    mounted.write_executor();
    let words = [&["run"], &target[..], &["--on", "there"]].concat();
    let run = mounted.command("here", &words).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let done = || {
        let jobs = fs::read_dir(mounted.project.path("cache/jobs")).into_iter().flatten().flatten();
        jobs.filter_map(|folder| fs::read_dir(folder.path().join("done")).ok()).flatten().count()
    };
    wait_until("jobs have begun", || done() > 0);
    let gc = ["cache", "gc", "--keep-runs", "1", "--settle", "1"];
    let collected = Ran::of(mounted.command("there", &gc));
    assert_eq!(collected.code, Some(1), "{}{}", collected.out, collected.err);
    assert!(collected.err.contains("a run is at work"), "{}", collected.err);
    let output = run.wait_with_output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("16 tasks sent in"), "{told}");
    assert!(!told.contains("lost"), "{told}");
    let home = Project::new();
    home.run(&["radii", "--set", "radii_runs=2"]);
    home.run(&target);
    assert_eq!(differences(&mounted.project.contents(), &home.contents()), [""; 0]);
    // Now nobody is at work. What is younger than a day stays, since others may be about to name it.
    let before = mounted.project.files();
    let collected = Ran::of(mounted.command("there", &gc));
    assert_eq!(collected.code, Some(0), "{}", collected.err);
    assert!(collected.err.contains("several machines use this cache: waiting 1 s"), "{}", collected.err);
    assert_eq!(mounted.project.files(), before);
}

/// Calls that a file system of many machines is slow at: names looked up, opened, made, renamed, removed.
#[test]
#[ignore = "needs strace"]
fn a_small_task_costs_a_worker_few_calls() {
    let calls = |networks: usize| {
        let project = Project::new();
        let executor = "
none:
  kind: array
  cpus: 1
  pack: {least: 2 h, most: 2 h}
  ship: {task_over: 0 s, group_over: 0 s}
  index: INDEX
  submit: ': {script}; echo none'
  list: ': {ids}; echo none 0 R'
  cancel: ': {ids}'
";
        fs::write(project.path("executors.yaml"), executor).unwrap();
        let networks = format!("accuracy_runs={networks}");
        let words = ["run", "accuracy", "--set", &networks, "--set", "epochs=1", "--on", "none", "--detach"];
        let ran = project.hspipe(&words);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        let folder = fs::read_dir(project.path("cache/jobs")).unwrap().next().unwrap().unwrap().path();
        let log = project.path("calls");
        let mut strace = Command::new("strace");
        strace.arg("--follow-forks").arg("--output").arg(&log).arg("--trace=%file,fchmod,getdents64");
        let traced =
            strace.arg(HSPIPE).arg("work").arg(&folder).arg("0").stderr(Stdio::piped()).output().unwrap();
        assert!(traced.status.success(), "{}", String::from_utf8_lossy(&traced.stderr));
        fs::read_to_string(log).unwrap().lines().filter(|line| line.contains('(')).count()
    };
    let (few, many) = (calls(8), calls(72));
    let of_task = (many - few) as f64 / 64.0;
    assert!(of_task < 10.0, "{of_task} calls for each of 64 tasks: {few} of 8, {many} of 72");
}
