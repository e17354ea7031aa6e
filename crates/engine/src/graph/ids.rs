//! The numbers by which the parts of a graph name each other: a type for each, so that none stands
//! for another.
//!
//! In: items, one after the other. Out: their ids, and the items by their ids. Must not know what
//! is numbered.

use std::iter::FusedIterator;
use std::marker::PhantomData;
use std::ops::{Index, IndexMut, Range};

/// The number of an item in a list of its own kind, from 0.
pub trait Id: Copy {
    /// The id of the item at `index`.
    fn at(index: usize) -> Self;
    /// Where the item stands.
    fn index(self) -> usize;
}

/// A task's place in [`super::Graph::tasks`]. A task comes after all tasks that it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId(u32);

/// A stage's place in [`super::Graph::stages`]. A stage comes after all stages that it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StageId(u32);

/// A value of an axis, by its place in [`super::Values`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueId(u32);

// 32 bits hold more tasks than any memory does, and the graph is full of ids.
macro_rules! id {
    ($($name:ident)*) => {$(
        impl Id for $name {
            fn at(index: usize) -> Self {
                $name(index as u32)
            }

            fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

id!(TaskId StageId ValueId);

impl TaskId {
    /// After every task.
    pub(crate) const MAX: TaskId = TaskId(u32::MAX);
}

/// A list in which ids of one type stand for the places.
#[derive(Clone, Debug)]
pub struct ById<I, T> {
    items: Vec<T>,
    ids: PhantomData<fn(I)>,
}

impl<I, T> Default for ById<I, T> {
    fn default() -> Self {
        ById { items: Vec::new(), ids: PhantomData }
    }
}

impl<I: Id, T> ById<I, T> {
    /// An empty list with room for `capacity` items.
    pub fn with_capacity(capacity: usize) -> Self {
        ById { items: Vec::with_capacity(capacity), ids: PhantomData }
    }

    /// Adds an item; its id.
    pub fn push(&mut self, item: T) -> I {
        self.items.push(item);
        I::at(self.items.len() - 1)
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The items in their order.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.items.iter()
    }

    /// The ids of all items in their order.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = I> + ExactSizeIterator + use<I, T> {
        (0..self.items.len()).map(I::at)
    }

    /// The items in their order, each with its id.
    pub fn with_ids(&self) -> impl Iterator<Item = (I, &T)> {
        self.ids().zip(&self.items)
    }

    /// The first item for which `is_it` holds.
    pub fn position(&self, is_it: impl FnMut(&T) -> bool) -> Option<I> {
        self.items.iter().position(is_it).map(I::at)
    }
}

impl<I: Id, T> Index<I> for ById<I, T> {
    type Output = T;

    fn index(&self, id: I) -> &T {
        &self.items[id.index()]
    }
}

impl<I: Id, T> IndexMut<I> for ById<I, T> {
    fn index_mut(&mut self, id: I) -> &mut T {
        &mut self.items[id.index()]
    }
}

impl<I, T> Extend<T> for ById<I, T> {
    fn extend<M: IntoIterator<Item = T>>(&mut self, more: M) {
        self.items.extend(more);
    }
}

impl<'a, I, T> IntoIterator for &'a ById<I, T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

/// Tasks that follow one another, as an iterator over their ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskRange(Range<u32>);

impl TaskRange {
    /// The tasks from the one at index `start` to the one before index `end`.
    pub(super) fn between(start: usize, end: usize) -> Self {
        TaskRange(start as u32..end as u32)
    }

    /// Whether `task` is one of them.
    pub fn contains(&self, task: &TaskId) -> bool {
        self.0.contains(&task.0)
    }
}

impl Iterator for TaskRange {
    type Item = TaskId;

    fn next(&mut self) -> Option<TaskId> {
        self.0.next().map(TaskId)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl DoubleEndedIterator for TaskRange {
    fn next_back(&mut self) -> Option<TaskId> {
        self.0.next_back().map(TaskId)
    }
}

impl ExactSizeIterator for TaskRange {}

impl FusedIterator for TaskRange {}
