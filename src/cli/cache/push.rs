//! cache push: what is cached here and a remote cache lacks, sent there.

use std::process::ExitCode;

use hspipe_engine::upstream::Upstream;
use hspipe_remote::{Pushed, Remote};

use crate::cli::amounts::size;
use crate::cli::pipe::tell;
use crate::cli::remote::hinted;

pub fn push(remote: &Remote) -> anyhow::Result<ExitCode> {
    let Pushed { tasks, known, left_out, bytes } = remote.push().map_err(hinted)?;
    tell!("{tasks} tasks to {}, {} sent; {known} were there\n", remote.name(), size(bytes));
    if left_out > 0 {
        tell!("{left_out} tasks left out, whose tables are not all here and sound: hspipe cache verify\n");
    }
    Ok(ExitCode::SUCCESS)
}
