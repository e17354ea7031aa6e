//! Results/ as commands read it: while no run is writing it, and only what is as hspipe wrote it.

use std::ops::Deref;
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use hspipe_engine::lock::Guard;

use super::error::Hinted;
use super::{args, project};
use crate::views;
use crate::views::tables::{Refusal, Tables};

/// Tables that no run changes while this lives.
pub struct Opened {
    tables: Tables,
    _alone: Option<Guard>,
}

impl Deref for Opened {
    type Target = Tables;

    fn deref(&self) -> &Tables {
        &self.tables
    }
}

pub fn folder(args: &args::Args) -> PathBuf {
    project::output_folder(args).join("Results")
}

/// The tables of the project.
pub fn open(args: &args::Args) -> anyhow::Result<Opened> {
    let _alone = views::alone(&project::cache_folder(args));
    let folder = folder(args);
    let tables = Tables::open(&folder, project::results(args));
    let tables = tables.with_context(|| format!("cannot read {}", folder.display()))?;
    Ok(Opened { tables, _alone })
}

/// A refusal with its why and its hint.
pub fn refused(Refusal { what, why, hint }: Refusal) -> anyhow::Error {
    anyhow!(why).context(Hinted::new(what, hint))
}
