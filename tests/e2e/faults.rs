//! Kills and full disks at any moment: nothing half done is ever used, and a later run ends as if undisturbed.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::own_data::write_folders;
use crate::project::{Project, differences};
use crate::watched::Watched;

const TARGETS: &[&str] = &["hard_counts", "overlap", "correlation", "tiny_figure"];

/// Runs that are killed. By hand: HSPIPE_KILLS=200 cargo x test -p hspipe --test e2e kills
fn kills() -> usize {
    std::env::var("HSPIPE_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(15)
}

/// More than 40 events and 40 files come of a whole run. Each run is killed at another of them.
#[cfg(unix)]
#[test]
fn kills_at_any_moment_change_no_byte() {
    let undisturbed = Project::new();
    undisturbed.run(TARGETS);
    let expected = undisturbed.contents();

    let project = Project::new();
    let words = [&["run"], TARGETS, &["--threads", "2", "--log-format", "json"]].concat();
    let (mut runs, mut cut) = (0, 0);
    while cut < kills() {
        let (moment, files) = (1 + runs * 17 % 40, project.files());
        let mut run = Watched::start(project.command(&words));
        match runs % 2 {
            0 => run.says(moment),
            _ => run.until(|| project.files() >= files + moment),
        };
        let was_killed = run.kill();
        cut += usize::from(was_killed);
        if !was_killed || runs % 4 == 3 {
            // So that early moments come again.
            fs::remove_dir_all(project.path("cache")).unwrap();
        }
        runs += 1;
    }
    project.run(TARGETS);
    // What a kill left half written goes with the next collection, and nothing else does.
    let collected = project.hspipe(&["cache", "gc"]);
    assert_eq!(collected.code, Some(0), "{}", collected.err);
    let again = project.hspipe(&["cache", "gc", "--dry-run"]).out;
    assert!(again.starts_with("would be removed: 0 kB in 0 files"), "{again}");
    assert_eq!(differences(&expected, &project.contents()), [""; 0]);
    assert!(project.run(TARGETS).starts_with("nothing to do"));
    let verified = project.hspipe(&["cache", "verify", "--recompute", "3"]);
    assert_eq!(verified.code, Some(0), "{}", verified.out);
}

/// Two projects share a cache. What one has computed when it is killed survives a collection after a run of the other.
#[cfg(unix)]
#[test]
fn a_collection_leaves_the_work_of_another_projects_killed_run() {
    let (killed, other) = (Project::new(), Project::new());
    let cache = killed.path("shared").to_str().unwrap().to_string();
    let shared = ["--cache-dir", &cache];
    let status = || {
        let said = killed.hspipe(&[&["status", "hard_counts"], &shared[..]].concat()).out;
        let total = said.lines().find(|line| line.starts_with("total")).unwrap();
        total.split_whitespace().nth(2).unwrap().parse::<usize>().unwrap()
    };
    let words = [&["run", "hard_counts", "--log-format", "json"], &shared[..]].concat();
    while status() == 0 {
        let mut run = Watched::start(killed.command(&words));
        // load and subset are done when the first training starts.
        run.says(6);
        if !run.kill() {
            fs::remove_dir_all(&cache).unwrap();
        }
    }
    let (done, log) = (status(), killed.hspipe(&[&["log"], &shared[..]].concat()).out);
    assert!(log.lines().last().is_some_and(|line| line.contains(" no ")), "{log}");
    // The other project has no task in common with it.
    write_folders(&other);
    other.run(&[&["load", "--set", "datasets=./digits"], &shared[..]].concat());
    let collected = other.hspipe(&[&["cache", "gc", "--keep-runs", "1"], &shared[..]].concat());
    assert_eq!(collected.code, Some(0), "{}", collected.err);
    assert_eq!(status(), done, "{}", collected.out);
}

/// Files cannot grow above a limit: objects fail first, with 0 even records and runs.
#[cfg(unix)]
#[test]
fn a_full_disk_is_an_error_and_leaves_the_cache_intact() {
    let undisturbed = Project::new();
    undisturbed.run(TARGETS);
    let project = Project::new();
    let program = project.command(&[]).get_program().to_owned();
    for blocks in [0, 1, 4, 16, 64, 200] {
        let limited = Command::new("sh")
            .args(["-c", &format!("ulimit -f {blocks}; exec \"$0\" run {}", TARGETS.join(" "))])
            .arg(&program)
            .current_dir(project.path("."))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&limited.stderr);
        assert!(!said.contains("panicked"), "{said}");
        if limited.status.code() != Some(0) {
            assert_eq!(limited.status.code(), Some(1), "{said}");
            assert!(
                said.contains("cannot") && said.contains("may not become that large"),
                "{blocks}: {said}"
            );
        }
        let verified = project.hspipe(&["cache", "verify"]);
        assert_eq!(verified.code, Some(0), "{blocks}: {}", verified.out);
    }
    project.run(TARGETS);
    project.hspipe(&["cache", "gc"]);
    assert_eq!(differences(&undisturbed.contents(), &project.contents()), [""; 0]);
}

#[test]
fn a_pipeline_edited_during_a_run_changes_the_next_one_only() {
    let project = Project::new();
    let pipeline = fs::read(project.path("pipeline.yaml")).unwrap();
    let mut run = Watched::start(project.command(&[&["run"], TARGETS, &["--log-format", "json"]].concat()));
    // Its first event comes once the pipeline has been read.
    assert!(run.says(1));
    fs::write(project.path("pipeline.yaml"), "params: [this is no pipeline").unwrap();
    let (status, said) = run.end();
    assert!(status.success(), "{said}");
    assert_eq!(project.hspipe(&["status"]).code, Some(2));
    fs::write(project.path("pipeline.yaml"), pipeline).unwrap();
    assert!(project.run(TARGETS).starts_with("nothing to do"));
}

#[test]
fn a_pipeline_cannot_write_outside_its_project() {
    for file in ["../outside", "/tmp/../outside", "Tiny/../../outside"] {
        let project = Project::new();
        let pipeline = fs::read_to_string(project.path("pipeline.yaml")).unwrap();
        let pipeline = pipeline.replace("file: Tiny/stragglers", &format!("file: {file}"));
        fs::write(project.path("pipeline.yaml"), pipeline).unwrap();
        let ran = project.hspipe(&["run", "tiny_figure"]);
        assert_eq!(ran.code, Some(1), "{}", ran.err);
        assert!(ran.err.contains("would write outside"), "{}", ran.err);
        assert!(!project.path("../outside.svg").exists());
    }
}

/// No class inverts within so few epochs. That is found once: the second run does not even read the images.
#[test]
fn a_search_that_came_to_nothing_is_not_tried_again() {
    let project = Project::new();
    let words = ["run", "search", "--set", "epochs=30", "--set", "max_attempts=2"];
    let ran = project.hspipe(&words);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(ran.err.contains("did not invert within 30 epochs, in the last of 2 attempts"), "{}", ran.err);
    assert!(ran.err.contains("0 computed, 2 failed"), "{}", ran.err);
    let log = project.hspipe(&["log"]).out;
    assert!(
        log.lines().last().is_some_and(|line| line.contains(" 2  search")),
        "it says that two failed: {log}"
    );
    let images = largest_object(&project);
    let mut bytes = fs::read(&images).unwrap();
    bytes[100] ^= 1;
    fs::write(&images, bytes).unwrap();
    let again = project.hspipe(&words);
    assert_eq!(again.code, Some(1), "{}", again.err);
    let failure = |said: &str| said.lines().find(|line| line.starts_with("error")).map(String::from);
    assert!(again.err.contains("`--force search` tries again"), "{}", again.err);
    assert_eq!(failure(&again.err), failure(&ran.err));
    assert!(!again.err.contains("damaged"), "{}", again.err);
    let why = project.hspipe(&[&["why"], &words[1..]].concat()).out;
    assert!(why.contains("failed") && why.contains("and would again: class"), "{why}");
    // Other parameters are another search, which needs the images.
    let other = project.hspipe(&[&words[..5], &["max_attempts=3"]].concat());
    assert!(other.err.contains("damaged") && other.err.contains("the last of 3 attempts"), "{}", other.err);
    assert!(other.err.contains("0 computed, 2 failed\n") && !other.err.contains("4 failed"), "{}", other.err);
}

fn largest_object(project: &Project) -> PathBuf {
    let objects = project.contents().into_iter().filter(|(name, _)| name.starts_with("cache/objects"));
    let (name, _) = objects.max_by_key(|(_, bytes)| bytes.len()).unwrap();
    project.path(&name)
}
