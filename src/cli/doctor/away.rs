//! doctor --on: what jobs of an executor meet, and whether they and this machine see the same files and locks.
//!
//! In: an executor and the cache, in which jobs lie. Out: findings. Sends two probes, to two nodes if there are two. Knows
//! no engine.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use hspipe_engine::away::{Array, Order, Queue};

use super::facts::Facts;
use super::probe::{self, Last, Report};
use super::{Finding, State};
use crate::cli::pipe::say;
use crate::executors::Executor;

/// A queue that is longer than that is no matter for a doctor.
const PATIENCE: Duration = Duration::from_secs(600);

/// Caches of names are known that last for a minute.
const PATIENCE_FOR_FILES: Duration = Duration::from_secs(150);

/// Time limit of a probe, which ends long before.
const TIME_LIMIT: Duration = Duration::from_secs(600);

/// A job that has left the queue may have its log on the way.
const PATIENCE_FOR_LOGS: Duration = Duration::from_secs(10);

/// Seconds until files are seen that nobody minds: the engine waits for longer anyway.
const SOON: f64 = 5.0;

const ROUNDS: usize = 3;

/// A folder of two probes, which goes with it.
struct Visit<'a> {
    executor: &'a Executor,
    folder: PathBuf,
    /// What was submitted, and by which queue.
    sent: Vec<(Box<dyn Queue>, Array)>,
    lock: File,
    stop: Arc<AtomicBool>,
    quiet: bool,
}

/// Why a probe left no report.
enum Silent {
    Stopped,
    Failed(Finding),
}

/// What two jobs of `executor` find out, and what this machine sees of them. None after Ctrl-C.
///
/// # Errors
/// The cache cannot be written in.
pub fn findings(executor: &Executor, cache: &Path, quiet: bool) -> anyhow::Result<Option<Vec<Finding>>> {
    let mut visit = Visit::begin(executor, cache, quiet)?;
    let mut findings = Vec::new();
    let mut reports: Vec<Report> = Vec::new();
    let start = Instant::now();
    for element in 0..2 {
        // To another node than the first one, so that locks and files go between nodes.
        let elsewhere = reports.first().and_then(|report| executor.without(&report.facts.node));
        let sent = match elsewhere {
            Some(elsewhere) => visit.send(&elsewhere, element).or_else(|_| visit.send(executor, element)),
            None => visit.send(executor, element),
        };
        let report = match sent {
            Ok(()) => visit.report(element),
            Err(finding) => Err(Silent::Failed(finding)),
        };
        match report {
            Ok(report) => reports.push(report),
            Err(Silent::Failed(finding)) => {
                findings.extend(machines(executor, &reports));
                findings.push(finding);
                return Ok(Some(findings));
            }
            Err(Silent::Stopped) => return Ok(None),
        }
    }
    findings.push(arrived(executor.name(), &reports, start.elapsed()));
    findings.extend(machines(executor, &reports));
    let files = files(&visit);
    let lasts = visit.lasts();
    if visit.stop.load(Ordering::Relaxed) {
        return Ok(None);
    }
    findings.extend(files);
    findings.extend(names(&visit, &lasts));
    findings.push(locks(&visit, &reports, &lasts));
    Ok(Some(findings))
}

impl<'a> Visit<'a> {
    fn begin(executor: &'a Executor, cache: &Path, quiet: bool) -> anyhow::Result<Self> {
        let begin = || -> io::Result<(PathBuf, File)> {
            let jobs = cache.join("jobs");
            fs::create_dir_all(&jobs)?;
            let folder =
                tempfile::Builder::new().prefix("doctor-").tempdir_in(fs::canonicalize(jobs)?)?.keep();
            let lock = probe::take_lock(&folder.join(probe::lock_of("here")))?;
            for element in 0..2 {
                let _too_early = folder.join(probe::early_back(element)).exists();
            }
            Ok((folder, lock))
        };
        let (folder, lock) =
            begin().with_context(|| format!("cannot write in the cache {}", cache.display()))?;
        let stop = Arc::new(AtomicBool::new(false));
        #[cfg(unix)]
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            let _ = signal_hook::flag::register(signal, Arc::clone(&stop));
        }
        Ok(Visit { executor, folder, sent: Vec::new(), lock, stop, quiet })
    }

    fn send(&mut self, executor: &Executor, element: usize) -> Result<(), Finding> {
        let order = Order {
            command: "probe",
            folder: &self.folder,
            first: element,
            last: element,
            time_limit: TIME_LIMIT,
        };
        let name = executor.name();
        let hint =
            "the machine must be one that jobs are submitted from: docs/cluster.md says what is called";
        let mut queue = executor.queue().map_err(|error| Finding::bad(error.to_string(), hint))?;
        let arrays = queue
            .submit(&order)
            .map_err(|error| Finding::bad(format!("{name} takes no job: {error}"), hint))?;
        let array = arrays.into_iter().next();
        let array = array.ok_or_else(|| Finding::bad(format!("{name} takes no job"), hint))?;
        self.sent.push((queue, array));
        Ok(())
    }

    /// Waits for the report of an element.
    fn report(&mut self, element: usize) -> Result<Report, Silent> {
        let folder = self.folder.clone();
        let every = self.executor.rules().poll.min(Duration::from_secs(2));
        let start = Instant::now();
        let mut asked = Instant::now();
        let mut gone_since = None;
        let mut said = String::new();
        loop {
            if listed(&folder, &probe::report_of(element))
                && let Some(report) = probe::get(&folder, &probe::report_of(element))
            {
                return Ok(report);
            }
            if self.stop.load(Ordering::Relaxed) {
                return Err(Silent::Stopped);
            }
            if asked.elapsed() > every
                && let Some((queue, array)) = self.sent.last_mut()
            {
                let alive = queue.alive(std::slice::from_ref(array));
                let reason = queue.reason(array, element);
                match alive {
                    Ok(alive) if alive.is_empty() => {
                        gone_since.get_or_insert_with(Instant::now);
                    }
                    Ok(_) => gone_since = None,
                    Err(_) => {}
                }
                let doing = match gone_since {
                    Some(_) => "its job has ended".to_string(),
                    None => reason.clone().unwrap_or_else(|| "its job waits or begins".to_string()),
                };
                if !self.quiet && doing != said {
                    say!("waiting for {}: {doing}", self.executor.name());
                    said = doing;
                }
                let log = self.log(element);
                let least = if log.is_empty() { self.executor.rules().lost_after } else { PATIENCE_FOR_LOGS };
                if gone_since.is_some_and(|since| since.elapsed() > least) {
                    return Err(Silent::Failed(self.silent(reason, &log)));
                }
                asked = Instant::now();
            }
            if start.elapsed() > PATIENCE {
                let what = format!(
                    "no job of {} has begun within {} min",
                    self.executor.name(),
                    PATIENCE.as_secs() / 60
                );
                let hint =
                    "ask the engine why it waits; options in executors.yaml choose a partition or a queue";
                return Err(Silent::Failed(Finding::bad(what, hint)));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn log(&self, element: usize) -> String {
        let bytes = fs::read(self.folder.join("logs").join(format!("{element}.log"))).unwrap_or_default();
        String::from_utf8_lossy(&bytes).trim().to_string()
    }

    /// A job that ended without a report.
    fn silent(&self, reason: Option<String>, log: &str) -> Finding {
        let name = self.executor.name();
        let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        let what = format!("a job of {name} ended and left no report{reason}");
        let hint = match log.lines().last() {
            None => {
                "it left no log either: is the cache on a disk that the nodes see? --cache-dir names another"
                    .to_string()
            }
            // Of the linker: `libc.so.6: version `GLIBC_2.35' not found`.
            Some(line) if log.contains("GLIBC_") => {
                format!(
                    "{line}: the system there is older; the package of `pip install hspipe` needs glibc 2.17 alone"
                )
            }
            Some(line) => format!("its last words: {line}"),
        };
        Finding::bad(what, hint)
    }

    /// Ends the probes and waits for their last words.
    fn lasts(&self) -> Vec<Option<Last>> {
        let _ = probe::touch(&self.folder.join(probe::END));
        let is_there = |element| listed(&self.folder, &probe::last_of(element));
        self.wait(|| (0..2).all(is_there));
        (0..2).map(|element| probe::get(&self.folder, &probe::last_of(element))).collect()
    }

    fn wait(&self, mut is_so: impl FnMut() -> bool) -> bool {
        probe::wait(PATIENCE_FOR_FILES, || is_so() || self.stop.load(Ordering::Relaxed))
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        for (queue, array) in &mut self.sent {
            let array = std::slice::from_ref(array);
            let _ = queue.cancel(array);
            // A file that somebody holds open keeps its folder from being removed on some disks.
            probe::wait(PATIENCE_FOR_LOGS, || queue.alive(array).is_ok_and(|alive| alive.is_empty()));
        }
        let _ = self.lock.unlock();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn listed(folder: &Path, name: &str) -> bool {
    probe::list(folder).is_ok_and(|names| names.contains(&OsString::from(name)))
}

fn arrived(name: &str, reports: &[Report], took: Duration) -> Finding {
    let nodes: Vec<&str> = reports.iter().map(|report| report.facts.node.as_str()).collect();
    let took = took.as_secs_f64();
    match nodes.as_slice() {
        [first, second] if first == second => Finding::lacking(
            format!("{name}: two jobs ran on {first}, after {took:.1} s; nothing is known of two nodes"),
            "call the doctor again when another node is free",
        ),
        _ => Finding::good(format!("{name}: two jobs began on {} after {took:.1} s", nodes.join(" and "))),
    }
}

fn machines(executor: &Executor, reports: &[Report]) -> Vec<Finding> {
    let threads = executor.rules().threads;
    reports.iter().map(|report| machine(&report.facts, threads)).collect()
}

/// What a node is, and whether this hspipe can work with it.
fn machine(there: &Facts, threads: usize) -> Finding {
    let here = Facts::here();
    let shown = format!("{}: {}", there.node, there.shown());
    if (&there.version, &there.build) != (&here.version, &here.build) {
        return Finding::bad(
            format!("{shown}, which is another build than this hspipe {}", here.version),
            "have the same program on all nodes: workers of another build refuse to work",
        );
    }
    if there.cores < threads {
        let cpus = format!("cpus: {threads}");
        return Finding::lacking(
            format!("{shown}, the same build; {cpus} were asked for"),
            format!("{threads} threads share what there is: see `cpus` in executors.yaml"),
        );
    }
    Finding::good(format!("{shown}, the same build"))
}

/// How long a file takes from here to an element and its answer back.
fn files(visit: &Visit) -> Vec<Finding> {
    let folder = &visit.folder;
    let early = (0..2).try_for_each(|element| probe::touch(&folder.join(probe::early(element))));
    let mut worst: f64 = 0.0;
    for round in 0..ROUNDS {
        let start = Instant::now();
        let asked = early.as_ref().is_ok() && probe::touch(&folder.join(probe::question(round))).is_ok();
        let answered = |element| listed(folder, &probe::answer(round, element));
        if !asked || !visit.wait(|| (0..2).all(answered)) {
            let seconds = PATIENCE_FOR_FILES.as_secs();
            let what =
                format!("files: what is written here is not seen and answered there within {seconds} s");
            let hint = "the cache must be on a disk that this machine and the nodes share: --cache-dir";
            return vec![Finding::bad(what, hint)];
        }
        worst = worst.max(start.elapsed().as_secs_f64());
    }
    let what = format!("files: one written here is seen there and answered within {}", seconds(worst));
    let hint = "results of jobs are seen so much later, which is all it does";
    vec![if worst <= SOON { Finding::good(what) } else { Finding::lacking(what, hint) }]
}

/// How long names that were looked up too early stay invisible, there and here.
fn names(visit: &Visit, lasts: &[Option<Last>]) -> Option<Finding> {
    let start = Instant::now();
    let seen = || (0..2).all(|element| visit.folder.join(probe::early_back(element)).exists());
    visit.wait(seen);
    let here = start.elapsed().as_secs_f64();
    let there = lasts.iter().flatten().map(|last| last.invisible).fold(0.0, f64::max);
    let worst = here.max(there);
    (worst > 1.0).then(|| {
        Finding::lacking(
            format!(
                "files: a name that was looked up before it was there stays invisible for {} here, {} there",
                seconds(here),
                seconds(there)
            ),
            "hspipe asks for no name before it was listed, so runs with --on mind little; other programs may",
        )
    })
}

fn seconds(seconds: f64) -> String {
    if seconds < 10.0 { format!("{seconds:.2} s") } else { format!("{seconds:.0} s") }
}

/// Whether locks keep processes of two machines apart: the doctor's by the elements, theirs here, and one of another.
fn locks(visit: &Visit, reports: &[Report], lasts: &[Option<Last>]) -> Finding {
    let there = reports.iter().map(|report| report.sees_lock);
    let here = (0..2).map(|element| probe::sees_lock(&visit.folder.join(probe::lock_of(element))));
    let between = lasts.iter().map(|last| last.as_ref().and_then(|last| last.sees_lock));
    let seen: Vec<Option<bool>> = there.chain(here).chain(between).collect();
    let hint = "runs with --on need none; but let no two local runs on different machines use this cache at once: \
                both would do the same work";
    if seen.iter().all(|seen| *seen == Some(true)) {
        return Finding::good("locks: those of one machine are seen by the others");
    }
    let what = match seen.iter().all(Option::is_none) {
        true => "locks: there are none on this disk",
        false => "locks: those of one machine are not seen by the others, and nobody is told",
    };
    Finding { state: State::Lacking, what: what.into(), hint: Some(hint.into()) }
}
