//! The section `remote`: which cache elsewhere is shared, and whose word counts there.
//!
//! In: a node. Out: [`RemoteSpec`]. Opens nothing.

use super::unknown;
use crate::address::{Address, is_public_key};
use crate::error::SpecError;
use crate::yaml::{Node, NodeKind};

/// A cache elsewhere as written.
#[derive(Clone, Debug, Default)]
pub struct RemoteSpec {
    /// Where it lies; none if there is none.
    pub address: Option<Address>,
    /// The public keys of those whose indexes count; empty if all do.
    pub trust: Vec<String>,
}

/// `remote: s3://bucket/prefix`, or a map of `url` and `trust`.
pub(super) fn parse(node: &Node) -> Result<RemoteSpec, SpecError> {
    let NodeKind::Map(entries) = &node.kind else {
        return Ok(RemoteSpec { address: parse_address(node)?, trust: Vec::new() });
    };
    let mut remote = RemoteSpec::default();
    for (key, value) in entries {
        match key.text.as_str() {
            "url" => remote.address = parse_address(value)?,
            "trust" => {
                remote.trust = value.items().into_iter().map(parse_key).collect::<Result<_, _>>()?;
            }
            _ => return Err(unknown(key, "word in `remote`:", &["url", "trust"])),
        }
    }
    Ok(remote)
}

fn parse_address(node: &Node) -> Result<Option<Address>, SpecError> {
    let name = node.text("`remote`")?;
    if name.text == "none" {
        return Ok(None);
    }
    let address = name.text.parse::<Address>();
    address.map(Some).map_err(|error| SpecError::new(node.at, error.what).hint(error.hint))
}

fn parse_key(node: &Node) -> Result<String, SpecError> {
    let key = node.text("a key in `trust`")?.text;
    if is_public_key(&key) {
        return Ok(key.to_ascii_lowercase());
    }
    Err(SpecError::new(node.at, format!("`{key}` is no public key"))
        .hint("it has 64 hexadecimal digits, as `hspipe cache keygen` prints it".to_string()))
}
