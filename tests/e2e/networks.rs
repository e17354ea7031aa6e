//! Other networks than the default.

use crate::project::Project;

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
