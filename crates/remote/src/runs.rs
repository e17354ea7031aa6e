//! Which keys a run needs, put where its results lie, so that nothing is collected that it needs.
//!
//! In: a run's record. Out: `v1/runs/DIGEST.parquet` with the columns `task` and `key`, and what was
//! asked in a note. No clock is in it: the same run again is the same object, and its time is that of
//! the last one.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow_array::{ArrayRef, StringArray};
use arrow_schema::{DataType, Field, Schema};
use bytes::Bytes;
use hspipe_engine::history::RunRecord;
use hspipe_engine::key::{Digest, TaskKey};

use crate::error::RemoteError;
use crate::index::{batches, table, text};
use crate::remote::Remote;

/// The folder of runs.
pub const FOLDER: &str = "v1/runs";

/// The name of the note.
const NOTE: &str = "hspipe.run";

/// The keys of a run; none if these bytes are not those of one.
pub fn keys(bytes: Bytes) -> Option<HashSet<TaskKey>> {
    let mut all = HashSet::new();
    for batch in batches(bytes)? {
        for key in text(&batch, "key")?.iter() {
            all.insert(TaskKey::from_hex(key?)?);
        }
    }
    Some(all)
}

/// The object of a run.
pub fn bytes(run: &RunRecord) -> Result<Vec<u8>, RemoteError> {
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(run.keys.keys())),
        Arc::new(StringArray::from_iter_values(run.keys.values().map(TaskKey::hex))),
    ];
    let note = serde_json::json!({"hspipe": run.hspipe, "params": run.params, "targets": run.targets});
    let fields = ["task", "key"].map(|name| Field::new(name, DataType::Utf8, false));
    let schema =
        Schema::new(fields.to_vec()).with_metadata(HashMap::from([(NOTE.to_string(), note.to_string())]));
    table(schema, columns).map_err(RemoteError::Index)
}

/// What the object of these bytes is called in its folder.
pub fn name(digest: &Digest) -> String {
    format!("{digest}.parquet")
}

impl Remote {
    /// Puts the object of a run, which these are the bytes of, there.
    pub(crate) fn put_run(&self, bytes: Vec<u8>) -> Result<(), RemoteError> {
        self.bucket.put(&format!("{FOLDER}/{}", name(&Digest::of(&bytes))), bytes)
    }

    /// Marks a run at its end. What goes wrong is a warning.
    pub fn mark(&self, run: &RunRecord) {
        if self.is_down() {
            return;
        }
        let put = || {
            let bytes = bytes(run)?;
            self.put_run(bytes)
        };
        if let Err(error) = put() {
            self.warn_of(&error, "this run is not known there, so its results may be collected");
        }
    }
}
