//! A run for machines: a JSON object a line, on stderr. `docs/events.md` says what is in them.
//!
//! In: events. Out: lines. Knows no bars.

use std::io::Write;
use std::time::Instant;

use hspipe_engine::graph::{Graph, TaskId};
use hspipe_engine::progress::{Event, Progress};
use serde_json::{Map, Value, json};

use crate::cli::error::{causes, hint_of_task};
use crate::cli::system::plain;

/// Writes one line: the event's name among its fields.
pub fn line(event: &str, fields: &[(&str, Value)]) {
    let mut object = Map::from_iter([("event".to_string(), event.into())]);
    object.extend(fields.iter().map(|(name, value)| (name.to_string(), value.clone())));
    // Whole, so that lines of several processes do not mix; a reader that is gone is no failure.
    let _ = std::io::stderr().write_all(format!("{}\n", Value::Object(object)).as_bytes());
}

pub struct Lines<'a> {
    graph: &'a Graph,
    start: Instant,
}

impl<'a> Lines<'a> {
    pub fn new(graph: &'a Graph) -> Self {
        Lines { graph, start: Instant::now() }
    }

    fn line(&self, event: &str, fields: &[(&str, Value)]) {
        let at = (self.start.elapsed().as_secs_f64() * 1e3).round() / 1e3;
        line(event, &[&[("at", at.into())], fields].concat());
    }

    fn task(&self, task: TaskId) -> (&'static str, Value) {
        ("task", self.graph.name(task).into())
    }
}

impl Progress for Lines<'_> {
    fn event(&mut self, event: Event) {
        match event {
            Event::Begin { tasks } => self.line("begin", &[("tasks", tasks.len().into())]),
            Event::Started { tasks } => {
                let names: Vec<String> = tasks.iter().map(|task| self.graph.name(*task)).collect();
                self.line("started", &[("tasks", json!(names))]);
            }
            Event::Note { task, line } => self.line("note", &[self.task(task), ("text", line.into())]),
            Event::Computed { task, seconds } => {
                self.line("computed", &[self.task(task), ("seconds", seconds.into())])
            }
            Event::Reused { task } => self.line("reused", &[self.task(task)]),
            Event::Waiting { tasks } => self.line("waiting", &[("tasks", tasks.into())]),
            Event::Jobs { queued, running, nodes } => {
                self.line(
                    "jobs",
                    &[("queued", queued.into()), ("running", running.into()), ("nodes", json!(nodes))],
                );
            }
            Event::Packs { line } => self.line("packs", &[("text", plain(line).into())]),
            Event::Sent { packs, tasks } => {
                self.line("sent", &[("packs", packs.into()), ("tasks", tasks.into())]);
            }
            Event::NoLocks { error } => self.line("no_locks", &[("error", plain(&error.to_string()).into())]),
            Event::Failed { task, error } => {
                let fields = [
                    self.task(task),
                    ("error", plain(&error.to_string()).into()),
                    ("causes", json!(causes(error))),
                    ("hint", hint_of_task(error).into()),
                ];
                self.line("failed", &fields);
            }
            Event::Blocked { task } => self.line("blocked", &[self.task(task)]),
            Event::End => self.line("end", &[]),
        }
    }
}
