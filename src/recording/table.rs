//! A table of probabilities that networks out of sample give, as cleanlab takes them: a column per class, and the label.
//!
//! In: a file of any format that holds a dataset of features. Out: a row per sample, in one epoch. Reading is `data`'s; the
//! columns are matched with the classes by name. Must not know: formats of tables.

use std::path::Path;

use super::format::{Classes, Format, Head, Key, Take};
use crate::data::{self, Content, DataError, Dataset, Features, Reading};

/// What `data` reads as a table.
pub fn find(path: &Path) -> Result<Option<Dataset>, DataError> {
    let dataset = || Dataset::at_path("the recording", path, Reading::default());
    Ok(data::is_table(path)?.then(dataset))
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
    pub fn open(path: &Path, dataset: &Dataset) -> Result<Table, DataError> {
        let samples = dataset.read()?;
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
        let (columns, notice) = columns_of(&names, &features.names).map_err(unfit)?;
        let head = Head {
            classes: Classes::Named(names),
            samples: None,
            out_of_sample: None,
            epochs: vec![0],
            outputs: None,
            notices: notice.into_iter().collect(),
        };
        Ok(Table { head, features, labels: samples.labels, rows: samples.rows, columns })
    }
}

/// For each class its column, and what to say of it. Columns are called as the classes are, with the same letters before or
/// behind each if need be; or they are counted, and in the order of the classes.
///
/// # Errors
/// Nothing says which column is which class.
fn columns_of(classes: &[String], columns: &[String]) -> Result<(Vec<usize>, Option<String>), String> {
    let unclear = |why: &str| {
        let (classes, columns) = (data::some(classes.iter(), 6), data::some(columns.iter(), 6));
        Err(format!("{why}: there are the classes {classes}, and the columns {columns}"))
    };
    if classes.len() != columns.len() {
        return unclear("it has another number of columns than of classes");
    }
    let bare = without_frame(columns);
    for names in [columns, &bare] {
        let place = |class: &String| names.iter().position(|name| name == class);
        if let Some(places) = classes.iter().map(place).collect() {
            return Ok((places, None));
        }
    }
    let is_counted =
        [0, 1].iter().any(|from| bare.iter().zip(*from..).all(|(name, at)| *name == at.to_string()));
    if !is_counted {
        return unclear("nothing says which column is which class");
    }
    let pairs: Vec<String> =
        columns.iter().zip(classes).map(|(column, class)| format!("{column} is {class}")).collect();
    let notice =
        format!("columns are taken to be in the order of the classes: {}", data::some(pairs.iter(), 6));
    Ok(((0..columns.len()).collect(), Some(notice)))
}

/// Names without the letters that all of them begin and end with; digits stay.
fn without_frame(names: &[String]) -> Vec<String> {
    let of = |name: &String, is_back: bool| -> Vec<char> {
        if is_back { name.chars().rev().collect() } else { name.chars().collect() }
    };
    let common = |is_back: bool| {
        let first = names.first().map(|name| of(name, is_back)).unwrap_or_default();
        let is_shared = |at: usize| names.iter().all(|name| of(name, is_back).get(at) == Some(&first[at]));
        (0..first.len()).take_while(|at| !first[*at].is_ascii_digit() && is_shared(*at)).count()
    };
    let (front, back) = (common(false), common(true));
    let bare = |name: &String| {
        let letters: Vec<char> = name.chars().collect();
        letters[front.min(letters.len())..].iter().take(letters.len().saturating_sub(front + back)).collect()
    };
    names.iter().map(bare).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_matched_with_classes_by_name_or_not_at_all() {
        let of = |classes: &[&str], columns: &[&str]| {
            let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
            columns_of(&owned(classes), &owned(columns))
        };
        assert_eq!(of(&["ant", "bee"], &["bee", "ant"]), Ok((vec![1, 0], None)));
        assert_eq!(of(&["ant", "bee", "cat"], &["p_cat", "p_ant", "p_bee"]), Ok((vec![1, 2, 0], None)));
        assert_eq!(of(&["1", "2", "10"], &["prob_1", "prob_10", "prob_2"]), Ok((vec![0, 2, 1], None)));
        let (places, notice) = of(&["ant", "bee"], &["p[0]", "p[1]"]).unwrap();
        assert_eq!(places, [0, 1]);
        assert_eq!(
            notice.as_deref(),
            Some("columns are taken to be in the order of the classes: p[0] is ant, p[1] is bee")
        );
        for columns in [["Ant", "bee"], ["x", "y"], ["p1", "p0"]] {
            let error = of(&["ant", "bee"], &columns).unwrap_err();
            assert!(error.contains("nothing says which column is which class"), "{error}");
        }
    }
}
