//! Long trainings that are cut off: they go on where they were, and end with the same bytes.

use crate::pieces::{EACH_STEP, is_done_in_pieces, prepared, states};
use crate::project::differences;
use crate::watched::Watched;

/// A training of many epochs, each of which leaves a state under [`EACH_STEP`].
const LONG: &[&str] = &["fit", "--set", "runs=1", "--set", "epochs=4000"];

#[cfg(unix)]
#[test]
fn a_killed_training_goes_on() {
    is_done_in_pieces(LONG);
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
