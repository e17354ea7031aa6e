//! Long trainings that are cut off: they go on where they were, and end with the same bytes.

use std::collections::BTreeMap;
use std::fs;

use crate::project::{Project, differences};
use crate::watched::Watched;

/// A training of many epochs, each of which leaves a state under [`EACH_STEP`].
const LONG: &[&str] = &["fit", "--set", "runs=1", "--set", "epochs=4000"];

/// The same by libtorch, in mini-batches.
#[cfg(feature = "torch")]
const LONG_BY_TORCH: &[&str] = &["fit", "--set", "runs=1", "--set", "epochs=150", "--set", "batch_size=20"];

const EACH_STEP: &[&str] = &["--checkpoint-every", "0"];

/// The states that are kept, by their names; each is replaced as a whole.
fn states(project: &Project) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(project.path("cache/checkpoints")).into_iter().flatten().flatten();
    let files = files.map(|file| (file.file_name().to_string_lossy().into_owned(), file.path()));
    let whole = files.filter(|(name, _)| !name.starts_with(".tmp-"));
    whole.filter_map(|(name, path)| Some((name, fs::read(path).ok()?))).collect()
}

/// The bytes of the one state; 0 without. A state holds the losses so far, so it grows with the epochs.
fn size(project: &Project) -> usize {
    states(project).values().map(Vec::len).sum()
}

/// A project in which all is done but what takes long.
fn prepared() -> Project {
    let project = Project::new();
    project.run(&["noise"]);
    project
}

/// Each run is killed when it has kept a state of its own, until there were enough kills.
#[cfg(unix)]
fn is_done_in_pieces(words: &[&str]) {
    let undisturbed = prepared();
    undisturbed.run(words);

    let mut project = prepared();
    let cut_off = [&["run"], words, EACH_STEP].concat();
    let mut kills = 0;
    while kills < 4 {
        let (before, reached) = (states(&project), size(&project));
        let mut run = Watched::start(project.command(&cut_off));
        run.until(|| {
            let now = states(&project);
            // Its record is there before its last state goes.
            let is_new = !now.is_empty() && now != before;
            assert!(!is_new || size(&project) == 0 || size(&project) >= reached, "it began anew");
            is_new
        });
        if run.kill() {
            kills += 1;
        } else {
            // The whole training went by between two looks at its states.
            (project, kills) = (prepared(), 0);
        }
    }
    project.run(words);
    assert_eq!(differences(&undisturbed.contents(), &project.contents()), [""; 0]);
    assert_eq!(states(&project), BTreeMap::new());
}

#[cfg(unix)]
#[test]
fn a_killed_training_goes_on() {
    is_done_in_pieces(LONG);
}

#[cfg(all(unix, feature = "torch"))]
#[test]
fn a_killed_training_by_libtorch_goes_on() {
    is_done_in_pieces(LONG_BY_TORCH);
}

#[cfg(unix)]
#[test]
fn ctrl_c_keeps_what_is_done_and_says_how_to_go_on() {
    let words = [&["run"], LONG, EACH_STEP].concat();
    let mut tries = 0;
    let (project, said) = loop {
        let project = prepared();
        tries += 1;
        let mut run = Watched::start(project.command(&words));
        run.until(|| !states(&project).is_empty());
        run.interrupt();
        let (status, said) = run.end();
        if status.success() && said.contains("1 tasks computed") {
            assert!(tries < 20, "it does not heed the signal: {said}");
            // The whole training went by before the signal came.
            continue;
        }
        assert_eq!(status.code(), Some(130), "{said}");
        break (project, said);
    };
    assert!(
        said.contains("what is done is kept") && said.contains("hint: go on with the same command"),
        "{said}"
    );
    assert_eq!(states(&project).len(), 1);

    let log = project.hspipe(&["log"]).out;
    assert!(log.lines().last().is_some_and(|line| line.contains("fit")), "it is on record: {log}");

    let undisturbed = prepared();
    undisturbed.run(LONG);
    project.run(LONG);
    assert_eq!(differences(&undisturbed.contents(), &project.contents()), [""; 0]);
}
