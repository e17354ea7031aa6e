//! Downloads of single files.
//!
//! In: an address and a published file, or an archive and a file to put it in. Out: its bytes, checked, or why not.
//! Must not know: which addresses there are, where the files go.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use super::file::Compression;
use super::known::{Archive, Published};
use super::read::{self, Checked};
use super::{Why, archive};

/// Downloads and checks the file of this index.
pub(super) fn file(published: &Published, file: usize, base: &str) -> Result<Checked, Why> {
    let name = published.compressed_name(file);
    let path = Path::new(&name);
    let body = get(base, &name)?;
    Ok(read::stream(published, file, path, body, Compression::of(path))?)
}

/// Downloads the archive into a file, and checks it. Never stores more than it should have.
pub(super) fn archive(
    published: &Published,
    archive: &Archive,
    base: &str,
    to: &mut File,
) -> Result<(), Why> {
    let name = archive.name;
    let mut body = get(base, name)?.take(archive.len + 1);
    io::copy(&mut body, to).map_err(|error| Why::Said(format!("{name}: {error}")))?;
    Ok(archive::check(published, archive, Path::new(name), to)?)
}

fn get(base: &str, name: &str) -> Result<impl Read, Why> {
    let response = agent().get(format!("{base}{name}")).call();
    let response = response.map_err(|error| Why::Said(format!("{name}: {error}")))?;
    // Its length is bounded where it is read.
    Ok(response.into_body().into_reader())
}

fn agent() -> ureq::Agent {
    // Short where a machine without network would wait; long only while bytes arrive: half a gigabyte at 100 kB/s.
    let seconds = |s| Some(Duration::from_secs(s));
    ureq::Agent::config_builder()
        .timeout_resolve(seconds(5))
        .timeout_connect(seconds(5))
        .timeout_recv_response(seconds(20))
        .timeout_per_read(seconds(30))
        .timeout_global(seconds(6000))
        .build()
        .into()
}
