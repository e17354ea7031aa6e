//! Where a remote cache lies, as users write it: `s3://bucket/prefix`.
//!
//! In: text of `pipeline.yaml`, of a variable or of the command line. Out: [`Address`]. Opens
//! nothing and knows no credentials.

use std::fmt;
use std::str::FromStr;

use crate::names;

/// What a remote cache lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A bucket of Amazon S3, or of a server that speaks its language.
    S3,
    /// A bucket of Google Cloud Storage.
    Google,
    /// A container of Azure Blob Storage.
    Azure,
    /// A folder.
    Folder,
}

/// The schemes of addresses, and what they stand for.
const SCHEMES: [(&str, Kind); 4] =
    [("s3", Kind::S3), ("gs", Kind::Google), ("az", Kind::Azure), ("file", Kind::Folder)];

/// A remote cache.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// What it lies in.
    pub kind: Kind,
    /// The name of the bucket or container; that of the folder, which is absolute.
    pub place: String,
    /// What the names of its objects begin with, without slashes at its ends; empty for a folder.
    pub prefix: String,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = SCHEMES.iter().find(|(_, kind)| *kind == self.kind).map_or("", |(scheme, _)| scheme);
        let slash = if self.prefix.is_empty() { "" } else { "/" };
        write!(f, "{scheme}://{}{slash}{}", self.place, self.prefix)
    }
}

/// A text that is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct NoAddress {
    /// What is wrong with it.
    pub what: String,
    /// What to write.
    pub hint: String,
}

impl FromStr for Address {
    type Err = NoAddress;

    fn from_str(text: &str) -> Result<Address, NoAddress> {
        let wrong = |what: String, hint: &str| NoAddress { what, hint: hint.to_string() };
        let Some((scheme, rest)) = text.split_once("://") else {
            let what = format!("`{text}` is not the address of a remote cache");
            return Err(wrong(what, "write s3://BUCKET/PREFIX, gs://, az:// or file:///FOLDER; or none"));
        };
        let Some((_, kind)) = SCHEMES.iter().find(|(name, _)| *name == scheme) else {
            let hint = names::hint(scheme, SCHEMES.iter().map(|(name, _)| *name)).unwrap_or_default();
            return Err(wrong(format!("there is no remote cache by `{scheme}://`"), &hint));
        };
        if *kind == Kind::Folder {
            let folder = rest.trim_end_matches('/');
            if !rest.starts_with('/') || folder.is_empty() {
                return Err(wrong(format!("`{text}` names no absolute folder"), "write file:///FOLDER"));
            }
            return Ok(Address { kind: *kind, place: folder.to_string(), prefix: String::new() });
        }
        let (place, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        if place.is_empty() || !place.chars().all(is_name) {
            let hint = format!("write {scheme}://BUCKET/PREFIX; keys and servers are given by variables");
            return Err(wrong(format!("`{text}` names no bucket"), &hint));
        }
        let parts: Vec<&str> = prefix.split('/').filter(|part| !part.is_empty()).collect();
        let is_part = |part: &&str| *part != "." && *part != ".." && part.chars().all(is_name);
        if !parts.iter().all(is_part) {
            let hint = "a prefix has letters, digits, `-`, `_` and `.`, and slashes between its parts";
            return Err(wrong(format!("`{text}` has a prefix of other characters"), hint));
        }
        Ok(Address { kind: *kind, place: place.to_string(), prefix: parts.join("/") })
    }
}

/// Whether a text is a public key as [`Address`]es are trusted by: 64 hexadecimal digits.
pub fn is_public_key(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_they_are_shown() {
        for (text, shown) in [
            ("s3://bucket/team/cache/", "s3://bucket/team/cache"),
            ("gs://bucket", "gs://bucket"),
            ("az://container/p", "az://container/p"),
            ("file:///shared/with spaces/", "file:///shared/with spaces"),
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), shown);
            assert_eq!(shown.parse(), Ok(address));
        }
        let says = |text: &str| {
            let NoAddress { what, hint } = text.parse::<Address>().unwrap_err();
            format!("{what} | {hint}")
        };
        assert!(says("bucket/prefix").contains("s3://BUCKET/PREFIX"));
        assert_eq!(says("s4://b"), "there is no remote cache by `s4://` | did you mean `s3`?");
        assert!(says("file://shared").contains("file:///FOLDER"));
        assert!(says("file:///").contains("file:///FOLDER"));
        assert!(says("s3:///prefix").starts_with("`s3:///prefix` names no bucket"));
        assert!(says("s3://key:secret@bucket").contains("by variables"));
        assert!(says("s3://bucket/../other").contains("other characters"));
    }
}
