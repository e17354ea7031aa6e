//! What is asked of the results: query, tables; and what the run says to machines.

use std::fs;
use std::process::Stdio;

use crate::project::{Project, differences};

const TARGETS: &[&str] = &["hard_counts", "--set", "strategies=[stragglers]"];

#[test]
fn results_are_queried_by_name() {
    let project = Project::new();
    let early = project.hspipe(&["query", "SELECT 1"]);
    assert_eq!(early.code, Some(1));
    assert!(early.err.contains("has no tables") && early.err.contains("hint:"), "{}", early.err);
    project.run(TARGETS);
    for (sql, what) in [("DROP TABLE hard_samples", "a query only reads"), (" ", "the query is empty")] {
        let refused = project.hspipe(&["query", sql]);
        assert_eq!(refused.code, Some(2));
        assert!(refused.err.contains(what), "{}", refused.err);
    }

    let sql = "SELECT class, count(*) AS hard FROM hard_samples GROUP BY class ORDER BY class";
    let csv = project.hspipe(&["query", sql, "--format", "csv"]);
    assert_eq!(csv.code, Some(0), "{}", csv.err);
    let rows: Vec<(i64, i64)> = csv
        .out
        .lines()
        .skip(1)
        .map(|line| {
            let (class, hard) = line.split_once(',').unwrap();
            (class.parse().unwrap(), hard.parse().unwrap())
        })
        .collect();
    assert!(csv.out.starts_with("class,hard\n") && !rows.is_empty());
    let json = project.hspipe(&["query", sql, "--format", "json"]);
    let objects: Vec<serde_json::Value> = serde_json::from_str(&json.out).unwrap();
    let same: Vec<(i64, i64)> =
        objects.iter().map(|row| (row["class"].as_i64().unwrap(), row["hard"].as_i64().unwrap())).collect();
    assert_eq!(same, rows);
    let all: i64 = rows.iter().map(|(_, hard)| hard).sum();
    let counted = project.hspipe(&["query", "SELECT * FROM hard_samples", "-o", "all.csv"]);
    assert_eq!((counted.code, counted.out.as_str()), (Some(0), ""));
    let lines = fs::read_to_string(project.path("all.csv")).unwrap().lines().count();
    assert_eq!(lines as i64, all + 1);
    let table = project.hspipe(&["query", "SELECT * FROM hard_samples", "--rows", "2"]);
    assert_eq!(table.out.lines().count(), 3);
    assert!(table.err.contains(&format!("{} more rows", all - 2)), "{}", table.err);

    let wrong = project.hspipe(&["query", "SELECT clas FROM hard_samples"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.err.contains("did you mean `class`?"), "{}", wrong.err);
}

#[test]
fn tables_say_what_they_hold() {
    let project = Project::new();
    project.run(TARGETS);
    let all = project.hspipe(&["tables"]);
    let line = |name: &str| all.out.lines().find(|line| line.starts_with(name)).unwrap().to_string();
    assert!(line("hard_counts").contains("A row is one class"), "{}", all.out);
    assert!(line("overlap").split_whitespace().nth(1) == Some("-"), "not computed: {}", all.out);
    let one = project.hspipe(&["tables", "hard_counts"]);
    assert!(one.out.contains("rows in") && one.out.contains("dataset"), "{}", one.out);
    let none = project.hspipe(&["tables", "hard_count"]);
    assert_eq!(none.code, Some(2));
    assert!(none.err.contains("did you mean `hard_counts`?"), "{}", none.err);
    let small = "stages: {load: {params: {dataset: ./tiny}}}\nresults: {mine: {of: load.classes}}\n";
    fs::write(project.path("small.yaml"), small).unwrap();
    let of_small = project.hspipe(&["tables", "--pipeline", "small.yaml"]).out;
    assert!(of_small.contains("\nmine ") && of_small.contains("hard_counts "), "{of_small}");
    assert!(!of_small.contains("overlap"), "neither there nor of this pipeline: {of_small}");
}

/// Every line is an object, every task that begins comes to an end, and the summary counts them.
#[test]
fn a_run_tells_machines_what_it_does() {
    let project = Project::new();
    let ran = project.hspipe(&[&["run"], TARGETS, &["--log-format", "json"]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let events: Vec<serde_json::Value> =
        ran.err.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect();
    let named = |name: &str| events.iter().filter(|event| event["event"] == name).collect::<Vec<_>>();
    let started: usize = named("started").iter().map(|event| event["tasks"].as_array().unwrap().len()).sum();
    assert_eq!(named("computed").len(), started);
    let summary = named("summary")[0];
    assert_eq!(summary["computed"], started);
    assert!(summary["failed"] == 0 && summary["seconds"].as_f64().unwrap() > 0.0);

    let failed = project.hspipe(&["run", "hard_counts", "--set", "epochs=0", "--log-format", "json"]);
    assert_eq!(failed.code, Some(2));
    let error: serde_json::Value = serde_json::from_str(failed.err.trim()).unwrap();
    assert!(error["event"] == "error" && error["error"].as_str().unwrap().contains("epochs"), "{error}");
}

/// A reader that has seen enough is no failure worth a word.
#[test]
fn a_closed_pipe_ends_it_quietly() {
    let project = Project::new();
    let mut child = project.command(&["man"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(ended.stderr).unwrap(), "");
}

#[test]
fn the_doctor_looks_at_everything() {
    let project = Project::new();
    let well = project.hspipe(&["doctor"]);
    assert_eq!(well.code, Some(0), "{}", well.out);
    for word in ["cores", "libtorch", "pipeline.yaml", "cache", "MNIST"] {
        assert!(well.out.contains(word), "{word}: {}", well.out);
    }
    fs::write(project.path("pipeline.yaml"), "stages: {a: {op: lod}}").unwrap();
    let ill = project.hspipe(&["doctor"]);
    assert_eq!(ill.code, Some(1));
    assert!(
        ill.out.contains("ERROR  the pipeline cannot be used")
            && ill.out.contains("hint: did you mean `load`?"),
        "{}",
        ill.out
    );
}

/// Tables of other parameters are not left to be taken for those of these.
#[test]
fn results_that_go_are_named_and_nothing_at_all_is_a_failure() {
    let project = Project::new();
    project.run(TARGETS);
    let before = project.contents();
    for set in ["runs=0", "datasets=[]", "strategies=[]", "train_ratios=[]"] {
        let none = project.hspipe(&["run", "hard_counts", "--set", set]);
        assert_eq!(none.code, Some(1), "{}", none.err);
        assert!(none.err.contains("nothing is left of hard_counts"), "{}", none.err);
        assert!(differences(&before, &project.contents()).is_empty(), "{set} has changed a file");
    }
    let part = project.hspipe(&["run", "sources", "--set", "runs=0"]);
    assert_eq!(part.code, Some(0), "{}", part.err);
    assert!(part.err.contains("removed, since no task of these parameters has finished"), "{}", part.err);
    assert!(!project.path("Results/hard_counts.parquet").exists());
    assert!(project.run(TARGETS).starts_with("nothing to do"));
    assert!(project.path("Results/hard_counts.parquet").exists());
}

#[test]
fn a_file_is_written_by_its_ending_and_whole() {
    let project = Project::new();
    project.run(TARGETS);
    let all = "SELECT * FROM hard_samples";
    for (file, rows) in [("ALL.CSV", "--rows=1"), ("all.txt", "--rows=1")] {
        assert_eq!(project.hspipe(&["query", all, "-o", file, rows]).code, Some(0));
        assert!(fs::read_to_string(project.path(file)).unwrap().lines().count() > 20, "{file}");
    }
    let unknown = project.hspipe(&["query", all, "-o", "all.xlsx"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.err.contains("hint: name it .csv"), "{}", unknown.err);
    let panics = project.hspipe(&["query", "SELECT greatest()"]);
    assert_eq!(panics.code, Some(2));
    assert!(!panics.err.contains("panicked"), "{}", panics.err);
}
