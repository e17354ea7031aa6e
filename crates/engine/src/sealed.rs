//! JSON files that carry a checksum of themselves: each is read as it was written, or not at all.
//!
//! In: a value, or a file's bytes. Out: bytes, or the value. The checksum is the last field,
//! `check`: the blake3 of all bytes before it. A file without that field is older than the checksum
//! and is read unchecked. Knows no paths.

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

use crate::digest::Digest;

const FIELD: &[u8] = br#","check":""#;
const DIGITS: usize = 64;
const END: &[u8] = b"\"}\n";

/// What a file of this value, which is a JSON object, holds.
///
/// # Errors
/// A value that JSON cannot express.
pub(crate) fn seal(value: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec(value)?;
    let brace = bytes.pop();
    debug_assert_eq!(brace, Some(b'}'));
    let check = Digest::of(&bytes);
    for part in [FIELD, check.hex().as_bytes(), END] {
        bytes.extend_from_slice(part);
    }
    Ok(bytes)
}

/// The value of a file; none if it is not as it was written.
pub(crate) fn open<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    match checksum(bytes) {
        Some((before, check)) => check.eq(Digest::of(before).hex().as_bytes()).then_some(())?,
        None if has_field(bytes) => return None,
        None => {}
    }
    serde_json::from_slice(bytes).ok()
}

/// Whether a file carries a checksum; older ones do not.
pub(crate) fn is_sealed(bytes: &[u8]) -> bool {
    checksum(bytes).is_some()
}

/// What the checksum is of, and its digits.
fn checksum(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (rest, check) =
        bytes.strip_suffix(END)?.split_at_checked(bytes.len().checked_sub(END.len() + DIGITS)?)?;
    Some((rest.strip_suffix(FIELD)?, check))
}

/// Whether there is such a field, wherever it stands.
fn has_field(bytes: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Field {
        check: Option<IgnoredAny>,
    }
    serde_json::from_slice(bytes).is_ok_and(|Field { check }| check.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn what_was_changed_is_not_read() {
        let value = json!({"a": [1, 2], "b": {"check": "no"}});
        let whole = seal(&value).unwrap();
        let with_check = |bytes: &[u8]| open::<Value>(bytes);
        assert_eq!(with_check(&whole).unwrap()["a"], value["a"]);
        let text = String::from_utf8(whole).unwrap();
        for other in [text.replace('2', "3"), text.replace("\"a\"", "\"c\""), text.replace(",\"b", ", \"b")] {
            assert_ne!(other, text);
            assert_eq!(with_check(other.as_bytes()), None);
        }
        assert_eq!(with_check(text.trim_end().as_bytes()), None, "by another hand");
        let old = serde_json::to_vec(&value).unwrap();
        assert!(with_check(&old).is_some() && !is_sealed(&old) && is_sealed(text.as_bytes()));
        assert_eq!(with_check(b""), None);
    }
}
