//! What is said when a result means little.

use std::fs;

use crate::own_data::write_png;
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
    // The ranking is that of the issues, and says nothing of hardness.
    assert!(ran.err.contains("warning: made without identify, since all 2 sets of it failed: ranking\n"));
    assert!(ran.err.contains("warning: made without search, since all 2 sets of it failed: scores\n"));
    assert!(project.path("Figures/Hard/hardest_tiny.png").is_file());
    let query = |sql: &str| project.hspipe(&["query", "--format", "csv", sql]).out;
    let order = |table: &str| query(&format!("SELECT rank, sample_id FROM {table} ORDER BY rank LIMIT 1000"));
    assert_eq!(order("hardest"), order("issues"));
    let counts =
        query("SELECT count(*) AS n, count(hardness) AS hard, max(networks) AS networks FROM hardest");
    assert_eq!(counts, "n,hard,networks\n400,0,2\n");
}

/// Bars at the left or at the right, with some grain: every network knows them at once.
#[test]
fn samples_without_stragglers_are_ranked_by_default_and_by_a_share() {
    let project = Project::new();
    for (class, name) in ["left", "right"].into_iter().enumerate() {
        let folder = project.path(&format!("bars/{name}"));
        fs::create_dir_all(&folder).unwrap();
        for n in 0..50 {
            let grain = |at: usize| ((at * 7 + n * 13) * (at + n * 31) % 61) as u8;
            let bar = |at: usize| if at % 28 / 14 == class { 150 } else { 0 };
            let pixels: Vec<u8> = (0..28 * 28).map(|at| bar(at) + grain(at)).collect();
            write_png(&folder.join(format!("{n}.png")), &pixels);
        }
    }
    assert_eq!(project.hspipe(&["init", "mine", "--data", "bars"]).code, Some(0));
    let hard = |words: &[&str]| {
        let run = ["run", "hard", "--pipeline", "mine/pipeline.yaml", "--set", "max_attempts=1"];
        project.hspipe(&[&run, words].concat())
    };
    let asked = |words: &[&str]| {
        let ran = project.hspipe(&[words, &["--pipeline", "mine/pipeline.yaml"]].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        ran.out
    };
    // Few samples: init's pipeline searches for no stragglers.
    let ran = hard(&[]);
    assert_eq!((ran.code, ran.err.contains("error: ")), (Some(0), false), "{}", ran.err);
    let search = ["strategies=[stragglers, aum, self_confidence]", "hard_share=auto", "scores=[auto]"];
    let search = search.map(|set| ["--set", set]).concat();
    let ran = hard(&search);
    assert_eq!(ran.code, Some(1), "hard counts were asked for: {}", ran.err);
    let said = ran.err.matches("error: ").count();
    assert!(said == 1 && ran.err.contains("the network gets every sample right: there are no stragglers"));
    assert!(ran.err.contains("--set hard_share=0.05"), "{}", ran.err);
    let rows = asked(&[&["export", "hard-samples", "--set", "max_attempts=1"], &search[..]].concat());
    assert_eq!(rows.lines().count(), 101, "all samples, and the head");

    let strategies = ["--set", "strategies=[aum, self_confidence]", "--set", "hard_share=0.1"];
    let ran = hard(&[&strategies[..], &["--set", "scores=[auto, -stragglers]"]].concat());
    assert_eq!((ran.code, ran.err.contains("warning: made")), (Some(0), false), "{}", ran.err);
    let sql = "SELECT strategy, sum(mean) AS hard, max(n) AS sets FROM hard_counts GROUP BY strategy ORDER BY strategy";
    let counts = asked(&["query", "--format", "csv", sql]);
    assert!(counts.starts_with("strategy,hard,sets\naum,10"), "{counts}");
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
