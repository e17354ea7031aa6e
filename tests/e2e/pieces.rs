//! A long training that is killed again and again, and ends with the bytes of one that nobody disturbed.

use std::collections::BTreeMap;
use std::fs;

use crate::project::{Project, differences};
use crate::watched::Watched;

/// States are kept after each step.
pub const EACH_STEP: &[&str] = &["--checkpoint-every", "0"];

/// The states that are kept, by their names; each is replaced as a whole.
pub fn states(project: &Project) -> BTreeMap<String, Vec<u8>> {
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
pub fn prepared() -> Project {
    let project = Project::new();
    project.run(&["noise"]);
    project
}

/// Each run is killed when it has kept a state of its own, until there were enough kills.
#[cfg(unix)]
pub fn is_done_in_pieces(words: &[&str]) {
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
