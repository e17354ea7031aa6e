//! What each run was asked and which key each task had: `cache/runs/*.json`.
//!
//! It is what lets `why` name the old value of a parameter: a record alone does not know which task
//! of today it served yesterday. A run that computes something is on record from its start, so that
//! one that was killed is known, too.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::clock::now;
use crate::digest::Digest;
use crate::graph::Graph;
use crate::key::TaskKey;
use crate::plan::{Plan, TaskState};
use crate::sealed;
use crate::store::{Output, Store, StoreError, write_json, write_json_new};
use crate::value::Value;

/// How a run ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum End {
    /// All was tried. Also of older records, which were written at the end only.
    #[default]
    Done,
    /// Ctrl-C.
    Stopped,
    /// It is at work, or was killed.
    Open,
}

impl End {
    fn is_done(&self) -> bool {
        *self == End::Done
    }
}

/// One run as remembered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunRecord {
    /// Seconds since 1970, UTC.
    pub at: u64,
    /// hspipe's version.
    pub hspipe: String,
    /// The targets as asked.
    pub targets: Vec<String>,
    /// Every parameter's value.
    pub params: Value,
    /// How it ended.
    #[serde(default, skip_serializing_if = "End::is_done")]
    pub end: End,
    /// How many tasks failed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub failed: usize,
    /// The key of each task that was complete after the run, by the task's name; before it while
    /// the run is open.
    pub keys: BTreeMap<String, TaskKey>,
    /// The digest of each of these tasks' tables together; older records have none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub results: BTreeMap<String, Digest>,
    /// Of tasks with swept parameters, that of the first values, by the name without them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub plain_keys: BTreeMap<String, TaskKey>,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl RunRecord {
    /// The record of a run that is done and has left `plan`, none of whose tasks failed.
    pub fn of(graph: &Graph, plan: &Plan, targets: &[String], params: Value, hspipe: &str) -> RunRecord {
        let (mut keys, mut results, mut plain_keys) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (task, state) in plan.states.with_ids() {
            if let TaskState::Cached { key, outputs } = state {
                let name = graph.name(task);
                keys.insert(name.clone(), *key);
                results.insert(name, together(outputs));
                if graph.swept_coords(task).next().is_some() {
                    plain_keys.entry(graph.plain_name(task)).or_insert(*key);
                }
            }
        }
        let (hspipe, targets) = (hspipe.to_string(), targets.to_vec());
        RunRecord { at: now(), hspipe, targets, params, end: End::Done, failed: 0, keys, results, plain_keys }
    }

    /// Stores it under its number, one above the last; the next free one if another process was
    /// faster.
    pub fn save(&self, store: &Store) -> Result<PathBuf, StoreError> {
        let mut number = numbered(store).last().map_or(1, |(number, _)| number + 1);
        loop {
            let path = store.root().join("runs").join(format!("{number:06}.json"));
            if write_json_new(&path, self)? {
                return Ok(path);
            }
            number += 1;
        }
    }
}

/// Puts a run that has ended on record, in place of `begun`, the record that it had from its start.
/// A run that left what the last one left, and in which nothing new failed, stays without a record.
pub fn remember(
    store: &Store,
    begun: Option<&Path>,
    run: impl FnOnce() -> RunRecord + Send,
) -> Result<(), StoreError> {
    let (run, last) = rayon::join(run, || newest_first(store).next());
    let is_as_last = last.is_some_and(|last| {
        let same_failed = run.failed == 0 || run.failed == last.failed;
        last.keys == run.keys && last.params == run.params && last.end == run.end && same_failed
    });
    match (begun, is_as_last) {
        (Some(path), true) => drop(fs::remove_file(path)),
        (Some(path), false) => write_json(path, &run)?,
        (None, true) => {}
        (None, false) => drop(run.save(store)?),
    }
    Ok(())
}

/// The stage of a task by its name: `fit` of `fit[set=1]`.
pub fn stage_of(task: &str) -> &str {
    task.split('[').next().unwrap_or(task)
}

/// One digest for all tables of a task.
fn together(outputs: &[Output]) -> Digest {
    let digests: Vec<u8> = outputs.iter().flat_map(|output| output.digest.0).collect();
    Digest::of(&digests)
}

/// The record of a run that has not ended and was asked for the same, the newest of them.
pub fn open_like(store: &Store, run: &RunRecord) -> Option<PathBuf> {
    let is_like = |other: &RunRecord| {
        other.end == End::Open && other.targets == run.targets && other.params == run.params
    };
    files_newest_first(store).find(|(_, other)| is_like(other)).map(|(path, _)| path)
}

/// The runs on record that have ended, the newest first; damaged ones are passed over.
pub fn newest_first(store: &Store) -> impl Iterator<Item = RunRecord> + use<> {
    files_newest_first(store).map(|(_, run)| run).filter(|run| run.end != End::Open)
}

/// The runs on record, also those that have not ended, with their numbers, the newest first.
pub fn numbered_newest_first(store: &Store) -> impl Iterator<Item = (u64, RunRecord)> + use<> {
    files_newest_first(store).filter_map(|(path, run)| {
        let number = path.file_stem()?.to_str()?.parse().ok()?;
        Some((number, run))
    })
}

/// The same runs with their files.
pub fn files_newest_first(store: &Store) -> impl Iterator<Item = (PathBuf, RunRecord)> + use<> {
    let read = |path: PathBuf| {
        let run = sealed::open(&fs::read(&path).ok()?)?;
        Some((path, run))
    };
    numbered(store).into_iter().rev().filter_map(move |(_, path)| read(path))
}

fn numbered(store: &Store) -> Vec<(u64, PathBuf)> {
    let entries = fs::read_dir(store.root().join("runs")).into_iter().flatten().flatten();
    let mut runs: Vec<(u64, PathBuf)> = entries
        .filter_map(|entry| {
            let path = entry.path();
            let number = path.file_name()?.to_str()?.strip_suffix(".json")?.parse().ok()?;
            Some((number, path))
        })
        .collect();
    runs.sort();
    runs
}
