//! run: computes what the cache lacks, then writes Results/ and Figures/.

use std::collections::{BTreeMap, HashSet};
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use hspipe_engine::checkpoint::Rhythm;
use hspipe_engine::graph::TaskId;
use hspipe_engine::history::{self, RunRecord};
use hspipe_engine::lock;
use hspipe_engine::op::OpError;
use hspipe_engine::plan::Plan;
use hspipe_engine::run::{self as engine, Options, Report};

use super::args;
use super::error::{Hinted, causes};
use super::interrupt;
use super::progress::Shown;
use super::project::Project;
use super::status::{ahead, stages_table};
use crate::views;

pub fn run(args: &args::Args, run: &args::Run) -> anyhow::Result<ExitCode> {
    let start = Instant::now();
    let project = Project::open(args, &run.settings)?;
    let roots = project.select(&run.targets)?;
    let force = forced(&project, &run.force)?;
    let needed = project.graph.closure(&roots);
    if !args.quiet {
        for notice in project.graph.notices(&needed) {
            eprintln!("note: {notice}");
        }
    }
    // Held to the end, so that nothing is collected that this run is about to read.
    let _in_use = lock::share(project.store.root());
    let mut plan = Plan::make(&project.graph, &project.store, &force);
    if run.dry_run {
        print!("{}", stages_table(&project, &plan, &needed));
        return Ok(ExitCode::SUCCESS);
    }
    let before = plan.count(needed.iter().copied());
    let threads = run.threads.map(usize::from).unwrap_or_else(cores);
    if !args.quiet
        && let Some(line) = ahead(&project, &plan, &needed, threads, WORTH_A_WORD)
    {
        eprintln!("{line}");
    }
    let rhythm = Rhythm { every: Duration::from_secs_f64(run.checkpoint_every), stop: interrupt::watch() };
    let options = Options {
        threads,
        fail_fast: run.fail_fast,
        force,
        version: env!("CARGO_PKG_VERSION").to_string(),
        rhythm,
    };
    let mut progress = Shown::new(&project.graph, args.quiet, args.verbose);
    let mut report = engine::run(&project.graph, &mut plan, &project.store, &roots, &options, &mut progress)?;
    while let Some((task, error)) = report.failed.iter().find(|(_, error)| error.is_damage()) {
        // What is damaged has been set aside, so the next plan computes it again and this ends.
        eprintln!("warning: {}: {}", project.graph.name(*task), causes(error).join(": "));
        plan = Plan::make(&project.graph, &project.store, &options.force);
        let again = engine::run(&project.graph, &mut plan, &project.store, &roots, &options, &mut progress)?;
        report = again.after(report);
    }

    if options.rhythm.stop.load(Ordering::Relaxed) {
        return Ok(interrupted(&project, &report, &run.targets));
    }
    // Before anything else can fail, what failed is told.
    print_failures(&project, &report);

    // Work that a run did for one target may complete tasks of others.
    let is_current = report.computed.is_empty() && report.reused.is_empty() && options.force.is_empty();
    if !is_current {
        plan = Plan::make(&project.graph, &project.store, &HashSet::new());
    }
    if let Err(error) = remember(&project, &plan, &run.targets) {
        // A cache that cannot be written in may still hold all that was asked for.
        eprintln!("warning: this run is not on record: {error:#}");
    }
    let written =
        views::write(&project.root, &project.spec, &project.graph, &plan, &project.store, &project.settings)?;
    for table in views::shown(&project.spec, &project.graph, &plan, &roots, &project.store)? {
        println!("{table}");
    }
    if !args.quiet {
        for line in written {
            eprintln!("{line}");
        }
        let seconds = start.elapsed().as_secs_f64();
        eprintln!("{}", summary(&report, before.cached, seconds));
    }
    Ok(if report.is_complete() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Seconds of work that are announced.
const WORTH_A_WORD: f64 = 10.0;

pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn forced(project: &Project, stages: &[String]) -> anyhow::Result<HashSet<String>> {
    for name in stages {
        if project.graph.stage(name).is_none() {
            let names = project.graph.stages.iter().map(|stage| stage.name.as_str());
            let hint = hspipe_engine::names::hint(name, names).unwrap_or_default();
            return Err(Hinted::usage(format!("--force {name}: there is no such stage"), hint).into());
        }
    }
    Ok(stages.iter().cloned().collect())
}

/// Says what is done and how to go on.
fn interrupted(project: &Project, report: &Report, targets: &[String]) -> ExitCode {
    print_failures(project, report);
    eprintln!(
        "stopped: {} tasks computed, {} left; what is done is kept, and long trainings go on where they were",
        report.computed.len(),
        report.not_started.len() + report.blocked.len()
    );
    eprintln!("  hint: go on with the same command: hspipe run {}", targets.join(" "));
    ExitCode::from(interrupt::EXIT_CODE)
}

/// Keeps the keys of this run for `why`, unless nothing differs from the last run.
fn remember(project: &Project, plan: &Plan, targets: &[String]) -> anyhow::Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    let record = RunRecord::of(&project.graph, plan, targets, project.settings.values(), version);
    let last = history::newest_first(&project.store).next();
    if last.is_none_or(|last| last.keys != record.keys || last.params != record.params) {
        record.save(&project.store)?;
    }
    Ok(())
}

fn summary(report: &Report, cached: usize, seconds: f64) -> String {
    let reused = report.reused.len();
    if report.is_complete() && report.computed.is_empty() {
        return format!("nothing to do: {} tasks cached ({seconds:.2} s)", cached + reused);
    }
    let mut line = format!("{} tasks computed, {} cached", report.computed.len(), cached + reused);
    for (count, what) in [
        (report.failed.len(), "failed"),
        (report.blocked.len(), "could not run"),
        (report.not_started.len(), "were not started"),
    ] {
        if count > 0 {
            line += &format!(", {count} {what}");
        }
    }
    format!("{line} ({seconds:.1} s)")
}

/// Says what failed, once per cause, and what could not be made for it.
fn print_failures(project: &Project, report: &Report) {
    let mut groups: BTreeMap<String, Vec<(TaskId, &OpError)>> = BTreeMap::new();
    for (task, error) in &report.failed {
        let text = [error.to_string()].into_iter().chain(causes(error)).collect::<Vec<_>>().join("\n");
        groups.entry(text).or_default().push((*task, error));
    }
    for tasks in groups.values() {
        let Some((first, error)) = tasks.first() else { continue };
        let others = if tasks.len() > 1 { format!(" and {} others", tasks.len() - 1) } else { String::new() };
        eprintln!("error: {}{others}: {error}", project.graph.name(*first));
        for why in causes(*error) {
            eprintln!("  why: {}", why.replace('\n', "\n       "));
        }
        if let Some(hint) = &error.hint {
            eprintln!("  hint: {hint}");
        }
    }
    let missing: BTreeMap<&str, usize> = report.blocked.iter().fold(BTreeMap::new(), |mut missing, task| {
        *missing.entry(project.graph.stage_of(*task).name.as_str()).or_default() += 1;
        missing
    });
    if !missing.is_empty() {
        let missing: Vec<String> = missing
            .into_iter()
            .map(|(stage, count)| if count > 1 { format!("{stage} ({count})") } else { stage.to_string() })
            .collect();
        let rest = if report.not_started.is_empty() { "; all else is complete" } else { "" };
        eprintln!("missing for that: {}{rest}", missing.join(", "));
    }
}
