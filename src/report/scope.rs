//! What a report is about, and the way to what is stored of it.
//!
//! In: a project's graph, plan and store, and the targets that were asked for. Out: tasks and their tables. Must not know
//! what any section shows.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use anyhow::Context;
use hspipe_engine::Value;
use hspipe_engine::graph::{Graph, Stage, TaskId};
use hspipe_engine::plan::{Plan, TaskState};
use hspipe_engine::settings::Settings;
use hspipe_engine::spec::{Spec, Target};
use hspipe_engine::store::{Record, Store};
use hspipe_engine::value::show;

use crate::ops;
use crate::tables::{Frame, TableError};
use crate::views::classes::Classes;
use crate::views::results::{collect, sources};

pub struct Scope<'a> {
    pub spec: &'a Spec,
    pub settings: &'a Settings,
    pub graph: &'a Graph,
    pub plan: &'a Plan,
    pub store: &'a Store,
    /// As asked; none for everything.
    pub targets: &'a [String],
    /// What the targets mean and all that they read, in the order of computation.
    tasks: Vec<TaskId>,
    is_in: HashSet<TaskId>,
}

impl<'a> Scope<'a> {
    /// The scope of the tasks `roots`.
    pub fn new(
        spec: &'a Spec,
        settings: &'a Settings,
        graph: &'a Graph,
        plan: &'a Plan,
        store: &'a Store,
        targets: &'a [String],
        roots: &[TaskId],
    ) -> Self {
        let tasks = graph.closure(roots);
        let is_in = tasks.iter().copied().collect();
        Scope { spec, settings, graph, plan, store, targets, tasks, is_in }
    }

    pub fn tasks(&self) -> impl Iterator<Item = TaskId> + '_ {
        self.tasks.iter().copied()
    }

    pub fn contains(&self, task: TaskId) -> bool {
        self.is_in.contains(&task)
    }

    /// The stages that have tasks in it, with these tasks.
    pub fn stages(&self) -> Vec<(&'a Stage, Vec<TaskId>)> {
        let of = |stage: &'a Stage| {
            let tasks: Vec<TaskId> = stage.tasks.clone().filter(|task| self.contains(*task)).collect();
            (!tasks.is_empty()).then_some((stage, tasks))
        };
        self.graph.stages.iter().filter_map(of).collect()
    }

    pub fn is_finished(&self, task: TaskId) -> bool {
        self.plan.states[task].outputs().is_some()
    }

    /// The tasks of an op that it is about: those in it, and those all of whose `input` is in it and finished.
    pub fn about(&self, op: &str, input: &str) -> Vec<TaskId> {
        let is_there = |task: &TaskId| self.contains(*task) && self.is_finished(*task);
        let is_about = |task: &TaskId| {
            let read = self.reads(*task, input);
            self.contains(*task) || (!read.is_empty() && read.iter().all(is_there))
        };
        let stages = self.graph.stages.iter().filter(|stage| stage.op.name() == op);
        stages.flat_map(|stage| stage.tasks.clone()).filter(is_about).collect()
    }

    /// The value of a task on an axis.
    pub fn coord(&self, task: TaskId, axis: &str) -> Option<&Value> {
        self.graph.coords(task).find(|(name, _)| *name == axis).map(|(_, value)| value)
    }

    /// What tells each of `tasks` from the others, such as `MNIST, noise ratio 0.1`: its dataset, and the axes on which
    /// they differ, but for those `without`.
    pub fn labels(&self, tasks: &[TaskId], without: &[&str]) -> Vec<String> {
        let coords = |task: TaskId| {
            let coords = self.graph.coords(task).filter(|(axis, _)| !without.contains(axis));
            coords.map(|(axis, value)| (axis, show(value)))
        };
        let mut values: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for (axis, value) in tasks.iter().flat_map(|task| coords(*task)) {
            values.entry(axis).or_default().insert(value);
        }
        let part = |(axis, value): (&str, String)| match axis {
            "dataset" => Some(ops::label(&value, values["dataset"].iter().map(String::as_str))),
            _ => (values[axis].len() > 1).then(|| format!("{} {value}", axis.replace('_', " "))),
        };
        let label = |task: &TaskId| {
            let (dataset, others): (Vec<_>, Vec<_>) = coords(*task).partition(|(axis, _)| *axis == "dataset");
            dataset.into_iter().chain(others).filter_map(part).collect::<Vec<_>>().join(", ")
        };
        tasks.iter().map(label).collect()
    }

    /// A table of a finished task, by its name among the op's outputs.
    pub fn table<T>(
        &self,
        task: TaskId,
        name: &str,
        read: impl FnOnce(Vec<u8>) -> Result<T, TableError>,
    ) -> anyhow::Result<Option<T>> {
        let outputs = self.plan.states[task].outputs().unwrap_or_default();
        let Some(output) = outputs.iter().find(|output| output.table == name) else { return Ok(None) };
        let read = || -> anyhow::Result<T> { Ok(read(self.store.read(&output.digest)?)?) };
        // What is damaged is set aside by reading it.
        let what = || {
            format!(
                "{}: the table `{name}` cannot be read; the next run makes it anew",
                self.graph.name(task)
            )
        };
        read().with_context(what).map(Some)
    }

    /// The record of a finished task.
    pub fn record(&self, task: TaskId) -> Option<Record> {
        match &self.plan.states[task] {
            TaskState::Cached { key, .. } => self.store.record(key),
            _ => None,
        }
    }

    /// The tasks that `task` reads by an input.
    pub fn reads(&self, task: TaskId, input: &str) -> Vec<TaskId> {
        let inputs = self.graph.tasks[task].inputs.iter().filter(|other| *other.name == *input);
        inputs.flat_map(|input| input.items.iter().copied()).collect()
    }

    /// The first task of an op among all that `task` reads, directly or not.
    pub fn upstream(&self, task: TaskId, op: &str) -> Option<TaskId> {
        self.graph.closure(&[task]).into_iter().find(|task| self.graph.stage_of(*task).op.name() == op)
    }

    /// A result table, as in Results/ but only of what the report is about; none if nothing of it is finished.
    pub fn result(&self, result: &Target) -> anyhow::Result<Option<Frame>> {
        let mut sources = sources(result, self.graph, self.plan, &Classes::of(self.graph, self.plan))?;
        sources.retain(|source| self.contains(source.task));
        if sources.is_empty() {
            return Ok(None);
        }
        let batch = collect(result, &sources, self.graph, self.store)?.rows;
        Ok(Some(Frame::of(&result.name.text, batch)))
    }

    /// The name of the result table that holds the rows of a stage.
    pub fn result_of(&self, stage: &str, table: &str) -> Option<&'a str> {
        let holds = |result: &&Target| {
            result.of.iter().any(|reference| {
                reference.stage.text == stage && reference.table.as_deref().is_none_or(|of| of == table)
            })
        };
        self.spec.results.iter().find(holds).map(|result| result.name.text.as_str())
    }
}
