//! cache: a file per command. What lies in the cache, whether it is sound, what of it nobody needs; and the same of a
//! remote cache.

mod gc;
mod keygen;
mod pull;
mod push;
mod stats;
mod verify;

use std::process::ExitCode;

use anyhow::Context;
use hspipe_engine::collect::{Survey, survey};
use hspipe_engine::store::Store;
use hspipe_remote::Remote;

use super::args;
use super::error::Hinted;
use super::project::{self, cache_folder, open_store};
use super::remote::{address, hinted, options, warned};

pub fn cache(args: &args::Args, cache: &args::Cache) -> anyhow::Result<ExitCode> {
    let store = || open_store(&cache_folder(args));
    match cache {
        args::Cache::Stats(args::Stats { remote: Some(url) }) => stats::elsewhere(&remote(args, url)?),
        args::Cache::Stats(_) => stats::here(&store()?),
        args::Cache::Verify(wanted) => verify::verify(args, wanted, &store()?),
        args::Cache::Gc(gc @ args::Gc { remote: Some(url), .. }) => gc::elsewhere(gc, &remote(args, url)?),
        args::Cache::Gc(gc) => gc::here(gc, &store()?),
        args::Cache::Push(push) => push::push(&remote(args, push.url.as_deref().unwrap_or(args::KNOWN))?),
        args::Cache::Pull(pull) => pull::pull(args, pull),
        args::Cache::Keygen(keygen) => keygen::keygen(keygen),
    }
}

/// The remote cache: of this address, or the one that is known anyway.
///
/// # Errors
/// None is known; it cannot be reached, or refuses.
fn remote(args: &args::Args, url: &str) -> anyhow::Result<Remote> {
    let spec = project::spec(args)?.remote;
    let Some(address) = address(Some(url), &spec)? else {
        let hint = "name it: s3://BUCKET/PREFIX, gs://, az:// or file:///FOLDER; or set HSPIPE_REMOTE, or `remote` in pipeline.yaml";
        return Err(Hinted::usage("no remote cache is named", hint).into());
    };
    let options = options(&spec, warned)?;
    Remote::open_for_sure(&address, open_store(&cache_folder(args))?, options).map_err(hinted)
}

fn look(store: &Store) -> anyhow::Result<Survey> {
    survey(store).with_context(|| format!("cannot read {}", store.root().display()))
}
