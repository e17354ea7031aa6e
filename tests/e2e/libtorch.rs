//! hspipe with no hspipe-torch beside it: what it says where libtorch is needed, and how `cargo x` sets it up.

use std::fs;
use std::path::{Path, PathBuf};

use crate::HSPIPE;
use crate::project::{Project, Ran};

/// Only libtorch trains with mini-batches.
const WORDS: &[&str] = &["fit", "--set", "batch_size=20"];

/// hspipe alone in a folder.
fn alone(project: &Project) -> PathBuf {
    let program = project.path("alone").join(Path::new(HSPIPE).file_name().unwrap());
    fs::create_dir(project.path("alone")).unwrap();
    fs::hard_link(HSPIPE, &program).or_else(|_| fs::copy(HSPIPE, &program).map(drop)).unwrap();
    program
}

#[test]
fn what_needs_libtorch_says_how_to_have_it() {
    let project = Project::new();
    let program = alone(&project);
    for command in ["run", "status"] {
        let ran = Ran::of(project.command_of(&program, &[&[command], WORDS].concat()));
        assert_eq!(ran.code, Some(2), "{}", ran.err);
        let needed = "needs libtorch, and there is no hspipe-torch beside this hspipe\n";
        let hint = "hint: in a checkout of hspipe: cargo x setup torch && cargo install ";
        assert!(ran.err.contains(needed) && ran.err.contains(hint), "{}", ran.err);
    }
    let ran = Ran::of(project.command_of(&program, &["run", "subset"]));
    assert_eq!(ran.code, Some(0), "all else runs: {}", ran.err);
}

/// A script stands in for the program of `cargo x`.
#[cfg(unix)]
#[test]
fn cargo_x_sets_it_up_for_a_run_and_keeps_it_up_to_date() {
    use std::os::unix::fs::PermissionsExt as _;
    let project = Project::new();
    let program = alone(&project);
    let xtask = project.path("xtask");
    fs::write(&xtask, "#!/bin/sh\necho $* for $HSPIPE_STANDS_IN_FOR\nexit 7\n").unwrap();
    fs::set_permissions(&xtask, fs::Permissions::from_mode(0o755)).unwrap();
    let ran = |words: &[&str]| {
        let mut command = project.command_of(&program, words);
        command.env("HSPIPE_XTASK", &xtask);
        Ran::of(command)
    };
    let becomes_it = |ran: &Ran, words: &str| {
        let expected = format!("setup torch -- {words} {} for ", WORDS.join(" "));
        assert_eq!(ran.code, Some(7), "{}", ran.err);
        assert!(ran.out.starts_with(&expected) && ran.out.len() > expected.len() + 8, "{}", ran.out);
    };

    let with = |command: &[&'static str]| [command, WORDS].concat();
    let run = ran(&with(&["run"]));
    becomes_it(&run, "run");
    assert!(run.err.contains("a download of half a gigabyte"), "{}", run.err);
    // What only looks does not fetch half a gigabyte.
    for words in [with(&["status"]), with(&["run", "--dry-run"])] {
        let looked = ran(&words);
        assert_eq!(looked.code, Some(2), "{looked:?}");
        assert!(looked.err.contains("hint: cargo x setup torch\n"), "{looked:?}");
    }
    let looked = ran(&["doctor"]);
    assert!(looked.out.contains("hint: cargo x setup torch\n"), "{looked:?}");
    // One that is there may be of an older build.
    fs::write(program.with_file_name("hspipe-torch"), "").unwrap();
    becomes_it(&ran(&with(&["status"])), "status");
}
