//! Long trainings that are cut off: they go on where they were, and end with the same bytes.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::project::{Project, differences};

/// One training that takes a few seconds, and its search.
const LONG: &[&str] = &["fit", "--set", "runs=1", "--set", "epochs=12000", "--set", "first_epoch=20"];

/// The same by libtorch, in mini-batches.
#[cfg(feature = "torch")]
const LONG_BY_TORCH: &[&str] = &["fit", "--set", "runs=1", "--set", "epochs=250", "--set", "batch_size=20"];

/// Each run is killed after a third of the time that the one training takes, so that it never ends without
/// checkpoints.
fn is_done_in_pieces(words: &[&str]) {
    let undisturbed = Project::new();
    undisturbed.run(&["noise"]);
    let start = Instant::now();
    undisturbed.run(words);
    let whole = start.elapsed();

    let project = Project::new();
    project.run(&["noise"]);
    let words = [&["run"], words, &["--checkpoint-every", "0.05"]].concat();
    let mut kills = 0;
    loop {
        let mut child = project.command(&words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(whole / 3);
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success());
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
        assert!(kills < 60, "it never ends");
    }
    assert!(kills >= 2, "{kills} kills");
    assert_eq!(differences(&undisturbed.contents(), &project.contents()), [""; 0]);
    let left = std::fs::read_dir(project.path("cache/checkpoints")).unwrap().flatten();
    assert!(left.into_iter().all(|file| file.file_name().to_string_lossy().starts_with(".tmp-")));
}

#[test]
fn a_killed_training_goes_on() {
    is_done_in_pieces(LONG);
}

#[cfg(feature = "torch")]
#[test]
fn a_killed_training_by_libtorch_goes_on() {
    is_done_in_pieces(LONG_BY_TORCH);
}

#[cfg(unix)]
#[test]
fn ctrl_c_keeps_what_is_done_and_says_how_to_go_on() {
    let project = Project::new();
    project.run(&["noise"]);
    let words = [&["run"], LONG].concat();
    let child = project.command(&words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(700));
    let interrupt = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(interrupt.unwrap().success());
    let asked = Instant::now();
    let ended = child.wait_with_output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(130), "{said}");
    assert!(asked.elapsed() < Duration::from_secs(5), "soon");
    assert!(
        said.contains("what is done is kept") && said.contains("hint: go on with the same command"),
        "{said}"
    );
    assert_eq!(std::fs::read_dir(project.path("cache/checkpoints")).unwrap().count(), 1);

    let log = project.hspipe(&["log"]).out;
    assert!(log.lines().last().is_some_and(|line| line.contains("fit")), "it is on record: {log}");

    let undisturbed = Project::new();
    undisturbed.run(&["noise"]);
    undisturbed.run(LONG);
    project.run(LONG);
    assert_eq!(differences(&undisturbed.contents(), &project.contents()), [""; 0]);
}
