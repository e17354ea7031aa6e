//! What the engine's tests share: fake ops for any pipeline, and a cache to run it in again and
//! again.

#![allow(dead_code, unused_imports)]

mod fake;
mod remote;

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hspipe_engine::SpecError;
use hspipe_engine::graph::{Graph, TaskId};
use hspipe_engine::history::RunRecord;
use hspipe_engine::op::Registry;
use hspipe_engine::plan::Plan;
use hspipe_engine::progress::Silent;
use hspipe_engine::run::{self, Options, RunReport};
use hspipe_engine::settings::Settings;
use hspipe_engine::spec::Spec;
use hspipe_engine::store::Store;
use hspipe_engine::value::Value;

pub use fake::{Log, Work, fake_ops};
pub use remote::Remote;

/// The graph of `text` under `sets`, or what is wrong with it.
pub fn expand(text: &str, sets: &[&str], ops: &Registry) -> Result<(Spec, Settings, Graph), SpecError> {
    let spec = Spec::parse(text, "pipeline.yaml")?;
    let sets: Vec<String> = sets.iter().map(|set| set.to_string()).collect();
    let settings = Settings::resolve(&spec, None, &sets)?;
    let graph = Graph::expand(&spec, &settings, ops)?;
    Ok((spec, settings, graph))
}

/// The graph of `text`, in which there are no mistakes, with fake ops.
pub fn graph(text: &str, sets: &[&str]) -> (Spec, Graph) {
    let spec = Spec::parse(text, "pipeline.yaml").unwrap();
    let (ops, _) = fake_ops(&spec, 1, &[]);
    let (spec, _, graph) =
        expand(text, sets, &ops).unwrap_or_else(|error| panic!("{error} {:?}", error.hint));
    (spec, graph)
}

/// A graph of ops that a test has written itself, and a cache of its own.
pub struct Bench {
    pub graph: Graph,
    pub store: Arc<Store>,
    _folder: tempfile::TempDir,
}

impl Bench {
    pub fn new(text: &str, ops: &Registry) -> Bench {
        let (_, _, graph) = expand(text, &[], ops).unwrap();
        let folder = tempfile::tempdir().unwrap();
        Bench { graph, store: Arc::new(Store::open(folder.path()).unwrap()), _folder: folder }
    }

    pub fn all(&self) -> Vec<TaskId> {
        self.graph.tasks.ids().collect()
    }

    pub fn plan(&self) -> Plan {
        Plan::make(&self.graph, &self.store, &HashSet::new())
    }

    /// Everything, on one thread.
    pub fn run(&self, force: &[&str]) -> RunReport {
        let force: HashSet<String> = force.iter().map(|stage| stage.to_string()).collect();
        let mut plan = Plan::make(&self.graph, &self.store, &force);
        let options = Options { threads: 1, version: "test".into(), force, ..Options::default() };
        run::run(&self.graph, &mut plan, &self.store, &self.all(), &options, &mut Silent).unwrap()
    }

    /// States that are kept, and failures.
    pub fn kept(&self) -> Vec<PathBuf> {
        let folder = self.store.root().join("checkpoints");
        files(&folder).into_iter().map(|file| folder.join(file)).collect()
    }
}

/// A pipeline and a cache of its own.
pub struct Lab {
    pub text: String,
    pub threads: usize,
    pub store: Arc<Store>,
    _folder: tempfile::TempDir,
}

/// What a run is asked for.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    pub sets: &'a [&'a str],
    /// Targets; every task if there are none.
    pub words: &'a [&'a str],
    pub force: &'a [&'a str],
    pub fail_fast: bool,
    pub batch: usize,
}

pub const ALL: Ask<'static> = Ask { sets: &[], words: &[], force: &[], fail_fast: false, batch: 1 };

/// What a run did.
pub struct Ran {
    pub graph: Graph,
    pub params: Value,
    /// The plan before the run, and as the run left it.
    pub before: Plan,
    pub after: Plan,
    pub report: RunReport,
    pub log: Arc<Log>,
}

impl Lab {
    pub fn new(text: impl Into<String>, threads: usize) -> Lab {
        let text = text.into();
        let folder = tempfile::tempdir().unwrap();
        Lab { text, threads, store: Arc::new(Store::open(folder.path()).unwrap()), _folder: folder }
    }

    pub fn run(&self, ask: Ask) -> Ran {
        let (ops, log) = fake_ops(&Spec::parse(&self.text, "pipeline.yaml").unwrap(), ask.batch, &[]);
        let (spec, settings, graph) = expand(&self.text, ask.sets, &ops).unwrap();
        let owned = |words: &[&str]| words.iter().map(|word| word.to_string()).collect::<Vec<_>>();
        let tasks = match ask.words {
            [] => graph.tasks.ids().collect(),
            words => graph.select(&spec, &owned(words)).unwrap(),
        };
        let force: HashSet<String> = owned(ask.force).into_iter().collect();
        let before = Plan::make(&graph, &self.store, &force);
        let mut after = before.clone();
        let options = Options {
            threads: self.threads,
            fail_fast: ask.fail_fast,
            force,
            version: "test".to_string(),
            ..Options::default()
        };
        let report = run::run(&graph, &mut after, &self.store, &tasks, &options, &mut Silent).unwrap();
        assert_eq!(log.tasks(), report.computed.len() + report.failed.len(), "the report tells what ran");
        Ran { graph, params: settings.values(), before, after, report, log }
    }

    /// Runs everything under `sets` and wants no failure.
    pub fn complete(&self, sets: &[&str]) -> Ran {
        let ran = self.run(Ask { sets, ..ALL });
        assert!(ran.report.is_complete(), "{:?}", ran.report);
        ran
    }

    /// Writes down what a run did, as the command line does after each.
    pub fn remember(&self, ran: &Ran) {
        RunRecord::of(&ran.graph, &ran.after, &[], ran.params.clone(), "test").save(&self.store).unwrap();
    }

    /// The path of every object below `objects/`, in order: it is the object's digest.
    pub fn objects(&self) -> Vec<PathBuf> {
        files(&self.store.root().join("objects"))
    }
}

/// The files below `folder`, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(open) = folders.pop() {
        for entry in fs::read_dir(&open).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path.strip_prefix(folder).unwrap().to_path_buf());
            }
        }
    }
    files.sort();
    files
}

impl Ran {
    pub fn names<'a>(&self, tasks: impl IntoIterator<Item = &'a TaskId>) -> Vec<String> {
        let mut names: Vec<String> = tasks.into_iter().map(|task| self.graph.name(*task)).collect();
        names.sort();
        names
    }

    pub fn computed(&self) -> Vec<String> {
        self.names(&self.report.computed)
    }

    pub fn failed(&self) -> Vec<String> {
        self.names(self.report.failed.iter().map(|(task, _)| task))
    }

    pub fn task(&self, name: &str) -> TaskId {
        self.graph.tasks.ids().find(|task| self.graph.name(*task) == name).unwrap()
    }

    /// Where the only table of a computed task lies.
    pub fn object(&self, lab: &Lab, task: &str) -> PathBuf {
        lab.store.object_path(&self.after.states[self.task(task)].outputs().unwrap()[0].digest)
    }
}
