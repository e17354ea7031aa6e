//! The column of labels of a table.
//!
//! In: a table, and the name of the column. Out: its labels, added to [`Labels`]: numbers, texts, categories, yes and
//! no; a number has the name that Hugging Face's note in the file gives it. Must not know the other columns.

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Float16Type, Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef, downcast_integer_array};
use arrow_schema::{ArrowError, DataType, Schema};

use super::error::TableError;
use super::frame::Frame;
use crate::data::labels::{LabelError, Labels};

/// Adds the labels of all rows.
pub fn read(frame: &Frame, column: &str, labels: &mut Labels) -> Result<(), TableError> {
    let at = frame.column(column)?;
    let names = class_names(frame.schema(), column);
    labels.list(&names);
    for batch in frame.batches(&[at])? {
        push(batch?.column(0).as_ref(), column, &names, labels)?;
    }
    Ok(())
}

fn push(array: &dyn Array, column: &str, names: &[String], labels: &mut Labels) -> Result<(), TableError> {
    let plain = plain(array).map_err(|error| TableError::Arrow("a dictionary", error))?;
    let array = plain.as_deref().unwrap_or(array);
    let rows = (0..array.len()).map(|row| (row, array.is_valid(row)));
    let of_column = |error| TableError::Label(column.to_owned(), error);
    if let Some(numbers) = floats(array) {
        for (row, is_there) in rows {
            let value = if is_there { numbers(row) } else { f64::NAN };
            let is_named = !names.is_empty() && value.fract() == 0.0;
            let pushed =
                if is_named { labels.push_named(value as i64, names) } else { labels.push_float(value) };
            pushed.map_err(of_column)?;
        }
        return Ok(());
    }
    if let Some(flags) = array.as_boolean_opt() {
        for (row, is_there) in rows {
            if is_there { labels.push_flag(flags.value(row)) } else { labels.push_none() }
        }
        return Ok(());
    }
    if array.data_type().is_integer() {
        for (row, is_there) in rows {
            match whole(array, row).filter(|_| is_there) {
                None if is_there => return Err(of_column(LabelError::Huge)),
                Some(value) if names.is_empty() => labels.push_number(value),
                Some(value) => labels.push_named(value, names).map_err(of_column)?,
                None => labels.push_none(),
            }
        }
        return Ok(());
    }
    each_text(array, |text| match text {
        Some(text) => labels.push_text(text),
        None => labels.push_none(),
    });
    Ok(())
}

/// What a dictionary stands for, value by value; none of an array that is no dictionary of numbers.
pub fn plain(array: &dyn Array) -> Result<Option<ArrayRef>, ArrowError> {
    match array.as_any_dictionary_opt() {
        Some(dictionary) if !super::roles::is_text(array.data_type()) => {
            arrow_select::take::take(dictionary.values().as_ref(), dictionary.keys(), None).map(Some)
        }
        _ => Ok(None),
    }
}

/// The whole number of a row; none where it is null, or beyond 64 bits.
pub fn whole(array: &dyn Array, row: usize) -> Option<i64> {
    if row >= array.len() || array.is_null(row) {
        return None;
    }
    downcast_integer_array!(
        array => {
            let wide: i128 = array.value(row).into();
            i64::try_from(wide).ok()
        },
        _ => None,
    )
}

/// The number of a row, of an array of floats of any width.
pub fn floats(array: &dyn Array) -> Option<Box<dyn Fn(usize) -> f64 + '_>> {
    Some(match array.data_type() {
        DataType::Float16 => {
            let array = array.as_primitive::<Float16Type>();
            Box::new(|row| array.value(row).to_f64())
        }
        DataType::Float32 => {
            let array = array.as_primitive::<Float32Type>();
            Box::new(|row| f64::from(array.value(row)))
        }
        DataType::Float64 => {
            let array = array.as_primitive::<Float64Type>();
            Box::new(|row| array.value(row))
        }
        DataType::Decimal128(_, scale) => {
            let (array, unit) = (array.as_primitive::<Decimal128Type>(), 10f64.powi(i32::from(*scale)));
            Box::new(move |row| array.value(row) as f64 / unit)
        }
        _ => return None,
    })
}

/// The text of a row, of an array of texts of any kind; none of any other array.
pub fn texts<'a>(array: &'a dyn Array) -> Box<dyn Fn(usize) -> Option<&'a str> + 'a> {
    match array.data_type() {
        DataType::Utf8 => {
            let array = array.as_string::<i32>();
            Box::new(|row| Some(array.value(row)))
        }
        DataType::LargeUtf8 => {
            let array = array.as_string::<i64>();
            Box::new(|row| Some(array.value(row)))
        }
        DataType::Utf8View => {
            let array = array.as_string_view();
            Box::new(|row| Some(array.value(row)))
        }
        _ => Box::new(|_| None),
    }
}

/// Visits the text of each row, of texts of any kind; none where it is null.
pub fn each_text(array: &dyn Array, mut visit: impl FnMut(Option<&str>)) {
    if let Some(dictionary) = array.as_any_dictionary_opt() {
        let values = dictionary.values();
        let text = texts(values.as_ref());
        if values.is_empty() {
            (0..array.len()).for_each(|_| visit(None));
            return;
        }
        for (row, key) in dictionary.normalized_keys().into_iter().enumerate() {
            let is_null = dictionary.keys().is_null(row) || values.is_null(key);
            visit(if is_null { None } else { text(key) });
        }
        return;
    }
    let text = texts(array);
    (0..array.len()).for_each(|row| visit(if array.is_null(row) { None } else { text(row) }));
}

/// The names of classes in what Hugging Face's `datasets` notes in a file.
fn class_names(schema: &Schema, column: &str) -> Vec<String> {
    let note = schema.metadata().get("huggingface");
    let note: Option<serde_json::Value> = note.and_then(|text| serde_json::from_str(text).ok());
    let names = note.as_ref().and_then(|note| note["info"]["features"][column]["names"].as_array());
    let names = names.into_iter().flatten().map(|name| name.as_str().map(str::to_owned));
    names.collect::<Option<_>>().unwrap_or_default()
}
