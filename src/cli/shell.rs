//! completions and man: what shells and man know of the command line.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use clap::CommandFactory;

use super::args::{self, Args};
use super::pipe::print_bytes;

pub fn completions(asked: &args::Completions) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(asked.shell, &mut Args::command(), "hspipe", &mut script);
    print_bytes(&script).context("cannot write to stdout")?;
    Ok(ExitCode::SUCCESS)
}

/// The page of hspipe to stdout, or those of all commands into a folder.
pub fn man(asked: &args::Man) -> anyhow::Result<ExitCode> {
    match &asked.folder {
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Args::command()).render(&mut page)?;
            print_bytes(&page).context("cannot write to stdout")?;
        }
        Some(folder) => pages(folder).with_context(|| format!("cannot write in {}", folder.display()))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn pages(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    clap_mangen::generate_to(Args::command(), folder)
}
