//! Tasks that other machines compute: the same results, each once, whatever becomes of the jobs.
//!
//! The engine here is a thread per job in this process, which does as the test says.

mod common;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{Log, Remote, expand, fake_ops};
use hspipe_engine::away::{
    Array, Element, Elsewhere, Folder, Order, Queue, QueueError, Rules, Worker, take_in,
};
use hspipe_engine::checkpoint::Rhythm;
use hspipe_engine::estimate::expect;
use hspipe_engine::graph::{Graph, TaskId};
use hspipe_engine::op::Registry;
use hspipe_engine::plan::{Plan, TaskState};
use hspipe_engine::progress::Silent;
use hspipe_engine::run::{self, Options, RunReport};
use hspipe_engine::spec::Spec;
use hspipe_engine::store::Store;

/// Trainings, of 30 s by the fake ops' estimate, go away; the rest is computed here.
const PIPELINE: &str = "
params: {seed: 7}
axes:
  set: {count: 12}
  strategy: [a, b]
stages:
  load: {}
  train: {axes: [set], inputs: {images: load}, seed_by: [set]}
  identify: {axes: [set, strategy], inputs: {scores: train}}
  retrain: {axes: [set, strategy], inputs: {hard: identify}, seed_by: [set]}
  summary: {inputs: {scores: retrain}}
";

const TASKS: usize = 1 + 12 + 24 + 24 + 1;

/// What becomes of a job.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Works,
    /// It never begins, and the engine knows nothing of it.
    Lost,
    /// It waits until the test lets it go.
    Waits,
}

#[derive(Default)]
struct Jobs {
    waiting: Vec<(PathBuf, usize)>,
    alive: HashSet<(PathBuf, usize)>,
    /// How many were submitted.
    count: usize,
}

/// The engine, whose jobs outlive the run.
#[derive(Clone)]
struct Site {
    cache: PathBuf,
    ops: Arc<Registry>,
    log: Arc<Log>,
    jobs: Arc<Mutex<Jobs>>,
    /// What becomes of the first jobs; later ones work.
    fates: Arc<Mutex<Vec<Fate>>>,
    version: &'static str,
}

impl Site {
    fn start(&self, folder: PathBuf, pack: usize) {
        let site = self.clone();
        site.jobs.lock().unwrap().alive.insert((folder.clone(), pack));
        std::thread::spawn(move || {
            let store = Arc::new(Store::open(&site.cache).unwrap());
            let rhythm = Rhythm::default();
            let worker =
                Worker { ops: &site.ops, store: &store, version: site.version, rhythm, tell: &|_| {} };
            let _ = worker.work(&Folder::at(&folder), pack);
            site.jobs.lock().unwrap().alive.remove(&(folder, pack));
        });
    }

    fn let_go(&self) {
        let waiting = std::mem::take(&mut self.jobs.lock().unwrap().waiting);
        waiting.into_iter().for_each(|(folder, pack)| self.start(folder, pack));
    }
}

impl Queue for Site {
    fn submit(&mut self, order: &Order) -> Result<Vec<Array>, QueueError> {
        for pack in order.first..=order.last {
            let fate = self.fates.lock().unwrap().pop().unwrap_or(Fate::Works);
            self.jobs.lock().unwrap().count += 1;
            match fate {
                Fate::Works => self.start(order.folder.to_path_buf(), pack),
                Fate::Waits => self.jobs.lock().unwrap().waiting.push((order.folder.to_path_buf(), pack)),
                Fate::Lost => {}
            }
        }
        let id = order.folder.display().to_string();
        Ok(vec![Array { id, first: order.first, last: order.last }])
    }

    fn alive(&mut self, arrays: &[Array]) -> Result<Vec<Element>, QueueError> {
        let jobs = self.jobs.lock().unwrap();
        let all = jobs.waiting.iter().map(|job| (job, false)).chain(jobs.alive.iter().map(|job| (job, true)));
        let is_of = |folder: &PathBuf, pack: usize| {
            arrays.iter().any(|array| array.id == folder.display().to_string() && array.holds(pack))
        };
        let all = all.filter(|((folder, pack), _)| is_of(folder, *pack));
        Ok(all.map(|((_, pack), is_running)| Element { pack: *pack, is_running, node: None }).collect())
    }

    fn cancel(&mut self, _: &[Array]) -> Result<(), QueueError> {
        Ok(())
    }

    fn reason(&mut self, _: &Array, _: usize) -> Option<String> {
        None
    }
}

struct Lab {
    graph: Graph,
    store: Arc<Store>,
    site: Site,
    folder: tempfile::TempDir,
}

fn lab(pipeline: &str, fates: &[Fate]) -> Lab {
    let folder = tempfile::tempdir().unwrap();
    let spec = Spec::parse(pipeline, "pipeline.yaml").unwrap();
    let (ops, log) = fake_ops(&spec, 8, &[]);
    let (_, _, graph) = expand(pipeline, &[], &ops).unwrap();
    let store = Arc::new(Store::open(folder.path()).unwrap());
    let fates = Arc::new(Mutex::new(fates.to_vec()));
    let cache = folder.path().to_path_buf();
    let site = Site { cache, ops: Arc::new(ops), log, jobs: Arc::default(), fates, version: "test" };
    Lab { graph, store, site, folder }
}

impl Lab {
    fn plan(&self) -> Plan {
        Plan::make(&self.graph, &self.store, &HashSet::new())
    }

    fn run(&self, is_detached: bool) -> RunReport {
        let tasks: Vec<TaskId> = self.graph.tasks.ids().collect();
        let mut plan = self.plan();
        let short = Duration::from_millis(20);
        let elsewhere = Elsewhere {
            queue: Arc::new(Mutex::new(Box::new(self.site.clone()))),
            rules: Rules {
                slots: 2,
                threads: 2,
                least: Duration::from_secs(60),
                most: Duration::from_secs(600),
                time_limit: 3.0,
                task_over: Duration::from_secs(5),
                group_over: Duration::from_secs(60),
                retries: 3,
                poll: short,
                lost_after: short,
            },
            executor: "site".into(),
            root: ".".into(),
            targets: Vec::new(),
            expected: expect(&self.graph, &plan, &self.store, &tasks),
            is_detached,
        };
        let options = Options { threads: 2, version: "test".into(), ..Options::default() };
        let away = Some(&elsewhere);
        run::run_away(&self.graph, &mut plan, &self.store, &tasks, &options, away, &mut Silent).unwrap()
    }

    fn jobs(&self) -> usize {
        self.site.jobs.lock().unwrap().count
    }

    /// The digest of every task's tables.
    fn results(&self) -> Vec<String> {
        let plan = self.plan();
        let digests = |task: TaskId| plan.states[task].outputs().map(|outputs| format!("{outputs:?}"));
        self.graph.tasks.ids().map(|task| digests(task).expect("it is done")).collect()
    }
}

/// The same pipeline computed here.
fn at_home() -> Vec<String> {
    let lab = lab(PIPELINE, &[]);
    let tasks: Vec<TaskId> = lab.graph.tasks.ids().collect();
    let options = Options { threads: 2, version: "test".into(), ..Options::default() };
    let report = run::run(&lab.graph, &mut lab.plan(), &lab.store, &tasks, &options, &mut Silent).unwrap();
    assert!(report.is_complete());
    lab.results()
}

#[test]
fn what_is_computed_elsewhere_comes_out_the_same() {
    let lab = lab(PIPELINE, &[]);
    let report = lab.run(false);
    assert!(report.is_complete(), "{report:?}");
    assert_eq!((report.computed.len(), lab.site.log.tasks()), (TASKS, TASKS));
    assert!(lab.jobs() > 0);
    assert_eq!(lab.results(), at_home());
    assert!(Folder::all(&lab.store).is_empty(), "nothing is left of the packs");
}

/// Jobs read what lies in the cache, and ask nobody else.
#[test]
fn what_only_a_remote_cache_has_is_brought_before_it_is_read_elsewhere() {
    let there = lab(PIPELINE, &[]);
    let (load, mut plan) = (there.graph.tasks.ids().next().unwrap(), there.plan());
    let options = Options { version: "test".into(), ..Options::default() };
    run::run(&there.graph, &mut plan, &there.store, &[load], &options, &mut Silent).unwrap();
    let TaskState::Cached { key, outputs } = &plan.states[load] else { panic!("it is computed") };
    let tables = outputs.iter().map(|table| (table.digest, there.store.read(&table.digest).unwrap()));
    let mut here = lab(PIPELINE, &[]);
    let remote = Arc::new(Remote {
        records: HashMap::from([(*key, there.store.lookup(key).unwrap())]),
        objects: tables.collect(),
        kept_in: Some(Store::open(here.folder.path()).unwrap()),
        ..Remote::default()
    });
    here.store = Arc::new(Store::open(here.folder.path()).unwrap().with_upstream(remote.clone()));
    let report = here.run(false);
    assert!(report.is_complete(), "{report:?}");
    assert_eq!(report.computed.len(), TASKS - 1);
    assert_eq!(remote.offered.lock().unwrap().len(), TASKS - 1, "what others compute is offered, too");
    assert_eq!(here.results(), at_home());
}

#[test]
fn packs_that_are_lost_are_sent_again() {
    let lab = lab(PIPELINE, &[Fate::Lost, Fate::Works, Fate::Lost]);
    let report = lab.run(false);
    assert!(report.is_complete(), "{report:?}");
    assert_eq!(lab.site.log.tasks(), TASKS, "what was lost had not begun");
    assert_eq!(lab.results(), at_home());
}

#[test]
fn what_is_lost_again_and_again_is_given_up() {
    let lab = lab(PIPELINE, &[Fate::Lost; 100]);
    let report = lab.run(false);
    assert_eq!(report.failed.len(), 12, "{report:?}");
    assert!(
        report.failed[0].1.to_string().contains("ended without a word, 4 times"),
        "{:?}",
        report.failed[0]
    );
    lab.site.fates.lock().unwrap().clear();
    let again = lab.run(false);
    assert!(again.is_complete(), "the next run tries anew, not what was lost before: {again:?}");
    assert_eq!(lab.site.log.tasks(), TASKS);
}

#[test]
fn a_run_that_is_gone_is_gone_on_with_by_the_next() {
    let lab = lab(PIPELINE, &[Fate::Waits; 100]);
    let report = lab.run(true);
    assert_eq!((report.computed.len(), report.away.1.len()), (1, 12), "{report:?}");
    let sent = lab.jobs();
    assert_eq!(report.away.0, sent);
    let again = lab.run(true);
    assert_eq!((again.away.0, again.away.1.len(), lab.jobs()), (sent, 12, sent), "nothing is sent twice");
    lab.site.fates.lock().unwrap().clear();
    lab.site.let_go();
    let report = lab.run(false);
    assert!(report.is_complete(), "{report:?}");
    assert_eq!(lab.site.log.tasks(), TASKS, "nothing is computed twice");
    assert_eq!(lab.results(), at_home());
    assert!(Folder::all(&lab.store).is_empty());
}

#[test]
fn results_that_came_while_nobody_looked_are_taken_in() {
    let lab = lab(PIPELINE, &[]);
    lab.run(true);
    while !lab.site.jobs.lock().unwrap().alive.is_empty() {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(take_in(&lab.store).unwrap(), 12);
    assert_eq!(lab.plan().count(lab.graph.tasks.ids()).cached, 13);
    assert_eq!(take_in(&lab.store).unwrap(), 0);
    assert!(Folder::all(&lab.store).is_empty());
}

#[test]
fn another_version_refuses_and_names_both() {
    let mut lab = lab(PIPELINE, &[]);
    lab.site.version = "other";
    let report = lab.run(false);
    assert_eq!(report.failed.len(), 12);
    assert_eq!(report.failed[0].1.to_string(), "the pack is of hspipe test, and here is hspipe other");
    assert_eq!(lab.site.log.tasks(), 1);
}

#[test]
fn an_op_that_fails_elsewhere_fails_as_it_does_here() {
    let pipeline = PIPELINE.replace("  retrain: {", "  retrain: {params: {fail: by panic}, ");
    let lab = lab(&pipeline, &[]);
    let report = lab.run(false);
    assert_eq!((report.failed.len(), report.blocked.len()), (24, 1), "{report:?}");
    assert!(report.failed[0].1.to_string().contains("a defect in op `retrain`: told to panic"));
    assert!(lab.folder.path().join("jobs").exists(), "what was printed can be asked for");
    lab.run(false);
    assert_eq!(lab.site.log.tasks(), 1 + 12 + 24 + 2 * 24, "it is tried again by the next run");
}

/// Both follow the packs of the first; whoever ends first removes them.
#[test]
fn two_runs_follow_the_same_packs() {
    let lab = lab(PIPELINE, &[Fate::Waits; 100]);
    lab.run(true);
    lab.site.fates.lock().unwrap().clear();
    std::thread::scope(|scope| {
        let runs = [(); 2].map(|()| scope.spawn(|| lab.run(false)));
        lab.site.let_go();
        for run in runs {
            let report = run.join().unwrap();
            assert!(report.is_complete(), "{report:?}");
        }
    });
    assert_eq!(lab.results(), at_home());
}
