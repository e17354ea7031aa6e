//! How a run ended, told: what failed and why, what was stopped, how much was done.
//!
//! In: the engine's report. Out: lines on stderr, for people or machines.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::atomic::Ordering;

use hspipe_engine::checkpoint::Rhythm;
use hspipe_engine::graph::{Graph, TaskId};
use hspipe_engine::op::OpError;
use hspipe_engine::run::RunReport;
use serde_json::json;

use super::error::{causes, code, hint, hint_of_task};
use super::pipe::say;
use super::progress::{Voice, machine};
use super::system;
use crate::views::shell::quoted;

pub struct Ending<'a> {
    pub graph: &'a Graph,
    pub voice: &'a Voice<'a>,
    pub report: &'a RunReport,
    /// Tasks that were cached before the run.
    pub cached: usize,
}

/// An error that ended a run, as a line for machines.
pub fn error_line(error: &anyhow::Error) -> ExitCode {
    let causes = causes(error.as_ref());
    let fields = [
        ("error", system::plain(&error.to_string()).into()),
        ("causes", json!(causes)),
        ("hint", hint(error).into()),
    ];
    machine::line("error", &fields);
    code(error)
}

impl Ending<'_> {
    /// Once per cause, and what could not be made for it. Machines have had a line for each.
    pub fn tell_failures(&self) {
        if !self.voice.is_for_people() {
            return;
        }
        let mut groups: BTreeMap<String, Vec<(TaskId, &OpError)>> = BTreeMap::new();
        for (task, error) in &self.report.failed {
            let text = [error.to_string()].into_iter().chain(causes(error)).collect::<Vec<_>>().join("\n");
            groups.entry(text).or_default().push((*task, error));
        }
        let mut groups = groups.values().peekable();
        while let Some(tasks) = groups.next() {
            let Some((first, error)) = tasks.first() else { continue };
            let others = match tasks.len() - 1 {
                0 => String::new(),
                1 => " and 1 other".to_string(),
                others => format!(" and {others} others"),
            };
            say!("error: {}{others}: {error}", self.graph.name(*first));
            for why in causes(*error) {
                say!("  why: {}", why.replace('\n', "\n       "));
            }
            // One that holds for several is said once.
            let next =
                groups.peek().and_then(|tasks| tasks.first()).and_then(|(_, error)| hint_of_task(error));
            if let Some(hint) = hint_of_task(error).filter(|hint| next.as_ref() != Some(hint)) {
                say!("  hint: {hint}");
            }
        }
        let mut missing: BTreeMap<&str, usize> = BTreeMap::new();
        for task in &self.report.blocked {
            *missing.entry(self.graph.stage_of(*task).name.as_str()).or_default() += 1;
        }
        if !missing.is_empty() {
            let missing: Vec<String> = missing
                .into_iter()
                .map(
                    |(stage, count)| if count > 1 { format!("{stage} ({count})") } else { stage.to_string() },
                )
                .collect();
            let rest = if self.report.not_started.is_empty() { "; all else is complete" } else { "" };
            say!("missing for that: {}{rest}", missing.join(", "));
        }
    }

    /// After Ctrl-C: what is done, and how to go on.
    pub fn tell_stop(&self, rhythm: &Rhythm, is_forced: bool) {
        let unkept = rhythm.unkept.load(Ordering::Relaxed);
        if unkept > 0 {
            self.voice.warning(&format!(
                "{unkept} states of trainings could not be written: those begin anew. Is the disk full?"
            ));
        }
        let (done, left) = (self.report.computed.len(), self.report.not_started.len());
        let words: Vec<String> =
            std::env::args_os().skip(1).map(|word| quoted(&word.to_string_lossy())).collect();
        let again = format!("hspipe {}", words.join(" "));
        match self.voice {
            Voice::People { .. } => {
                say!(
                    "stopped: {done} tasks computed, {left} left; what is done is kept, and trainings go on \
                     where they were"
                );
                if is_forced {
                    say!("  hint: go on without --force, or the stages that it names begin anew")
                } else {
                    say!("  hint: go on with the same command: {again}")
                }
            }
            Voice::Machine { .. } => {
                machine::line("stopped", &[("computed", done.into()), ("left", left.into())]);
            }
        }
    }

    pub fn summarise(&self, seconds: f64) {
        let RunReport { computed, reused, failed, blocked, not_started, away: _ } = self.report;
        let cached = self.cached + reused.len();
        if !self.voice.is_for_people() {
            let fields = [
                ("computed", computed.len()),
                ("cached", cached),
                ("failed", failed.len()),
                ("blocked", blocked.len()),
                ("not_started", not_started.len()),
            ];
            let fields = fields.map(|(name, count)| (name, count.into()));
            machine::line("summary", &[fields.as_slice(), &[("seconds", seconds.into())]].concat());
        } else if self.report.is_complete() && computed.is_empty() {
            self.voice.note(&format!("nothing to do: {cached} tasks cached ({seconds:.2} s)"));
        } else {
            let mut line = format!("{} tasks computed, {cached} cached", computed.len());
            for (count, what) in [
                (failed.len(), "failed"),
                (blocked.len(), "could not run"),
                (not_started.len(), "were not started"),
            ] {
                if count > 0 {
                    line += &format!(", {count} {what}");
                }
            }
            self.voice.note(&format!("{line} ({seconds:.1} s)"));
        }
    }
}
