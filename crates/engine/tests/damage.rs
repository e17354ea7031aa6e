//! Files of the cache that are gone or damaged: never used, always made anew.

mod common;

use std::error::Error;
use std::fs;

use common::{ALL, Ask, Lab};
use hspipe_engine::collect::survey;
use hspipe_engine::plan::{Plan, TaskState};
use hspipe_engine::verify::verify;

const PIPELINE: &str = "
params: {seed: 7, level: dataset}
axes: {set: {count: 2}}
stages:
  load: {}
  train: {axes: [set], inputs: {images: load}, seed_by: [set]}
  identify: {axes: [set], inputs: {scores: train}, params: {level: $level}}
  summary: {inputs: {hard: identify}}
";

#[test]
fn an_object_that_is_gone_or_cut_is_made_anew() {
    let lab = Lab::new(PIPELINE, 1);
    let first = lab.complete(&[]);
    let object = first.object(&lab, "train[set=1]");
    let whole = fs::read(&object).unwrap();
    let gone = || fs::remove_file(&object).unwrap();
    let cut = || fs::write(&object, &whole[..whole.len() - 1]).unwrap();
    let damages: [&dyn Fn(); 2] = [&gone, &cut];
    for damage in damages {
        damage();
        let ran = lab.complete(&[]);
        assert!(matches!(ran.before.states[ran.task("train[set=1]")], TaskState::ToRun { .. }));
        assert!(matches!(ran.before.states[ran.task("identify[set=0]")], TaskState::Cached { .. }));
        assert_eq!(ran.computed(), ["train[set=1]"]);
        assert_eq!(fs::read(&object).unwrap(), whole);
    }
}

#[test]
fn an_object_with_a_flipped_byte_is_refused_set_aside_and_made_anew() {
    let lab = Lab::new(PIPELINE, 1);
    let first = lab.complete(&[]);
    let object = first.object(&lab, "train[set=1]");
    let whole = fs::read(&object).unwrap();
    let mut flipped = whole.clone();
    flipped[3] ^= 1;
    fs::write(&object, &flipped).unwrap();

    // What does not read it is served; a size alone cannot tell.
    assert!(lab.complete(&[]).computed().is_empty());

    let class = Ask { sets: &["level=class"], ..ALL };
    let ran = lab.run(class);
    assert_eq!(ran.failed(), ["identify[set=1]"]);
    assert_eq!(ran.computed(), ["identify[set=0]"]);
    assert_eq!(ran.names(&ran.report.blocked), ["summary"]);
    let error = &ran.report.failed[0].1;
    assert_eq!(error.to_string(), "a stored table cannot be read");
    assert_eq!(
        error.source().unwrap().to_string(),
        format!("{} is damaged; it is set aside and made anew", object.display())
    );
    assert!(error.is_damage());
    assert_eq!(fs::read(object.with_extension("corrupt")).unwrap(), flipped);
    assert!(!object.exists());

    let again = lab.run(class);
    assert_eq!(again.computed(), ["identify[set=1]", "summary", "train[set=1]"]);
    assert_eq!(fs::read(&object).unwrap(), whole);
}

/// A record is either read as it was written, or it is none: whichever of its bytes is damaged.
#[test]
fn a_record_with_a_flipped_byte_serves_nothing_wrong() {
    const CHAIN: &str = "
stages:
  load: {params: {constant: 0.25}}
  train: {inputs: {images: load.images}}
";
    let lab = Lab::new(CHAIN, 1);
    let ran = lab.complete(&[]);
    let load = ran.task("load");
    let TaskState::Cached { key, outputs } = &ran.after.states[load] else { panic!("load is complete") };
    let hex = key.hex();
    let path = lab.store.root().join("records").join(&hex[..2]).join(format!("{}.json", &hex[2..]));
    let whole = fs::read(&path).unwrap();
    let mut refused = 0;
    for place in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[place] ^= 1;
        fs::write(&path, &flipped).unwrap();
        let what = || format!("byte {place}: {}", String::from_utf8_lossy(&flipped));
        let plan = Plan::make(&ran.graph, &lab.store, &Default::default());
        match (&plan.states[load], &plan.states[ran.task("train")]) {
            (TaskState::Cached { outputs: served, .. }, TaskState::Cached { .. }) => {
                assert_eq!(served, outputs, "{}", what());
            }
            (TaskState::ToRun { .. }, TaskState::Depends) => refused += 1,
            states => panic!("{states:?}: {}", what()),
        }
    }
    assert!(refused > whole.len() / 2, "{refused} of {} flips refused", whole.len());

    let table = String::from_utf8(whole.clone()).unwrap().replace("\"images\"", "\"imagez\"");
    fs::write(&path, table).unwrap();
    assert_eq!(lab.complete(&[]).computed(), ["load"]);
    fs::remove_file(&path).unwrap();
    assert_eq!(lab.complete(&[]).computed(), ["load"]);
}

/// A record whose output names another table that there is, whole and of the same size: nothing but
/// its checksum tells.
#[test]
fn a_record_that_names_another_table_serves_nothing() {
    let lab = Lab::new(PIPELINE, 1);
    let ran = lab.complete(&[]);
    let state = |task: &str| match &ran.after.states[ran.task(task)] {
        TaskState::Cached { key, outputs } => (key.hex(), outputs[0].digest.hex()),
        state => panic!("{state:?}"),
    };
    let ((key, own), (_, other)) = (state("train[set=0]"), state("train[set=1]"));
    let path = lab.store.root().join("records").join(&key[..2]).join(format!("{}.json", &key[2..]));
    let whole = fs::read_to_string(&path).unwrap();
    fs::write(&path, whole.replace(&own, &other)).unwrap();
    let plan = Plan::make(&ran.graph, &lab.store, &Default::default());
    assert!(matches!(plan.states[ran.task("train[set=0]")], TaskState::ToRun { .. }));
    let found = verify(&lab.store, &survey(&lab.store).unwrap(), None, 0).unwrap();
    assert_eq!((found.damaged, found.unsealed), (vec![path.clone()], 0));
    assert_eq!(lab.complete(&[]).computed(), ["train[set=0]"]);

    // Older records have no checksum, and serve.
    let (old, _) = whole.split_once(",\"check\":").unwrap();
    fs::write(&path, format!("{old}}}\n")).unwrap();
    assert!(lab.complete(&[]).computed().is_empty());
    assert_eq!(verify(&lab.store, &survey(&lab.store).unwrap(), None, 0).unwrap().unsealed, 1);
}
