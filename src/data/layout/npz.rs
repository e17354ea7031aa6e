//! NumPy's .npz archive in the layout of MedMNIST: images and labels of up to three sets.
//!
//! `train_images` and `train_labels`, and the same of `val` and `test` if there are any: images of
//! N x H x W or N x H x W x 3 bytes, labels N or N x 1 whole numbers. In: a path, or the archive's
//! bytes. Out: images, train first, or what is wrong. Must not know: how an array is written.

use std::io::Cursor;
use std::path::Path;

use zip::ZipArchive;
use zip::result::ZipError;

use super::npy::{Array, NpyError};
use super::{Content, Found, has_ending, label};
use crate::data::DataError;
use crate::data::images::{self, Gathering, Images, Picture};

/// In the order in which they are joined; the first one must be there.
const SETS: [&str; 3] = ["train", "val", "test"];

/// What a good file is.
pub const WHAT: &str = "NumPy archive of images and labels";

/// What is wrong with an archive.
#[derive(Debug, thiserror::Error)]
pub enum NpzError {
    /// No zip archive, or a damaged one.
    #[error("it is no good zip archive")]
    Zip(#[from] ZipError),
    /// An array is missing.
    #[error("it has no array {0}")]
    Missing(String),
    /// An array is no good.
    #[error("array {0}: {1}")]
    Array(String, NpyError),
    /// An array has the wrong number of axes or sizes, or images are no bytes.
    #[error("array {name} is {found}: {wanted} are needed")]
    Shape {
        /// Of the array.
        name: String,
        /// Its shape, or its type.
        found: String,
        /// Shapes or types.
        wanted: &'static str,
    },
    /// Images and labels are not equally many.
    #[error("{set}_images has {images} images, {set}_labels has {labels} labels")]
    Count {
        /// `train`, `val` or `test`.
        set: &'static str,
        /// How many.
        images: u64,
        /// How many.
        labels: u64,
    },
}

/// The archive itself, if the path is one.
pub fn find(path: &Path) -> Option<Vec<Found>> {
    let is = path.is_file() && has_ending(path, &["npz"]);
    is.then(|| vec![Found { name: "npz".to_owned(), path: path.to_owned() }])
}

/// All sets, one after the other.
pub fn images(files: Vec<Content>) -> Result<Images, DataError> {
    let Some(file) = files.into_iter().next() else {
        return Err(DataError::NoSamples { path: "npz".into() });
    };
    let broken = |error: NpzError| file.broken(WHAT, error);
    let mut zip = ZipArchive::new(Cursor::new(&file.bytes)).map_err(|error| broken(error.into()))?;
    let mut gathered = Gathering::default();
    for set in SETS {
        let name = |what| format!("{set}_{what}");
        let pixels = array(&mut zip, &name("images")).map_err(broken)?;
        let labels = array(&mut zip, &name("labels")).map_err(broken)?;
        let (pixels, labels) = match (pixels, labels) {
            (Some(pixels), Some(labels)) => (pixels, labels),
            (None, None) if set != SETS[0] => continue,
            (None, _) => return Err(broken(NpzError::Missing(name("images")))),
            (_, None) => return Err(broken(NpzError::Missing(name("labels")))),
        };
        let shape = |name, array: &Array, wanted| NpzError::Shape {
            name,
            found: array.shape.iter().map(u64::to_string).collect::<Vec<_>>().join(" x "),
            wanted,
        };
        let (n, height, width, channels) = match pixels.shape[..] {
            [n, height, width] => (n, height, width, 1),
            [n, height, width, channels @ (1 | 3)] => (n, height, width, channels),
            _ => return Err(broken(shape(name("images"), &pixels, "N x H x W or N x H x W x 3"))),
        };
        if !pixels.is_u8() {
            let found = "not of unsigned bytes".to_owned();
            return Err(broken(NpzError::Shape { name: name("images"), found, wanted: "uint8" }));
        }
        match labels.shape[..] {
            [count] | [count, 1] if count == n => {}
            [count] | [count, 1] => {
                return Err(broken(NpzError::Count { set, images: n, labels: count }));
            }
            _ => return Err(broken(shape(name("labels"), &labels, "N or N x 1"))),
        }
        let (height, width, channels) = (height as usize, width as usize, channels as usize);
        let area = (height * width * channels).max(1);
        for (i, (samples, number)) in pixels.bytes.chunks_exact(area).zip(labels.numbers()).enumerate() {
            let place = file.path.join(format!("{set}_images[{i}]"));
            let picture = Picture::from_interleaved(samples, channels, channels, height, width);
            gathered.push(&picture, label(number, &place)?, &place)?;
        }
    }
    let names = images::numbered(gathered.labels());
    gathered.finish(names, &file.path)
}

/// The array of this name, if there is one.
fn array(zip: &mut ZipArchive<Cursor<&Vec<u8>>>, name: &str) -> Result<Option<Array>, NpzError> {
    match zip.by_name(&format!("{name}.npy")) {
        Ok(entry) => Array::read(entry).map(Some).map_err(|error| NpzError::Array(name.to_owned(), error)),
        Err(ZipError::FileNotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::npy::tests::npy;
    use super::super::tests::content;
    use super::*;
    use std::io::Write as _;

    fn read(bytes: &[u8]) -> Result<Images, String> {
        images(vec![content("npz", bytes.to_vec())]).map_err(|error| error.in_one_line())
    }

    /// An archive with these arrays.
    fn npz(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in arrays {
            zip.start_file(format!("{name}.npy"), zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    /// tests/data/README.md says how NumPy made the two files.
    #[test]
    fn what_numpy_saves_is_read_grey_or_in_colour_packed_or_not() {
        let grey = read(include_bytes!("../../../tests/data/grey.npz")).unwrap();
        assert_eq!(grey.pixels, (0..24).collect::<Vec<u8>>());
        assert_eq!((grey.labels, grey.channels, grey.height, grey.width), (vec![0, 1, 1, 0], 1, 2, 3));
        let colour = read(include_bytes!("../../../tests/data/colour.npz")).unwrap();
        assert_eq!(colour.labels, [0, 1, 1, 0, 1, 0, 1], "train, val, test");
        assert_eq!((colour.channels, colour.height, colour.width, colour.class_names.len()), (3, 2, 3, 2));
        assert_eq!(&colour.pixels[..7], [0, 3, 6, 9, 12, 15, 1], "red first, then green");
        assert_eq!(colour.pixels[colour.pixels.len() - 1], 9);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let pixels = || ("train_images", npy("'|u1'", "(2, 1, 1)", &[1, 2]));
        let refused = |arrays: &[(&str, Vec<u8>)], part: &str| {
            let error = read(&npz(arrays)).unwrap_err();
            assert!(error.contains(part), "{part}: {error}");
        };
        refused(&[], "no array train_images");
        refused(&[pixels()], "no array train_labels");
        refused(
            &[pixels(), ("train_labels", npy("'|u1'", "(3,)", &[0, 1, 0]))],
            "2 images, train_labels has 3",
        );
        refused(&[pixels(), ("train_labels", npy("'|u1'", "(2, 2)", &[0, 1, 0, 1]))], "2 x 2: N or N x 1");
        refused(
            &[pixels(), ("train_labels", npy("'|i1'", "(2,)", &[0, 255]))],
            "train_images[1]: its label is -1",
        );
        refused(&[pixels(), ("train_labels", npy("'<i4'", "(2,)", &[0, 0, 0, 0, 0, 0, 1, 0]))], "65536");
        let labels = || ("train_labels", npy("'|u1'", "(2,)", &[0, 1]));
        refused(&[("train_images", npy("'<f4'", "(2, 1, 1)", &[0; 8])), labels()], "its type is '<f4'");
        refused(&[("train_images", npy("'<u2'", "(2, 1, 1)", &[0; 4])), labels()], "uint8 are needed");
        refused(&[("train_images", npy("'|u1'", "(2, 1, 1, 1, 1)", &[1, 2])), labels()], "2 x 1 x 1 x 1 x 1");
        refused(&[("train_images", npy("'|u1'", "(3000000, 28, 28)", &[])), labels()], "more than 2 GiB");
        let test = [
            ("test_images", npy("'|u1'", "(2, 1, 2)", &[1, 2, 3, 4])),
            ("test_labels", npy("'|u1'", "(2, 1)", &[0, 1])),
        ];
        refused(&[&[pixels(), labels()], &test[..]].concat(), "1x1 grey, the other 2x1 grey");
        refused(&[&[pixels(), labels()], &test[..1]].concat(), "no array test_labels");
        assert!(read(b"PK no").unwrap_err().contains("zip"));
    }
}
