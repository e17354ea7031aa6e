//! cache stats, verify and gc: what lies in the cache, whether it is sound, and what of it nobody needs.

use std::collections::{BTreeMap, HashSet};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use hspipe_engine::clock::now;
use hspipe_engine::collect::{Keep, Survey, garbage, survey};
use hspipe_engine::graph::TaskId;
use hspipe_engine::history;
use hspipe_engine::lock;
use hspipe_engine::plan::Plan;
use hspipe_engine::presence::{self, Collector};
use hspipe_engine::store::Store;
use hspipe_engine::verify::{self, Differs, Verified};

use super::amounts::size;
use super::args::{self, cores};
use super::error::Hinted;
use super::pipe::{say, tell};
use super::project::{Project, cache_folder};
use crate::views::aligned::{Cell, Table};

pub fn cache(args: &args::Args, cache: &args::Cache) -> anyhow::Result<ExitCode> {
    let store = Store::open(&cache_folder(args))?;
    match cache {
        args::Cache::Stats => stats(&store),
        args::Cache::Verify(verify) => check(args, verify, &store),
        args::Cache::Gc(gc) => collect(gc, &store),
    }
}

/// Per op: tasks, seconds of work, bytes of tables; then what else lies there.
fn stats(store: &Store) -> anyhow::Result<ExitCode> {
    let survey = look(store)?;
    let mut ops: BTreeMap<String, (usize, f64, u64)> = BTreeMap::new();
    let mut named = HashSet::new();
    for (key, _) in &survey.records {
        let Some(record) = store.record(key) else { continue };
        let (tasks, seconds, bytes) = ops.entry(record.manifest.op).or_default();
        *tasks += 1;
        *seconds += record.made.seconds;
        *bytes += record.outputs.iter().filter(|o| named.insert(o.digest)).map(|o| o.bytes).sum::<u64>();
    }
    let mut table = Table::new(&["op", "tasks", "hours of work", "MB"]);
    for (op, (tasks, seconds, bytes)) in ops {
        let (hours, megabytes) = (format!("{:.2}", seconds / 3600.0), format!("{:.1}", bytes as f64 / 1e6));
        table.row(vec![op.into(), tasks.into(), Cell::Number(hours), Cell::Number(megabytes)]);
    }
    tell!("{}", table.text());
    let runs = history::newest_first(store).count();
    tell!("{}: {}, {runs} runs on record\n", store.root().display(), size(survey.bytes()));
    let loose = survey.objects.iter().filter(|(digest, _)| !named.contains(digest)).count();
    if loose + survey.leftovers.len() > 0 {
        tell!(
            "{loose} objects without a record, {} damaged or half written files: hspipe cache gc\n",
            survey.leftovers.len()
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn check(args: &args::Args, wanted: &args::Verify, store: &Store) -> anyhow::Result<ExitCode> {
    let draw = now();
    let survey = look(store)?;
    let Verified { objects, bytes, records, unsealed, damaged, missing } =
        verify::verify(store, &survey, wanted.sample, draw)?;
    for path in &damaged {
        tell!("damaged, set aside: {}\n", path.display());
    }
    for path in &missing {
        tell!("missing: {}\n", path.display());
    }
    tell!("{objects} objects ({}) and {records} records read\n", size(bytes));
    let mut is_sound = damaged.is_empty() && missing.is_empty();
    if is_sound {
        tell!("all are what their names say\n");
        if unsealed > 0 {
            tell!(
                "{unsealed} records are of an older hspipe and have no checksum: whether they name the right tables, \
                 only --recompute says\n"
            );
        }
    } else {
        say!("hint: run again what you need; what is damaged or missing is computed anew");
    }
    if let Some(sample) = wanted.recompute {
        is_sound &= recomputed(args, wanted, sample.into(), draw)?;
    }
    Ok(if is_sound { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Whether a sample of the pipeline's cached tasks gives the same bytes again.
fn recomputed(args: &args::Args, wanted: &args::Verify, sample: usize, draw: u64) -> anyhow::Result<bool> {
    let project = Project::open(args, &wanted.settings)?;
    let plan = Plan::make(&project.graph, &project.store, &HashSet::new());
    let tasks: Vec<TaskId> = project.graph.tasks.ids().collect();
    let found = verify::recompute(&project.graph, &plan, &project.store, &tasks, sample, cores(), draw);
    let (count, differs) = found
        .map_err(|(task, error)| anyhow::Error::from(error).context(project.graph.name(task)))
        .context("a task that is cached cannot be computed again")?;
    match &differs {
        None => tell!("{count} tasks computed again: the same bytes\n"),
        Some(Differs { task, table, stored, now }) => tell!(
            "{}: `{table}` is not the same: stored {}, now {} ({count} tasks computed again)\n",
            project.graph.name(*task),
            stored.short(),
            now.short()
        ),
    }
    Ok(differs.is_none())
}

fn collect(gc: &args::Gc, store: &Store) -> anyhow::Result<ExitCode> {
    let alone = lock::alone(store.root())
        .with_context(|| format!("cannot lock {}, so nothing is removed from it", store.root().display()))?;
    let Some(_alone) = alone else {
        return Err(busy(store));
    };
    let settle = Duration::from_secs_f64(gc.settle);
    if presence::is_shared(store) {
        say!("several machines use this cache: waiting {} s, so that their runs are seen", gc.settle);
    }
    let Collector::Alone(_present) =
        presence::collect(store, settle).context("cannot say that this collects")?
    else {
        return Err(busy(store));
    };
    let younger = if presence::is_shared(store) { UNSEEN } else { Duration::ZERO };
    let keep = Keep { runs: gc.keep_runs.into(), bytes: gc.max_size, younger };
    let garbage = garbage(store, keep).with_context(|| format!("cannot read {}", store.root().display()))?;
    if !gc.dry_run {
        garbage.remove().map_err(|(path, error)| {
            anyhow::Error::from(error).context(format!("cannot remove {}", path.display()))
        })?;
    }
    tell!(
        "{}: {} in {} files ({} objects, {} runs); kept: {} runs, {}\n",
        if gc.dry_run { "would be removed" } else { "removed" },
        size(garbage.bytes()),
        garbage.items.len(),
        garbage.objects,
        garbage.runs,
        garbage.kept_runs,
        size(garbage.kept_bytes)
    );
    Ok(ExitCode::SUCCESS)
}

/// Of a cache that several machines use nothing is removed that is younger: somebody may be about to name it.
const UNSEEN: Duration = Duration::from_secs(24 * 3600);

fn busy(store: &Store) -> anyhow::Error {
    let what = format!("a run is at work in {}", store.root().display());
    Hinted::new(what, "collect when it is done").into()
}

fn look(store: &Store) -> anyhow::Result<Survey> {
    survey(store).with_context(|| format!("cannot read {}", store.root().display()))
}
