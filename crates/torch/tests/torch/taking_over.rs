//! hspipe becomes hspipe-torch where libtorch is needed, and only there.

use std::path::{Path, PathBuf};

use crate::HSPIPE as HSPIPE_TORCH;
use crate::project::{Project, Ran};

/// hspipe, which lies beside hspipe-torch. Cargo builds it with the tests of the workspace, not with those of this
/// package alone.
fn hspipe() -> PathBuf {
    let hspipe =
        Path::new(HSPIPE_TORCH).with_file_name("hspipe").with_extension(std::env::consts::EXE_EXTENSION);
    assert!(hspipe.is_file(), "{} is not built: cargo build --release -p hspipe", hspipe.display());
    hspipe
}

/// What libtorch has trained before says how long a network takes; what is to be trained does not need it, so nothing
/// becomes hspipe-torch after the first words are printed.
#[test]
fn a_record_of_another_trainer_starts_nothing() {
    let project = Project::new();
    let hspipe = |words: &[&str]| {
        let ran = Ran::of(project.command_of(&hspipe(), words));
        assert_eq!(
            ran.code,
            Some(0),
            "is hspipe of this build? cargo build --release -p hspipe\n{}",
            ran.err
        );
        ran
    };
    let small = ["fit", "--set", "runs=1", "--set", "epochs=30"];
    let by_torch = |command| hspipe(&[&[command], &small[..], &["--set", "trainer=tch"]].concat());
    let ran = by_torch("status");
    assert!(ran.out.contains("by tch 2.13.0 build "), "{}", ran.out);
    by_torch("run");
    let ran = hspipe(&[&["status"], &small[..4], &["epochs=31"]].concat());
    assert!(ran.out.contains("by native") && ran.out.contains("by times measured here"), "{}", ran.out);
    assert_eq!(ran.out.matches("\ntotal").count(), 1, "{}", ran.out);
}
