//! What a run shows: a bar on a terminal, a line per stage anywhere, a line per task with -v.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use hspipe_engine::graph::Graph;
use hspipe_engine::progress::{Event, Progress};
use indicatif::{ProgressBar, ProgressStyle};

use super::error::causes;

pub struct Shown<'a> {
    graph: &'a Graph,
    quiet: bool,
    verbose: bool,
    bar: ProgressBar,
    /// Of each stage: tasks left, computed, reused, seconds of computing.
    stages: BTreeMap<usize, Stage>,
    start: Instant,
    /// Whether it has been said that another process computes some.
    waited: bool,
}

#[derive(Default)]
struct Stage {
    left: usize,
    computed: usize,
    reused: usize,
    failed: usize,
    seconds: f64,
}

impl<'a> Shown<'a> {
    pub fn new(graph: &'a Graph, quiet: bool, verbose: bool) -> Self {
        let bar = ProgressBar::hidden();
        Shown { graph, quiet, verbose, bar, stages: BTreeMap::new(), start: Instant::now(), waited: false }
    }

    fn line(&self, text: String) {
        if !self.quiet {
            self.bar.suspend(|| eprintln!("{text}"));
        }
    }

    fn done(&mut self, task: usize, seconds: Option<f64>) {
        self.bar.inc(1);
        if self.verbose {
            let what = seconds.map_or("cached".to_string(), |seconds| format!("{seconds:.1} s"));
            self.line(format!("  {}: {what}", self.graph.name(task)));
        }
        let index = self.graph.tasks[task].stage;
        let stage = self.stages.entry(index).or_default();
        stage.left = stage.left.saturating_sub(1);
        match seconds {
            Some(seconds) => {
                stage.computed += 1;
                stage.seconds += seconds;
            }
            None => stage.reused += 1,
        }
        if stage.left == 0 {
            let reused = if stage.reused > 0 { format!(", {} reused", stage.reused) } else { String::new() };
            let line = format!(
                "{:>7.1} s  {:<18} {:>5} computed{reused} ({:.1} s of work)",
                self.start.elapsed().as_secs_f64(),
                self.graph.stages[index].name,
                stage.computed,
                stage.seconds
            );
            self.line(line);
        }
    }
}

impl Progress for Shown<'_> {
    fn event(&mut self, event: Event) {
        match event {
            Event::Begin { tasks } => {
                for task in tasks {
                    self.stages.entry(self.graph.tasks[*task].stage).or_default().left += 1;
                }
                if !self.quiet && std::io::stderr().is_terminal() {
                    self.bar = ProgressBar::new(tasks.len() as u64);
                    let style = ProgressStyle::with_template(
                        "{bar:30} {pos}/{len} tasks, {elapsed}, {eta} left  {msg}",
                    );
                    self.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
                    self.bar.enable_steady_tick(Duration::from_millis(500));
                }
            }
            Event::Started { tasks } => {
                if let Some(task) = tasks.first() {
                    self.bar.set_message(self.graph.stage_of(*task).name.clone());
                }
            }
            Event::Computed { task, seconds } => self.done(task, Some(seconds)),
            Event::Reused { task } => self.done(task, None),
            Event::Waiting { tasks } => {
                if !std::mem::replace(&mut self.waited, true) {
                    self.line(format!("another hspipe computes {tasks} of these tasks: its results are taken"));
                }
            }
            Event::NoLocks { error } => self.line(format!(
                "warning: cannot lock files in this cache ({error}): another hspipe in it may do the same work again"
            )),
            Event::Failed { task, error } => {
                self.bar.inc(1);
                let failed = &mut self.stages.entry(self.graph.tasks[task].stage).or_default().failed;
                *failed += 1;
                if *failed > 1 && !self.verbose {
                    return;
                }
                let why: String = causes(error)
                    .iter()
                    .map(|why| format!(": {}", why.lines().next().unwrap_or("")))
                    .collect();
                self.line(format!("  {} failed: {error}{why}", self.graph.name(task)));
            }
            Event::Blocked { .. } => self.bar.inc(1),
            Event::End => self.bar.finish_and_clear(),
        }
    }
}
