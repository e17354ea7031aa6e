//! A class folder of PNG images goes the whole way, and its key is what the images are.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use arrow_array::cast::AsArray;
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

pub fn write_png(path: &Path, pixels: &[u8]) {
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

/// However its path is written, and wherever it lies: nothing is trained anew, and no figure is of another name.
#[test]
fn the_spelling_of_a_path_changes_nothing() {
    let project = Project::new();
    let hard = |dataset: &str| project.run(&["hard", "--set", &format!("datasets={dataset}")]);
    let picture = || fs::read(project.path("Figures/Hard/hardest_tiny.png")).unwrap();
    assert!(hard("./tiny").contains(" computed, "));
    let first = picture();
    let place = project.path("tiny");
    let folder = place.parent().unwrap().file_name().unwrap().to_str().unwrap();
    let absolute = place.to_str().unwrap();
    for other in ["./tiny/", "././tiny", ".//tiny", &format!("../{folder}/tiny"), absolute] {
        let last = hard(other);
        assert!(last.starts_with("nothing to do"), "{other}: {last}");
        assert_eq!(picture(), first, "{other}");
    }
    fs::create_dir(project.path("moved")).unwrap();
    fs::rename(&place, project.path("moved/tiny")).unwrap();
    assert!(hard("./moved/tiny").starts_with("nothing to do"));
}

#[test]
fn two_datasets_of_one_name_are_told_apart() {
    let project = Project::new();
    write_folders(&project);
    for (from, to) in [("tiny", "a/images"), ("digits", "b/images")] {
        fs::create_dir(project.path(&to[..1])).unwrap();
        fs::rename(project.path(from), project.path(to)).unwrap();
    }
    project.run(&["hard", "--set", "datasets=[./a/images, ./b/images]"]);
    for file in ["hardest_a-images.png", "hardest_b-images.pdf"] {
        assert!(project.path("Figures/Hard").join(file).exists(), "{file}");
    }
}

/// A name of 240 letters, and class names that no terminal and no font shows as they are.
#[test]
fn odd_names_go_the_whole_way() {
    let project = Project::new();
    write_folders(&project);
    let names = ["a\nb", "a\tb", "a\u{1b}[31mb", "a\u{202e}b", "🐈", "<b>&\"'", " ", "-", "#", "a b"];
    for set in ["train", "test"] {
        for (old, new) in NAMES.iter().zip(names) {
            let folder = project.path(&format!("digits/{set}"));
            fs::rename(folder.join(old), folder.join(new)).unwrap();
        }
    }
    let long = "d".repeat(240);
    fs::rename(project.path("digits"), project.path(&long)).unwrap();
    let set = format!("datasets=./{long}");
    project.run(&["hard", "tiny_figure", "--set", &set]);
    let figures: Vec<_> = fs::read_dir(project.path("Figures/Hard")).unwrap().map(Result::unwrap).collect();
    let begin = |with: &str| {
        figures.iter().filter(|figure| figure.file_name().to_string_lossy().starts_with(with)).count()
    };
    assert_eq!([begin("hardest_ddd"), begin("data_map_ddd"), figures.len()], [3, 3, 6], "{figures:?}");
    let ran = project.hspipe(&["report", "hard", "--set", &set, "-o", "report.html"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let page = fs::read_to_string(project.path("report.html")).unwrap();
    assert!(page.contains("&lt;b&gt;&amp;") && !page.contains("<b>&"), "names are text");
    assert!(page.contains("a\\u{1b}[31mb") && page.contains("a\\u{202e}b") && page.contains('🐈'));
    assert!(!page.contains(['\u{1b}', '\u{202e}']));
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
    // Few of ten classes are among eleven samples.
    failed(
        "subset_size=11",
        &[" no sample among the 11 that are studied", "(", "hint: set subset_size to all"],
    );
    let odd = project.path("digits/test/nine/odd.png");
    write_png(&odd, &[0; 28 * 28]);
    let whole = fs::read(&odd).unwrap();
    fs::write(&odd, &whole[..60]).unwrap();
    failed("runs=2", &["digits/test/nine/odd.png is not a good image", "hint: "]);
    fs::remove_file(&odd).unwrap();
    fs::write(project.path("digits/test/nine/notes.txt"), "x").unwrap();
    failed("runs=2", &["notes.txt", "ends in none of .png, .jpg, .jpeg"]);
    fs::rename(project.path("digits"), project.path("other")).unwrap();
    failed("runs=2", &["there is no file or folder", "digits"]);
    fs::create_dir(project.path("digits")).unwrap();
    failed(
        "runs=2",
        &["nothing in it is a dataset that hspipe can read", "a folder of class folders", ".npz"],
    );
}

/// The names in the table `classes` of the only load.
/// At this damage the crate that reads Parquet panics.
#[test]
fn a_damaged_table_is_told_in_words_alone() {
    let project = Project::new();
    let mut table = include_bytes!("../data/insects.parquet").to_vec();
    table[14] = 0;
    fs::write(project.path("insects.parquet"), table).unwrap();
    let ran = project.hspipe(&["init", "new", "--data", "insects.parquet"]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(ran.err.starts_with("error: ") && ran.err.contains("it is damaged"), "{}", ran.err);
}

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
