//! A private SLURM of two nodes on this machine, for as long as a value lives.
//!
//! In: nothing. Out: an environment in which `sbatch` and its like, and hspipe, find it. Needs root, munge and slurm-wlm:
//! where they are missing the test fails.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use hspipe::executors::Surroundings;

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cluster/slurm");

/// What no sound run reaches, on however slow a machine.
const FOR_EVER: Duration = Duration::from_secs(300);

/// Two nodes, n1 and n2, of two cores each; dropped, all its processes end.
pub struct Slurm {
    folder: tempfile::TempDir,
}

impl Slurm {
    /// Starts it and waits until both nodes are idle.
    pub fn start() -> Slurm {
        // Another process may take a port before SLURM does.
        let mut complaint = String::new();
        for _ in 0..3 {
            let slurm = Slurm { folder: tempfile::tempdir().unwrap() };
            let started = Command::new(format!("{SCRIPTS}/start.sh"))
                .arg(slurm.path())
                .args(free_ports().map(|port| port.to_string()))
                .output()
                .unwrap();
            if started.status.success() {
                return slurm;
            }
            complaint = String::from_utf8_lossy(&started.stderr).into_owned();
        }
        panic!("SLURM does not start: are slurm-wlm and munge there, and is this root?\n{complaint}");
    }

    /// Where its files lie.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// What a process needs to find it.
    pub fn env(&self) -> [(&'static str, PathBuf); 1] {
        [("SLURM_CONF", self.path().join("slurm.conf"))]
    }

    /// A program that finds it.
    pub fn command(&self, program: &str, words: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(words).envs(self.env());
        command
    }

    /// What a program prints that must succeed.
    pub fn asks(&self, program: &str, words: &[&str]) -> String {
        let output = self.command(program, words).output().unwrap();
        assert!(output.status.success(), "{program} {words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Surroundings for a queue whose elements execute `program`.
    pub fn surroundings(&self, program: &Path) -> Surroundings {
        let mut variables: BTreeMap<OsString, OsString> = std::env::vars_os().collect();
        variables.extend(self.env().map(|(name, value)| (name.into(), value.into())));
        Surroundings { program: program.to_path_buf(), variables }
    }

    /// Ends the controller; nodes and their jobs go on.
    pub fn stop_controller(&self) {
        let pid = self.pid("slurmctld.pid");
        Command::new("kill").arg(&pid).status().unwrap();
        wait_until("the controller is gone", || !Path::new("/proc").join(&pid).exists());
    }

    /// Starts it again, with what it knew.
    pub fn start_controller(&self) {
        let status = self.command("slurmctld", &[]).env("PATH", path_of_root()).status().unwrap();
        assert!(status.success());
        let answers = || self.command("scontrol", &["ping"]).output().unwrap().status.success();
        wait_until("the controller answers", answers);
    }

    /// Ends the daemon of a node and starts it again where `before`, a command of the shell, has changed what is mounted:
    /// jobs of that node see other folders than everybody else.
    pub fn restart_node(&self, node: &str, before: &str) {
        let pid = self.pid(&format!("slurmd-{node}.pid"));
        Command::new("kill").arg(&pid).status().unwrap();
        wait_until("the node is gone", || !Path::new("/proc").join(&pid).exists());
        let script = format!("{before} && exec slurmd -N {node}");
        let mut unshare = self.command("unshare", &["--mount", "--propagation=private", "sh", "-c", &script]);
        assert!(unshare.env("PATH", path_of_root()).status().unwrap().success());
        let is_idle = || {
            let words = ["--noheader", "--partition=main", "--states=idle", "--nodes", node, "--format=%T"];
            // The controller asks for it, so that an answer is one of the new daemon.
            self.asks("scontrol", &["reconfigure"]);
            self.asks("sinfo", &words).trim() == "idle"
        };
        wait_until("the node is back", is_idle);
    }

    /// The pid of a daemon, by the name of its file: `slurmctld.pid`, `slurmd-n1.pid`.
    pub fn pid(&self, file: &str) -> String {
        fs::read_to_string(self.path().join(file)).unwrap().trim().to_string()
    }

    /// A line for each job, or element of an array, that has ended.
    pub fn ended(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path().join("log/ended")).unwrap_or_default();
        text.lines().map(str::to_string).collect()
    }
}

impl Drop for Slurm {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.tell();
        }
        let _ = Command::new(format!("{SCRIPTS}/stop.sh")).arg(self.path()).status();
    }
}

impl Slurm {
    /// What there is to know of a test that has failed.
    #[allow(clippy::print_stderr)]
    fn tell(&self) {
        let words =
            "squeue --all --states=all; scontrol --all show job; sinfo --Node --long; tail --lines=40 log/*";
        let mut sh = self.command("sh", &["-c", words]);
        let Ok(said) = sh.current_dir(self.path()).output() else { return };
        eprintln!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    }
}

/// Looks again and again.
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < FOR_EVER, "waited for ever until {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Where Debian has the daemons.
fn path_of_root() -> OsString {
    let mut path = std::env::var_os("PATH").unwrap_or_default();
    path.push(":/usr/sbin");
    path
}

fn free_ports() -> [u16; 3] {
    // All open at once, so that they differ.
    let listeners = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}
