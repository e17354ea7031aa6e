//! The manifest of a task: everything that its result depends on, and nothing else.
//!
//! One manifest, two renderings: its digest is the task's key, its text is what `why` shows. So the
//! two cannot disagree.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::value::{Value, canonical, show, write_canonical, write_list, write_map, write_text};

pub use crate::digest::Digest;

/// The digest of a task's manifest: the name under which the task's record is stored. Not the
/// digest of any file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskKey(Digest);

impl TaskKey {
    /// All its digits.
    pub fn hex(&self) -> String {
        self.0.hex()
    }

    /// The key of these digits; none if they are not 64 hexadecimal ones.
    pub fn from_hex(text: &str) -> Option<TaskKey> {
        Digest::from_hex(text).map(TaskKey)
    }

    /// Enough digits for people.
    pub fn short(&self) -> String {
        self.0.short()
    }
}

impl fmt::Display for TaskKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for TaskKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// What the tasks that may share a batch have in common: all of their manifests but the seeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchGroup(Digest);

/// Where a task's random numbers come from: the root seed, the role, and the coordinates it is
/// drawn by, without those that say where something lies ([`crate::op::Registry::set_places`]).
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Seed {
    /// The pipeline's parameter `seed`.
    pub root: u64,
    /// Tells draws for different purposes apart; the op's name unless the stage gives another.
    pub role: String,
    /// The coordinates, by axis.
    pub by: BTreeMap<String, Value>,
}

impl Seed {
    /// The seed of one attempt: the first four bytes, little-endian, of the blake3 hash of the
    /// canonical JSON `{"attempt":0,"by":{...},"role":"...","root":42}`. The same formula in any
    /// language rebuilds it.
    pub fn draw(&self, attempt: u32) -> u32 {
        let mut value = self.value();
        value["attempt"] = Value::from(attempt);
        let hash = blake3::hash(canonical(&value).as_bytes());
        let [a, b, c, d, ..] = *hash.as_bytes();
        u32::from_le_bytes([a, b, c, d])
    }

    fn value(&self) -> Value {
        serde_json::json!({"root": self.root, "role": self.role, "by": self.by})
    }
}

/// One table among a task's inputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InputDigest {
    /// The coordinates of gathered axes; empty where an input is one table.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub coords: BTreeMap<String, Value>,
    /// Of the table's bytes.
    pub digest: Digest,
}

/// All that a task's result depends on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The op's name.
    pub op: String,
    /// The op's version.
    pub version: u32,
    /// The parameters that the op declares, in their canonical form.
    pub params: Value,
    /// The [`Seed`] as a value; none if the op draws no random numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<Value>,
    /// The tables that the task reads, by the names of its inputs.
    pub inputs: BTreeMap<String, Vec<InputDigest>>,
}

impl Manifest {
    /// This manifest of a task that draws from `seed`.
    pub fn with_seed(mut self, seed: Option<&Seed>) -> Self {
        self.seed = seed.map(Seed::value);
        self
    }

    /// The key: blake3 of the manifest's canonical JSON. A change of this form is a change of every
    /// key.
    pub fn key(&self) -> TaskKey {
        TaskKey(Digest::of(self.canonical(self.seed.as_ref()).as_bytes()))
    }

    /// The canonical JSON with this seed, field by field in the order of their names: a large graph
    /// has many keys to find.
    fn canonical(&self, seed: Option<&Value>) -> String {
        // Taken apart, so that a new field is not forgotten here.
        let Manifest { inputs, op, params, seed: _, version } = self;
        let mut out = String::with_capacity(512);
        out.push_str(r#"{"inputs":"#);
        write_map(inputs, |tables, out| write_list(tables, write_table, out), &mut out);
        out.push_str(r#","op":"#);
        write_text(op, &mut out);
        out.push_str(r#","params":"#);
        write_canonical(params, &mut out);
        if let Some(seed) = seed {
            out.push_str(r#","seed":"#);
            write_canonical(seed, &mut out);
        }
        out.push_str(r#","version":"#);
        out.push_str(&version.to_string());
        out.push('}');
        out
    }

    /// The group of tasks that may be computed in one batch with this one.
    pub fn batch_group(&self) -> BatchGroup {
        BatchGroup(Digest::of(self.canonical(None).as_bytes()))
    }

    /// What differs between `old` and this manifest, parameter by parameter and input by input.
    pub fn changes_since(&self, old: &Manifest) -> Vec<Change> {
        let mut changes = Vec::new();
        if self.op != old.op {
            changes.push(Change::Op { old: old.op.clone(), new: self.op.clone() });
        } else if self.version != old.version {
            changes.push(Change::Version { op: self.op.clone(), old: old.version, new: self.version });
        }
        changes.extend(params_changed(&old.params, &self.params, ""));
        let empty = Value::Null;
        let (old_seed, seed) = (old.seed.as_ref().unwrap_or(&empty), self.seed.as_ref().unwrap_or(&empty));
        changes.extend(params_changed(old_seed, seed, "seed"));
        let names =
            self.inputs.keys().chain(old.inputs.keys().filter(|name| !self.inputs.contains_key(*name)));
        for name in names {
            let (old, new) = (old.inputs.get(name), self.inputs.get(name));
            if old != new {
                let count = |tables: Option<&Vec<InputDigest>>| tables.map_or(0, Vec::len);
                changes.push(Change::Input { name: name.clone(), old: count(old), new: count(new) });
            }
        }
        changes
    }
}

fn write_table(InputDigest { coords, digest }: &InputDigest, out: &mut String) {
    out.push('{');
    if !coords.is_empty() {
        out.push_str(r#""coords":"#);
        write_map(coords, write_canonical, out);
        out.push(',');
    }
    out.push_str(r#""digest":""#);
    out.push_str(&digest.digits());
    out.push_str(r#""}"#);
}

/// The parameters that differ, each part of a map on its own; `name` is what their names begin
/// with.
pub fn params_changed(old: &Value, new: &Value, name: &str) -> Vec<Change> {
    let mut changes = Vec::new();
    differ(old, new, name, &mut |name, old, new| changes.push(Change::Param { name, old, new }));
    changes
}

/// Calls `found` for each leaf in which two values differ, with its dotted name.
fn differ(old: &Value, new: &Value, name: &str, found: &mut impl FnMut(String, Value, Value)) {
    if canonical(old) == canonical(new) {
        return;
    }
    if let (Value::Object(old_map), Value::Object(new_map)) = (old, new) {
        let parts: std::collections::BTreeSet<&String> = old_map.keys().chain(new_map.keys()).collect();
        for part in parts {
            let path = if name.is_empty() { part.clone() } else { format!("{name}.{part}") };
            let null = Value::Null;
            let (old, new) = (old_map.get(part).unwrap_or(&null), new_map.get(part).unwrap_or(&null));
            differ(old, new, &path, found);
        }
    } else {
        found(name.to_string(), old.clone(), new.clone());
    }
}

/// One difference between two manifests.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Another op.
    Op {
        /// The op's name before.
        old: String,
        /// Its name now.
        new: String,
    },
    /// Another version of the same op.
    Version {
        /// The op's name.
        op: String,
        /// The version before.
        old: u32,
        /// The version now.
        new: u32,
    },
    /// Another value of a parameter, of a part of one, or of a part of the seed.
    Param {
        /// Its name, with dots before parts.
        name: String,
        /// The value before; null if there was none.
        old: Value,
        /// The value now; null if there is none.
        new: Value,
    },
    /// The tables of an input differ; the numbers of tables before and now.
    Input {
        /// The input's name.
        name: String,
        /// How many tables it had.
        old: usize,
        /// How many it has.
        new: usize,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Change::Op { old, new } => write!(f, "op {old} -> {new}"),
            Change::Version { op, old, new } => write!(f, "version of op {op} {old} -> {new}"),
            Change::Param { name, old, new } => write!(f, "{name} {} -> {}", show(old), show(new)),
            Change::Input { name, old, new } if old == new => write!(f, "input {name} changed"),
            Change::Input { name, old, new } => write!(f, "input {name}: {old} -> {new} tables"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn manifest() -> Manifest {
        let inputs = BTreeMap::from([(
            "images".to_string(),
            vec![InputDigest { coords: BTreeMap::new(), digest: Digest::of(b"x") }],
        )]);
        Manifest {
            op: "train".into(),
            version: 1,
            params: json!({"epochs": 500, "rate": 0.1}),
            seed: None,
            inputs,
        }
    }

    #[test]
    fn the_key_is_the_hash_of_the_canonical_manifest() {
        let x = Digest::of(b"x");
        let text = format!(
            r#"{{"inputs":{{"images":[{{"digest":"{x}"}}]}},"op":"train","params":{{"epochs":500,"rate":0.1}},"version":1}}"#
        );
        assert_eq!(manifest().key(), TaskKey(Digest::of(text.as_bytes())));
    }

    #[test]
    fn the_canonical_text_is_that_of_the_fields_as_stored() {
        let coords = BTreeMap::from([("set".to_string(), json!(1.0)), ("a \"b\"".into(), json!("x"))]);
        let gathered = InputDigest { coords, digest: Digest::of(b"y") };
        let plain = InputDigest { coords: BTreeMap::new(), digest: Digest::of(b"z") };
        let mut manifest = Manifest { seed: Some(json!({"root": 1, "by": {}})), ..manifest() };
        manifest.inputs.insert("empty".into(), Vec::new());
        manifest.inputs.insert("scores".into(), vec![gathered, plain]);
        assert_eq!(
            manifest.canonical(manifest.seed.as_ref()),
            canonical(&serde_json::to_value(&manifest).unwrap())
        );
    }

    /// python3:
    /// blake3(b'{"attempt":0,"by":{"dataset":"MNIST","set":0},"role":"search","root":42}').digest()[:4]
    #[test]
    fn a_seed_can_be_rebuilt_elsewhere() {
        let by = BTreeMap::from([("set".into(), json!(0)), ("dataset".into(), json!("MNIST"))]);
        let seed = Seed { root: 42, role: "search".into(), by };
        let text = r#"{"attempt":0,"by":{"dataset":"MNIST","set":0},"role":"search","root":42}"#;
        let hash = blake3::hash(text.as_bytes());
        assert_eq!(seed.draw(0).to_le_bytes(), hash.as_bytes()[..4]);
        assert_ne!(seed.draw(0), seed.draw(1));
    }

    #[test]
    fn changes_name_old_and_new() {
        let old = manifest();
        let new = Manifest { version: 2, params: json!({"epochs": 100, "rate": 0.1}), ..manifest() };
        let text: Vec<String> = new.changes_since(&old).iter().map(Change::to_string).collect();
        assert_eq!(text, ["version of op train 1 -> 2", "epochs 500 -> 100"]);
        assert!(new.changes_since(&new).is_empty());
    }
}
