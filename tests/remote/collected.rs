//! What nobody needs is removed from a shared cache: records at once, packs seven days later.

use std::fs::{self, File};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::place::{Folder, Machine, line};

/// As if files had been put there so many days ago.
fn age(files: &[PathBuf], days: u64) {
    let then = SystemTime::now() - Duration::from_secs(days * 24 * 3600);
    for file in files {
        File::options().write(true).open(file).unwrap().set_modified(then).unwrap();
    }
}

#[test]
fn what_no_run_of_late_needs_goes_in_two_steps() {
    let folder = Folder::new();
    let machine = Machine::new(&folder.place);
    machine.run_all();
    let old: Vec<PathBuf> = ["packs", "index", "runs"].iter().flat_map(|part| folder.files(part)).collect();
    let old_packs = folder.files("packs");
    age(&old, 100);
    // A later run needs a part of it, and something new.
    machine.run(&["overlap", "--set", "train_ratios=[0.8]"]);
    let gc = |words: &[&str]| {
        let ran = machine.hspipe(&[&["cache", "gc", "--remote"], words].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        ran.out
    };
    let dry = gc(&["--dry-run"]);
    assert!(dry.starts_with("would be removed from file://"), "{dry}");
    assert_eq!(folder.files("unused").len(), 0);
    let said = gc(&[]);
    line(&said, "and 1 runs, 0 kB in 0 packs; kept: ");
    assert_eq!(dry.replace("would be removed", "removed"), said);
    // Some tasks of the old pack are needed still, so it stays.
    assert_eq!(folder.files("unused").len(), 0);
    let second = Machine::new(&folder.place);
    let ran = second.run(&["overlap", "--set", "train_ratios=[0.8]"]);
    assert!(ran.lines().last().unwrap().starts_with("nothing to do"), "{ran}");
    assert!(!second.run(&["correlation"]).contains("nothing to do"), "it was not kept");

    // In the end nobody needs anything.
    for part in ["packs", "index", "runs"] {
        age(&folder.files(part), 100);
    }
    let said = gc(&[]);
    assert!(said.contains("go after seven days"), "{said}");
    assert_eq!((folder.files("index").len(), folder.files("runs").len()), (0, 0), "{said}");
    assert!(old_packs.iter().all(|pack| pack.exists()));
    assert_eq!(folder.files("unused").len(), folder.files("packs").len());
    gc(&[]);
    assert!(old_packs.iter().all(|pack| pack.exists()), "the days are counted from the first time");
    // Meanwhile one pack is named again.
    machine.hspipe(&["cache", "push"]);
    age(&folder.files("unused"), 8);
    gc(&[]);
    assert_eq!(folder.files("unused").len(), 0);
    let third = Machine::new(&folder.place);
    let ran = third.run_all();
    assert!(ran.lines().last().unwrap().starts_with("nothing to do"), "{ran}");
    assert!(fs::metadata(folder.path("v1/packs")).is_ok());
}

#[test]
fn many_indexes_become_one() {
    let folder = Folder::new();
    let machine = Machine::new(&folder.place);
    for seed in 0..18 {
        machine.run(&["subset", "--set", &format!("seed={seed}")]);
    }
    assert_eq!(folder.files("index").len(), 18);
    let said = machine.hspipe(&["cache", "gc", "--remote"]).out;
    line(&said, "indexes 18 -> 1");
    assert_eq!(folder.files("index").len(), 1);
    let second = Machine::new(&folder.place);
    let ran = second.run(&["subset", "--set", "seed=7"]);
    assert!(ran.lines().last().unwrap().starts_with("nothing to do"), "{ran}");
}
