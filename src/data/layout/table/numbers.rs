//! The columns of a table that are features: numbers, yes and no, categories, or lists of numbers.
//!
//! In: the tables, and the names of the columns. Out: numbers, NaN where there is none, or images where the columns are
//! their pixels. A category becomes a column of 0 and 1 for each of its values. The tables are read twice: for what is
//! in the columns, then for the numbers, which are put where they belong at once. `pixels` and `twins` look at columns
//! that are no features. Must not know what labels mean.

use std::collections::BTreeSet;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};

use super::error::TableError;
use super::frame::Frame;
use super::roles::{self, Kind, Roles};
use super::{labels, pixels, twins};
use crate::data::DataError;
use crate::data::features::{self, Features};
use crate::data::images::{self, Images};
use crate::data::samples::Content;

/// A text of more different values than these is no category.
const LEVELS: usize = 100;

/// What a column is, by its values.
enum Column {
    Number,
    /// The values that occur, in order.
    Levels(BTreeSet<String>),
    /// More values than a category has.
    Texts,
    /// 0, 1, 2 and so on, or 1, 2, 3: it counts rows.
    Count {
        next: i64,
    },
    /// So many numbers in each row.
    List(usize),
}

/// Where the values of a column belong.
struct Slot {
    /// The place of the first row in its file.
    row: usize,
    /// What is taken from numbers.
    least: f64,
    /// Of the column's first feature, in rows of `width` numbers.
    offset: usize,
    width: usize,
}

/// Reads all rows, and the text of each if there is a column of texts. `labels` has a number for each row, equal for
/// equal labels.
pub fn read(
    parts: &[(&Path, &Frame)],
    roles: &Roles,
    labels: &[Option<u32>],
    notices: &mut Vec<String>,
) -> Result<(Content, Vec<String>), DataError> {
    let Kind::Features { columns, are_named } = &roles.kind else {
        return Ok((Content::Features(Features { values: Vec::new(), names: Vec::new() }), Vec::new()));
    };
    let first = parts.first().map(|(path, _)| *path).unwrap_or(Path::new(""));
    let pixels = pixels::in_order(columns);
    if let Some(pixels) = &pixels
        && pixels.len() < columns.len()
    {
        let others: Vec<&str> =
            columns.iter().filter(|name| !pixels.contains(name)).map(String::as_str).collect();
        notices.push(format!("columns beside the pixels are not read: {}", others.join(", ")));
    }
    let (columns, rows) = (pixels.as_ref().unwrap_or(columns), labels.len());
    let mut found = profile(parts, columns)?;
    if *are_named || pixels.is_some() {
        // Whoever names a column that counts wants it.
        found
            .iter_mut()
            .filter(|column| matches!(column, Column::Count { .. }))
            .for_each(|column| *column = Column::Number);
    }
    let names: Vec<String> =
        columns.iter().zip(&found).flat_map(|(name, column)| column.features(name)).collect();
    if names.is_empty() {
        return Err(TableError::NoFeatures(format!("`{}`", roles.label)).of(first));
    }
    let width = names.len();
    features::check_size(first, rows as u64, width)?;
    let mut values = Vec::with_capacity(rows * width);
    // By the first rows: what is so large varies little in all of them.
    let mut offsets: Option<Vec<f64>> = None;
    for (path, frame) in parts {
        let broken = |error: TableError| error.of(path);
        let (places, ranks) = in_order(&places(frame, columns).map_err(broken)?);
        let mut row = 0;
        for batch in frame.batches(&places).map_err(broken)? {
            let batch = batch.map_err(broken)?;
            let start = values.len();
            values.resize(start + batch.num_rows() * width, f32::NAN);
            let mut offset = 0;
            let mut arrays = Vec::with_capacity(found.len());
            for rank in &ranks {
                arrays.push(plain(batch.column(*rank)).map_err(broken)?);
            }
            let least = offsets.get_or_insert_with(|| {
                let of = |(column, array): (&Column, &ArrayRef)| column.least(array);
                found.iter().zip(&arrays).map(of).collect()
            });
            for (i, column) in found.iter().enumerate() {
                let (array, slot) = (&arrays[i], Slot { row, least: least[i], offset, width });
                column.fill(array, &columns[i], &slot, &mut values[start..]).map_err(broken)?;
                offset += column.width();
            }
            row += batch.num_rows();
        }
    }
    notices.extend(offsets.and_then(|offsets| features::taken(columns, &offsets)));
    let mut features = Features { values, names };
    let mut twins = Vec::new();
    if !*are_named && pixels.is_none() {
        let spans: Vec<(&str, usize)> =
            columns.iter().map(String::as_str).zip(found.iter().map(Column::width)).collect();
        twins = twins::leave_out(&mut features, &spans, labels, notices);
        if features.names.is_empty() {
            return Err(TableError::NoFeatures(format!("`{}`", roles.label)).of(first));
        }
    }
    let texts = match told(columns, &found, &twins, roles, notices) {
        Some(text) => texts(parts, &text)?,
        None => Vec::new(),
    };
    let is_byte = |value: &f32| value.fract() == 0.0 && (0.0..=255.0).contains(value);
    let content = match pixels.filter(|_| features.values.iter().all(is_byte)) {
        Some(columns) => {
            let side = columns.len().isqrt();
            notices.push(format!("{width} columns of pixels are read as images of {side}x{side}"));
            images::check_size(first, &[rows as u64, width as u64])?;
            let pixels = features.values.iter().map(|value| *value as u8).collect();
            Content::Images(Images { pixels, channels: 1, height: side, width: side })
        }
        None => Content::Features(features),
    };
    Ok((content, texts))
}

/// The text of each row; empty where there is none.
pub fn texts(parts: &[(&Path, &Frame)], column: &str) -> Result<Vec<String>, DataError> {
    let mut all = Vec::new();
    for (path, frame) in parts {
        let broken = |error: TableError| error.of(path);
        for batch in frame.batches(&[frame.column(column).map_err(broken)?]).map_err(broken)? {
            let batch = batch.map_err(broken)?;
            labels::each_text(batch.column(0).as_ref(), |text| all.push(text.unwrap_or_default().to_owned()));
        }
    }
    Ok(all)
}

/// Says what is made of columns that are no numbers; the column of texts that is shown with the samples.
fn told(
    columns: &[String],
    found: &[Column],
    twins: &[String],
    roles: &Roles,
    notices: &mut Vec<String>,
) -> Option<String> {
    let mut text = roles.text.clone();
    for (name, column) in columns.iter().zip(found).filter(|(name, _)| !twins.contains(name)) {
        match column {
            Column::Levels(levels) => {
                notices.push(format!("column `{name}` has {} categories: a feature for each", levels.len()));
            }
            Column::Count { .. } => notices.push(format!("column `{name}` counts the rows, and is not read")),
            Column::Texts if text.is_none() => {
                notices.push(format!("column `{name}` has more than {LEVELS} different texts: they are shown, and not learned from"));
                text = Some(name.clone());
            }
            Column::Texts => {
                notices
                    .push(format!("column `{name}` has more than {LEVELS} different texts, and is not read"));
            }
            Column::Number | Column::List(_) => {}
        }
    }
    text
}

/// Where the columns stand in a file.
fn places(frame: &Frame, columns: &[String]) -> Result<Vec<usize>, TableError> {
    columns.iter().map(|name| frame.column(name)).collect()
}

/// The places in the order of a file, and the rank of each among them: batches have columns in that order.
fn in_order(places: &[usize]) -> (Vec<usize>, Vec<usize>) {
    let mut sorted = places.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let ranks = places.iter().map(|place| sorted.binary_search(place).unwrap_or(0)).collect();
    (sorted, ranks)
}

/// What is in the columns.
fn profile(parts: &[(&Path, &Frame)], columns: &[String]) -> Result<Vec<Column>, DataError> {
    let mut found: Vec<Option<Column>> = columns.iter().map(|_| None).collect();
    for (path, frame) in parts {
        let broken = |error: TableError| error.of(path);
        let places = places(frame, columns).map_err(broken)?;
        // Floats need no look: they are numbers, whatever they are, and in all files.
        let is_float = |i: &usize| frame.schema().field(places[*i]).data_type().is_floating();
        let (floats, which): (Vec<usize>, Vec<usize>) = (0..columns.len()).partition(is_float);
        floats.into_iter().for_each(|i| found[i] = Some(Column::Number));
        if which.is_empty() {
            continue;
        }
        let (own, ranks) = in_order(&which.iter().map(|i| places[*i]).collect::<Vec<_>>());
        for batch in frame.batches(&own).map_err(broken)? {
            let batch = batch.map_err(broken)?;
            for (i, rank) in which.iter().zip(&ranks) {
                let array = plain(batch.column(*rank)).map_err(broken)?;
                found[*i] = Column::after(found[*i].take(), &array);
            }
        }
    }
    Ok(found.into_iter().map(|column| column.unwrap_or(Column::Number)).collect())
}

impl Column {
    /// What a column is, after what it was so far and these rows.
    fn after(before: Option<Column>, array: &ArrayRef) -> Option<Column> {
        if roles::is_list(array.data_type()) {
            let first = (0..array.len()).find(|row| array.is_valid(*row));
            return before.or_else(|| Some(Column::List(list_at(array, first?)?.len())));
        }
        Some(Self::of_plain(before, array))
    }

    /// The same of a column of numbers or texts.
    fn of_plain(before: Option<Column>, array: &ArrayRef) -> Column {
        if array.data_type().is_integer() {
            let next = match before {
                None => labels::whole(array.as_ref(), 0).filter(|first| matches!(first, 0 | 1)),
                Some(Column::Count { next }) => Some(next),
                Some(other) => return other,
            };
            let counts = |next: i64| {
                (0..array.len()).all(|row| labels::whole(array.as_ref(), row) == Some(next + row as i64))
            };
            return match next.filter(|next| counts(*next)) {
                Some(next) => Column::Count { next: next + array.len() as i64 },
                None => Column::Number,
            };
        }
        if !roles::is_text(array.data_type()) {
            return before.unwrap_or(Column::Number);
        }
        let mut levels = match before {
            None => BTreeSet::new(),
            Some(Column::Levels(levels)) => levels,
            Some(other) => return other,
        };
        labels::each_text(array.as_ref(), |text| {
            if let Some(text) = text
                && levels.len() <= LEVELS
                && !levels.contains(text)
            {
                levels.insert(text.to_owned());
            }
        });
        if levels.len() > LEVELS { Column::Texts } else { Column::Levels(levels) }
    }

    /// How many features it gives.
    fn width(&self) -> usize {
        match self {
            Column::Number => 1,
            Column::Levels(levels) => levels.len(),
            Column::Texts | Column::Count { .. } => 0,
            Column::List(width) => *width,
        }
    }

    /// What these are called.
    fn features(&self, name: &str) -> Vec<String> {
        match self {
            Column::Number => vec![name.to_owned()],
            Column::Levels(levels) => levels.iter().map(|level| format!("{name}={level}")).collect(),
            Column::Texts | Column::Count { .. } => Vec::new(),
            Column::List(width) => (0..*width).map(|i| format!("{name}[{i}]")).collect(),
        }
    }

    /// What is taken from a column of numbers that begins so: see [`features::offset`].
    fn least(&self, array: &ArrayRef) -> f64 {
        let Column::Number = self else { return 0.0 };
        let number = numbers(array);
        let present =
            (0..array.len()).filter(|row| array.is_valid(*row)).map(number).filter(|value| value.is_finite());
        let bounds = |(least, most): (f64, f64), value: f64| (least.min(value), most.max(value));
        let (least, most) = present.fold((f64::INFINITY, f64::NEG_INFINITY), bounds);
        features::offset(least, most)
    }

    /// Puts the values of some rows where they belong.
    fn fill(&self, array: &ArrayRef, name: &str, slot: &Slot, values: &mut [f32]) -> Result<(), TableError> {
        let Slot { row, least, offset, width } = *slot;
        let rows = values.chunks_exact_mut(width).enumerate();
        match self {
            Column::Number => {
                let number = numbers(array);
                rows.filter(|(i, _)| array.is_valid(*i))
                    .for_each(|(i, out)| out[offset] = (number(i) - least) as f32);
            }
            Column::Levels(levels) => {
                let mut rows = rows;
                labels::each_text(array.as_ref(), |text| {
                    let Some((_, out)) = rows.next() else { return };
                    if let Some(text) = text {
                        let own = &mut out[offset..offset + levels.len()];
                        own.iter_mut().zip(levels).for_each(|(out, level)| *out = f32::from(level == text));
                    }
                });
            }
            Column::Texts | Column::Count { .. } => {}
            Column::List(wanted) => {
                for (i, out) in rows.filter(|(i, _)| array.is_valid(*i)) {
                    let Some(list) = list_at(array, i) else { continue };
                    if list.len() != *wanted {
                        let column = name.to_owned();
                        return Err(TableError::Ragged {
                            column,
                            row: row + i,
                            found: list.len(),
                            wanted: *wanted,
                        });
                    }
                    let number = numbers(&list);
                    let own = out[offset..offset + wanted].iter_mut().enumerate();
                    own.filter(|(k, _)| list.is_valid(*k)).for_each(|(k, out)| *out = number(k) as f32);
                }
            }
        }
        Ok(())
    }
}

/// The list of a row of a column of lists, whichever of Arrow's they are; none of another column.
pub fn list_at(array: &ArrayRef, row: usize) -> Option<ArrayRef> {
    if row >= array.len() {
        return None;
    }
    if let Some(lists) = array.as_list_opt::<i32>() {
        return Some(lists.value(row));
    }
    if let Some(lists) = array.as_list_opt::<i64>() {
        return Some(lists.value(row));
    }
    array.as_fixed_size_list_opt().map(|lists| lists.value(row))
}

/// The number of a row, of an array of numbers or of yes and no.
fn numbers(array: &ArrayRef) -> Box<dyn Fn(usize) -> f64 + '_> {
    if let Some(floats) = labels::floats(array.as_ref()) {
        return floats;
    }
    if let Some(flags) = array.as_boolean_opt() {
        return Box::new(|row| f64::from(u8::from(flags.value(row))));
    }
    Box::new(|row| labels::whole(array.as_ref(), row).map_or(f64::NAN, |number| number as f64))
}

/// An array without its dictionary, if that is of numbers.
fn plain(array: &ArrayRef) -> Result<ArrayRef, TableError> {
    let plain = labels::plain(array.as_ref()).map_err(|error| TableError::Arrow("a dictionary", error))?;
    Ok(plain.unwrap_or_else(|| array.clone()))
}
