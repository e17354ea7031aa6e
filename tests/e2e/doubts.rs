//! What is said when a result means little.

use crate::project::Project;

/// One attempt in so few epochs: of five searches some fail, and some do not.
const FEW: &[&str] = &["--set", "runs=5", "--set", "max_attempts=1", "--set", "epochs=60"];

#[test]
fn the_sets_that_there_are_still_give_a_ranking() {
    let project = Project::new();
    let words = [&["run", "hard"], FEW].concat();
    for _ in 0..2 {
        let ran = project.hspipe(&words);
        assert_eq!(ran.code, Some(1), "sets are missing: {}", ran.err);
        assert!(ran.err.contains(
            "warning: made of 3 of 5 sets, since the others failed: hard_counts, overlap, ranking, scores"
        ));
        assert!(project.path("Results/hardest.parquet").is_file() && project.path("Figures/Hard").is_dir());
    }
    let counted = project.hspipe(&["query", "--format", "csv", "SELECT DISTINCT n FROM hard_counts"]);
    assert_eq!(counted.out, "n\n3\n");
    let status = project.hspipe(&[&["status", "hard"], FEW].concat()).out;
    assert!(
        status.lines().last().is_some_and(|total| total.starts_with("total")) && status.contains("failed")
    );

    // Once all succeed, nothing is left of it.
    let ran = project.hspipe(&["run", "hard", "--set", "runs=5"]);
    assert_eq!((ran.code, ran.err.contains("of 5 sets")), (Some(0), false), "{}", ran.err);
    let counted = project.hspipe(&["query", "--format", "csv", "SELECT DISTINCT n FROM hard_counts"]);
    assert_eq!(counted.out, "n\n5\n");
}

/// Whether classes invert has nothing to do with labels.
#[test]
fn issues_are_found_where_no_search_succeeds() {
    let project = Project::new();
    let ran = project.hspipe(&["run", "hard", "--set", "check_interval=300"]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(ran.err.contains("no class can invert") && ran.err.contains("probably wrong"), "{}", ran.err);
    assert!(project.path("Results/issues.parquet").is_file());
    let scores = ["query", "--format", "csv", "SELECT DISTINCT score FROM scores"];
    let scores = project.hspipe(&scores).out;
    assert!(scores.contains("consensus") && !scores.contains("stragglers"), "{scores}");
}

#[test]
fn networks_that_have_learned_nothing_are_named() {
    let project = Project::new();
    let ran = project.hspipe(&["run", "fit", "--set", "learning_rate=0.000001", "--set", "epochs=30"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.err.contains("warning: fit of ./tiny: the networks are right on"), "{}", ran.err);
    assert!(!project.hspipe(&["run", "fit"]).err.contains("warning"));
}

#[test]
fn a_search_that_cannot_succeed_trains_nothing() {
    let project = Project::new();
    let ran = project.hspipe(&["run", "search", "--set", "check_interval=151"]);
    assert_eq!(ran.code, Some(1));
    let told =
        "no class can invert: with check_interval 151 and first_epoch 20 the first check is at epoch 151";
    assert!(!ran.err.contains(told), "151 is below 300, so that one can: {}", ran.err);
    let ran = project.hspipe(&["run", "search", "--set", "check_interval=300"]);
    assert!(
        ran.err.contains("the first check is at epoch 300, but the 300 epochs end before it"),
        "{}",
        ran.err
    );
}
