//! cache stats: how much lies in a cache, by op.

use std::collections::{BTreeMap, HashSet};
use std::process::ExitCode;

use hspipe_engine::history;
use hspipe_engine::store::Store;
use hspipe_engine::upstream::Upstream;
use hspipe_remote::Remote;

use super::look;
use crate::cli::amounts::size;
use crate::cli::pipe::tell;
use crate::cli::remote::hinted;
use crate::views::aligned::{Cell, Table};

/// For each op its tasks, seconds of work, and bytes of tables.
type Ops = BTreeMap<String, (usize, f64, u64)>;

/// Per op: tasks, seconds of work, bytes of tables; then what else lies there.
pub fn here(store: &Store) -> anyhow::Result<ExitCode> {
    let survey = look(store)?;
    let mut ops = Ops::new();
    let mut named = HashSet::new();
    for (key, _) in &survey.records {
        let Some(record) = store.record(key) else { continue };
        let (tasks, seconds, bytes) = ops.entry(record.manifest.op).or_default();
        *tasks += 1;
        *seconds += record.made.seconds;
        *bytes += record.outputs.iter().filter(|o| named.insert(o.digest)).map(|o| o.bytes).sum::<u64>();
    }
    table(ops);
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

/// The same of a remote cache.
pub fn elsewhere(remote: &Remote) -> anyhow::Result<ExitCode> {
    let stats = remote.stats().map_err(hinted)?;
    table(stats.ops);
    let (packs, bytes) = (stats.packs, size(stats.bytes));
    tell!(
        "{}: {bytes} in {packs} packs, {} indexes, {} runs marked\n",
        remote.name(),
        stats.indexes,
        stats.runs
    );
    if stats.unused > 0 {
        tell!("{} packs that no index names wait to be removed: hspipe cache gc --remote\n", stats.unused);
    }
    Ok(ExitCode::SUCCESS)
}

fn table(ops: Ops) {
    let mut table = Table::new(&["op", "tasks", "hours of work", "MB"]);
    for (op, (tasks, seconds, bytes)) in ops {
        let (hours, megabytes) = (format!("{:.2}", seconds / 3600.0), format!("{:.1}", bytes as f64 / 1e6));
        table.row(vec![op.into(), tasks.into(), Cell::Number(hours), Cell::Number(megabytes)]);
    }
    tell!("{}", table.text());
}
