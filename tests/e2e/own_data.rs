//! A class folder of PNG images goes the whole way, and its key is what the images are.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use arrow::array::AsArray;
use flate2::read::GzDecoder;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::project::Project;

pub const NAMES: [&str; 10] =
    ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

/// Writes the project's tiny digits as PNG images to `digits/train/one/17.png` and so on.
pub fn write_folders(project: &Project) {
    for (set, images, labels) in [
        ("train", "train-images-idx3", "train-labels-idx1"),
        ("test", "t10k-images-idx3", "t10k-labels-idx1"),
    ] {
        let unpacked = |name| {
            let file = File::open(project.path(&format!("tiny/{name}-ubyte.gz"))).unwrap();
            let mut bytes = Vec::new();
            GzDecoder::new(file).read_to_end(&mut bytes).unwrap();
            bytes
        };
        let (images, labels) = (unpacked(images), unpacked(labels));
        for (i, (pixels, label)) in images[16..].chunks(28 * 28).zip(&labels[8..]).enumerate() {
            let folder = project.path(&format!("digits/{set}/{}", NAMES[usize::from(*label)]));
            fs::create_dir_all(&folder).unwrap();
            write_png(&folder.join(format!("{i:03}.png")), pixels);
        }
    }
}

fn write_png(path: &Path, pixels: &[u8]) {
    let mut encoder = png::Encoder::new(File::create(path).unwrap(), 28, 28);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().unwrap().write_image_data(pixels).unwrap();
}

#[test]
fn a_class_folder_goes_the_whole_way() {
    let project = Project::new();
    write_folders(&project);
    let digits = ["tiny_figure", "--set", "datasets=./digits"];
    // load, subset, 2 noise, 2 searches, 2 identify, hard_counts, the figure.
    assert!(project.run(&digits).starts_with("10 tasks computed, 0 cached"));
    assert!(project.path("Figures/Tiny/stragglers.png").exists());
    assert!(project.path("Results/hard_samples.parquet").exists());
    assert!(project.run(&digits).starts_with("nothing to do: 10 tasks cached"));
    let mut names = NAMES;
    names.sort_unstable();
    assert_eq!(class_names(&project), names);

    // What enters the key is the images: not their place, and not their age.
    let load = |path: &str| project.run(&["load", "--set", &format!("datasets={path}")]);
    let one = project.path("digits/train/one");
    let image = fs::read_dir(&one).unwrap().next().unwrap().unwrap().path();
    let bytes = fs::read(&image).unwrap();
    fs::remove_file(&image).unwrap();
    fs::write(&image, bytes).unwrap();
    fs::rename(project.path("digits"), project.path("moved")).unwrap();
    assert!(load("./moved").starts_with("nothing to do: 1 tasks cached"));
    fs::rename(project.path("moved/train/one"), project.path("moved/train/uno")).unwrap();
    assert!(load("./moved").starts_with("1 tasks computed"));
}

#[test]
fn own_data_that_does_not_fit_stops_with_what_why_and_a_hint() {
    let project = Project::new();
    write_folders(&project);
    let failed = |set: &str, parts: &[&str]| {
        let ran = project.hspipe(&["run", "tiny_figure", "--set", "datasets=./digits", "--set", set]);
        assert!(matches!(ran.code, Some(1 | 2)) && !ran.err.contains("panicked"), "{}", ran.err);
        assert!(parts.iter().all(|part| ran.err.contains(part)), "{parts:?}: {}", ran.err);
    };
    failed("subset_size=20000", &["the dataset has 600 samples", "hint: set subset_size", "to 600 at most"]);
    let odd = project.path("digits/test/nine/odd.png");
    write_png(&odd, &[0; 28 * 28]);
    let whole = fs::read(&odd).unwrap();
    fs::write(&odd, &whole[..60]).unwrap();
    failed("runs=2", &["digits/test/nine/odd.png is not a good PNG or JPEG image", "hint: "]);
    fs::remove_file(&odd).unwrap();
    fs::write(project.path("digits/test/nine/notes.txt"), "x").unwrap();
    failed("runs=2", &["notes.txt", "ends in none of .png, .jpg, .jpeg"]);
    fs::rename(project.path("digits"), project.path("other")).unwrap();
    failed("runs=2", &["there is no file or folder", "digits"]);
    fs::create_dir(project.path("digits")).unwrap();
    failed("runs=2", &["is no dataset that hspipe can read", "a folder of class folders", ".npz"]);
}

/// The names in the table `classes` of the only load.
fn class_names(project: &Project) -> Vec<String> {
    let records = project.contents().into_iter().filter(|(name, _)| name.starts_with("cache/records"));
    let mut classes = records.filter_map(|(_, bytes)| {
        let record: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        (record["op"] == "load").then(|| record["outputs"][2]["digest"].as_str().unwrap().to_string())
    });
    let digest = classes.next().unwrap();
    let file = project.path("cache/objects").join(&digest[..2]).join(&digest[2..]);
    let table = ParquetRecordBatchReaderBuilder::try_new(File::open(file).unwrap()).unwrap();
    let batch = table.build().unwrap().next().unwrap().unwrap();
    let names = batch.column_by_name("name").unwrap();
    names.as_string::<i32>().iter().map(|name| name.unwrap().to_string()).collect()
}
