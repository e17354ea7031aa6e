//! What all formats of recordings are: epochs of rows, a row for what a network made of a sample.
//!
//! In: nothing. Out: the trait that each format fulfils. Must not know: any format.

use super::Outputs;
use crate::data::DataError;

/// What a sample is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// Its place in the data.
    Number(u64),
    Text(String),
}

impl Key {
    /// The place in the data, if it is one.
    pub fn number(&self) -> Option<usize> {
        match self {
            Key::Number(number) => usize::try_from(*number).ok(),
            Key::Text(_) => None,
        }
    }
}

/// The classes that a recording says there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Classes {
    Named(Vec<String>),
    /// So many; none if rows alone tell.
    Counted(Option<usize>),
}

/// What is known before any row is read.
#[derive(Debug)]
pub struct Head {
    pub classes: Classes,
    /// How many samples there are, with those that never come.
    pub samples: Option<u64>,
    pub out_of_sample: Option<bool>,
    /// What a row has; none if the numbers are to tell.
    pub outputs: Option<Outputs>,
    /// What a person should know of how the files were understood.
    pub notices: Vec<String>,
    /// The numbers of the epochs, ascending.
    pub epochs: Vec<u32>,
}

/// Takes a row: the sample, its class if the recording has it, and a number per class.
pub type Take<'a> = dyn FnMut(Key, Option<i64>, &[f32]) -> Result<(), DataError> + 'a;

/// A recording that has been opened.
pub trait Format {
    fn head(&self) -> &Head;

    /// Hands on the rows of an epoch, by its place among [`Head::epochs`], in the order in which they were written.
    ///
    /// # Errors
    /// What cannot be read, and whatever `take` says.
    fn rows(&mut self, epoch: usize, take: &mut Take) -> Result<(), DataError>;
}
