//! A run for people: on a terminal a bar for all and one for each stage at work; anywhere a line per stage, or with -v
//! one per task.
//!
//! In: events, and what was expected of the tasks. Out: lines and bars on stderr.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::io::IsTerminal;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use hspipe_engine::estimate::Expected;
use hspipe_engine::graph::{Graph, StageId, TaskId};
use hspipe_engine::progress::{Event, Progress};
use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};

use super::pace::Pace;
use crate::cli::amounts::{counted, roughly};
use crate::cli::error::causes;
use crate::cli::pipe::say;

/// Where there is no terminal, a stage that takes long says so this often.
const REMINDER: Duration = Duration::from_secs(60);

pub struct Shown<'a> {
    graph: &'a Graph,
    quiet: bool,
    verbose: bool,
    threads: usize,
    /// Seconds of work.
    expected: HashMap<TaskId, f64>,
    bars: MultiProgress,
    is_terminal: bool,
    whole: Part,
    stages: BTreeMap<StageId, Stage>,
    start: Instant,
    reminded: Instant,
    /// Whether it has been said that another process computes some.
    waited: bool,
    /// How the jobs of other machines stand.
    jobs: String,
}

/// What a bar is of.
struct Part {
    bar: ProgressBar,
    /// Shared with the bar, which asks whenever it is drawn.
    pace: Arc<Mutex<Pace>>,
}

struct Stage {
    part: Part,
    left: usize,
    computed: usize,
    reused: usize,
    failed: usize,
    seconds: f64,
}

impl Part {
    fn new(threads: usize) -> Self {
        Part { bar: ProgressBar::hidden(), pace: Arc::new(Mutex::new(Pace::new(threads))) }
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn left(&self) -> String {
        let left = self.pace().left(Instant::now());
        left.map(|left| format!(", {} left", roughly(left))).unwrap_or_default()
    }

    /// Gives it a bar, of `length` tasks.
    fn show(&mut self, bars: &MultiProgress, length: usize, template: &str) {
        let pace = self.pace.clone();
        let left = move |_: &ProgressState, text: &mut dyn Write| {
            let pace = pace.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            if let Some(left) = pace.left(Instant::now()) {
                let _ = write!(text, ", {} left", roughly(left));
            }
        };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::new(length as u64).with_style(style.with_key("left", left));
        self.bar = bars.add(bar);
        self.bar.enable_steady_tick(Duration::from_millis(500));
    }
}

impl<'a> Shown<'a> {
    pub fn new(graph: &'a Graph, quiet: bool, verbose: bool, expected: &Expected, threads: usize) -> Self {
        let now = Instant::now();
        Shown {
            graph,
            quiet,
            verbose,
            threads,
            expected: expected.of.iter().map(|(task, cost)| (*task, cost.seconds)).collect(),
            bars: MultiProgress::new(),
            is_terminal: !quiet && std::io::stderr().is_terminal(),
            whole: Part::new(threads),
            stages: BTreeMap::new(),
            start: now,
            reminded: now,
            waited: false,
            jobs: String::new(),
        }
    }

    fn line(&self, text: String) {
        if !self.quiet {
            self.bars.suspend(|| say!("{text}"));
        }
    }

    fn begin(&mut self, tasks: &[TaskId]) {
        let now = Instant::now();
        self.whole.pace().start(now);
        for task in tasks {
            let expected = self.expected.get(task).copied().unwrap_or(0.0);
            self.whole.pace().expect(expected);
            let stage = self.stages.entry(self.graph.tasks[*task].stage).or_insert_with(|| Stage {
                part: Part::new(self.threads),
                left: 0,
                computed: 0,
                reused: 0,
                failed: 0,
                seconds: 0.0,
            });
            if stage.left == 0 {
                // What failed before a second look, at damage that has been mended, fails again or not.
                stage.failed = 0;
            }
            stage.left += 1;
            stage.part.pace().expect(expected);
        }
        if self.is_terminal && !tasks.is_empty() {
            self.whole.show(&self.bars, tasks.len(), "{bar:30} {pos}/{len} tasks, {elapsed}{left}{msg}");
        }
    }

    /// Shows the stage at work, above the bar of the whole.
    fn started(&mut self, task: TaskId) {
        let id = self.graph.tasks[task].stage;
        let Some(stage) = self.stages.get_mut(&id) else { return };
        stage.part.pace().start(Instant::now());
        if self.is_terminal && stage.part.bar.is_hidden() {
            let name = &self.graph.stages[id].name;
            let template = format!("{name:<30} {{pos}}/{{len}}, {{per_sec}}{{left}}");
            stage.part.show(&self.bars, stage.left + stage.computed + stage.reused, &template);
            stage.part.bar.set_position((stage.computed + stage.reused) as u64);
            self.bars.remove(&self.whole.bar);
            self.whole.bar = self.bars.add(self.whole.bar.clone());
        }
    }

    /// A task that is computed, reused or, with `None`, has failed or cannot run.
    fn settle(&mut self, task: TaskId, outcome: Option<Outcome>) {
        let now = Instant::now();
        let id = self.graph.tasks[task].stage;
        let expected = self.expected.remove(&task).unwrap_or(0.0);
        let is_computed = matches!(outcome, Some(Outcome::Computed(_)));
        self.whole.pace().settle(expected, is_computed, now);
        self.whole.bar.inc(1);
        let Some(stage) = self.stages.get_mut(&id) else { return };
        stage.part.pace().settle(expected, is_computed, now);
        stage.part.bar.inc(1);
        stage.left = stage.left.saturating_sub(1);
        match outcome {
            Some(Outcome::Computed(seconds)) => {
                stage.computed += 1;
                stage.seconds += seconds;
            }
            Some(Outcome::Reused) => stage.reused += 1,
            None => {}
        }
        let (is_over, is_any) = (stage.left == 0, stage.computed + stage.reused + stage.failed > 0);
        if is_over {
            stage.part.bar.finish_and_clear();
            self.bars.remove(&stage.part.bar);
        }
        if is_over && is_any {
            self.stage_line(id);
        } else if !self.is_terminal && now.duration_since(self.reminded) >= REMINDER {
            self.reminded = now;
            self.reminder(id);
        }
    }

    fn stage_line(&self, id: StageId) {
        let Some(stage) = self.stages.get(&id) else { return };
        let mut line = format!(
            "{:>7.1} s  {:<18} {:>5} computed",
            self.start.elapsed().as_secs_f64(),
            self.graph.stages[id].name,
            stage.computed
        );
        for (count, what) in [(stage.reused, "reused"), (stage.failed, "failed")] {
            if count > 0 {
                line += &format!(", {count} {what}");
            }
        }
        if stage.computed > 0 {
            line += &format!(" ({:.1} s of work)", stage.seconds);
        }
        self.line(line);
    }

    fn reminder(&self, id: StageId) {
        let Some(stage) = self.stages.get(&id) else { return };
        let done = stage.computed + stage.reused + stage.failed;
        self.line(format!(
            "{:>7.1} s  {:<18} {done:>5} of {}; the whole run{}{}",
            self.start.elapsed().as_secs_f64(),
            self.graph.stages[id].name,
            done + stage.left,
            match self.whole.left() {
                left if left.is_empty() => " goes on".to_string(),
                left => left.replacen(',', ":", 1),
            },
            self.jobs
        ));
    }

    fn failed(&mut self, task: TaskId, error: &hspipe_engine::op::OpError) {
        let failed = self.stages.get_mut(&self.graph.tasks[task].stage).map_or(0, |stage| {
            stage.failed += 1;
            stage.failed
        });
        if failed <= 1 || self.verbose {
            let why: String =
                causes(error).iter().map(|why| format!(": {}", why.lines().next().unwrap_or(""))).collect();
            self.line(format!("  {} failed: {error}{why}", self.graph.name(task)));
        }
        self.settle(task, None);
    }

    /// Packs and machines, beside the bar of the whole; where there is none, in reminders.
    fn jobs(&mut self, queued: usize, running: usize, nodes: &[String]) {
        let on = match nodes {
            [] => String::new(),
            [one] => format!(" on {one}"),
            [one, other] => format!(" on {one} and {other}"),
            many => format!(" on {} nodes", many.len()),
        };
        self.jobs = match (queued, running) {
            (0, 0) => String::new(),
            (0, running) => format!("; {} running{on}", counted(running, "pack")),
            (queued, 0) => format!("; {} queued", counted(queued, "pack")),
            (queued, running) => format!("; {} running{on}, {queued} queued", counted(running, "pack")),
        };
        self.whole.bar.set_message(self.jobs.clone());
    }

    fn end(&self) {
        for part in self.stages.values().map(|stage| &stage.part).chain([&self.whole]) {
            part.bar.finish_and_clear();
        }
        let _ = self.bars.clear();
    }
}

enum Outcome {
    /// In so many seconds.
    Computed(f64),
    Reused,
}

impl Progress for Shown<'_> {
    fn event(&mut self, event: Event) {
        match event {
            Event::Begin { tasks } => self.begin(tasks),
            Event::Started { tasks } => tasks.first().into_iter().for_each(|task| self.started(*task)),
            Event::Note { task, line } => self.line(format!("  {}: {line}", self.graph.name(task))),
            Event::Computed { task, seconds } => {
                if self.verbose {
                    self.line(format!("  {}: {seconds:.1} s", self.graph.name(task)));
                }
                self.settle(task, Some(Outcome::Computed(seconds)));
            }
            Event::Reused { task } => {
                if self.verbose {
                    self.line(format!("  {}: cached", self.graph.name(task)));
                }
                self.settle(task, Some(Outcome::Reused));
            }
            Event::Waiting { tasks } => {
                if !std::mem::replace(&mut self.waited, true) {
                    self.line(format!("another hspipe computes {tasks} of these tasks: its results are taken"));
                }
            }
            Event::Jobs { queued, running, nodes } => self.jobs(queued, running, nodes),
            Event::Packs { line } => self.line(format!("warning: {line}")),
            Event::Sent { packs, tasks } => {
                let (tasks, packs) = (counted(tasks, "task"), counted(packs, "pack"));
                self.line(format!("{:>7.1} s  {tasks} sent in {packs}", self.start.elapsed().as_secs_f64()));
            }
            Event::NoLocks { error } => self.line(format!(
                "warning: cannot lock files in this cache ({error}): another hspipe in it may do the same work again"
            )),
            Event::Failed { task, error } => self.failed(task, error),
            Event::Blocked { task } => self.settle(task, None),
            Event::End => self.end(),
        }
    }
}
