//! run: computes what the cache lacks, then writes Results/ and Figures/.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use hspipe_engine::away::take_in;
use hspipe_engine::checkpoint::Rhythm;
use hspipe_engine::estimate::expect;
use hspipe_engine::graph::TaskId;
use hspipe_engine::history::{self, End, RunRecord};
use hspipe_engine::lock;
use hspipe_engine::plan::Plan;
use hspipe_engine::presence;
use hspipe_engine::run::{self as engine, Options, RunError, RunReport};

use super::ahead::{ahead, stages_table};
use super::args::{self, LogFormat, cores};
use super::away;
use super::ending::{self, Ending};
use super::error::{Hinted, causes};
use super::interrupt;
use super::pipe::tell;
use super::progress::{self, Voice};
use super::project::Project;
use super::remote::{is_loss, is_lost_elsewhere};
use super::report::outdated;
use crate::{nn, views};

pub fn run(args: &args::Args, run: &args::Run) -> anyhow::Result<ExitCode> {
    match (compute(args, run), run.log_format) {
        (Err(error), LogFormat::Json) => Ok(ending::error_line(&error)),
        (result, _) => result,
    }
}

fn compute(args: &args::Args, run: &args::Run) -> anyhow::Result<ExitCode> {
    let start = Instant::now();
    if !run.dry_run {
        let (quiet, format) = (args.quiet, run.log_format);
        nn::allow_libtorch_set_up(move |what| progress::note(quiet, format, what));
    }
    let mut project = Project::open(args, &run.settings)?;
    let format = run.log_format;
    let sharing =
        project.share(run.remote.remote_url.as_deref(), move |text| progress::warning(format, text))?;
    let voice = Voice::new(args, run.log_format, &project.graph);
    let roots = project.select(&run.targets)?;
    let force = forced(&project, &run.force)?;
    let needed = project.graph.closure(&roots);
    for notice in project.graph.notices(&needed) {
        voice.note(&format!("note: {notice}"));
    }
    let is_left = |task: &TaskId| project.graph.tasks[*task].absent.is_none();
    if !roots.iter().any(is_left) {
        // Before anything is written: what is in Results/ and Figures/ is for a run that had something to do.
        let hint = "an axis that these need has no values: look at --set, the profile and `exclude`";
        let what = format!("nothing is left of {} with these parameters", run.targets.join(", "));
        return Err(Hinted::new(what, hint).into());
    }
    // Held to the end, so that nothing is collected that this run is about to read.
    let waits = || voice.note("waiting for a collection of this cache to end");
    let _in_use = (lock::share(project.store.root()), presence::enter(&project.store, waits));
    let goes_on = away::goes_on(&project.store, run);
    if !run.dry_run {
        if let Some(sharing) = &sharing {
            sharing.send_what_is_computed();
        }
        let count = take_in(&project.store).context("what other machines have done cannot be taken in")?;
        if count > 0 {
            voice.note(&format!("{count} results of other machines taken in"));
        }
    }
    let mut plan = Plan::make(&project.graph, &project.store, &force);
    if run.dry_run {
        tell!("{}", stages_table(&project, &plan, &needed));
        return Ok(ExitCode::SUCCESS);
    }
    let findings = loop {
        match views::findings(&project.graph, &plan, &project.store, &needed) {
            Err(error) if is_loss(&error) => plan = planned_anew(&project, &force, &error, &voice),
            findings => break findings?,
        }
    };
    for line in findings {
        voice.note(&line);
    }
    let before = plan.count(needed.iter().copied());
    let threads = run.threads.map(usize::from).unwrap_or_else(cores);
    let expected = expect(&project.graph, &plan, &project.store, &needed);
    let elsewhere =
        run.on.as_deref().map(|name| away::elsewhere(&project, run, name, &expected)).transpose()?;
    // What goes away is most of the work.
    let threads_of_all = elsewhere.as_ref().map_or(threads, away::threads);
    if let Some(line) = ahead(&project, &plan, &needed, &expected, threads_of_all, WORTH_A_WORD) {
        voice.note(&line);
    }
    let stop = interrupt::watch(voice.of_signals());
    let rhythm = Rhythm {
        every: Duration::from_secs_f64(run.checkpoint_every),
        stop: stop.flag.clone(),
        ..Rhythm::default()
    };
    let version = env!("CARGO_PKG_VERSION").to_string();
    let options = Options { threads, fail_fast: run.fail_fast, force, version, rhythm };
    let has_work = before.to_run + before.depends > 0;
    if let Some(sharing) = &sharing {
        sharing.fetch_for(&plan, &needed);
    }
    let begun = has_work.then(|| begin(&project, &plan, &run.targets, goes_on)).flatten();
    let mut listener = voice.listener(&expected, threads_of_all);
    let elsewhere = elsewhere.as_ref();
    let (graph, store) = (&project.graph, &project.store);
    let mut compute = |plan: &mut Plan| {
        let listener = listener.as_mut();
        let run = |plan: &mut Plan| {
            engine::run_away(graph, plan, store, &roots, &options, elsewhere, &mut *listener)
        };
        computed(&project, plan, &options.force, &voice, run)
    };
    let mut report = compute(&mut plan)?;
    let ending = Ending { graph: &project.graph, voice: &voice, report: &report, cached: before.cached };
    // Before anything else can fail, what failed is told.
    ending.tell_failures();
    if let Some(elsewhere) = elsewhere.filter(|_| !report.away.1.is_empty()) {
        // Its record stays open: the run that goes on with the packs ends it.
        away::leave(elsewhere, (report.away.0, report.away.1.len()), &project.store, &voice)?;
        let code = if stop.was_asked() { stop.exit_code() } else { u8::from(!report.failed.is_empty()) };
        return Ok(ExitCode::from(code));
    }
    if stop.was_asked() && !report.not_started.is_empty() {
        // Or a collection would take what is done for what nobody needs.
        remember(&project, &plan, &run.targets, begun.as_deref(), (End::Stopped, &report), &voice);
        ending.tell_stop(&options.rhythm, !options.force.is_empty());
        return Ok(ExitCode::from(stop.exit_code()));
    }

    // Work that a run did for one target may complete tasks of others.
    let is_current = report.computed.is_empty() && report.reused.is_empty() && options.force.is_empty();
    if !is_current {
        plan = Plan::make(&project.graph, &project.store, &HashSet::new());
    }
    remember(&project, &plan, &run.targets, begun.as_deref(), (End::Done, &report), &voice);
    let told = loop {
        let seen = sharing.as_ref().map(|sharing| sharing.seen(&plan, &needed));
        match written(&project, seen.as_ref().unwrap_or(&plan), &roots, &needed) {
            Err(error) if is_loss(&error) => {
                plan = planned_anew(&project, &HashSet::new(), &error, &voice);
                report = compute(&mut plan)?.after(report);
                plan = Plan::make(&project.graph, &project.store, &HashSet::new());
            }
            told => break told?,
        }
    };
    for table in told.tables {
        tell!("{table}\n");
    }
    for line in told.written.into_iter().chain(outdated(&project, &plan)) {
        voice.note(&line);
    }
    told.doubts.iter().for_each(|doubt| voice.warning(doubt));
    told.verdict.iter().for_each(|line| voice.note(line));
    if let Some(sharing) = &sharing {
        let run = || on_record(&project, &plan, &run.targets);
        sharing.finish(&plan, &needed, run).iter().for_each(|line| voice.note(line));
    }
    let ending = Ending { graph: &project.graph, voice: &voice, report: &report, cached: before.cached };
    ending.summarise(start.elapsed().as_secs_f64());
    Ok(if report.is_complete() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// What a run leaves for people.
struct Told {
    tables: Vec<String>,
    written: Vec<String>,
    doubts: Vec<String>,
    verdict: Vec<String>,
}

/// Brings Results/ and Figures/ up to date, and says what is in them.
fn written(project: &Project, plan: &Plan, roots: &[TaskId], needed: &[TaskId]) -> anyhow::Result<Told> {
    let Project { output, spec, settings, graph, store, .. } = project;
    Ok(Told {
        written: views::write(output, spec, graph, plan, store, settings)?,
        tables: views::shown(output, spec, graph, plan, roots, store)?,
        doubts: views::doubts(graph, plan, store, needed)?,
        verdict: views::verdict(graph, plan, store, needed)?,
    })
}

/// Computes what the plan lacks, by `run`; what turns out to be lost on the way is made anew.
fn computed(
    project: &Project,
    plan: &mut Plan,
    force: &HashSet<String>,
    voice: &Voice,
    mut run: impl FnMut(&mut Plan) -> Result<RunReport, RunError>,
) -> anyhow::Result<RunReport> {
    let mut report = run(plan)?;
    while let Some((task, error)) = report.failed.iter().find(|(_, error)| error.is_damage()) {
        let error = anyhow::Error::from(error.clone()).context(project.graph.name(*task));
        *plan = planned_anew(project, force, &error, voice);
        report = run(plan)?.after(report);
    }
    Ok(report)
}

/// A plan that does not count on what was lost: it computes that again, so this ends.
fn planned_anew(project: &Project, force: &HashSet<String>, error: &anyhow::Error, voice: &Voice) -> Plan {
    // A cache elsewhere has said already what is the matter with it.
    if !is_lost_elsewhere(error) {
        voice.warning(&format!("{error}: {}", causes(error.as_ref()).join(": ")));
    }
    Plan::make(&project.graph, &project.store, force)
}

/// Seconds of work that are announced.
const WORTH_A_WORD: f64 = 10.0;

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

/// Puts a run that is about to compute on record, so that it is known should it be killed. Where that cannot be written,
/// the end of the run says so.
fn begin(project: &Project, plan: &Plan, targets: &[String], goes_on: bool) -> Option<PathBuf> {
    let run = RunRecord { end: End::Open, ..on_record(project, plan, targets) };
    // One that goes on with the packs of a run that is gone is that run.
    let open = goes_on.then(|| history::open_like(&project.store, &run)).flatten();
    open.or_else(|| run.save(&project.store).ok())
}

/// Keeps the keys of this run for `why`; a warning if it cannot.
fn remember(
    project: &Project,
    plan: &Plan,
    targets: &[String],
    begun: Option<&Path>,
    (end, report): (End, &RunReport),
    voice: &Voice,
) {
    let run = || RunRecord { end, failed: report.failed.len(), ..on_record(project, plan, targets) };
    if let Err(error) = history::remember(&project.store, begun, run) {
        // A cache that cannot be written in may still hold all that was asked for.
        let error = anyhow::Error::from(error);
        voice.warning(&format!("this run is not on record: {error:#}"));
    }
}

fn on_record(project: &Project, plan: &Plan, targets: &[String]) -> RunRecord {
    RunRecord::of(&project.graph, plan, targets, project.settings.values(), env!("CARGO_PKG_VERSION"))
}
