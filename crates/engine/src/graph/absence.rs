//! Tasks that cannot be, since something that they read has been taken away, such as by `--set`.
//!
//! In: what a reference wants of a stage that no longer has it. Out: [`Absence`], and a [`Notice`]
//! for people, who should know which panels of a figure it empties.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use super::{Graph, StageId, TaskId};
use crate::value::{Value, show};

/// Why a task cannot be.
#[derive(Clone, Debug, PartialEq)]
pub enum Absence {
    /// An axis of a stage that it reads has no values.
    EmptyAxis {
        /// The stage that is read.
        stage: String,
        /// Its axis.
        axis: String,
    },
    /// An axis of a stage that it reads has none of the values that are wanted, but others.
    OtherValues {
        /// The stage that is read.
        stage: String,
        /// Its axis.
        axis: String,
        /// The values that the reference fixes.
        wanted: Vec<Value>,
        /// The values that the axis has where it is read.
        has: Vec<Value>,
    },
}

impl fmt::Display for Absence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |values: &[Value], between: &str| {
            let values: Vec<String> = values.iter().map(show).collect();
            values.join(between)
        };
        match self {
            Absence::EmptyAxis { stage, axis } => write!(f, "{stage} has no {axis} now"),
            Absence::OtherValues { stage, axis, wanted, has } => {
                let has = if has.is_empty() { "nothing".to_string() } else { list(has, ", ") };
                write!(f, "{stage} has no {axis}={} now, only {has}", list(wanted, " or "))
            }
        }
    }
}

/// The stages of which tasks are left out for one reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// The one reason.
    pub why: Arc<Absence>,
    /// Each with how many tasks it lacks, unless it has one alone.
    pub stages: Vec<(String, Option<usize>)>,
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = |(name, tasks): &(String, Option<usize>)| match tasks {
            Some(tasks) => format!("{name} ({tasks} tasks)"),
            None => name.clone(),
        };
        let stages: Vec<String> = self.stages.iter().map(stage).collect();
        write!(f, "left out: {} ({})", stages.join(", "), self.why)
    }
}

impl Graph {
    /// What the user should know of `tasks`: which stages a `--set` has emptied, and why, in the
    /// order of the reasons' texts.
    pub fn notices(&self, tasks: &[TaskId]) -> Vec<Notice> {
        // Tasks that share a reason mostly share its place in memory.
        let mut texts: HashMap<*const Absence, String> = HashMap::new();
        let mut left_out: BTreeMap<String, (Arc<Absence>, BTreeMap<StageId, usize>)> = BTreeMap::new();
        for task in tasks {
            let task = &self.tasks[*task];
            if let Some(why) = &task.absent {
                let text = texts.entry(Arc::as_ptr(why)).or_insert_with(|| why.to_string());
                let (_, stages) =
                    left_out.entry(text.clone()).or_insert_with(|| (why.clone(), BTreeMap::new()));
                *stages.entry(task.stage).or_default() += 1;
            }
        }
        let stage = |(stage, tasks): (StageId, usize)| {
            let stage = &self.stages[stage];
            (stage.name.clone(), (!stage.axes.is_empty()).then_some(tasks))
        };
        let notice = |(why, stages): (Arc<Absence>, BTreeMap<StageId, usize>)| Notice {
            why,
            stages: stages.into_iter().map(stage).collect(),
        };
        left_out.into_values().map(notice).collect()
    }
}
