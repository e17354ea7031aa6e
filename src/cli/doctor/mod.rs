//! doctor: is everything there that hspipe needs? A line for each thing, with what to do where it is not.
//!
//! In: the project's folders, this machine and, with --on, jobs of an executor. Out: lines on stdout; exit code 1 if a run
//! would fail.

mod away;
mod facts;
mod probe;

use std::path::Path;
use std::process::ExitCode;

use hspipe_engine::lock::{self, Attempt};
use hspipe_ensemble::Instructions;

use super::args;
use super::error::Hinted;
use super::pipe::{say, tell};
use super::project;
use crate::data::{self, Folders, Whereabouts};
use crate::executors::Executors;
use crate::nn;

use facts::Facts;
pub use probe::probe;

/// Less may be too little for the weights and histories of a few thousand networks.
const ENOUGH_DISK: u64 = 2_000_000_000;

enum State {
    Good,
    /// Something is missing that not every run needs.
    Lacking,
    /// No run can succeed.
    Bad,
}

struct Finding {
    state: State,
    what: String,
    hint: Option<String>,
}

impl Finding {
    fn good(what: impl Into<String>) -> Self {
        Finding { state: State::Good, what: what.into(), hint: None }
    }

    fn lacking(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Finding { state: State::Lacking, what: what.into(), hint: Some(hint.into()) }
    }

    fn bad(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Finding { state: State::Bad, what: what.into(), hint: Some(hint.into()) }
    }
}

pub fn doctor(args: &args::Args, asked: &args::Doctor) -> anyhow::Result<ExitCode> {
    let cache_folder = project::cache_folder(args);
    if let Some(name) = &asked.on {
        let executors = Executors::open(&project::root(args))?;
        return Ok(match away::findings(executors.get(name)?, &cache_folder, args.quiet)? {
            Some(findings) => show(findings),
            None => {
                say!("stopped; the jobs are cancelled");
                // As shells report a program that Ctrl-C ended.
                ExitCode::from(130)
            }
        });
    }
    let mut findings = vec![machine()];
    let libtorch = libtorch();
    if let Some(finding) = libtorch.first().filter(|finding| !matches!(finding.state, State::Good)) {
        // Or this process would become a program that does not start.
        nn::forbid_libtorch(finding.what.clone());
    }
    findings.extend(libtorch);
    findings.push(pipeline(args));
    findings.extend(cache(&cache_folder));
    findings.extend(datasets(&project::root(args)));
    Ok(show(findings))
}

/// A line for each, and 1 if one is bad.
fn show(findings: Vec<Finding>) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for Finding { state, what, hint } in findings {
        let word = match state {
            State::Good => "ok",
            State::Lacking => "note",
            State::Bad => {
                code = ExitCode::from(1);
                "ERROR"
            }
        };
        tell!("{word:<6} {what}\n");
        if let Some(hint) = hint {
            tell!("       hint: {hint}\n");
        }
    }
    code
}

fn machine() -> Finding {
    let fast = if Instructions::detect() == Instructions::portable() {
        "portable instructions: trainings are slower than with AVX2 and FMA"
    } else {
        "AVX2 and FMA"
    };
    Finding::good(format!("{}, {fast}", Facts::here().shown()))
}

/// Asked of the program that has it, which may not even start.
fn libtorch() -> Vec<Finding> {
    let without = "ResNets, mini-batches and GPUs need it; everything else runs without";
    let Some(mut program) = nn::torch_stand_in() else {
        let what = format!("no libtorch: there is no hspipe-torch beside hspipe. {without}");
        return vec![Finding::lacking(what, nn::how_to_install_libtorch())];
    };
    let asked = program.arg("libtorch").output();
    let (success, said, error) = match asked {
        Ok(output) => (
            output.status.success(),
            String::from_utf8_lossy(&output.stdout).into_owned(),
            String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or_default().to_string(),
        ),
        Err(error) => (false, String::new(), error.to_string()),
    };
    let Some(devices) = said.trim().parse::<usize>().ok().filter(|_| success) else {
        let program = program.get_program().display();
        let what = format!("{program} cannot be used: {}. {without}", error.trim_start_matches("error: "));
        let hint = format!("if libtorch or hspipe is another one now: {}", nn::how_to_install_libtorch());
        return vec![Finding::lacking(what, hint)];
    };
    let version = nn::LIBTORCH_VERSION;
    let cuda = match devices {
        0 => Finding::lacking(
            "no CUDA device: ResNets take hours on a CPU",
            "for a GPU, unpack a libtorch with CUDA, set LIBTORCH to its folder, and build hspipe-torch again: docs/networks.md",
        ),
        1 => Finding::good("1 CUDA device"),
        n => Finding::good(format!("{n} CUDA devices")),
    };
    vec![Finding::good(format!("libtorch {version}")), cuda]
}

/// What [`libtorch`] asks: how many CUDA devices there are.
pub fn cuda_devices() -> anyhow::Result<ExitCode> {
    let libtorch =
        nn::libtorch().map_err(|why| Hinted::new(why, nn::libtorch_remedy().unwrap_or_default()))?;
    tell!("{}\n", libtorch.cuda_devices());
    Ok(ExitCode::SUCCESS)
}

fn pipeline(args: &args::Args) -> Finding {
    match project::Project::open(args, &args::Settings::default()) {
        Ok(project) => Finding::good(format!(
            "{}: {} stages, {} tasks",
            project.spec.file,
            project.graph.stages.len(),
            project.graph.tasks.len()
        )),
        Err(error) => {
            let hint = super::error::hint(&error);
            Finding { state: State::Bad, what: format!("the pipeline cannot be used: {error}"), hint }
        }
    }
}

fn cache(folder: &Path) -> Vec<Finding> {
    let shown = folder.display();
    if !folder.exists() {
        return vec![Finding::good(format!("no cache at {shown} yet: the first run makes it"))];
    }
    let mut findings = Vec::new();
    match tempfile::tempfile_in(folder) {
        Ok(_) => findings.push(Finding::good(format!("cache {shown}"))),
        Err(error) => {
            let hint =
                "what is cached serves, but nothing new can be stored: see its permissions, or --cache-dir";
            findings.push(Finding::bad(format!("cannot write in the cache {shown}: {error}"), hint));
        }
    }
    match lock::attempt(folder, "doctor") {
        Attempt::Impossible(error) => {
            let hint = "run one hspipe at a time in this cache, or put it on a local disk: --cache-dir";
            findings.push(Finding::lacking(format!("no locks in the cache: {error}"), hint));
        }
        Attempt::Held(_) | Attempt::Busy => findings.push(Finding::good(
            "locks in the cache keep processes of this machine apart; of others see doctor --on",
        )),
    }
    if let Ok(free) = fs4::available_space(folder) {
        let gigabytes = format!("{:.1} GB free", free as f64 / 1e9);
        findings.push(if free < ENOUGH_DISK {
            Finding::lacking(gigabytes, "hspipe cache gc removes what no run needs")
        } else {
            Finding::good(gigabytes)
        });
    }
    findings
}

fn datasets(root: &Path) -> Vec<Finding> {
    let folders = Folders::from_env(root);
    let found = |dataset: data::Dataset| {
        let name = dataset.name().to_string();
        match data::locate(&dataset, &folders) {
            Whereabouts::Found { place } => Finding::good(format!("{name} in {place}")),
            Whereabouts::Absent { .. } => {
                let hint = format!("a run fetches it, or: hspipe data fetch {name}");
                Finding::lacking(format!("{name} is not here"), hint)
            }
        }
    };
    data::known().map(found).collect()
}
