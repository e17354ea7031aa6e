//! Other networks and other ways to train them than the default.

use crate::project::{Project, differences};

/// ResNets find the hard samples, are retrained and have class-level accuracy, on a few samples.
#[cfg(feature = "torch")]
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
#[cfg(feature = "torch")]
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
fn the_latent_layer_changes_radii_and_nothing_that_has_none() {
    let project = Project::new();
    let words = ["search", "fit", "class_accuracy"];
    project.run(&words);
    let first = project.contents().remove("Results/inversions.parquet");
    let second = project.run(&[&words[..], &["--set", "latent_layer=2"]].concat());
    assert!(second.starts_with("2 tasks computed"), "only the searches read it: {second}");
    assert_ne!(first, project.contents().remove("Results/inversions.parquet"));
    let third = project.hspipe(&["run", "hard_counts", "--set", "latent_layer=3"]);
    assert_eq!(third.code, Some(2), "{}", third.err);
    assert!(third.err.contains("must be from 1 to 2, the number of hidden layers, not 3"), "{}", third.err);
}

/// What libtorch has trained before says how long a network takes; what is to be trained does not need it, so nothing
/// becomes hspipe-torch after the first words are printed.
#[cfg(feature = "torch")]
#[test]
fn a_record_of_another_trainer_starts_nothing() {
    let project = Project::new();
    let small = ["fit", "--set", "runs=1", "--set", "epochs=30"];
    project.run(&[&small[..], &["--set", "trainer=tch"]].concat());
    let ran = project.hspipe(&[&["status"], &small[..4], &["epochs=31"]].concat());
    assert!(ran.out.contains("by native") && ran.out.contains("by times measured here"), "{}", ran.out);
    assert_eq!(ran.out.matches("\ntotal").count(), 1, "{}", ran.out);
}
