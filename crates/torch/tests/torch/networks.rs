//! What only libtorch trains: ResNets, mini-batches, and SimpleNNs if it is asked to.

use crate::project::{Project, differences};

/// ResNets find the hard samples, are retrained and have class-level accuracy, on a few samples.
#[test]
fn resnets_run_through_the_whole_pipeline() {
    let project = Project::new();
    let small = [
        "identification_network=ResNet",
        "evaluation_network=ResNet",
        // So few samples have all classes.
        "seed=42",
        "subset_size=30",
        "accuracy_subset_size=60",
        "accuracy_runs=1",
        "runs=1",
        "epochs=3",
        "check_interval=1",
        "first_epoch=0",
        "learning_rate=0.02",
        "batch_size=15",
        "reduce=[hard]",
        "remaining_ratios_hard=[0.5]",
        "strategies=[stragglers, energy]",
    ];
    let sets = small.iter().flat_map(|set| ["--set", set]);
    let words: Vec<&str> = ["run", "retrain_summary", "class_accuracy"].into_iter().chain(sets).collect();
    let ran = project.hspipe(&words);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let tables = ["hard_samples", "retrain_metrics", "class_accuracy", "training_dynamics"];
    assert!(tables.iter().all(|table| project.path(&format!("Results/{table}.parquet")).exists()));
    assert!(project.run(&words[1..]).starts_with("nothing to do"));
}

/// The same bytes on any threads, and not those of full batches.
#[test]
fn mini_batches_are_drawn_from_the_seed() {
    let contents = |batch_size: &str, threads| {
        let project = Project::new();
        let set = format!("batch_size={batch_size}");
        project.run(&["class_accuracy", "--set", &set, "--set", "epochs=20", "--threads", threads]);
        project.contents()
    };
    let one = contents("64", "1");
    assert_eq!(differences(&one, &contents("64", "2")), [""; 0]);
    assert_ne!(
        one["Results/class_accuracy.parquet"],
        contents("full", "2")["Results/class_accuracy.parquet"]
    );
}

#[test]
fn libtorch_gives_the_same_bytes_on_any_threads() {
    let contents = |threads| {
        let project = Project::new();
        project.run(&["hard_counts", "class_accuracy", "--set", "trainer=tch", "--threads", threads]);
        project.contents()
    };
    assert_eq!(differences(&contents("1"), &contents("2")), [""; 0]);
}
