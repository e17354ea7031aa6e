//! A store with another cache behind it: what is asked there, and what is done with the answers.

mod common;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use common::Remote;
use hspipe_engine::key::{Manifest, TaskKey};
use hspipe_engine::op::OpError;
use hspipe_engine::store::{Made, Record, Store, StoreError};

fn publish(store: &Store, op: &str, bytes: &[u8]) -> Record {
    let manifest =
        Manifest { op: op.into(), version: 1, params: 0.into(), seed: None, inputs: BTreeMap::new() };
    let made = Made { by: "test".into(), at: 0, seconds: 0.0 };
    store.publish(manifest.key(), manifest, vec![("t", bytes.to_vec())], made).unwrap()
}

fn key_of(op: &str) -> TaskKey {
    Manifest { op: op.into(), version: 1, params: 0.into(), seed: None, inputs: BTreeMap::new() }.key()
}

#[test]
fn what_is_not_here_is_had_from_upstream() {
    let folder = tempfile::tempdir().unwrap();
    let there = Store::open(&folder.path().join("there")).unwrap();
    let (good, gone) = (publish(&there, "good", b"good"), publish(&there, "gone", b"gone"));
    let liar = Record { key: key_of("liar"), ..publish(&there, "other", b"other") };
    let elsewhere = Arc::new(Remote {
        objects: HashMap::from([(good.outputs[0].digest, b"good".to_vec())]),
        records: [&good, &gone].into_iter().map(|record| (record.key, record.clone())).collect(),
        ..Remote::default()
    });
    let here = Store::open(&folder.path().join("here")).unwrap().with_upstream(elsewhere.clone());

    let own = publish(&here, "own", b"own");
    assert_eq!(*elsewhere.offered.lock().unwrap(), [own.key]);
    assert!(here.lookup(&own.key).is_some());
    assert!(elsewhere.served.lock().unwrap().is_empty(), "what is here is not asked for there");

    assert_eq!(here.read(&here.lookup(&good.key).unwrap().outputs[0].digest).unwrap(), b"good");
    let digest = here.lookup(&gone.key).unwrap().outputs[0].digest;
    assert_eq!(*elsewhere.served.lock().unwrap(), [good.key, gone.key]);
    let error = here.read(&digest).unwrap_err();
    assert!(matches!(error, StoreError::Gone { .. }));
    assert!(OpError::from(error).is_damage(), "a run makes it anew");
    assert!(here.lookup(&gone.key).is_none(), "nobody is promised it again");

    // Without an upstream a file that is gone is what it always was.
    let alone = Store::open(&folder.path().join("here")).unwrap();
    assert!(matches!(alone.read(&digest), Err(StoreError::Io { .. })));
    // A record is of the key that its manifest says.
    assert!(Record::from_bytes(&liar.to_bytes().unwrap()).is_none());

    // A damaged file heals.
    let elsewhere =
        Remote { objects: HashMap::from([(own.outputs[0].digest, b"own".to_vec())]), ..Remote::default() };
    std::fs::write(alone.object_path(&own.outputs[0].digest), b"oxn").unwrap();
    let healed = alone.with_upstream(Arc::new(elsewhere));
    assert_eq!(healed.read(&own.outputs[0].digest).unwrap(), b"own");
}
