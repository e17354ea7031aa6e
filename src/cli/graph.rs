//! graph: the stages and what they read, as text, for Graphviz or for Markdown.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::process::ExitCode;

use hspipe_engine::graph::{Stage, StageId};

use super::args::{self, GraphFormat};
use super::pipe::tell;
use super::project::Project;

pub fn graph(args: &args::Args, graph: &args::Graph) -> anyhow::Result<ExitCode> {
    let project = Project::open(args, &graph.settings)?;
    let needed = project.graph.closure(&project.select(&graph.targets)?);
    let mut counts: BTreeMap<StageId, usize> = BTreeMap::new();
    for task in needed {
        *counts.entry(project.graph.tasks[task].stage).or_default() += 1;
    }
    let stages: Vec<(&Stage, usize)> =
        counts.into_iter().map(|(stage, count)| (&project.graph.stages[stage], count)).collect();
    tell!("{}", render(&stages, graph.format)?);
    Ok(ExitCode::SUCCESS)
}

fn render(stages: &[(&Stage, usize)], format: GraphFormat) -> Result<String, std::fmt::Error> {
    let shown = |name: &String| stages.iter().any(|(stage, _)| stage.name == *name);
    let mut out = String::new();
    match format {
        GraphFormat::Text => {
            for (stage, count) in stages {
                let axes = if stage.axes.is_empty() {
                    String::new()
                } else {
                    format!(" [{}]", stage.axes.join(", "))
                };
                writeln!(out, "{}{axes}: {count} task{}", stage.name, if *count == 1 { "" } else { "s" })?;
                if let Some(about) = &stage.about {
                    writeln!(out, "    {about}")?;
                }
                let reads: Vec<&str> =
                    stage.reads.iter().filter(|name| shown(name)).map(String::as_str).collect();
                if !reads.is_empty() {
                    writeln!(out, "    reads {}", reads.join(", "))?;
                }
            }
        }
        GraphFormat::Dot => {
            writeln!(out, "digraph hspipe {{\n  rankdir=LR;\n  node [shape=box];")?;
            for (stage, count) in stages {
                writeln!(out, "  \"{0}\" [label=\"{0}\\n{count}\"];", stage.name)?;
                for read in stage.reads.iter().filter(|name| shown(name)) {
                    writeln!(out, "  \"{read}\" -> \"{}\";", stage.name)?;
                }
            }
            writeln!(out, "}}")?;
        }
        GraphFormat::Mermaid => {
            writeln!(out, "flowchart LR")?;
            for (stage, count) in stages {
                writeln!(out, "  {0}[\"{0}<br/>{count}\"]", stage.name)?;
                for read in stage.reads.iter().filter(|name| shown(name)) {
                    writeln!(out, "  {read} --> {}", stage.name)?;
                }
            }
        }
    }
    Ok(out)
}
