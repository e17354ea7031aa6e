//! report: what has been computed, as one HTML page.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use hspipe_engine::lock;
use hspipe_engine::plan::Plan;
use hspipe_engine::presence;

use super::amounts::size;
use super::args;
use super::error::Hinted;
use super::output;
use super::pipe::{print_bytes, say, tell};
use super::project::Project;
use super::remote::warned;
use crate::report::{Scope, html, state};
use crate::views::file::write;
use crate::views::shell::quoted;

pub fn report(args: &args::Args, report: &args::Report) -> anyhow::Result<ExitCode> {
    let mut project = Project::open(args, &report.settings)?;
    let _sharing = project.share(report.remote.remote_url.as_deref(), warned)?;
    let roots = project.select(&report.targets)?;
    // Held to the end, so that nothing is collected that is about to be read.
    let _in_use = (lock::share(project.store.root()), presence::enter(&project.store, || ()));
    let plan = Plan::make(&project.graph, &project.store, &HashSet::new());
    let Project { spec, settings, graph, store, .. } = &project;
    let scope = Scope::new(spec, settings, graph, &plan, store, &report.targets, &roots);
    if !scope.tasks().any(|task| scope.is_finished(task)) {
        let what = match report.targets.as_slice() {
            [] => "nothing has been computed with these parameters".to_string(),
            targets => format!("nothing of {} has been computed with these parameters", targets.join(", ")),
        };
        let known = spec.targets.first().map(|target| target.name.text.as_str());
        let words = report.targets.first().map(String::as_str).or(known).unwrap_or("TARGET");
        return Err(Hinted::new(what, format!("compute it first, as with: hspipe run {words}")).into());
    }
    let html = html(&scope)?;
    let file = report.output.clone().unwrap_or_else(|| usual_file(&project));
    let Some(file) = output::file(Some(&file)) else {
        print_bytes(html.as_bytes()).context("cannot write to stdout")?;
        return Ok(ExitCode::SUCCESS);
    };
    output::keep(file, &[Path::new(&project.spec.file)])?;
    write(file, html.as_bytes())?;
    tell!("{}\n", file.display());
    if !args.quiet {
        say!("{}, to be opened with any browser", size(html.len() as u64));
    }
    Ok(ExitCode::SUCCESS)
}

fn usual_file(project: &Project) -> PathBuf {
    project.output.join("Results").join("report.html")
}

/// A line if the page in Results/ shows other parameters or other results than those of `plan`.
pub fn outdated(project: &Project, plan: &Plan) -> Option<String> {
    let file = usual_file(project);
    let (targets, shown) = state::of_page(&std::fs::read_to_string(&file).ok()?)?;
    let Project { spec, settings, graph, store, .. } = project;
    let now = project
        .select(&targets)
        .ok()
        .map(|roots| state::state(&Scope::new(spec, settings, graph, plan, store, &targets, &roots)));
    let words: Vec<String> = targets.iter().map(|target| quoted(target)).collect();
    let again = ["hspipe report".to_string()].into_iter().chain(words).collect::<Vec<_>>().join(" ");
    (now.as_ref() != Some(&shown)).then(|| {
        format!("{} is of other parameters or of earlier results; `{again}` writes it anew", file.display())
    })
}
