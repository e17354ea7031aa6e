//! What is collected is what no kept run needs; what is damaged is found.

mod common;

use std::collections::HashSet;
use std::fs;
use std::time::Duration;

use common::{ALL, Ask, Lab};
use hspipe_engine::collect::{Garbage, Keep, garbage, survey};
use hspipe_engine::graph::TaskId;
use hspipe_engine::history::{End, RunRecord};
use hspipe_engine::plan::Plan;
use hspipe_engine::verify::{recompute, verify};

const PIPELINE: &str = "
params: {seed: 7, rate: 1}
axes:
  set: {count: 6}
stages:
  load: {}
  train: {axes: [set], inputs: {images: load}, params: {rate: $rate}, seed_by: [set]}
  summary: {inputs: {scores: train}}
";

/// Three runs: rate 1, 2 and 3. They share `load`.
fn three_runs() -> Lab {
    let lab = Lab::new(PIPELINE, 2);
    for set in [&[][..], &["rate=2"], &["rate=3"]] {
        let ran = lab.complete(set);
        lab.remember(&ran);
    }
    lab
}

fn collect(lab: &Lab, keep: Keep) -> Garbage {
    let garbage = garbage(&lab.store, keep).unwrap();
    garbage.remove().unwrap();
    garbage
}

/// What a run of it would compute.
fn missing(lab: &Lab, set: &[&str]) -> Vec<String> {
    lab.run(Ask { sets: set, ..ALL }).computed()
}

#[test]
fn kept_runs_stay_cached_and_others_go() {
    let lab = three_runs();
    fs::write(lab.store.root().join("objects/.tmp-abc"), "half").unwrap();
    assert!(
        garbage(&lab.store, Keep { runs: 3, bytes: None, younger: Duration::ZERO }).unwrap().items.len() == 1,
        "the half written file"
    );
    let gone = collect(&lab, Keep { runs: 2, bytes: None, younger: Duration::ZERO });
    // Six trainings and a summary: an object and a record each; the run; the leftover.
    assert_eq!((gone.objects, gone.runs, gone.kept_runs, gone.items.len()), (7, 1, 2, 7 + 7 + 1 + 1));
    assert_eq!(missing(&lab, &["rate=2"]), [""; 0]);
    assert_eq!(missing(&lab, &["rate=3"]), [""; 0]);
    assert_eq!(missing(&lab, &[]).len(), 7, "load is shared with the others");
}

#[test]
fn a_size_drops_old_runs_but_never_the_newest() {
    let lab = three_runs();
    let of_newest =
        garbage(&lab.store, Keep { runs: 1, bytes: None, younger: Duration::ZERO }).unwrap().kept_bytes;
    let of_two =
        garbage(&lab.store, Keep { runs: 2, bytes: None, younger: Duration::ZERO }).unwrap().kept_bytes;
    assert_eq!(
        garbage(&lab.store, Keep { runs: 9, bytes: Some(of_two), younger: Duration::ZERO })
            .unwrap()
            .kept_runs,
        2
    );
    assert_eq!(
        garbage(&lab.store, Keep { runs: 9, bytes: Some(of_two - 1), younger: Duration::ZERO })
            .unwrap()
            .kept_runs,
        1
    );
    let gone = collect(&lab, Keep { runs: 9, bytes: Some(0), younger: Duration::ZERO });
    assert_eq!((gone.kept_runs, gone.kept_bytes), (1, of_newest));
    assert_eq!(missing(&lab, &["rate=3"]), [""; 0]);
}

/// Every flip and every truncation of an object is found on reading, set aside, and the task
/// computed anew.
#[test]
fn a_thousand_damages_are_found() {
    let lab = three_runs();
    let objects = survey(&lab.store).unwrap().objects;
    let mut damages = 0;
    while damages < 1000 {
        for (digest, item) in &objects {
            let whole = fs::read(&item.path).unwrap();
            let mut damaged = whole.clone();
            let place = damages * 7919 % whole.len();
            match damages % 3 {
                0 => damaged.truncate(place),
                _ => damaged[place] ^= 1 << (damages % 8),
            }
            fs::write(&item.path, &damaged).unwrap();
            assert!(lab.store.read(digest).is_err(), "damage {damages}");
            assert!(!item.path.exists(), "it is set aside");
            fs::write(&item.path, &whole).unwrap();
            damages += 1;
        }
    }
    let place = objects[3].1.path.clone();
    fs::write(&place, "other").unwrap();
    let now = survey(&lab.store).unwrap();
    let found = verify(&lab.store, &now, None, 0).unwrap();
    assert_eq!((found.objects, found.records), (objects.len(), now.records.len()));
    assert_eq!(found.damaged, std::slice::from_ref(&place));
    assert!(found.missing.is_empty(), "damage is told once");
    let again = verify(&lab.store, &survey(&lab.store).unwrap(), None, 0).unwrap();
    assert_eq!((again.damaged.len(), again.missing), (0, vec![place]));
    assert_eq!(verify(&lab.store, &now, Some(2), 5).unwrap().records, 2);
}

#[test]
fn recomputing_names_what_does_not_come_out_the_same() {
    let lab = Lab::new(PIPELINE, 1);
    let ran = lab.complete(&[]);
    let tasks: Vec<TaskId> = ran.graph.tasks.ids().collect();
    let again = |plan: &Plan| recompute(&ran.graph, plan, &lab.store, &tasks, 100, 1, 0).unwrap();
    let (count, differs) = again(&ran.after);
    assert_eq!(count, tasks.len());
    assert!(differs.is_none());
    // The record of a training names another one's table.
    let mut plan = ran.after.clone();
    plan.states[ran.task("train[set=1]")] = plan.states[ran.task("train[set=2]")].clone();
    let (_, differs) = again(&plan);
    assert_eq!(ran.graph.name(differs.unwrap().task), "train[set=1]");
    let few: HashSet<usize> = (0..5)
        .map(|draw| recompute(&ran.graph, &ran.after, &lab.store, &tasks, 3, 1, draw).unwrap().0)
        .collect();
    assert_eq!(few, HashSet::from([3]));
}

/// Runs of other projects that ended later change nothing for one that was killed.
#[test]
fn what_a_killed_run_computed_stays() {
    let lab = three_runs();
    lab.complete(&["rate=4"]);
    let other = lab.complete(&["rate=5"]);
    lab.remember(&other);
    let garbage = collect(&lab, Keep { runs: 1, bytes: None, younger: Duration::ZERO });
    assert_eq!(garbage.runs, 3);
    assert_eq!(missing(&lab, &["rate=4"]), [""; 0], "on no record");
    assert_eq!(missing(&lab, &["rate=5"]), [""; 0], "that of the last run on record");
    assert_eq!(missing(&lab, &["rate=2"]).len(), 7);
}

/// What a run found in the cache when it began stays with it, until a later run lists that.
#[test]
fn an_open_run_stays_until_it_was_taken_up() {
    let lab = three_runs();
    let begun = lab.complete(&["rate=2"]);
    let open = RunRecord {
        end: End::Open,
        ..RunRecord::of(&begun.graph, &begun.after, &[], begun.params.clone(), "test")
    };
    open.save(&lab.store).unwrap();
    lab.remember(&lab.complete(&["rate=5"]));
    assert_eq!(collect(&lab, Keep { runs: 1, bytes: None, younger: Duration::ZERO }).kept_runs, 1);
    assert_eq!(missing(&lab, &["rate=2"]), [""; 0]);
    assert_eq!(missing(&lab, &["rate=3"]).len(), 7);
    lab.remember(&begun);
    lab.remember(&lab.complete(&["rate=5"]));
    collect(&lab, Keep { runs: 1, bytes: None, younger: Duration::ZERO });
    assert_eq!(missing(&lab, &["rate=2"]).len(), 7);
}
