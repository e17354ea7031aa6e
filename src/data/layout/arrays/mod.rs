//! NumPy's arrays: an archive of them, .npz, or a folder of .npy files, with arrays of samples and of their labels.
//!
//! In: a path, or the files' bytes, and what the user says of the arrays. Out: the files, or [`Rows`], train first.
//! `pairs` says which array is what, by names or by shapes; `npy` reads one; `content` makes images or features of
//! them. Must not know: sums, keys.

mod content;
mod error;
pub mod npy;
mod pairs;
mod source;

use std::path::{Path, PathBuf};

use super::{Content as File, Found, class_folders, has_ending, inside};
use crate::data::DataError;
use crate::data::labels::{LabelError, Labels};
use crate::data::reading::Reading;
use crate::data::samples::{Rows, Set};
use crate::data::some::some;

pub use content::RANGE;
pub use error::ArrayError;
use npy::Of;
pub use npy::{Array, Header};
pub use source::Source;

/// What a good file is.
pub const WHAT: &str = "NumPy file";

/// The archive itself; or the .npy files of a folder, or beside the one that the path is of. One such file beside class folders
/// of images is passed over, as all files there: samples and their labels are two.
pub fn find(path: &Path) -> Result<Option<Vec<Found>>, DataError> {
    if path.is_file() && has_ending(path, &["npz"]) {
        return Ok(Some(vec![Found { name: "npz".to_owned(), path: path.to_owned() }]));
    }
    let folder = match (path.is_file() && has_ending(path, &["npy"]), path.is_dir()) {
        (true, _) => path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")),
        (false, true) => path,
        (false, false) => return Ok(None),
    };
    let paths = inside(folder)?.into_iter().filter(|path| path.is_file() && has_ending(path, &["npy"]));
    let found = |path: PathBuf| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Found { name, path }
    };
    let mut files: Vec<Found> = paths.map(found).collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    if !files.is_empty() && path.is_dir() && class_folders::has_classes(path) {
        return if files.len() == 1 { Ok(None) } else { Err(both(path, &files)) };
    }
    Ok((!files.is_empty()).then_some(files))
}

/// The error that a folder has two datasets.
fn both(folder: &Path, files: &[Found]) -> DataError {
    let why = format!(
        "it has class folders of images, and beside them arrays of NumPy: {}",
        some(files.iter().map(|file| format!("{}.npy", file.name)), 5)
    );
    let first = files.first().map(|file| file.path.display().to_string()).unwrap_or_default();
    let hint = format!("name {first} for the arrays, or put them elsewhere for the images");
    DataError::unfit(folder, why, hint)
}

/// Reads the samples of all sets, one after the other.
pub fn rows(files: Vec<File>, reading: &Reading) -> Result<Rows, DataError> {
    let path = files.first().map(|file| file.path.clone()).unwrap_or_default();
    let broken = |error: ArrayError| error.of(&path);
    let mut source = Source::of(files).map_err(broken)?;
    let (headers, objects) = source.headers().map_err(broken)?;
    let found = pairs::find(&headers, reading).map_err(|error| {
        // The half that is missing may be among what cannot be read.
        let is_lacking = matches!(error, ArrayError::Missing { .. } | ArrayError::NoPair(_));
        match objects.into_iter().next().filter(|_| is_lacking) {
            Some((name, kind)) => broken(ArrayError::Objects { name, kind }),
            None => broken(error),
        }
    })?;
    let (mut labels, mut sets, mut arrays) = (Labels::default(), Vec::new(), Vec::new());
    for pair in &found.pairs {
        let array = source.array(&pair.samples).map_err(broken)?;
        push(&source.array(&pair.labels).map_err(broken)?, &pair.labels, &mut labels).map_err(broken)?;
        let samples = array.header.shape.first().copied().unwrap_or(0) as usize;
        sets.push(Set { name: pair.set.to_owned(), samples });
        arrays.push((pair.samples.clone(), array));
    }
    let mut notices = found.notices;
    let content = content::of(arrays, &path, &mut notices)?;
    Ok(Rows { content, labels, sets, texts: Vec::new(), notices })
}

/// Adds an array of labels: whole numbers, whole floats, texts, yes and no.
fn push(array: &Array, name: &str, labels: &mut Labels) -> Result<(), ArrayError> {
    match array.header.kind.of {
        Of::Texts | Of::Bytes => array.texts().for_each(|text| labels.push_text(&text)),
        Of::Flags => array.numbers().for_each(|flag| labels.push_flag(flag == 1)),
        Of::Unsigned | Of::Signed => {
            for number in array.numbers() {
                let number = i64::try_from(number)
                    .map_err(|_| ArrayError::Label(name.to_owned(), LabelError::Huge))?;
                labels.push_number(number);
            }
        }
        Of::Floats => {
            for value in array.floats() {
                labels.push_float(value).map_err(|error| ArrayError::Label(name.to_owned(), error))?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
