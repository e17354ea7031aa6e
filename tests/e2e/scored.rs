//! Samples that came later, judged by the networks of a past run.

use std::fmt::Write as _;
use std::fs;

use crate::project::Project;

/// Rows of three sorts, from one number on; `label` gives the last column.
fn table(from: usize, count: usize, label: impl Fn(usize) -> &'static str) -> String {
    let mut csv = String::from("sugar,acid,label\n");
    for n in from..from + count {
        let spread = |step: usize| (n * step % 181) as f64 / 180.0 - 0.5;
        let (sugar, acid) = ([1.0, 5.0, 9.0][n % 3] + spread(37), [6.0, 3.0, 7.0][n % 3] + spread(71));
        // Writing to a String cannot fail.
        let _ = writeln!(csv, "{sugar:.3},{acid:.3},{}", label(n));
    }
    csv
}

const SORTS: [&str; 3] = ["dry", "mild", "sweet"];

#[test]
fn later_samples_are_judged_by_networks_that_have_not_seen_them() {
    let project = Project::new();
    fs::write(project.path("wines.csv"), table(0, 180, |n| SORTS[n % 3])).unwrap();
    let late = |n: usize| match n {
        205 => SORTS[0],
        207 => "",
        n => SORTS[n % 3],
    };
    fs::write(project.path("late.csv"), table(200, 12, late)).unwrap();
    let init = project.hspipe(&["init", "wines", "--data", "wines.csv"]);
    assert_eq!(init.code, Some(0), "{}", init.err);
    let score = |data: &str| project.hspipe(&["score", "--data", data, "--pipeline", "wines/pipeline.yaml"]);
    let early = score("late.csv");
    assert!(early.code == Some(1) && early.err.contains("no network has been trained yet"), "{}", early.err);
    project.run(&["hard", "--pipeline", "wines/pipeline.yaml"]);

    let scored = score("late.csv");
    assert_eq!(scored.code, Some(0), "{}", scored.err);
    assert!(
        scored.err.contains("late.csv: 12 samples, 11 with a label, judged by 5 networks"),
        "{}",
        scored.err
    );
    let rows: Vec<Vec<&str>> = scored.out.lines().map(|line| line.split(',').collect()).collect();
    let column = |name: &str| rows[0].iter().position(|column| *column == name).unwrap();
    let of = |row: usize, name: &str| rows[row][column(name)];
    assert_eq!(rows.len(), 13);
    assert_eq!([of(1, "sample_id"), of(1, "given_label"), of(1, "is_label_issue")], ["5", "dry", "true"]);
    assert_eq!(of(1, "predicted_label"), SORTS[205 % 3]);
    assert!((2..12).all(|row| of(row, "is_label_issue") == "false"), "{}", scored.out);
    assert_eq!([of(12, "sample_id"), of(12, "given_label"), of(12, "label_score")], ["7", "", ""]);
    assert_eq!(of(12, "predicted_label"), SORTS[207 % 3]);

    // Numbers that happen to count the rows are no less a feature.
    fs::write(project.path("counted.csv"), "sugar,acid,label\n0,6.0,dry\n1,6.0,dry\n2,6.0,dry\n").unwrap();
    let counted = score("counted.csv");
    assert!(counted.code == Some(0) && counted.err.contains("3 samples, 3 with a label"), "{}", counted.err);

    // What a sample is does not hang on what else is judged.
    fs::write(project.path("one.csv"), table(205, 1, late)).unwrap();
    let one = score("one.csv");
    let own: Vec<&str> = one.out.lines().nth(1).unwrap().split(',').collect();
    for name in ["given_probability", "predicted_probability", "energy"] {
        assert_eq!(own[column(name)], of(1, name), "{name}");
    }
    let refused = |text: &str, part: &str| {
        fs::write(project.path("bad.csv"), text).unwrap();
        let ran = score("bad.csv");
        assert!(ran.code == Some(1) && ran.err.contains(part), "{}", ran.err);
    };
    refused("sugar,label\n1.0,dry\n2.0,mild\n", "it has no column `acid`");
    refused("sugar,acid,label\n1.0,2.0,sour\n", "the class \"sour\", and the networks know dry, mild, sweet");
}
