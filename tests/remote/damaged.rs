//! Packs that are gone, cut or damaged, records that lie, a cache that is away: a run is never wrong, and never fails for it.

use std::fs;
use std::path::Path;

use crate::TARGETS;
use crate::place::{Folder, Machine, computed_alone, line};

/// What becomes of each pack.
fn with_packs(change: impl Fn(&Path), says: &str) {
    let expected = computed_alone();
    let folder = Folder::new();
    Machine::new(&folder.place).run_all();
    let packs = folder.files("packs");
    packs.iter().for_each(|pack| change(pack));
    let second = Machine::new(&folder.place);
    let said = second.run_all();
    line(&said, says);
    line(&said, "tasks computed");
    assert_eq!(second.results(), expected);
    // Where the pack was lost it is there again, and serves.
    let third = Machine::new(&folder.place);
    let pulled = third.hspipe(&["cache", "pull"]);
    let said = third.run_all();
    assert!(said.lines().last().unwrap().starts_with("nothing to do"), "{}{said}", pulled.out);
    assert_eq!(third.results(), expected);
}

#[test]
fn a_pack_that_is_gone_is_made_anew() {
    with_packs(|pack| fs::remove_file(pack).unwrap(), "is gone; what was lost with it is made anew");
}

#[test]
fn a_pack_that_is_damaged_is_made_anew() {
    let damage = |pack: &Path| {
        let mut bytes = fs::read(pack).unwrap();
        bytes.iter_mut().step_by(1000).for_each(|byte| *byte ^= 1);
        fs::write(pack, bytes).unwrap();
    };
    with_packs(damage, "is damaged; what was lost with it is made anew");
}

#[test]
fn a_pack_that_is_cut_is_made_anew() {
    let cut = |pack: &Path| fs::write(pack, &fs::read(pack).unwrap()[..100]).unwrap();
    with_packs(cut, "is cut short; what was lost with it is made anew");
}

#[test]
fn an_index_that_is_damaged_serves_nothing() {
    let folder = Folder::new();
    Machine::new(&folder.place).run_all();
    for index in folder.files("index") {
        let mut bytes = fs::read(&index).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&index, bytes).unwrap();
    }
    let said = Machine::new(&folder.place).run_all();
    assert!(said.contains("is damaged; what it lists is not known"), "{said}");
    line(&said, "26 tasks computed");
}

/// What was listed is known without it, so a run that reads nothing new computes nothing.
#[test]
fn a_cache_that_is_away_is_one_warning() {
    let folder = Folder::new();
    let first = Machine::new(&folder.place);
    first.run_all();
    let second = Machine::new(&folder.place);
    second.run_all();
    let root = folder.path("v1").parent().unwrap().to_path_buf();
    fs::rename(&root, root.with_extension("away")).unwrap();
    // A file in its place: nothing can be listed or made there.
    fs::write(&root, "").unwrap();
    let said = second.run_all();
    assert_eq!(said.matches("warning: ").count(), 1, "{said}");
    let more = second.run(&["hard_counts", "--set", "runs=3"]);
    line(&more, "tasks computed");
    let third = Machine::new(&folder.place);
    let said = third.run_all();
    line(&said, "26 tasks computed");
    assert_eq!(third.results(), first.results());
    let pushed = third.hspipe(&["cache", "push"]);
    assert_eq!(pushed.code, Some(1), "{}", pushed.out);
    assert!(pushed.err.starts_with("error: "), "{}", pushed.err);
}

/// A record is a claim. One that names another table is found by computing it anew, and then nothing of what came is kept.
#[test]
fn a_record_that_lies_is_found_by_computing_anew() {
    let folder = Folder::new();
    let liar = Machine::new(&folder.place);
    let alone = [TARGETS, &["--remote", "none"]].concat();
    liar.run(&alone);
    swap_outputs(&liar, "identify");
    let pushed = liar.hspipe(&["cache", "push"]);
    assert_eq!(pushed.code, Some(0), "{}", pushed.err);
    let machine = Machine::new(&folder.place);
    let pulled = machine.hspipe(&["cache", "pull", &folder.place.url, "identify", "--recheck", "100%"]);
    assert_eq!(pulled.code, Some(1), "{}{}", pulled.out, pulled.err);
    line(&pulled.out, "is not the same: there ");
    assert!(!machine.run(&alone).contains("nothing to do"));
    assert_eq!(machine.results(), computed_alone());
}

/// Lets two records of an op name each other's tables, as whoever may write there could.
fn swap_outputs(machine: &Machine, op: &str) {
    let records = machine.project.contents().into_keys().filter(|name| name.starts_with("cache/records"));
    let mut found: Vec<(String, serde_json::Value)> = records
        .filter_map(|name| {
            let record: serde_json::Value =
                serde_json::from_slice(&fs::read(machine.project.path(&name)).unwrap()).unwrap();
            (record["op"] == op).then_some((name, record))
        })
        .collect();
    found.sort_by_key(|(_, record)| record["outputs"].to_string());
    let (last, first) = (found.pop().unwrap(), found.swap_remove(0));
    assert_ne!(first.1["outputs"], last.1["outputs"]);
    for ((name, record), outputs) in [(&first, &last.1["outputs"]), (&last, &first.1["outputs"])] {
        let mut record = record.clone();
        record["outputs"] = outputs.clone();
        record.as_object_mut().unwrap().remove("check");
        let mut text = serde_json::to_string(&record).unwrap();
        text.pop();
        let check = blake3::hash(text.as_bytes()).to_hex();
        fs::write(machine.project.path(name), format!("{text},\"check\":\"{check}\"}}\n")).unwrap();
    }
}
