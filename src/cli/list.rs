//! list: targets, stages, parameters with their values, and the scores that strategies may name.

use std::process::ExitCode;

use hspipe_engine::Origin;
use hspipe_engine::value::show;

use super::args;
use super::pipe::tell;
use super::project::Project;
use crate::scores;
use crate::views::aligned::Table;

pub fn list(args: &args::Args, list: &args::List) -> anyhow::Result<ExitCode> {
    let project = Project::open(args, &list.settings)?;
    let mut targets = Table::new(&["target", "tasks", "what it is"]);
    for target in &project.spec.targets {
        let tasks = project.graph.select(&project.spec, std::slice::from_ref(&target.name.text))?;
        let tasks = project.graph.closure(&tasks).len();
        let about = target.about.clone().unwrap_or_default();
        targets.row(vec![target.name.text.clone().into(), tasks.into(), about.into()]);
    }
    let mut stages = Table::new(&["stage", "tasks", "op", "axes"]);
    for stage in &project.graph.stages {
        let axes = stage.axes.join(", ");
        stages.row(vec![
            stage.name.clone().into(),
            stage.tasks.len().into(),
            stage.op.name().into(),
            axes.into(),
        ]);
    }
    let mut params = Table::new(&["parameter", "value", "from"]);
    for (name, setting) in project.settings.iter() {
        let from = match &setting.origin {
            Origin::File(at) => format!("{}:{}", project.spec.file, at.line),
            Origin::CommandLine(words) => words.clone(),
        };
        params.row(vec![name.into(), show(&setting.value).into(), from.into()]);
    }
    let mut profiles = Table::new(&["profile", "sets"]);
    for (name, overrides) in &project.spec.profiles {
        let sets: Vec<String> =
            overrides.iter().map(|(name, node)| format!("{}={}", name.text, show(&node.value()))).collect();
        profiles.row(vec![name.text.clone().into(), sets.join(" ").into()]);
    }
    let mut scores = Table::new(&["strategy", "hard end", "sees the label", "score", "source"]);
    for score in scores::ALL {
        let sees_label = if score.sees_label { "yes" } else { "no" };
        let cells = [score.name, score.hard_end.word(), sees_label, score.about, score.source];
        scores.row(cells.into_iter().map(Into::into).collect());
    }
    let tables = [targets, stages, params, profiles, scores].map(|table| table.text());
    tell!("{}", tables.join("\n"));
    Ok(ExitCode::SUCCESS)
}
