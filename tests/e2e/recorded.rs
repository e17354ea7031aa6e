//! Trainings that were recorded elsewhere: as others write them, with the data and without.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::project::{Project, Ran};

const SAMPLES: usize = 90;
const EPOCHS: usize = 6;

/// Labels of three classes; those of samples 7, 36 and 65 are wrong.
fn label(sample: usize) -> usize {
    if sample % 29 == 7 { (sample + 1) % 3 } else { sample % 3 }
}

/// What a network makes of a sample: the more sure of its right class the later.
fn logits(sample: usize, epoch: usize) -> [f64; 3] {
    let mut logits = [0.0; 3];
    logits[sample % 3] = 0.5 + epoch as f64 + (sample * 37 % 91) as f64 / 91.0;
    logits
}

/// Writes what dataset cartography writes.
pub fn record(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    for epoch in 0..EPOCHS {
        let mut lines = String::new();
        for sample in (0..SAMPLES).rev() {
            let ([a, b, c], gold) = (logits(sample, epoch), label(sample));
            let logits = format!("\"logits_epoch_{epoch}\": [{a:.3}, {b:.3}, {c:.3}]");
            // Writing to a String cannot fail.
            let _ = writeln!(lines, "{{\"guid\": {sample}, {logits}, \"gold\": {gold}}}");
        }
        fs::write(folder.join(format!("dynamics_epoch_{epoch}.jsonl")), lines).unwrap();
    }
}

/// The data: two features, which tell the classes.
fn data(path: &Path) {
    let mut csv = String::from("sugar,acid,sort\n");
    for sample in 0..SAMPLES {
        let spread = (sample * 37 % 91) as f64 / 91.0;
        let sort = ["dry", "mild", "sweet"][label(sample)];
        let _ = writeln!(csv, "{:.3},{:.3},{sort}", (sample % 3) as f64 * 3.0 + spread, spread * 2.0);
    }
    fs::write(path, csv).unwrap();
}

fn init(project: &Project, words: &[&str]) -> Ran {
    project.hspipe(&[&["init"], words].concat())
}

/// Runs `hard` in a folder, and gives the ids of the labels that are called wrong, the most suspect first.
fn wrong_labels(project: &Project, folder: &str) -> (Vec<String>, String) {
    let pipeline = format!("{folder}/pipeline.yaml");
    let ran = project.hspipe(&["run", "hard", "--pipeline", &pipeline]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let sql = "SELECT sample_id FROM issues WHERE label_issue ORDER BY rank";
    let rows = project.hspipe(&["query", sql, "--format", "csv", "--pipeline", &pipeline]);
    (rows.out.lines().skip(1).map(str::to_owned).collect(), ran.err)
}

#[test]
fn wrong_labels_are_found_by_a_training_of_others() {
    let project = Project::new();
    record(&project.path("seen"));
    let ran = init(&project, &["alone", "--dynamics", "seen"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let summary = "recording: ../seen: 6 epochs of 90 samples, 3 classes; logits of networks that have learned from them";
    assert!(ran.err.contains(summary), "{}", ran.err);
    let (mut found, said) = wrong_labels(&project, "alone");
    found.sort();
    assert_eq!(found, ["36", "65", "7"]);
    let judged =
        "seen: 90 samples were judged by the mean over the epochs of networks that have learned from them";
    assert!(said.contains(judged), "{said}");
    assert!(project.path("alone/Figures/Hard/data_map_seen.svg").is_file());

    data(&project.path("wines.csv"));
    let ran = init(
        &project,
        &["both", "--dynamics", "seen", "--data", "wines.csv", "--label", "sort", "--name", "wines"],
    );
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let (mut found, said) = wrong_labels(&project, "both");
    found.sort();
    assert_eq!(found, ["36", "65", "7"]);
    assert!(said.contains("no sample is there twice"), "{said}");
    let names = project.hspipe(&[
        "query",
        "SELECT class_name FROM issues ORDER BY sample_id LIMIT 3",
        "--format",
        "csv",
        "--pipeline",
        "both/pipeline.yaml",
    ]);
    assert_eq!(names.out, "class_name\ndry\nmild\nsweet\n");
    assert!(project.path("both/Figures/Hard/hardest_wines.svg").is_file());

    // Again it is no work, and a recording that has changed is another.
    let pipeline = ["--pipeline", "alone/pipeline.yaml"];
    assert!(project.run(&[&["hard"], &pipeline[..]].concat()).starts_with("nothing to do"));
    let last = project.path("seen/dynamics_epoch_5.jsonl");
    fs::remove_file(&last).unwrap();
    assert!(project.run(&[&["hard"], &pipeline[..]].concat()).contains("computed"));
}

#[test]
fn a_table_of_probabilities_is_taken_to_be_out_of_sample() {
    let project = Project::new();
    let mut csv = String::from("0,1,2,label\n");
    for sample in 0..SAMPLES {
        let row: Vec<String> =
            (0..3).map(|class| if class == sample % 3 { "0.9" } else { "0.05" }.to_owned()).collect();
        let _ = writeln!(csv, "{},{}", row.join(","), label(sample));
    }
    fs::write(project.path("probabilities.csv"), csv).unwrap();
    let ran = init(&project, &["alone", "--dynamics", "probabilities.csv"]);
    assert!(
        ran.err.contains("taken to be of networks that have not learned from these samples"),
        "{}",
        ran.err
    );
    let (mut found, said) = wrong_labels(&project, "alone");
    found.sort();
    assert_eq!(found, ["36", "65", "7"]);
    assert!(said.contains("were judged by networks that had not seen them"), "{said}");
}

#[test]
fn what_does_not_fit_is_refused_before_a_file_is_written() {
    let project = Project::new();
    record(&project.path("seen"));
    data(&project.path("wines.csv"));
    let refused = |words: &[&str], parts: &[&str]| {
        let ran = init(&project, &[&["new"], words].concat());
        assert_ne!(ran.code, Some(0));
        assert!(parts.iter().all(|part| ran.err.contains(part)), "{parts:?}: {}", ran.err);
        assert!(!project.path("new").exists());
    };
    // The same samples in another order.
    let shuffled = fs::read_to_string(project.path("wines.csv")).unwrap();
    let (head, rows) = shuffled.split_once('\n').unwrap();
    let mut rows: Vec<&str> = rows.lines().collect();
    rows.sort_unstable();
    fs::write(project.path("sorted.csv"), format!("{head}\n{}\n", rows.join("\n"))).unwrap();
    refused(
        &["--dynamics", "seen", "--data", "sorted.csv", "--label", "sort"],
        &["labels are not those of the data"],
    );
    let last = project.path("seen/dynamics_epoch_4.jsonl");
    let good = fs::read_to_string(&last).unwrap();
    let broken = |from: &str, to: &str| fs::write(&last, good.replacen(from, to, 1)).unwrap();
    broken("\"gold\": ", "\"gold\": 4");
    refused(&["--dynamics", "seen"], &["epoch 4, sample 89: the label is 4", "there are 3 classes"]);
    broken("\"logits_epoch_4\": [", "\"logits_epoch_4\": [NaN, ");
    refused(&["--dynamics", "seen"], &["dynamics_epoch_4.jsonl", "line 1"]);
    broken("\"logits_epoch_4\": [", "\"logits_epoch_4\": [1.0, ");
    refused(&["--dynamics", "seen"], &["there are 4 outputs, and 3 classes"]);
    refused(&["--dynamics", "wines"], &["there is no file or folder wines"]);
}
