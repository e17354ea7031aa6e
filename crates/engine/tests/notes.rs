//! What an op tells people reaches who listens to the run, while its task is computed.

mod common;

use std::collections::HashSet;

use common::Bench;
use hspipe_engine::graph::{Id, TaskId};
use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, Registry, Task};
use hspipe_engine::plan::Plan;
use hspipe_engine::progress::{Event, Progress};
use hspipe_engine::run::{self, Options};
use serde::{Deserialize, Serialize};

struct Fetch;

#[derive(Serialize, Deserialize)]
struct Params {
    file: String,
}

impl Op for Fetch {
    type Params = Params;
    const NAME: &'static str = "fetch";
    const VERSION: u32 = 1;
    const INPUTS: &'static [InputDecl] = &[];
    const OUTPUTS: &'static [&'static str] = &["out"];

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        for step in ["trying a mirror", "done"] {
            task.notes.tell(&format!("{}: {step}", task.params.file));
        }
        Ok(vec![("out", Vec::new())])
    }
}

#[derive(Default)]
struct Heard(Vec<(TaskId, String)>);

impl Progress for Heard {
    fn event(&mut self, event: Event) {
        match event {
            Event::Note { task, line } => self.0.push((task, line.to_string())),
            Event::Computed { task, .. } => self.0.push((task, "computed".to_string())),
            _ => {}
        }
    }
}

#[test]
fn notes_come_in_order_under_the_name_of_their_task() {
    let mut ops = Registry::default();
    ops.add(Fetch);
    let text = "params: {file: [a, b]}\nstages: {fetch: {params: {file: $file}}}";
    let bench = Bench::new(text, &ops);
    let mut heard = Heard::default();
    let mut plan = Plan::make(&bench.graph, &bench.store, &HashSet::new());
    let options = Options { threads: 2, ..Options::default() };
    run::run(&bench.graph, &mut plan, &bench.store, &bench.all(), &options, &mut heard).unwrap();
    for (task, file) in [(0, "a"), (1, "b")] {
        let of_task: Vec<&str> =
            heard.0.iter().filter(|(of, _)| of.index() == task).map(|(_, line)| &**line).collect();
        assert_eq!(of_task, [format!("{file}: trying a mirror"), format!("{file}: done"), "computed".into()]);
    }
    assert_eq!(heard.0.len(), 6);
}
