//! A failure that lasts is found once: later runs know it, and so do estimates and `why`.

mod common;

use std::collections::HashSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use common::Bench;
use hspipe_engine::estimate::expect;
use hspipe_engine::graph::{Id, TaskId};
use hspipe_engine::op::{
    Cost, InputDecl, Op, OpError, Outputs, ParamError, Registry, Task, any, available, many, one,
};
use hspipe_engine::plan::TaskState;
use hspipe_engine::run::RunReport;
use hspipe_engine::store::Store;
use hspipe_engine::why::{Reason, Why};
use serde::{Deserialize, Serialize};

/// Fails for number 1, for good, and for number 2 with an error that may not last.
struct Doomed {
    ran: Arc<AtomicU32>,
    bound: Arc<AtomicU32>,
}

#[derive(Serialize, Deserialize)]
struct Params {
    number: u32,
}

impl Op for Doomed {
    type Params = Params;
    const NAME: &'static str = "doomed";
    const VERSION: u32 = 1;
    const INPUTS: &'static [InputDecl] = &[];
    const OUTPUTS: &'static [&'static str] = &["out"];

    fn canonical(&self, params: Params) -> Result<Params, ParamError> {
        self.bound.fetch_add(1, Ordering::Relaxed);
        Ok(params)
    }

    fn cost(&self, _: &Params) -> Cost {
        Cost { networks: 1, seconds: 30.0, bytes: 1 }
    }

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        self.ran.fetch_add(1, Ordering::Relaxed);
        match task.params.number {
            1 => Err(OpError::new("it never will").hint("try 3".to_string()).lasting()),
            2 => Err(OpError::new("the disk is full")),
            number => Ok(vec![("out", vec![number as u8])]),
        }
    }
}

/// Reads what the other has made.
struct Reader;

#[derive(Serialize, Deserialize)]
struct Nothing {}

impl Op for Reader {
    type Params = Nothing;
    const NAME: &'static str = "reader";
    const VERSION: u32 = 1;
    const INPUTS: &'static [InputDecl] = &[one("scores")];
    const OUTPUTS: &'static [&'static str] = &["out"];

    fn run(&self, task: &Task<Nothing>) -> Result<Outputs, OpError> {
        Ok(vec![("out", task.inputs.one("scores")?.read()?)])
    }
}

/// Adds up what it gets of the tables: all of them, those that there are but at least one, or those that there are.
struct Sum<const TAKES: usize>;

impl<const TAKES: usize> Op for Sum<TAKES> {
    type Params = Nothing;
    const NAME: &'static str = ["sum_of_all", "sum", "sum_of_any"][TAKES];
    const VERSION: u32 = 1;
    const INPUTS: &'static [InputDecl] = [&[many("scores")], &[available("scores")], &[any("scores")]][TAKES];
    const OUTPUTS: &'static [&'static str] = &["out"];

    fn run(&self, task: &Task<Nothing>) -> Result<Outputs, OpError> {
        let mut made = Vec::new();
        for table in task.inputs.many("scores") {
            let number =
                table.coords.iter().find(|(axis, _)| axis == "number").map(|(_, value)| value.as_u64());
            assert_eq!(number, Some(Some(u64::from(table.read()?[0]))), "each with its own coordinates");
            made.extend(table.read()?);
        }
        Ok(vec![("out", made)])
    }
}

struct Lab {
    ran: Arc<AtomicU32>,
    bound: Arc<AtomicU32>,
    bench: Bench,
}

/// One stage of three tasks, one that is the same work as the first of them, and their readers.
const PIPELINE: &str = "
params: {number: [1, 2, 3]}
stages:
  doomed: {params: {number: $number}}
  same: {op: doomed, params: {number: 1}}
  reader: {inputs: {scores: doomed}}
";

impl Lab {
    fn new() -> Lab {
        Lab::of(PIPELINE)
    }

    fn of(pipeline: &str) -> Lab {
        let (ran, bound) = (Arc::default(), Arc::default());
        let mut ops = Registry::default();
        ops.add(Reader);
        ops.add(Sum::<0>);
        ops.add(Sum::<1>);
        ops.add(Sum::<2>);
        ops.add(Doomed { ran: Arc::clone(&ran), bound: Arc::clone(&bound) });
        Lab { ran, bound, bench: Bench::new(pipeline, &ops) }
    }

    /// What a run says, and how many tasks it computed or tried to.
    fn run(&self, force: &[&str]) -> (RunReport, u32) {
        self.ran.store(0, Ordering::Relaxed);
        let report = self.bench.run(force);
        (report, self.ran.load(Ordering::Relaxed))
    }
}

fn errors(report: &RunReport) -> Vec<String> {
    let mut errors: Vec<String> = report.failed.iter().map(|(_, error)| error.to_string()).collect();
    errors.sort();
    errors
}

#[test]
fn what_never_will_is_not_tried_again() {
    let lab = Lab::new();
    let (first, ran) = lab.run(&[]);
    assert_eq!((errors(&first), ran), (vec!["it never will".to_string(), "the disk is full".into()], 3));
    let (second, ran) = lab.run(&[]);
    assert_eq!(ran, 1, "of the disk");
    assert_eq!((second.blocked.len(), second.not_started.len()), (2, 0), "the readers of both");
    assert_eq!(errors(&second), ["it never will", "it never will", "the disk is full"]);
    let hints: HashSet<_> = second.failed.iter().filter_map(|(_, error)| error.hint.clone()).collect();
    let hint = |stage| format!("try 3; an earlier run found this, and `--force {stage}` tries again");
    assert_eq!(hints, HashSet::from([hint("doomed"), hint("same")]));
    assert_eq!(lab.run(&["doomed"]).1, 3);
    assert_eq!(lab.run(&["same"]).1, 2, "it is forced although another stage shares the work");
    // A damaged note counts as none.
    let notes = lab.bench.kept();
    assert_eq!(notes.len(), 1);
    fs::write(&notes[0], "{").unwrap();
    assert_eq!(lab.run(&[]).1, 2);
}

/// Its ops may be mended.
#[test]
fn another_build_tries_again() {
    let mut lab = Lab::new();
    assert_eq!((lab.run(&[]).1, lab.run(&[]).1), (3, 1));
    let of_build = |build| Arc::new(Store::open(lab.bench.store.root()).unwrap().of_build(build));
    let (other, first) = (of_build("other"), of_build(""));
    lab.bench.store = other;
    assert_eq!((lab.run(&[]).1, lab.run(&[]).1), (2, 1));
    lab.bench.store = first;
    assert_eq!(lab.run(&[]).1, 2, "the other's failure took its place");
}

#[test]
fn plans_know_of_it() {
    let lab = Lab::new();
    let expected = |lab: &Lab| {
        let bench = &lab.bench;
        expect(&bench.graph, &bench.plan(), &bench.store, &bench.all()).total()
    };
    assert_eq!(expected(&lab).networks, 3, "one is the same work as another");
    lab.run(&[]);
    lab.bound.store(0, Ordering::Relaxed);
    let left = expected(&lab);
    assert_eq!((left.networks, left.measured), (1, true));
    assert_eq!(lab.bound.load(Ordering::Relaxed), 0, "recorded parameters are not resolved anew");
    let plan = lab.bench.plan();
    let why = Why::new(&lab.bench.graph, &plan, &lab.bench.store);
    let of = |task: usize| why.reason(TaskId::at(task));
    assert!(matches!(of(0), Reason::Failed(failure) if failure.what == "it never will"));
    assert!(matches!(of(1), Reason::Never) && matches!(of(2), Reason::Cached(_)));
}

/// A reader of the first, and what gathers it: of `number`, 1 fails for good, 2 fails, the others
/// do not.
fn gathering(numbers: &str) -> Lab {
    Lab::of(&format!(
        "
axes: {{number: {numbers}}}
stages:
  doomed: {{axes: [number]}}
  reader: {{axes: [number], inputs: {{scores: doomed}}}}
  sum: {{inputs: {{scores: reader}}}}
  sum_of_all: {{inputs: {{scores: reader}}}}
  sum_of_any: {{inputs: {{scores: reader}}}}
  last: {{op: reader, inputs: {{scores: sum}}}}
"
    ))
}

/// What became of each stage's only task, or last one: its first table, or none.
fn made(lab: &Lab, stage: &str) -> Option<Vec<u8>> {
    let (graph, plan) = (&lab.bench.graph, lab.bench.plan());
    let task = graph.stage(stage).unwrap().tasks.clone().next_back().unwrap();
    let output = plan.states[task].outputs()?.first()?.digest;
    Some(lab.bench.store.read(&output).unwrap())
}

#[test]
fn what_takes_those_that_there_are_goes_on_without_a_failure_that_lasts() {
    let lab = gathering("[3, 1, 4]");
    for (run, computed) in [(1, 7), (2, 0)] {
        let (report, ran) = lab.run(&[]);
        assert_eq!(report.computed.len(), computed, "run {run}: two of each, two sums, a reader");
        assert_eq!(
            (report.failed.len(), report.blocked.len()),
            (1, 2),
            "run {run}: a reader, the sum of all"
        );
        assert!(report.not_started.is_empty());
        assert_eq!(ran, if run == 1 { 3 } else { 0 });
        assert_eq!(made(&lab, "last"), Some(vec![3, 4]));
        assert_eq!(made(&lab, "sum_of_any"), Some(vec![3, 4]));
        assert_eq!(made(&lab, "sum_of_all"), None);
    }
    let plan = lab.bench.plan();
    let sum = lab.bench.graph.stage("sum").unwrap().tasks.clone().next().unwrap();
    let sum = &lab.bench.graph.tasks[sum];
    let left_out = sum.inputs[0].items.iter().filter(|item| plan.states[**item].is_lost()).count();
    assert_eq!(left_out, 1);
    let failed = plan.states.iter().filter(|state| matches!(state, TaskState::Failed { .. })).count();
    let blocked = plan.states.iter().filter(|state| matches!(state, TaskState::Blocked)).count();
    assert_eq!((failed, blocked), (1, 2));
}

#[test]
fn an_accident_or_the_loss_of_all_leaves_nothing_to_go_on_with() {
    for numbers in ["[3, 2, 1]", "[1]"] {
        let lab = gathering(numbers);
        for _ in 0..2 {
            let (report, _) = lab.run(&[]);
            assert!(report.not_started.is_empty() && !report.is_complete());
            assert_eq!(made(&lab, "sum"), None, "{numbers}");
            // What does without all of them still waits for what may come right.
            let any = (numbers == "[1]").then(Vec::new);
            assert_eq!(made(&lab, "sum_of_any"), any, "{numbers}");
        }
    }
}

#[test]
fn what_is_tried_again_and_comes_right_joins_the_rest() {
    let lab = gathering("[3, 1]");
    lab.run(&[]);
    assert_eq!(made(&lab, "sum"), Some(vec![3]));
    fs::remove_file(&lab.bench.kept()[0]).unwrap();
    let plan = lab.bench.plan();
    let sum = lab.bench.graph.stage("sum").unwrap().tasks.clone().next().unwrap();
    assert!(matches!(plan.states[sum], TaskState::Depends), "it may be made this time");
}
