//! Promises of the cache, kept by the real pipeline.

use crate::project::{Project, differences};

const TARGETS: &[&str] = &["hard_counts", "overlap", "correlation", "tiny_figure"];

#[test]
fn only_what_changed_runs_again() {
    let project = Project::new();
    // load, subset twice, 2 noise, 2 searches, 2 fits, 2 accuracies, 6 identify, 3 hard_counts, overlap,
    // class_accuracy, 3 correlations, the figure; search_clean is the same work as search.
    assert!(project.run(TARGETS).starts_with("26 tasks computed, 2 cached"));
    assert!(project.run(TARGETS).starts_with("nothing to do: 28 tasks cached"));
    // A second train ratio: 2 sets more (noise, search, fit, 3 identify each), and what gathers them.
    let more = [TARGETS, &["--set", "train_ratios=[0.9, 0.7]"]].concat();
    let last = project.run(&more);
    assert!(last.starts_with(&format!("{} tasks computed", 12 + 3 + 1 + 3 + 1)), "{last}");
    // What no op declares changes nothing, and the way back is cached.
    assert!(project.run(&[TARGETS, &["--set", "radii_from=30"]].concat()).starts_with("nothing to do"));
    assert!(project.run(TARGETS).starts_with("nothing to do"));
    let why = project.hspipe(&["why", "fit", "--set", "learning_rate=0.2"]);
    assert_eq!(why.out, "fit, 2 tasks: will run: learning_rate 0.3 -> 0.2\n");
}

#[test]
fn threads_change_no_byte() {
    let undisturbed = Project::new();
    undisturbed.run(&[TARGETS, &["--threads", "1"]].concat());
    let expected = undisturbed.contents();
    assert!(expected.keys().any(|name| name == "Figures/Tiny/stragglers.png"), "{:?}", expected.keys());

    let threads = Project::new();
    threads.run(&[TARGETS, &["--threads", "2"]].concat());
    assert_eq!(differences(&expected, &threads.contents()), [""; 0]);
}

#[test]
fn a_dataset_that_cannot_be_had_stops_only_its_readers() {
    let project = Project::new();
    let datasets = ["--set", "datasets=[./tiny, KMNIST]", "--set", "strategies=[stragglers]"];
    let ran = project.hspipe(&[&["run", "hard_counts"], datasets.as_slice()].concat());
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("error: load[dataset=KMNIST]: the dataset cannot be had"), "{}", ran.err);
    assert!(ran.err.contains("all else is complete"), "{}", ran.err);
    let status = project.hspipe(&[&["status", "hard_counts[dataset=./tiny]"], datasets.as_slice()].concat());
    let total: Vec<&str> = status.out.lines().last().unwrap_or_default().split_whitespace().collect();
    assert_eq!(total[1], total[2], "{}", status.out);
}

#[test]
fn a_damaged_object_is_made_anew() {
    let project = Project::new();
    project.run(&["hard_counts", "--set", "runs=3"]);
    let expected = project.contents();
    let fresh = Project::new();
    fresh.run(&["hard_counts"]);
    let images = digest_of_images(&fresh);
    let path = fresh.path("cache/objects").join(&images[..2]).join(&images[2..]);
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    // The images are read again when a third set is trained.
    let ran = fresh.hspipe(&["run", "hard_counts", "--set", "runs=3"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.err.contains("warning: ") && ran.err.contains("is damaged; it is set aside"), "{}", ran.err);
    let contents = fresh.contents();
    assert_eq!(
        differences(&expected, &contents).iter().filter(|name| expected.contains_key(*name)).count(),
        0
    );
}

fn digest_of_images(project: &Project) -> String {
    let records = project.contents().into_iter().filter(|(name, _)| name.starts_with("cache/records"));
    let mut loads = records.filter_map(|(_, bytes)| {
        let record: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        (record["op"] == "load").then(|| record["outputs"][0]["digest"].as_str().unwrap().to_string())
    });
    loads.next().unwrap()
}

#[test]
fn runs_are_listed_and_compared() {
    let project = Project::new();
    project.run(TARGETS);
    project.run(&[TARGETS, &["--set", "epochs=250"]].concat());
    let log = project.hspipe(&["log"]).out;
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines.len(), 3, "{log}");
    assert!(lines[1].starts_with("1 ") && lines[2].ends_with("epochs 300 -> 250"), "{log}");
    let body = |words: &[&str]| {
        let out = project.hspipe(words).out;
        // The first line says how long ago the run was.
        out.split_once('\n').map(|(_, rest)| rest.to_string())
    };
    assert_eq!(body(&["diff", "2"]), body(&["diff", "2", "now"]));
    let diff = project.hspipe(&["diff", "1", "now"]).out;
    assert!(diff.starts_with("from run 1, ") && diff.ends_with("\n\nno difference\n"), "{diff}");
    let diff = project.hspipe(&["diff", "1", "2"]).out;
    for part in [
        "parameters: epochs 300 -> 250",
        "\nfit ",
        "\nhard_counts        mean",
        "Jaccard index",
        "rank correlation",
    ] {
        assert!(diff.contains(part), "{part}: {diff}");
    }
    assert_eq!(project.hspipe(&["diff", "7"]).code, Some(1));
    assert_eq!(project.hspipe(&["diff", "x"]).code, Some(2));
    // Going back is one cached run.
    assert!(project.run(TARGETS).starts_with("nothing to do"));
}
