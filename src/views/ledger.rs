//! What hspipe wrote in a folder of views: the file `params.yaml` in Results/ and in Figures/.
//!
//! In: the folder. Out: the parameters that its files are for, and each file with the digest of its bytes. While files
//! are being written it says so, and vouches for none of them. Knows neither tables nor pictures.
//!
//! It is a flat map in YAML. A name with a `.` is a file's, since no parameter has such a name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use hspipe_engine::Value;
use hspipe_engine::key::Digest;
use hspipe_engine::value::canonical;

/// The file's name.
pub const FILE: &str = "params.yaml";
/// No parameter and no file has a name like this.
const WRITING: &str = "being written";
/// The last line: the text above it as it was written.
const SEAL: &str = "# blake3 of all above: ";

/// Names and values of parameters.
pub type Params = Vec<(String, Value)>;

/// Whether a ledger can be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Whole,
    Missing,
    /// A run is writing, or was cut off while it did.
    Writing,
    /// Or of an hspipe that wrote no digests.
    Damaged,
}

#[derive(Debug, PartialEq)]
pub struct Ledger {
    pub state: State,
    pub params: Params,
    /// While files are being written, a file may have the digest from before or that from after.
    files: BTreeMap<String, BTreeSet<String>>,
}

impl Ledger {
    /// That of a folder, as far as it can be read.
    pub fn read(folder: &Path) -> Ledger {
        match std::fs::read_to_string(folder.join(FILE)) {
            Ok(text) => Ledger::parse(&text),
            Err(error) => {
                let is_missing = error.kind() == std::io::ErrorKind::NotFound;
                let state = if is_missing { State::Missing } else { State::Damaged };
                Ledger { state, params: Vec::new(), files: BTreeMap::new() }
            }
        }
    }

    /// Of files that are all written.
    pub fn of<'a>(params: Params, files: impl IntoIterator<Item = (&'a str, Digest)>) -> Ledger {
        let files = files.into_iter().map(|(name, digest)| (name.to_string(), [digest.hex()].into()));
        Ledger { state: State::Whole, params, files: files.collect() }
    }

    /// On the way from this one to `next`.
    pub fn towards(&self, next: &Ledger) -> Ledger {
        let mut files = self.files.clone();
        for (name, digests) in &next.files {
            files.entry(name.clone()).or_default().extend(digests.iter().cloned());
        }
        Ledger { state: State::Writing, params: Vec::new(), files }
    }

    /// The names of its files, in order.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    pub fn lists(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }

    /// Whether hspipe wrote these bytes under this name.
    pub fn wrote(&self, name: &str, digest: &Digest) -> bool {
        self.files.get(name).is_some_and(|digests| digests.contains(&digest.hex()))
    }

    pub fn text(&self) -> String {
        let mut text = match self.state {
            State::Writing => format!(
                "# A run is writing these files, or was cut off while it did. `hspipe run TARGET` writes them anew.\n\
                 {WRITING}: true\n"
            ),
            _ => "# The parameters that these files are for.\n".to_string(),
        };
        for (name, value) in &self.params {
            text += &format!("{name}: {}\n", canonical(value));
        }
        text += "# Each file as hspipe wrote it, by its blake3.\n";
        for (name, digests) in &self.files {
            let digests: Vec<&str> = digests.iter().map(String::as_str).collect();
            // A JSON string is one in YAML too, whatever is in it.
            text += &format!("{}: \"{}\"\n", Value::from(name.as_str()), digests.join(" "));
        }
        text += &format!("{SEAL}{}\n", Digest::of(text.as_bytes()));
        text
    }

    fn parse(text: &str) -> Ledger {
        let (above, seal) = text.rsplit_once(SEAL).unwrap_or((text, ""));
        let is_whole = seal.strip_suffix('\n') == Some(&Digest::of(above.as_bytes()).hex());
        let mut ledger = Ledger {
            state: if is_whole { State::Whole } else { State::Damaged },
            params: Vec::new(),
            files: BTreeMap::new(),
        };
        for line in above.lines().filter(|line| !line.starts_with('#')) {
            // Neither a digest nor the name of a parameter has a colon; a file's name may.
            let file = line.rsplit_once(": ").filter(|_| line.starts_with('"'));
            if let Some((name, digests)) = file {
                let string = |text: &str| serde_json::from_str::<String>(text).ok();
                let Some((name, digests)) = string(name).zip(string(digests)) else { continue };
                ledger.files.insert(name, digests.split_whitespace().map(String::from).collect());
            } else if let Some((name, value)) = line.split_once(": ") {
                if name == WRITING && is_whole {
                    ledger.state = State::Writing;
                }
                let value = serde_json::from_str(value).ok().filter(|_| name != WRITING);
                ledger.params.extend(value.map(|value| (name.to_string(), value)));
            }
        }
        ledger
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger(files: &[(&str, &[u8])]) -> Ledger {
        let params = vec![("epochs".to_string(), 20.into()), ("hidden".to_string(), vec![20, 30].into())];
        Ledger::of(params, files.iter().map(|(name, bytes)| (*name, Digest::of(bytes))))
    }

    #[test]
    fn what_is_written_comes_back() {
        let whole = ledger(&[("a.parquet", b"1"), ("of: \"x\".svg", b"2")]);
        assert_eq!(Ledger::parse(&whole.text()), whole);
        let next = ledger(&[("a.parquet", b"3"), ("b.parquet", b"4")]);
        let writing = Ledger::parse(&whole.towards(&next).text());
        assert_eq!((writing.state, writing.params.len()), (State::Writing, 0));
        let known: [(&str, &[u8]); 4] =
            [("a.parquet", b"1"), ("a.parquet", b"3"), ("of: \"x\".svg", b"2"), ("b.parquet", b"4")];
        assert!(known.iter().all(|(name, bytes)| writing.wrote(name, &Digest::of(bytes))));
        assert!(!writing.wrote("b.parquet", &Digest::of(b"1")) && !writing.lists("c.parquet"));
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Ledger::read(folder.path()).state, State::Missing);
    }

    /// Whatever byte of it changes and wherever it ends, it vouches for nothing.
    #[test]
    fn damage_is_seen() {
        let text = ledger(&[("a.parquet", b"1")]).text();
        for at in 0..text.len() {
            assert_eq!(Ledger::parse(&text[..at]).state, State::Damaged, "cut at {at}");
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            assert_eq!(Ledger::parse(&String::from_utf8(bytes).unwrap()).state, State::Damaged, "{at}");
        }
    }
}
