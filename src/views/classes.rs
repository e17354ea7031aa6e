//! The names of the classes that a task's rows speak of.
//!
//! In: the graph, and which tasks are finished. Out: for each task the table `classes` that it is made from, and names for
//! columns that hold classes. Knows no stage: a task's classes are its own, or those of all that it reads.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Context;
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, StringArray};
use arrow_schema::{DataType, Field};
use hspipe_engine::graph::{ById, Graph, TaskId};
use hspipe_engine::key::Digest;
use hspipe_engine::plan::Plan;
use hspipe_engine::store::Store;

use crate::tables;

/// Columns that hold classes by their numbers. A result has a column more for each: `class_name` follows `class`.
const HOLD_CLASSES: [&str; 6] = ["class", "clean_class", "label", "clean_label", "predicted", "suggested"];

/// The name of the column of names that follows the column `field`; none if it holds no classes.
pub fn named(field: &Field) -> Option<String> {
    let holds = HOLD_CLASSES.contains(&field.name().as_str()) && *field.data_type() == DataType::Int32;
    holds.then(|| format!("{}_name", field.name()))
}

/// Which table `classes` each task is made from.
pub struct Classes {
    of: ById<TaskId, Made>,
}

#[derive(Clone, Copy, PartialEq)]
enum Made {
    FromNone,
    From(Digest),
    /// Classes of several datasets: a number says nothing of itself.
    FromSeveral,
}

impl Made {
    fn and(self, other: Made) -> Made {
        match (self, other) {
            (Made::FromNone, only) | (only, Made::FromNone) => only,
            (one, same) if one == same => one,
            _ => Made::FromSeveral,
        }
    }
}

impl Classes {
    pub fn of(graph: &Graph, plan: &Plan) -> Classes {
        let mut of: ById<TaskId, Made> = ById::with_capacity(graph.tasks.len());
        // A task comes after all that it reads.
        for (task, state) in graph.tasks.iter().zip(&plan.states) {
            let outputs = state.outputs().unwrap_or_default();
            let own = outputs.iter().find(|output| output.table == tables::Classes::SCHEMA.name);
            let read = task.inputs.iter().flat_map(|input| input.items.iter());
            of.push(match own {
                Some(output) => Made::From(output.digest),
                None => read.fold(Made::FromNone, |made, item| made.and(of[*item])),
            });
        }
        Classes { of }
    }

    /// The table `classes` that a task is made from, if it is one.
    pub fn table(&self, task: TaskId) -> Option<Digest> {
        match self.of[task] {
            Made::From(digest) => Some(digest),
            _ => None,
        }
    }
}

/// The names in tables `classes`, each read once.
pub struct Names<'a> {
    store: &'a Store,
    read: HashMap<Digest, HashMap<i32, String>>,
}

impl<'a> Names<'a> {
    pub fn new(store: &'a Store) -> Self {
        Names { store, read: HashMap::new() }
    }

    /// The names of the classes in `column`. One without a name is called by its number.
    pub fn column(&mut self, table: Option<&Digest>, column: &ArrayRef) -> anyhow::Result<ArrayRef> {
        let names = match table {
            Some(digest) => Some(self.names(digest)?),
            None => None,
        };
        let name = |class: i32| match names.and_then(|names| names.get(&class)) {
            Some(name) => name.clone(),
            None => class.to_string(),
        };
        let classes = column.as_primitive::<Int32Type>().iter();
        Ok(Arc::new(classes.map(|class| class.map(name)).collect::<StringArray>()))
    }

    fn names(&mut self, digest: &Digest) -> anyhow::Result<&HashMap<i32, String>> {
        if !self.read.contains_key(digest) {
            let bytes = self.store.read(digest).context("the names of the classes cannot be read")?;
            let tables::Classes { class, name } = tables::Classes::read(bytes)?;
            self.read.insert(*digest, class.into_iter().zip(name.to_vec()).collect());
        }
        Ok(&self.read[digest])
    }
}
