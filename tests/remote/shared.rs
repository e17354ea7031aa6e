//! What one machine computes another one reads: through, or by push and pull. The same on every kind of store.

use std::fs;

use crate::TARGETS;
use crate::place::{Folder, Machine, Place, computed_alone, line};

/// One computes, a second one only reads, a third one adds to it.
pub fn read_and_write_through(place: &Place) {
    let expected = computed_alone();
    let first = Machine::new(place);
    let said = first.run_all();
    line(&said, "26 tasks computed");
    assert!(line(&said, &format!("26 tasks to {}", place.url)).contains("sent"), "{said}");
    assert_eq!(first.results(), expected);

    let second = Machine::new(place);
    let status = second.hspipe(&["status"].iter().chain(TARGETS).copied().collect::<Vec<_>>());
    let total: Vec<&str> = status.out.lines().last().unwrap_or_default().split_whitespace().collect();
    assert_eq!(total[1..3], ["28", "28"], "{}{}", status.out, status.err);
    assert_eq!(second.project.files(), 0, "status fetches nothing");
    let said = second.run_all();
    assert!(line(&said, &format!("tasks from {}", place.url)).ends_with("fetched"), "{said}");
    assert!(said.lines().last().unwrap().starts_with("nothing to do: 28 tasks cached"), "{said}");
    assert_eq!(second.results(), expected);

    // Who needs less fetches less, and no results of other targets.
    let other = Machine::new(place);
    let said = other.run(&["load"]);
    assert!(
        line(&said, "1 tasks from ").ends_with("nothing fetched") || other.project.files() <= 2,
        "{said}"
    );
    assert!(!other.project.path("Results/overlap.parquet").exists());

    // What it computes beside that goes there, too.
    let said = second.run(&["hard_counts", "--set", "runs=3"]);
    line(&said, &format!("tasks to {}", place.url));
    let third = Machine::new(place);
    let said = third.run(&["hard_counts", "--set", "runs=3"]);
    assert!(said.lines().last().unwrap().starts_with("nothing to do"), "{said}");
    let stats = third.hspipe(&["cache", "stats", "--remote"]);
    assert_eq!(stats.code, Some(0), "{}", stats.err);
    assert!(line(&stats.out, &place.url).contains("2 indexes"), "{}", stats.out);
}

/// For machines whose runs reach no network.
pub fn push_and_pull(place: &Place) {
    let first = Machine::new(place);
    let alone = [TARGETS, &["--remote", "none"]].concat();
    first.run(&alone);
    let pushed = first.hspipe(&["cache", "push"]);
    assert_eq!(pushed.code, Some(0), "{}", pushed.err);
    assert!(pushed.out.starts_with(&format!("26 tasks to {}, ", place.url)), "{}", pushed.out);
    let again = first.hspipe(&["cache", "push", &place.url]).out;
    assert!(again.starts_with("0 tasks to") && again.ends_with("26 were there\n"), "{again}");

    let second = Machine::new(place);
    let pulled = second.hspipe(&["cache", "pull", &place.url, "overlap", "--recheck", "20%"]);
    assert_eq!(pulled.code, Some(0), "{}{}", pulled.out, pulled.err);
    line(&pulled.out, "tasks computed anew: the same bytes");
    let ran = second.run(&["overlap", "--remote", "none"]);
    assert!(ran.lines().last().unwrap().starts_with("nothing to do"), "{ran}");
    assert!(!second.run(&alone).contains("nothing to do"), "the others did not come");
    let third = Machine::new(place);
    let pulled = third.hspipe(&["cache", "pull"]);
    assert_eq!(pulled.code, Some(0), "{}", pulled.err);
    assert!(third.run(&alone).lines().last().unwrap().starts_with("nothing to do"));
    assert_eq!(third.results(), first.results());
    let verified = third.hspipe(&["cache", "verify"]);
    assert_eq!(verified.code, Some(0), "{}", verified.out);
}

#[test]
fn in_a_folder() {
    read_and_write_through(&Folder::new().place);
    push_and_pull(&Folder::new().place);
}

/// The pipeline names it; the variable stands over that, the flag over both.
#[test]
fn the_pipeline_names_it_and_nobody_must_use_it() {
    let (folder, other) = (Folder::new(), Folder::new());
    let machine = Machine::new(&folder.place);
    let pipeline = fs::read_to_string(machine.project.path("pipeline.yaml")).unwrap();
    let with = |text: &str| {
        fs::write(machine.project.path("pipeline.yaml"), format!("{text}\n{pipeline}")).unwrap();
    };
    let run = |words: &[&str], variable: Option<&str>| {
        let mut command = machine.command(&[&["run", "load"], words].concat());
        match variable {
            Some(value) => command.env("HSPIPE_REMOTE", value),
            None => command.env_remove("HSPIPE_REMOTE"),
        };
        crate::project::Ran::of(command)
    };
    with(&format!("remote: {}", folder.place.url));
    assert_eq!(run(&["--remote", "none"], Some(&other.place.url)).code, Some(0));
    assert_eq!(folder.files("index").len() + other.files("index").len(), 0);
    assert_eq!(run(&["--set", "seed=2", "--force", "load"], None).code, Some(0));
    assert_eq!((folder.files("index").len(), other.files("index").len()), (1, 0));
    assert_eq!(run(&["--force", "load"], Some(&other.place.url)).code, Some(0));
    assert_eq!((folder.files("index").len(), other.files("index").len()), (1, 1));

    with("remote: s4://bucket");
    let ran = run(&[], None);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("pipeline.yaml:1:9: there is no remote cache by `s4://`"), "{}", ran.err);
    with("");
    let ran = run(&["--remote", "bucket"], None);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("error: `bucket` is not the address"), "{}", ran.err);
    // Without keys there is a word on which, and the run goes on.
    let mut command = machine.command(&["run", "load", "--remote", "s3://bucket/prefix"]);
    for name in
        std::env::vars_os().map(|(name, _)| name).filter(|name| name.to_string_lossy().starts_with("AWS_"))
    {
        command.env_remove(name);
    }
    let ran = crate::project::Ran::of(command);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.err.contains("AWS_ACCESS_KEY_ID") && ran.err.contains("goes on without it"), "{}", ran.err);
}

/// A collection here takes nothing that another machine relies on, and what it takes comes back from there.
#[test]
fn a_local_collection_may_take_what_is_there() {
    let folder = Folder::new();
    let machine = Machine::new(&folder.place);
    machine.run_all();
    let everything = machine.project.files();
    machine.run(&["load", "--set", "seed=2", "--set", "datasets=[./tiny]"]);
    let collected = machine.hspipe(&["cache", "gc", "--keep-runs", "1"]);
    assert_eq!(collected.code, Some(0), "{}", collected.err);
    assert!(machine.project.files() < everything, "{}", collected.out);
    let said = machine.run_all();
    assert!(said.lines().last().unwrap().starts_with("nothing to do"), "{said}");
}
