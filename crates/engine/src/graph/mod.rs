//! Stages expanded into tasks, joined along their axes. Pure: no files, no clock.
//!
//! In: [`Spec`], [`Settings`] and the [`Registry`] of ops. Out: [`Graph`], in which every task
//! knows its coordinates, its parameters, its seed and the tasks it reads. Next: [`crate::plan`].

mod absence;
mod bind;
mod domain;
mod expand;
mod ids;
mod join;
mod known;
mod limit;
mod select;
mod sweep;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::error::SpecError;
use crate::key::Seed;
use crate::op::{AnyOp, Arity, Bound, Registry};
use crate::settings::Settings;
use crate::spec::Spec;
use crate::value::{Value, canonical, show};

pub use absence::{Absence, Notice};
pub use ids::{ById, Id, StageId, TaskId, TaskRange, ValueId};

/// Every distinct axis value once, so that joins compare numbers. A value that is written as a map is its name; what
/// else the map says is its meaning.
#[derive(Default)]
pub struct Values {
    list: ById<ValueId, Value>,
    ids: HashMap<String, ValueId>,
    meanings: HashMap<ValueId, Value>,
}

impl Values {
    fn intern(&mut self, value: &Value) -> ValueId {
        let text = canonical(value);
        if let Some(id) = self.ids.get(&text) {
            return *id;
        }
        let id = self.list.push(value.clone());
        self.ids.insert(text, id);
        id
    }

    fn find(&self, value: &Value) -> Option<ValueId> {
        self.ids.get(&canonical(value)).copied()
    }

    /// Interns the name of what is written as a map; none if another meaning has that name.
    fn intern_named(&mut self, name: &str, meaning: &Value) -> Option<ValueId> {
        let (name, known) = (Value::from(name), self.find(&Value::from(name)));
        let id = self.intern(&name);
        match self.meanings.get(&id) {
            Some(other) => (other == meaning).then_some(id),
            None if known.is_some() => None,
            None => {
                self.meanings.insert(id, meaning.clone());
                Some(id)
            }
        }
    }

    /// The value of `id`.
    pub fn get(&self, id: ValueId) -> &Value {
        &self.list[id]
    }

    /// The map that the value of `id` is the name of; the value itself if it is written as such.
    pub fn meaning(&self, id: ValueId) -> &Value {
        self.meanings.get(&id).unwrap_or_else(|| self.get(id))
    }
}

/// A stage with its tasks.
pub struct Stage {
    /// As the pipeline names it.
    pub name: String,
    /// One line for people.
    pub about: Option<String>,
    /// What computes its tasks.
    pub op: Arc<dyn AnyOp>,
    /// Swept parameters, then the axes that the pipeline gives it.
    pub axes: Vec<String>,
    /// How many of the axes are swept parameters.
    swept: usize,
    /// The stages that its inputs name, each once.
    pub reads: Vec<String>,
    /// Its tasks, in the order of its points: the last axis is the fastest.
    pub tasks: TaskRange,
    /// For each axis, whether its values mean whole numbers: they count, or they are whole values
    /// of a swept parameter.
    pub whole: Vec<bool>,
    slices: Vec<Slice>,
}

impl Stage {
    /// The parameters that are axes of this stage because they have several values.
    pub fn swept(&self) -> &[String] {
        &self.axes[..self.swept]
    }
}

/// A stage at one combination of its swept parameters: all of it, if there are none.
struct Slice {
    /// The values of the swept parameters.
    at: Box<[ValueId]>,
    tasks: TaskRange,
    /// For each axis, every value it takes here, in order.
    domains: Arc<[Vec<ValueId>]>,
}

/// One point of a stage: the unit of caching.
pub struct Task {
    /// The stage of which it is a point.
    pub stage: StageId,
    /// One value per axis of the stage.
    pub coords: Box<[ValueId]>,
    /// What its op is asked.
    pub params: Bound,
    /// Where its random numbers come from; none if its op draws none.
    pub seed: Option<Arc<Seed>>,
    /// What it reads, input by input. One whose condition does not hold here is left out.
    pub inputs: Vec<TaskInput>,
    /// Why this task cannot be: something that it reads has been taken away.
    pub absent: Option<Arc<Absence>>,
}

impl Task {
    /// The tasks that it reads, input by input.
    pub fn items(&self) -> impl Iterator<Item = TaskId> {
        self.inputs.iter().flat_map(|input| input.items.iter().copied())
    }
}

/// What one input of a task reads.
pub struct TaskInput {
    /// The op's name for it.
    pub name: Arc<str>,
    /// The place of the table among the upstream op's outputs.
    pub output: usize,
    /// The upstream stage's axes (by place) whose coordinates tell the items apart.
    pub gathered: Arc<[usize]>,
    /// The tasks that it reads, in the order of their stage.
    pub items: Arc<[TaskId]>,
}

impl TaskInput {
    /// What the task's op says of this input.
    pub fn arity(&self, op: &dyn AnyOp) -> Arity {
        let declared = op.inputs().iter().find(|declared| *declared.name == *self.name);
        declared.map_or(Arity::One, |declared| declared.arity)
    }
}

/// All tasks of a pipeline under given settings.
pub struct Graph {
    /// Every stage, after those that it reads.
    pub stages: ById<StageId, Stage>,
    /// Every task, stage by stage.
    pub tasks: ById<TaskId, Task>,
    /// The values of all coordinates.
    pub values: Values,
}

impl Graph {
    /// Expands every stage of the pipeline.
    ///
    /// # Errors
    /// Unknown ops, axes, stages, tables, parameters; cycles; joins that do not fit; parameters
    /// that an op refuses. Each with its place and a hint.
    pub fn expand(spec: &Spec, settings: &Settings, ops: &Registry) -> Result<Graph, SpecError> {
        expand::expand(spec, settings, ops).map_err(|error| error.in_file(&spec.file))
    }

    /// The stage of that name.
    pub fn stage(&self, name: &str) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.name == name)
    }

    /// The stage of which `task` is a point.
    pub fn stage_of(&self, task: TaskId) -> &Stage {
        &self.stages[self.tasks[task].stage]
    }

    /// The values that an axis takes in a stage; none if the stage lacks it.
    pub fn domain<'a>(&'a self, stage: &Stage, axis: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
        self.domain_ids(stage, axis).into_iter().map(|id| self.values.get(id))
    }

    fn domain_ids(&self, stage: &Stage, axis: &str) -> Vec<ValueId> {
        match stage.axes.iter().position(|name| name == axis) {
            Some(place) => union(stage.slices.iter().map(|slice| slice.domains[place].as_slice())),
            None => Vec::new(),
        }
    }

    /// The coordinates of a task: axis and value.
    pub fn coords(&self, task: TaskId) -> impl Iterator<Item = (&str, &Value)> {
        let stage = self.stage_of(task);
        let values = self.tasks[task].coords.iter().map(|id| self.values.get(*id));
        stage.axes.iter().map(String::as_str).zip(values)
    }

    /// What a coordinate of a task means: the map of which it is the name, or the coordinate itself.
    pub fn meaning(&self, task: TaskId, axis: &str) -> Option<&Value> {
        let place = self.stage_of(task).axes.iter().position(|name| name == axis)?;
        Some(self.values.meaning(self.tasks[task].coords[place]))
    }

    /// The coordinates of a task that are values of swept parameters.
    pub fn swept_coords(&self, task: TaskId) -> impl Iterator<Item = (&str, &Value)> {
        self.coords(task).take(self.stage_of(task).swept)
    }

    /// The task as people write it: `identify[dataset=MNIST, set=0]`.
    pub fn name(&self, task: TaskId) -> String {
        self.name_from(task, 0)
    }

    /// The task's name without what is swept: as it is called where each parameter has one value.
    pub fn plain_name(&self, task: TaskId) -> String {
        self.name_from(task, self.stage_of(task).swept)
    }

    fn name_from(&self, task: TaskId, first_axis: usize) -> String {
        let coords = self.coords(task).skip(first_axis);
        let coords: Vec<String> = coords.map(|(axis, value)| format!("{axis}={}", show(value))).collect();
        match coords.as_slice() {
            [] => self.stage_of(task).name.clone(),
            _ => format!("{}[{}]", self.stage_of(task).name, coords.join(", ")),
        }
    }

    /// The coordinates of `item`, an item of `input`, that tell it from its neighbours.
    pub fn gathered_coords(&self, input: &TaskInput, item: TaskId) -> Vec<(String, Value)> {
        let stage = self.stage_of(item);
        let coords = &self.tasks[item].coords;
        input
            .gathered
            .iter()
            .map(|axis| (stage.axes[*axis].clone(), self.values.get(coords[*axis]).clone()))
            .collect()
    }
}

/// Every id of the lists once, in the order of its first place.
fn union<'a>(lists: impl Iterator<Item = &'a [ValueId]>) -> Vec<ValueId> {
    let mut seen = HashSet::new();
    lists.flatten().copied().filter(|id| seen.insert(*id)).collect()
}
