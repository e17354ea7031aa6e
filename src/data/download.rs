//! Downloads of single files.
//!
//! In: an address and a published file, or an archive. Out: its bytes, checked, or why not. Must not
//! know: which addresses there are, where the files go.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use super::known::{Archive, Published};
use super::read::{self, Checked};
use super::{Why, archive};

/// Downloads and checks the file of this index.
pub(super) fn file(published: &Published, file: usize, base: &str) -> Result<Checked, Why> {
    let unknown = || Why::Said("it is not a file of the dataset".to_owned());
    let known = published.files.get(file).ok_or_else(unknown)?;
    let name = format!("{}.gz", known.name);
    let body = get(base, &name)?;
    Ok(read::stream(published, file, Path::new(&name), body, true)?)
}

/// Downloads and checks the archive.
pub(super) fn archive(published: &Published, archive: &Archive, base: &str) -> Result<Vec<u8>, Why> {
    let name = archive.name;
    let body = get(base, name)?;
    Ok(archive::whole(published, archive, Path::new(name), body)?)
}

fn get(base: &str, name: &str) -> Result<impl Read, Why> {
    let response = agent().get(format!("{base}{name}")).call();
    let response = response.map_err(|error| Why::Said(format!("{name}: {error}")))?;
    // Its length is bounded where it is read.
    Ok(response.into_body().into_reader())
}

fn agent() -> ureq::Agent {
    // Short where a machine without network would wait; long only while bytes arrive.
    let seconds = |s| Some(Duration::from_secs(s));
    ureq::Agent::config_builder()
        .timeout_resolve(seconds(5))
        .timeout_connect(seconds(5))
        .timeout_recv_response(seconds(20))
        .timeout_per_read(seconds(30))
        .timeout_global(seconds(1800))
        .build()
        .into()
}
