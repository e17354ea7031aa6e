//! What an op is: a typed, pure function from tables to tables.
//!
//! An op sees its parameters, its seed and its inputs, nothing else: no coordinates, no paths, no
//! clock. That is why its result may be stored under the hash of those three.

mod error;
mod fields;
mod notes;
mod params;

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::checkpoint::Checkpoint;
use crate::digest::Digest;
use crate::key::Seed;
use crate::store::Store;
use crate::value::Value;

pub use error::{OpError, ParamError};
pub use notes::Notes;
pub use params::{NoOthers, Parameters, Shared, With};

/// How many tables an input takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arity {
    /// Exactly one.
    One,
    /// One, or none where its condition does not hold or the op does not read it: see [`Op::reads`].
    Optional,
    /// One or more, gathered over the axes that only the upstream stage has.
    Many,
    /// As `Many`, but without tables that will never be made: a task that failed for good, or that
    /// reads one that did, is left out if another table is there. An error that may pass leaves
    /// nothing out, or the result would depend on accidents.
    Available,
    /// As `Available`, but a task goes on even if none is left.
    Any,
}

impl Arity {
    /// Whether a stage may leave it out.
    pub fn may_lack(self) -> bool {
        matches!(self, Arity::Optional | Arity::Any)
    }

    /// Whether it takes several tables.
    pub fn gathers(self) -> bool {
        matches!(self, Arity::Many | Arity::Available | Arity::Any)
    }

    /// Whether a task goes on without tables that will never be made.
    pub fn leaves_out(self) -> bool {
        matches!(self, Arity::Available | Arity::Any)
    }

    /// Whether a task goes on without some tables, where another is there or none.
    pub(crate) fn does_without(self, is_any_left: bool) -> bool {
        self == Arity::Any || (self == Arity::Available && is_any_left)
    }
}

/// Whether a task reads an input that is optional.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// Where its stage gives it.
    IfGiven,
    /// It cannot do without.
    Always,
    /// It has no use for it: the input is left out of the task and of its key.
    Never,
}

/// An input that an op declares.
#[derive(Clone, Copy, Debug)]
pub struct InputDecl {
    /// Its name in pipelines, and in [`Inputs`].
    pub name: &'static str,
    /// How many tables it takes.
    pub arity: Arity,
}

/// An input that takes exactly one table.
pub const fn one(name: &'static str) -> InputDecl {
    InputDecl { name, arity: Arity::One }
}

/// An input that takes one table, or none.
pub const fn optional(name: &'static str) -> InputDecl {
    InputDecl { name, arity: Arity::Optional }
}

/// An input that takes one or more tables.
pub const fn many(name: &'static str) -> InputDecl {
    InputDecl { name, arity: Arity::Many }
}

/// An input that takes those of its tables that can be made.
pub const fn available(name: &'static str) -> InputDecl {
    InputDecl { name, arity: Arity::Available }
}

/// An input that takes those of its tables that can be made, and does without them all if it must.
pub const fn any(name: &'static str) -> InputDecl {
    InputDecl { name, arity: Arity::Any }
}

/// A parameter that an op declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParamDecl {
    /// Its name in pipelines.
    pub name: &'static str,
    /// How deep the lists of one value nest: 0 for a number, 1 for a list of numbers.
    pub depth: usize,
    /// Whether it takes texts alone: of an axis' value that is written as a map it is given the name.
    pub is_text: bool,
}

/// How an op likes to be called. Never part of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// The most tasks that one call of [`Op::run_batch`] takes; at least 1.
    pub batch: usize,
    /// The most threads that one call keeps busy; at least 1.
    pub threads: usize,
}

impl Capacity {
    /// One task, one thread.
    pub const SINGLE: Capacity = Capacity { batch: 1, threads: 1 };
}

/// What a task costs, about: for estimates, never part of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// Networks that are trained.
    pub networks: u32,
    /// On one core of an ordinary machine.
    pub seconds: f64,
    /// Of the tables that it makes.
    pub bytes: u64,
}

/// A typed op. Whoever changes what `run` returns raises `VERSION`.
pub trait Op: Send + Sync + 'static {
    /// The parameters that the op declares.
    type Params: Parameters;
    /// Its name in pipelines and in manifests.
    const NAME: &'static str;
    /// The number of its way of computing: a part of each key.
    const VERSION: u32;
    /// What it reads.
    const INPUTS: &'static [InputDecl];
    /// The names of the tables it returns.
    const OUTPUTS: &'static [&'static str];
    /// Whether it draws random numbers, and so needs `seed_by`.
    const SEEDED: bool = false;
    /// Whether it reads what lies on the machine of the run, such as files of a dataset: then its
    /// manifest alone is not enough to compute it elsewhere.
    const LOCAL: bool = false;
    /// Checks ranges and resolves what depends on the machine (`auto`), before the key is made.
    ///
    /// # Errors
    /// A value out of range, with its parameter and the range.
    fn canonical(&self, params: Self::Params) -> Result<Self::Params, ParamError> {
        Ok(params)
    }

    /// Whether tasks of these parameters read one of the optional inputs.
    fn reads(&self, _: &Self::Params, _input: &str) -> Reads {
        Reads::IfGiven
    }

    /// How many tasks it computes at once, and on how many threads.
    fn capacity(&self, _: &Self::Params) -> Capacity {
        Capacity::SINGLE
    }

    /// What a task costs; nothing, if that is not worth a word.
    fn cost(&self, _: &Self::Params) -> Cost {
        Cost::default()
    }

    /// Computes one task. An op that takes many at once has [`Op::run_batch`] instead.
    fn run(&self, _: &Task<Self::Params>) -> Result<Outputs, OpError> {
        Err(OpError::new(format!("a defect in op `{}`: it cannot run", Self::NAME)))
    }

    /// Computes tasks that differ only in their seeds, in any composition; one result per task, in
    /// order.
    fn run_batch(&self, tasks: &[Task<Self::Params>]) -> Vec<Result<Outputs, OpError>> {
        tasks.iter().map(|task| self.run(task)).collect()
    }
}

/// What an op is given for one task.
pub struct Task<'a, P> {
    /// Its parameters, canonical.
    pub params: &'a P,
    /// Present if the op is [`Op::SEEDED`].
    pub seed: Option<&'a Seed>,
    /// The tables that it reads.
    pub inputs: &'a Inputs,
    /// Threads that this call may use, at least 1.
    pub threads: usize,
    /// For what takes long.
    pub checkpoint: &'a Checkpoint,
    /// For what a person should know while it works.
    pub notes: &'a Notes,
}

impl<P> Task<'_, P> {
    /// The seed of attempt number `attempt`.
    pub fn draw_seed(&self, attempt: u32) -> Result<u32, OpError> {
        let seed = self.seed.ok_or_else(|| OpError::new("this op draws, but its stage has no `seed_by`"))?;
        Ok(seed.draw(attempt))
    }
}

/// The tables that a task reads.
#[derive(Default)]
pub struct Inputs {
    pub(crate) tables: BTreeMap<String, Vec<Table>>,
}

/// A stored table that a task reads.
pub struct Table {
    /// The coordinates that tell it from the others of its input: those of the gathered axes, in the order of their names.
    pub coords: Vec<(String, Value)>,
    /// Of its bytes.
    pub digest: Digest,
    pub(crate) store: Arc<Store>,
}

impl Table {
    /// Its coordinate on an axis, if that is one of the gathered ones.
    pub fn coord(&self, axis: &str) -> Option<&Value> {
        self.coords.iter().find(|(name, _)| name == axis).map(|(_, value)| value)
    }

    /// The bytes, checked against the digest.
    pub fn read(&self) -> Result<Vec<u8>, OpError> {
        Ok(self.store.read(&self.digest)?)
    }
}

impl Inputs {
    /// The only table of an input with arity one.
    pub fn one(&self, name: &str) -> Result<&Table, OpError> {
        self.optional(name).ok_or_else(|| OpError::new(format!("the input `{name}` is absent")))
    }

    /// The table of an optional input, if its condition holds.
    pub fn optional(&self, name: &str) -> Option<&Table> {
        self.tables.get(name).and_then(|tables| tables.first())
    }

    /// All tables of an input, in the order of the upstream stage's points.
    pub fn many(&self, name: &str) -> &[Table] {
        self.tables.get(name).map_or(&[], Vec::as_slice)
    }
}

/// The tables that a task made: one for each name in [`Op::OUTPUTS`].
pub type Outputs = Vec<(&'static str, Vec<u8>)>;

/// Parameters after [`Op::canonical`]: as a value, for the key, and typed, for the run.
#[derive(Clone)]
pub struct Bound {
    /// As they enter the key.
    pub value: Arc<Value>,
    typed: Arc<dyn Any + Send + Sync>,
}

impl Bound {
    /// Parameters that are used as the value they are.
    pub fn new(value: Value) -> Bound {
        Bound { typed: Arc::new(()), value: Arc::new(value) }
    }
}

/// An [`Op`] whose parameter type is forgotten, so that a registry can hold it.
pub trait AnyOp: Send + Sync {
    /// [`Op::NAME`].
    fn name(&self) -> &str;
    /// [`Op::VERSION`].
    fn version(&self) -> u32;
    /// [`Op::INPUTS`].
    fn inputs(&self) -> &[InputDecl];
    /// [`Op::OUTPUTS`].
    fn outputs(&self) -> &[&'static str];
    /// [`Op::SEEDED`].
    fn seeded(&self) -> bool;
    /// [`Op::LOCAL`].
    fn is_local(&self) -> bool {
        false
    }
    /// [`Op::reads`].
    fn reads(&self, _: &Bound, _input: &str) -> Reads {
        Reads::IfGiven
    }
    /// [`Op::capacity`].
    fn capacity(&self, params: &Bound) -> Capacity;
    /// [`Op::cost`].
    fn cost(&self, _: &Bound) -> Cost {
        Cost::default()
    }
    /// The same of a recorded task's parameters, which are canonical already; none if this version
    /// has others.
    fn cost_recorded(&self, _: &Value) -> Option<Cost> {
        None
    }
    /// The parameters it declares.
    fn params(&self) -> Vec<ParamDecl>;
    /// Reads parameters as the op's own type and makes them canonical.
    ///
    /// # Errors
    /// A value of another type or out of range, with its parameter.
    fn bind(&self, params: Value) -> Result<Bound, ParamError>;
    /// Computes tasks that differ only in their seeds, on so many threads.
    fn run_batch(&self, tasks: &[BoundTask], threads: usize) -> Vec<Result<Outputs, OpError>>;
}

/// A task whose parameters are [`Bound`].
pub struct BoundTask {
    /// As [`AnyOp::bind`] made them.
    pub params: Bound,
    /// Present if the op draws.
    pub seed: Option<Arc<Seed>>,
    /// The tables that it reads.
    pub inputs: Inputs,
    /// Where it may keep its state.
    pub checkpoint: Checkpoint,
    /// For what a person should know while it works.
    pub notes: Notes,
}

impl<O: Op> AnyOp for O {
    fn name(&self) -> &str {
        O::NAME
    }

    fn version(&self) -> u32 {
        O::VERSION
    }

    fn inputs(&self) -> &[InputDecl] {
        O::INPUTS
    }

    fn outputs(&self) -> &[&'static str] {
        O::OUTPUTS
    }

    fn seeded(&self) -> bool {
        O::SEEDED
    }

    fn is_local(&self) -> bool {
        O::LOCAL
    }

    fn reads(&self, params: &Bound, input: &str) -> Reads {
        params.typed.downcast_ref().map_or(Reads::IfGiven, |params| Op::reads(self, params, input))
    }

    fn capacity(&self, params: &Bound) -> Capacity {
        params.typed.downcast_ref().map_or(Capacity::SINGLE, |params| Op::capacity(self, params))
    }

    fn cost(&self, params: &Bound) -> Cost {
        params.typed.downcast_ref().map_or(Cost::default(), |params| Op::cost(self, params))
    }

    fn cost_recorded(&self, params: &Value) -> Option<Cost> {
        Some(Op::cost(self, &O::Params::recorded(params)?))
    }

    fn params(&self) -> Vec<ParamDecl> {
        O::Params::declared()
    }

    fn bind(&self, params: Value) -> Result<Bound, ParamError> {
        let typed = self.canonical(O::Params::read(params)?)?;
        Ok(Bound { value: Arc::new(typed.value()?), typed: Arc::new(typed) })
    }

    fn run_batch(&self, tasks: &[BoundTask], threads: usize) -> Vec<Result<Outputs, OpError>> {
        let typed: Option<Vec<Task<O::Params>>> = tasks
            .iter()
            .map(|task| {
                let params = task.params.typed.downcast_ref::<O::Params>()?;
                let BoundTask { seed, inputs, checkpoint, notes, .. } = task;
                Some(Task { params, seed: seed.as_deref(), inputs, threads, checkpoint, notes })
            })
            .collect();
        match typed {
            Some(typed) => Op::run_batch(self, &typed),
            None => tasks.iter().map(|_| Err(OpError::new("parameters bound by another op"))).collect(),
        }
    }
}

/// Whether a value of an axis says where something lies, and not what it is.
pub type IsPlace = fn(axis: &str, value: &Value) -> bool;

/// The ops that a pipeline may name.
pub struct Registry {
    ops: BTreeMap<String, Arc<dyn AnyOp>>,
    is_place: IsPlace,
}

impl Default for Registry {
    fn default() -> Self {
        Registry { ops: BTreeMap::new(), is_place: |_, _| false }
    }
}

impl Registry {
    /// Adds an op under its name, in place of one that has this name already.
    pub fn add(&mut self, op: impl AnyOp + 'static) {
        self.ops.insert(op.name().to_string(), Arc::new(op));
    }

    /// Says which values of axes are places, such as paths. They are left out of seeds: what is
    /// drawn does not depend on where things lie.
    pub fn set_places(&mut self, is_place: IsPlace) {
        self.is_place = is_place;
    }

    pub(crate) fn places(&self) -> IsPlace {
        self.is_place
    }

    /// The op of that name.
    pub fn get(&self, name: &str) -> Option<&Arc<dyn AnyOp>> {
        self.ops.get(name)
    }

    /// The names of all ops, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.ops.keys().map(String::as_str)
    }
}
