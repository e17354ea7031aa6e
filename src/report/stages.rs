//! The graph of stages: what each reads, and how many of its tasks are cached.
//!
//! In: the graph and the plan. Out: boxes, level by level. Must not know any table.

use std::collections::HashMap;

use hspipe_engine::graph::{Stage, TaskId};
use hspipe_engine::plan::Counts;
use maud::{Markup, html};

use super::parts::count;
use super::{Scope, Section};

pub fn section(scope: &Scope) -> Section {
    let stages = scope.stages();
    let tasks: Vec<TaskId> = scope.tasks().collect();
    let counts = scope.plan.count(tasks.iter().copied());
    let notices = scope.graph.notices(&tasks);
    let levels = levels(&stages);
    let deepest = levels.values().max().copied().unwrap_or(0);
    let body = html! {
        p {
            (cached(counts)) ". A stage reads stages of the levels above its own."
        }
        @if !notices.is_empty() {
            ul.note { @for notice in &notices { li { (notice) } } }
        }
        ol.levels {
            @for level in 0..=deepest {
                @let here = stages.iter().filter(|(stage, _)| levels[stage.name.as_str()] == level);
                li {
                    ul.boxes {
                        @for (stage, tasks) in here { (stage_box(scope, stage, tasks, &levels)) }
                    }
                }
            }
        }
    };
    Section::new("stages", "Stages", body).fact("tasks", cached(counts))
}

/// `5,707 of 12,355 cached`.
fn cached(counts: Counts) -> String {
    match counts {
        Counts { cached, .. } if cached == counts.all() => format!("{} cached", count(cached)),
        Counts { cached, .. } => format!("{} of {} cached", count(cached), count(counts.all())),
    }
}

fn stage_box(scope: &Scope, stage: &Stage, tasks: &[TaskId], levels: &HashMap<&str, usize>) -> Markup {
    let counts = scope.plan.count(tasks.iter().copied());
    let state = match counts.cached {
        _ if counts.all() == 0 => "none",
        cached if cached == counts.all() => "all",
        0 => "none",
        _ => "some",
    };
    let share = 100 * counts.cached / counts.all().max(1);
    let reads: Vec<&str> =
        stage.reads.iter().map(String::as_str).filter(|name| levels.contains_key(name)).collect();
    html! {
        li class={ "box " (state) } {
            b { (stage.name) }
            span.state style={ "--share:" (share) "%" } {
                @if counts.all() == 0 { "left out" } @else { (cached(counts)) }
            }
            @if let Some(about) = &stage.about { span.quiet { (about) } }
            @if !reads.is_empty() { span.quiet { "reads " (reads.join(", ")) } }
        }
    }
}

/// For each stage, how many stages its longest way from a dataset has.
fn levels<'a>(stages: &[(&'a Stage, Vec<TaskId>)]) -> HashMap<&'a str, usize> {
    let mut levels: HashMap<&str, usize> = HashMap::new();
    // A stage comes after those that it reads.
    for (stage, _) in stages {
        let above = stage.reads.iter().filter_map(|name| levels.get(name.as_str())).max();
        levels.insert(&stage.name, above.map_or(0, |level| level + 1));
    }
    levels
}
