//! A table of probabilities that networks out of sample give, as cleanlab takes them: a column per class, and the label.
//!
//! In: a file of any format that holds a dataset of features. Out: a row per sample, in one epoch. Reading is `data`'s; the
//! columns are matched with the classes by name. Must not know: formats of tables.

use std::path::Path;

use super::files::Files;
use super::format::{Classes, Format, Head, Key, Take};
use crate::data::{self, Content, DataError, Dataset, Features, Reading};

/// Files that `data` reads as a table.
pub fn find(path: &Path) -> Result<Option<Files>, DataError> {
    Ok(data::table_files(path)?.map(Files::new))
}

pub struct Table {
    head: Head,
    features: Features,
    labels: Vec<u16>,
    rows: Vec<u32>,
    /// For each class its column.
    columns: Vec<usize>,
}

impl Table {
    pub fn open(path: &Path) -> Result<Table, DataError> {
        let samples = Dataset::at_path("the recording", path, Reading::default()).read()?;
        let unfit = |why: String| {
            DataError::unfit(path, why, "a column for each class, called as the class is, and `label`")
        };
        let Content::Features(features) = samples.content else {
            return Err(unfit("it has images, and numbers of classes are needed".to_owned()));
        };
        if samples.sets.len() > 1 {
            return Err(unfit("it has several splits, and one is needed".to_owned()));
        }
        let names: Vec<String> = samples.classes.iter().map(|class| class.name.clone()).collect();
        let found = features.names.len();
        let by_name = |class: &String| features.names.iter().position(|name| name == class);
        let by_name: Option<Vec<usize>> = names.iter().map(by_name).collect();
        let columns = match by_name {
            Some(columns) if found == names.len() => columns,
            // Columns 0, 1, ... of an array, or p0, p1, ...: by their order, if they are as many.
            None if found == names.len() => (0..found).collect(),
            _ => {
                let columns = data::some(features.names.iter(), 6);
                return Err(unfit(format!(
                    "it has {} classes in its labels, and the columns {columns}",
                    names.len()
                )));
            }
        };
        let head =
            Head { classes: Classes::Named(names), samples: None, out_of_sample: None, epochs: vec![0] };
        Ok(Table { head, features, labels: samples.labels, rows: samples.rows, columns })
    }
}

impl Format for Table {
    fn head(&self) -> &Head {
        &self.head
    }

    fn rows(&mut self, _: usize, take: &mut Take) -> Result<(), DataError> {
        let width = self.features.names.len();
        let mut row = vec![0.0; width];
        for ((values, label), place) in self.features.values.chunks(width).zip(&self.labels).zip(&self.rows) {
            row.iter_mut().zip(&self.columns).for_each(|(to, column)| *to = values[*column]);
            take(Key::Number(u64::from(*place)), Some(i64::from(*label)), &row)?;
        }
        Ok(())
    }
}
