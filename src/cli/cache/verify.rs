//! cache verify: whether what is stored is what its names say, and comes out again when it is computed.

use std::collections::HashSet;
use std::process::ExitCode;

use anyhow::Context;
use hspipe_engine::clock::now;
use hspipe_engine::graph::TaskId;
use hspipe_engine::plan::Plan;
use hspipe_engine::store::Store;
use hspipe_engine::verify::{self, Differs, Verified};

use super::look;
use crate::cli::amounts::size;
use crate::cli::args::{self, cores};
use crate::cli::pipe::{say, tell};
use crate::cli::project::Project;

pub fn verify(args: &args::Args, wanted: &args::Verify, store: &Store) -> anyhow::Result<ExitCode> {
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
