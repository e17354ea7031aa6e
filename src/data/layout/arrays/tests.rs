//! Arrays as NumPy, Keras and MedMNIST save them.

use std::fs;
use std::io::{Cursor, Write as _};

use super::super::super::own::Own;
use super::super::tests::content;
use super::npy::tests::npy;
use super::*;
use crate::data::Samples;

fn samples(bytes: &[u8], reading: &Reading) -> Result<Samples, String> {
    let made = rows(vec![content("npz", bytes.to_vec())], reading)
        .and_then(|rows| Samples::of(rows, reading, Path::new("x.npz")));
    made.map_err(|error| format!("{}: {}", error.in_one_line(), error.hint().unwrap_or_default()))
}

fn read(bytes: &[u8]) -> Result<Samples, String> {
    samples(bytes, &Reading::default())
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

/// Bytes, as images of one pixel or of this shape.
fn bytes(shape: &str, values: &[u8]) -> Vec<u8> {
    npy("'|u1'", shape, values)
}

fn floats(shape: &str, values: &[f32]) -> Vec<u8> {
    npy("'<f4'", shape, &values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>())
}

/// tests/data/README.md says how NumPy made the two files.
#[test]
fn what_numpy_saves_is_read_grey_or_in_colour_packed_or_not() {
    let grey = read(include_bytes!("../../../../tests/data/grey.npz")).unwrap();
    assert_eq!(grey.images().pixels, (0..24).collect::<Vec<u8>>());
    assert_eq!((grey.labels.as_slice(), grey.images().channels), (&[0, 1, 1, 0][..], 1));
    let colour = read(include_bytes!("../../../../tests/data/colour.npz")).unwrap();
    assert_eq!(colour.labels, [0, 1, 1, 0, 1, 0, 1], "train, val, test");
    assert!(colour.summary().ends_with("3x2 in colour"), "{}", colour.summary());
    let pixels = &colour.images().pixels;
    assert_eq!(&pixels[..7], [0, 3, 6, 9, 12, 15, 1], "red first, then green");
    assert_eq!(pixels[pixels.len() - 1], 9);
}

#[test]
fn the_names_of_keras_and_scikit_learn_are_known() {
    let arrays = |names: [&'static str; 4]| {
        npz(&[
            (names[0], bytes("(2, 1, 2)", &[1, 2, 3, 4])),
            (names[1], npy("'<i8'", "(2, 1)", &[[3; 1].as_slice(), &[0; 7], &[5], &[0; 7]].concat())),
            (names[2], bytes("(2, 1, 2)", &[5, 6, 7, 8])),
            (names[3], bytes("(2,)", &[5, 3])),
        ])
    };
    for names in [
        ["x_train", "y_train", "x_test", "y_test"],
        ["train_images", "train_labels", "test_images", "test_labels"],
        ["X_train", "y_train", "X_valid", "y_valid"],
    ] {
        let found = read(&arrays(names)).unwrap();
        assert_eq!(found.images().pixels, [1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!((found.class_names(), found.sets.len()), (vec!["3", "5"], 2), "{names:?}");
    }
    let plain = |x: &str, y: &str| {
        npz(&[(x, floats("(4, 2)", &[0., 1., 2., 3., 4., 5., 6., 7.5])), (y, bytes("(4,)", &[0, 1, 0, 1]))])
    };
    for (x, y) in [("X", "y"), ("data", "target"), ("embeddings", "labels")] {
        let found = read(&plain(x, y)).unwrap();
        assert_eq!(found.summary(), "2 classes: 0, 1; 4 samples; 2 features");
        assert_eq!(found.features().values[7], 7.5);
    }
    let found = read(&plain("arr_0", "arr_1")).unwrap();
    assert_eq!(found.notices, ["by their shapes arr_0 has the samples, arr_1 their labels"]);
    let said = Reading { image: Some("a".into()), label: Some("b".into()), ..Reading::default() };
    let many = npz(&[
        ("a", bytes("(2, 1, 1)", &[1, 2])),
        ("b", bytes("(2,)", &[1, 2])),
        ("c", bytes("(9,)", &[0; 9])),
    ]);
    assert!(read(&many).unwrap_err().contains("a (2 x 1 x 1), b (2), c (9)"));
    assert!(samples(&many, &said).unwrap_err().contains("one sample"), "they are read");
}

#[test]
fn a_folder_of_arrays_is_read_whichever_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("X.npy"), floats("(4, 1)", &[1., 2., 3., 4.])).unwrap();
    fs::write(folder.path().join("y.npy"), npy("'<U1'", "(4,)", b"b\0\0\0a\0\0\0b\0\0\0a\0\0\0")).unwrap();
    for path in [folder.path().to_owned(), folder.path().join("X.npy")] {
        let found = Own::new("mine".into(), path, Reading::default()).load().unwrap();
        assert_eq!((found.class_names(), found.labels.as_slice()), (vec!["a", "b"], &[1, 0, 1, 0][..]));
    }
}

#[test]
fn pixels_of_any_type_become_bytes_by_one_rule() {
    let of = |x: Vec<u8>| read(&npz(&[("X", x), ("y", bytes("(4,)", &[0, 1, 0, 1]))])).unwrap();
    let unit = of(floats("(4, 1, 1)", &[0.0, 0.5, 1.0, 0.2]));
    assert_eq!(unit.images().pixels, [0, 128, 255, 51]);
    assert!(unit.notices[0].contains("from 0 to 1 are read as 0 to 255"), "{:?}", unit.notices);
    let whole = of(floats("(4, 1, 1)", &[0.0, 7.0, 255.0, 16.0]));
    assert_eq!((whole.images().pixels.as_slice(), whole.notices.len()), (&[0, 7, 255, 16][..], 0));
    let image = |i: usize| (0..64).map(move |at| if at == 0 { [-1.0, 0.0, 4.0, 1.0][i] } else { 0.0 });
    let standardised = of(floats("(4, 8, 8)", &(0..4).flat_map(image).collect::<Vec<f32>>()));
    assert_eq!([0, 64, 128, 192].map(|at| standardised.images().pixels[at]), [0, 51, 255, 102]);
    assert_eq!(standardised.notices, ["pixels from -1.0000 to 4.0000 are read as 0 to 255, rounded"]);
    let sequence = of(floats("(4, 2, 3)", &(0..24).map(|i| 0.5 - i as f32).collect::<Vec<f32>>()));
    assert_eq!(sequence.notices, ["X has 2 x 3 numbers that are no pixels: read as 6 features"]);
    let planes = of(bytes("(4, 1, 2, 1)", &[1, 2, 3, 4, 5, 6, 7, 8]));
    assert_eq!(planes.summary(), "2 classes: 0, 1; 4 samples; 2x1 grey", "the last axis is the channels");
    let first = of(bytes("(4, 3, 1, 2)", &(0..24).collect::<Vec<u8>>()));
    assert_eq!((first.images().channels, &first.images().pixels[..6]), (3, &[0, 1, 2, 3, 4, 5][..]));
    let flat = of(bytes("(4, 64)", &(0..=255).collect::<Vec<u8>>()));
    assert!(flat.notices[0].contains("X has 64 bytes in a row: read as images of 8x8"), "{:?}", flat.notices);
}

#[test]
fn what_does_not_fit_is_named() {
    let pixels = || ("train_images", bytes("(2, 1, 1)", &[1, 2]));
    let refused = |arrays: &[(&str, Vec<u8>)], part: &str| {
        let error = read(&npz(arrays)).unwrap_err();
        assert!(error.contains(part), "{part}: {error}");
        assert!(!error.contains("anew"), "this is no damage: {error}");
    };
    refused(&[], "it has none of numbers or texts");
    refused(&[pixels()], "no array of labels beside train_images: it has train_images (2 x 1 x 1)");
    let labels = |shape: &str, values: &[u8]| ("train_labels", bytes(shape, values));
    refused(&[pixels(), labels("(3,)", &[0, 1, 0])], "train_images has 2 samples, train_labels has 3 labels");
    refused(
        &[pixels(), labels("(2, 2)", &[0, 1, 0, 1])],
        "train_labels is 2 x 2: each sample may have several labels (multi-label)",
    );
    refused(
        &[("train_images", bytes("(2, 1, 1, 1, 1)", &[1, 2])), labels("(2,)", &[0, 1])],
        "2 x 1 x 1 x 1 x 1",
    );
    refused(&[("train_images", bytes("(3000000, 28, 28)", &[])), labels("(2,)", &[0, 1])], "3000000 samples");
    let test =
        [("test_images", bytes("(2, 1, 2)", &[1, 2, 3, 4])), ("test_labels", bytes("(2, 1)", &[0, 1]))];
    refused(&[&[pixels(), labels("(2,)", &[0, 1])], &test[..]].concat(), "2 x 1 x 1 and 2 x 1 x 2");
    refused(
        &[&[pixels(), labels("(2,)", &[0, 1])], &test[..1]].concat(),
        "no array of labels beside test_images",
    );
    refused(
        &[("X", npy("'|O'", "(2,)", &[0; 16])), ("y", bytes("(2,)", &[0, 1]))],
        "array X holds objects of Python ('|O')",
    );
    refused(
        &[("X", floats("(4, 1)", &[1., f32::NAN, 2., 3.])), ("y", bytes("(4,)", &[0, 1, 0, 1]))],
        "no value in 1 of 4 samples",
    );
    assert!(read(b"PK no").unwrap_err().contains("zip"));
}
