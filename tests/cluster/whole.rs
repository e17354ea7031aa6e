//! Whole runs by a real SLURM, and what befalls them: each ends with the bytes of a run on one machine.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;

use crate::HSPIPE;
use crate::project::{Project, Ran, differences};
use crate::slurm::{Slurm, wait_until};

/// Trainings that take some seconds each, in four packs of eight networks.
const TARGET: [&str; 5] = ["accuracy", "--set", "accuracy_runs=32", "--set", "epochs=6000"];

/// The tasks of the target that go away.
const AWAY: usize = 32;

/// Everything that has a cost goes away, and what is lost is missed soon.
const EXECUTORS: &str = "
slurm:
  kind: slurm
  slots: 4
  cpus: 1
  memory: 100M
  pack: {least: 1 s, most: 1 s}
  ship: {task_over: 0 s, group_over: 0 s}
  poll: 1 s
  lost_after: 5 s
";

/// A project, and a SLURM that it may send to.
struct Site {
    slurm: Slurm,
    project: Project,
}

impl Site {
    fn new() -> Site {
        let project = Project::new();
        fs::write(project.path("executors.yaml"), EXECUTORS).unwrap();
        Site { slurm: Slurm::start(), project }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = self.project.command(words);
        command.envs(self.slurm.env());
        command
    }

    fn hspipe(&self, words: &[&str]) -> Ran {
        Ran::of(self.command(words))
    }

    /// The target by SLURM, at work beside the test.
    fn start(&self) -> Child {
        let words = [&["run"], &TARGET[..], &["--on", "slurm", "--log-format", "json"]].concat();
        self.command(&words).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap()
    }

    /// What a run that was started did, which must have succeeded, with the bytes of one at home.
    fn ends_well(&self, run: Child) -> Events {
        let events = Events::of(run);
        assert_eq!(events.code, Some(0), "{:?}", events.lines);
        assert_eq!(differences(&self.project.contents(), at_home()), [""; 0]);
        let is_open = |folder: &PathBuf| !folder.join("cancelled").exists();
        let left: Vec<PathBuf> = left_over(&self.project).into_iter().filter(is_open).collect();
        assert_eq!(left, Vec::<PathBuf>::new(), "nothing is left of the packs");
        events
    }

    /// The processes that work on packs: pid, node and pack.
    fn workers(&self) -> Vec<Worker> {
        let mut workers = Vec::new();
        for process in fs::read_dir("/proc").unwrap().flatten() {
            let path = process.path();
            let read = |name: &str| fs::read(path.join(name)).unwrap_or_default();
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let words: Vec<String> = read("cmdline").split(|byte| *byte == 0).map(text).collect();
            let [program, command, folder, pack, ..] = words.as_slice() else { continue };
            let is_ours = Path::new(folder).starts_with(fs::canonicalize(self.project.path("")).unwrap());
            if program == HSPIPE && command == "work" && is_ours {
                let variables: Vec<String> = read("environ").split(|byte| *byte == 0).map(text).collect();
                let node = variables.iter().find_map(|variable| variable.strip_prefix("SLURMD_NODENAME="));
                let pid = path.file_name().unwrap().to_str().unwrap().parse().unwrap();
                let (node, pack) = (node.unwrap_or_default().to_string(), pack.parse().unwrap());
                workers.push(Worker { pid, node, pack });
            }
        }
        workers
    }

    /// Waits until packs are worked on, and trainings in them have begun.
    fn await_work(&self) -> Vec<Worker> {
        wait_until("packs are worked on", || {
            let begun = lines(&self.project).iter().filter(|line| line["line"] == "started").count();
            begun >= 2 && self.workers().len() >= 2
        });
        self.workers()
    }
}

struct Worker {
    pid: u32,
    node: String,
    pack: usize,
}

/// What a run told machines.
struct Events {
    code: Option<i32>,
    lines: Vec<Value>,
}

impl Events {
    fn of(run: Child) -> Events {
        let output = run.wait_with_output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        let line = |line: &str| serde_json::from_str(line).unwrap_or_else(|_| panic!("no event: {line}"));
        Events { code: output.status.code(), lines: text.lines().map(line).collect() }
    }

    /// The sum of a field over the events of that name.
    fn sum(&self, event: &str, field: &str) -> usize {
        let lines = self.lines.iter().filter(|line| line["event"] == event);
        lines.map(|line| line[field].as_u64().unwrap() as usize).sum()
    }

    fn names(&self, event: &str) -> Vec<String> {
        let lines = self.lines.iter().filter(|line| line["event"] == event);
        lines.map(|line| line["task"].as_str().unwrap().to_string()).collect()
    }

    /// How many tasks were sent, those that were sent again included.
    fn sent(&self) -> usize {
        self.sum("sent", "tasks")
    }
}

/// The bytes of the target when this machine alone has computed it.
fn at_home() -> &'static BTreeMap<String, Vec<u8>> {
    static CONTENTS: OnceLock<BTreeMap<String, Vec<u8>>> = OnceLock::new();
    CONTENTS.get_or_init(|| {
        let project = Project::new();
        project.run(&TARGET);
        project.contents()
    })
}

/// The folders of packs.
fn left_over(project: &Project) -> Vec<PathBuf> {
    let folders = fs::read_dir(project.path("cache/jobs")).into_iter().flatten().flatten();
    folders.map(|folder| folder.path()).collect()
}

/// What all workers have written so far.
fn lines(project: &Project) -> Vec<Value> {
    let done = left_over(project)
        .into_iter()
        .flat_map(|folder| fs::read_dir(folder.join("done")).into_iter().flatten());
    let files =
        done.flatten().map(|file| file.path()).filter(|path| path.extension().is_some_and(|e| e == "jsonl"));
    let text: String = files.map(|file| fs::read_to_string(file).unwrap_or_default()).collect();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// Ends processes without a word.
fn kill(pids: impl IntoIterator<Item = String>) {
    let pids: Vec<String> = pids.into_iter().collect();
    Command::new("kill").arg("-9").args(&pids).stderr(Stdio::null()).status().unwrap();
}

#[test]
#[ignore = "needs SLURM"]
fn a_figure_comes_out_the_same_by_as_many_elements_as_packs() {
    let site = Site::new();
    let target = ["tiny_figure", "accuracy", "identify", "correlation"];
    let words = [&["run"], &target[..], &["--on", "slurm", "--log-format", "json"]].concat();
    let run = site.command(&words).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let events = Events::of(run);
    assert_eq!(events.code, Some(0), "{:?}", events.lines);
    let home = Project::new();
    home.run(&target);
    assert_eq!(differences(&site.project.contents(), &home.contents()), [""; 0]);
    let packs = events.sum("sent", "packs");
    assert!(packs > 2, "{:?}", events.lines);
    wait_until("SLURM has written of all", || site.slurm.ended().len() >= packs);
    assert_eq!(site.slurm.ended().len(), packs);
    assert!(site.hspipe(&["log"]).out.lines().count() == 2, "one run is one run");
}

#[test]
#[ignore = "needs SLURM"]
fn an_element_that_is_cancelled_is_gone_on_with() {
    let site = Site::new();
    let run = site.start();
    let pack = site.await_work()[0].pack;
    let job = site.slurm.asks("squeue", &["--noheader", "--array", "--format=%F_%K"]);
    let job = job.lines().find(|job| job.ends_with(&format!("_{pack}"))).unwrap().to_string();
    site.slurm.asks("scancel", &[&job]);
    let events = site.ends_well(run);
    assert!(events.sent() > AWAY, "some were sent again: {:?}", events.lines);
    assert!(!events.lines.iter().any(|line| line["event"] == "packs"), "it is no loss");
}

#[test]
#[ignore = "needs SLURM"]
fn jobs_that_make_room_are_gone_on_with() {
    let site = Site::new();
    let run = site.start();
    site.await_work();
    let urgent = ["--partition=urgent", "--nodes=2", "--ntasks-per-node=2", "--mem=10M", "--wrap", "sleep 2"];
    let log = format!("--output={}", site.project.path("urgent.log").display());
    site.slurm.asks("sbatch", &[&urgent[..], &[&log]].concat());
    let events = site.ends_well(run);
    assert_eq!(events.sent(), AWAY, "SLURM itself starts them again: {:?}", events.lines);
}

#[test]
#[ignore = "needs SLURM"]
fn a_node_that_loses_power_costs_what_was_on_it() {
    let site = Site::new();
    let run = site.start();
    let workers = site.await_work();
    let of_node: Vec<String> = workers
        .iter()
        .filter(|worker| worker.node == workers[0].node)
        .map(|worker| worker.pid.to_string())
        .collect();
    let mut gone = step_daemons(&of_node);
    gone.push(site.slurm.pid(&format!("slurmd-{}.pid", workers[0].node)));
    kill(gone.into_iter().chain(of_node));
    site.ends_well(run);
}

#[test]
#[ignore = "needs SLURM"]
fn work_that_dies_with_its_daemon_is_sent_again() {
    let site = Site::new();
    let run = site.start();
    let workers = site.await_work();
    let of_node = workers.iter().filter(|worker| worker.node == workers[0].node);
    let daemon = site.slurm.pid(&format!("slurmd-{}.pid", workers[0].node));
    kill(of_node.map(|worker| worker.pid.to_string()).chain([daemon]));
    let events = site.ends_well(run);
    assert!(events.sent() > AWAY, "{:?}", events.lines);
}

#[test]
#[ignore = "needs SLURM"]
fn a_controller_may_be_away_for_a_while() {
    let site = Site::new();
    let run = site.start();
    site.await_work();
    site.slurm.stop_controller();
    std::thread::sleep(Duration::from_secs(20));
    site.slurm.start_controller();
    let events = site.ends_well(run);
    assert_eq!(events.sent(), AWAY, "nothing was lost: {:?}", events.lines);
}

#[test]
#[ignore = "needs SLURM"]
fn a_run_that_was_killed_is_gone_on_with_by_the_same_command() {
    let site = Site::new();
    let mut first = site.start();
    site.await_work();
    first.kill().unwrap();
    first.wait().unwrap();
    let jobs = site.hspipe(&["jobs"]);
    assert!(jobs.out.contains("slurm  accuracy"), "{}", jobs.out);
    let events = site.ends_well(site.start());
    assert_eq!(events.sent(), 0, "{:?}", events.lines);
    wait_until("SLURM has written of all", || site.slurm.ended().len() >= 4);
    assert_eq!(site.slurm.ended().len(), 4, "nothing was done twice");
    let log = site.hspipe(&["log"]).out;
    assert_eq!(log.lines().count(), 2, "one run is one run: {log}");
}

#[test]
#[ignore = "needs SLURM"]
fn a_run_that_leaves_is_gone_on_with_and_jobs_are_cancelled() {
    let site = Site::new();
    let words = [&["run"], &TARGET[..], &["--on", "slurm", "--detach"]].concat();
    let left = site.hspipe(&words);
    assert_eq!(left.code, Some(0), "{}", left.err);
    assert!(left.err.contains("left running by `slurm`: 4 packs with 32 tasks"), "{}", left.err);
    site.await_work();
    let log = site.hspipe(&["jobs", "log", "accuracy"]);
    assert!(log.out.contains("pack 0 on n"), "{}\n{}", log.out, log.err);
    assert_eq!(site.hspipe(&["jobs", "cancel"]).code, Some(0));
    wait_until("no job is left", || site.slurm.asks("squeue", &["--noheader"]).is_empty());
    let events = site.ends_well(site.start());
    assert!(events.sent() > 0);
}

/// A task that ends its process each time is found among the eight that are computed together.
#[test]
#[ignore = "needs SLURM"]
fn a_task_that_ends_its_process_fails_alone_and_by_name() {
    let site = Site::new();
    let run = site.start();
    wait_until("packs are written", || {
        left_over(&site.project).iter().any(|folder| folder.join("packs/0.json").exists())
    });
    let pack: Value =
        serde_json::from_slice(&fs::read(left_over(&site.project)[0].join("packs/0.json")).unwrap()).unwrap();
    let (poison, name) = (&pack["tasks"][3]["key"], pack["tasks"][3]["name"].as_str().unwrap());
    // Whoever computes it is ended.
    let mut run = run;
    while run.try_wait().unwrap().is_none() {
        for folder in left_over(&site.project) {
            for file in fs::read_dir(folder.join("done")).into_iter().flatten().flatten() {
                let text = fs::read_to_string(file.path()).unwrap_or_default();
                let lines: Vec<Value> =
                    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
                let starts =
                    |line: &&Value| line["keys"].as_array().is_some_and(|keys| keys.contains(poison));
                let begun = lines.iter().find(|line| line["line"] == "begun");
                if let (Some(_), Some(begun)) = (lines.iter().find(starts), begun) {
                    kill([begun["pid"].to_string()]);
                }
            }
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let events = Events::of(run);
    assert_eq!(events.code, Some(1));
    assert_eq!(events.names("failed"), [name], "{:?}", events.lines);
    assert_eq!(
        events.names("computed").iter().filter(|task| task.starts_with("accuracy[")).count(),
        AWAY - 1
    );
    let failed = events.lines.iter().find(|line| line["event"] == "failed").unwrap();
    assert!(failed["error"].as_str().unwrap().contains("its process ended without a word"), "{failed}");
    let log = site.hspipe(&["jobs", "log", name]);
    assert!(log.out.contains("pack 0 on n"), "{}\n{}", log.out, log.err);
    site.ends_well(site.start());
}

/// The daemons of the steps in which processes run: their parents.
fn step_daemons(pids: &[String]) -> Vec<String> {
    let parent = |pid: &String| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        stat.rsplit(')').next()?.split_whitespace().nth(1).map(str::to_string)
    };
    pids.iter().filter_map(parent).collect()
}
