//! Every row of the table of docs/own-data.md: `init` as it is written there, on made-up data of that kind, then a run.

use std::fs::{self, File};
use std::io::{Cursor, Write as _};
use std::path::Path;
use std::sync::Arc;

use arrow_array::types::Float32Type;
use arrow_array::{ArrayRef, BinaryArray, Int64Array, ListArray, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;

use crate::project::{Project, Ran};

/// Samples of each class, and the side of their images.
const EACH: usize = 50;
const SIDE: usize = 8;
const CLASSES: [&str; 3] = ["ant", "bee", "wasp"];

/// The class and the pixels of sample `i`: each class has a stripe of its own, in noise.
fn sample(i: usize) -> (usize, Vec<u8>) {
    let class = i % CLASSES.len();
    let pixel = |at: usize| {
        let noise = (i * 7919 + at * 104_729) % 61;
        (if at / SIDE == 2 * class + 1 { 150 + noise } else { noise }) as u8
    };
    (class, (0..SIDE * SIDE).map(pixel).collect())
}

fn samples() -> impl Iterator<Item = (usize, Vec<u8>)> {
    (0..EACH * CLASSES.len()).map(sample)
}

/// A grey PNG in which each pixel of the sample is a square of `zoom` x `zoom`.
fn png(pixels: &[u8], zoom: usize) -> Vec<u8> {
    let side = SIDE * zoom;
    let zoomed: Vec<u8> =
        (0..side * side).map(|at| pixels[at / side / zoom * SIDE + at % side / zoom]).collect();
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side as u32, side as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().unwrap().write_image_data(&zoomed).unwrap();
    bytes
}

fn folders(root: &Path, zoom: impl Fn(usize) -> usize) {
    for (i, (class, pixels)) in samples().enumerate() {
        let folder = root.join(CLASSES[class]);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{i:03}.png")), png(&pixels, zoom(i))).unwrap();
    }
}

fn parquet(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn images() -> ArrayRef {
    Arc::new(BinaryArray::from_iter_values(samples().map(|(_, pixels)| png(&pixels, 1))))
}

fn names() -> ArrayRef {
    Arc::new(StringArray::from_iter_values(samples().map(|(class, _)| CLASSES[class])))
}

fn npy(descr: &str, shape: &str, bytes: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
    [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), bytes].concat()
}

fn bytes_of(numbers: impl Iterator<Item = f32>) -> Vec<u8> {
    numbers.flat_map(f32::to_le_bytes).collect()
}

/// Makes data of the kind that the table says lies at this path; what the line of what was found has to have.
fn make(project: &Project, path: &str) -> &'static str {
    let at = project.path(path);
    let n = EACH * CLASSES.len();
    match path {
        "pets" => {
            folders(&at, |_| 1);
            "3 classes: ant, bee, wasp; 150 samples; 8x8 grey"
        }
        "splits" => {
            folders(&at.join("Train"), |_| 1);
            folders(&at.join("valid"), |_| 1);
            fs::remove_dir_all(at.join("valid/bee")).unwrap();
            fs::create_dir(at.join("valid/bee")).unwrap();
            "3 classes: ant, bee, wasp; 150 train, 100 val; 8x8 grey"
        }
        "photos" => {
            folders(&at, |i| 4 + i % 3);
            "3 classes: ant, bee, wasp; 150 samples; 32x32 grey"
        }
        "hub" => {
            let labels: ArrayRef =
                Arc::new(Int64Array::from_iter_values(samples().map(|(class, _)| class as i64)));
            for split in ["test-00000-of-00001", "train-00000-of-00001"] {
                let file = at.join(format!("data/{split}.parquet"));
                parquet(&file, vec![("image", images()), ("label", labels.clone())]);
            }
            fs::write(at.join("README.md"), "---\n").unwrap();
            "3 classes: 0, 1, 2; 150 train, 150 test; 8x8 grey"
        }
        "cards.parquet" => {
            parquet(&at, vec![("img", images()), ("suit", names())]);
            "3 classes: ant, bee, wasp; 150 samples; 8x8 grey"
        }
        "vectors.parquet" => {
            let vector = |(_, pixels): (usize, Vec<u8>)| {
                Some(pixels.into_iter().map(|p| Some(f32::from(p))).collect::<Vec<_>>())
            };
            let vectors = ListArray::from_iter_primitive::<Float32Type, _, _>(samples().map(vector));
            parquet(&at, vec![("embedding", Arc::new(vectors)), ("label", names())]);
            "3 classes: ant, bee, wasp; 150 samples; 64 features"
        }
        "embeddings" => {
            fs::create_dir(&at).unwrap();
            let values = bytes_of(samples().flat_map(|(_, pixels)| pixels.into_iter().map(f32::from)));
            fs::write(at.join("X.npy"), npy("<f4", &format!("({n}, 64)"), &values)).unwrap();
            let labels: Vec<u8> = samples().map(|(class, _)| 10 * class as u8).collect();
            fs::write(at.join("y.npy"), npy("|u1", &format!("({n},)"), &labels)).unwrap();
            "3 classes: 0, 10, 20; 150 samples; 64 features"
        }
        "wine.csv" => {
            let mut text = "id,acid,sugar,alcohol,colour,quality\n".to_string();
            for (i, (class, pixels)) in samples().enumerate() {
                let quality = ["bad", "fair", "good"][class];
                let colour = if i % 2 == 0 { "red" } else { "white" };
                text += &format!("{i},{},{}.5,{},{colour},{quality}\n", pixels[9], pixels[25], pixels[41]);
            }
            fs::write(&at, text).unwrap();
            "3 classes: bad, fair, good; 150 samples; 5 features"
        }
        "digits.csv" => {
            let heads: Vec<String> = (0..SIDE * SIDE).map(|at| format!("pixel{at}")).collect();
            let mut text = format!("label,{}\n", heads.join(","));
            for (class, pixels) in samples() {
                let pixels: Vec<String> = pixels.iter().map(u8::to_string).collect();
                text += &format!("{class},{}\n", pixels.join(","));
            }
            fs::write(&at, text).unwrap();
            "3 classes: 0, 1, 2; 150 samples; 8x8 grey"
        }
        "mnist.npz" => {
            let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
            let pixels: Vec<u8> = samples().flat_map(|(_, pixels)| pixels).collect();
            let labels: Vec<u8> = samples().map(|(class, _)| class as u8 + 1).collect();
            for (name, array) in [
                ("x_train", npy("|u1", &format!("({n}, 8, 8)"), &pixels)),
                ("y_train", npy("|u1", &format!("({n},)"), &labels)),
            ] {
                zip.start_file(format!("{name}.npy"), zip::write::SimpleFileOptions::default()).unwrap();
                zip.write_all(&array).unwrap();
            }
            fs::write(&at, zip.finish().unwrap().into_inner()).unwrap();
            "3 classes: 1, 2, 3; 150 train; 8x8 grey"
        }
        "digits" => {
            fs::rename(project.path("tiny"), at).unwrap();
            "10 classes: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9; 500 train, 100 test; 28x28 grey"
        }
        other => panic!("nobody makes data of the kind {other}"),
    }
}

#[test]
fn every_row_of_the_table_is_true() {
    let page = fs::read_to_string(Path::new(crate::REPOSITORY).join("docs/own-data.md")).unwrap();
    let commands: Vec<&str> = page
        .lines()
        .filter_map(|line| line.split_once("| `hspipe init ")?.1.split_once('`'))
        .map(|(words, _)| words)
        .collect();
    assert_eq!(commands.len(), 11);
    let project = Project::new();
    for words in commands {
        let words: Vec<&str> = words.split(' ').collect();
        let data = words[words.iter().position(|word| *word == "--data").unwrap() + 1];
        let found = make(&project, data);
        let ran = project.hspipe(&[&["init"], words.as_slice()].concat());
        assert!(ran.code == Some(0) && ran.err.contains(found), "{words:?}\n{}", ran.err);
        let run = ["run", "hard", "--set", "runs=2"];
        let mut command = project.command(&run);
        command.current_dir(project.path(words[0]));
        let ran = Ran::of(command);
        assert!(ran.code == Some(0) && ran.err.contains(found), "{words:?}\n{}", ran.err);
        assert!(ran.err.contains("samples were judged by networks that had not seen them"), "{}", ran.err);
    }
    // What it is called, and not where it lies, is in the tables.
    let mut query =
        project.command(&["query", "SELECT DISTINCT dataset, class_name, class_value FROM contents"]);
    query.current_dir(project.path("e"));
    let ran = Ran::of(query);
    assert!(ran.out.contains("cards    bee         bee"), "{}", ran.out);
}
