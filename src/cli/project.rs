//! A project opened: its pipeline under given settings, expanded, and its cache.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use hspipe_engine::graph::{Graph, TaskId};
use hspipe_engine::settings::Settings;
use hspipe_engine::spec::Spec;
use hspipe_engine::store::Store;

use super::args;
use super::error::Hinted;
use super::progress::note;
use crate::views::file::link_to_nowhere;
use crate::{nn, ops};

/// The pipeline of the paper, which serves where a folder has none: so what `pip install` brings runs by itself.
pub const OWN: &str = include_str!("../../pipeline.yaml");

/// What it is called where a file would be named.
const OWN_NAME: &str = "hspipe's own pipeline";

const NAME: &str = "pipeline.yaml";

pub struct Project {
    /// The folder of the pipeline file.
    pub root: PathBuf,
    /// Where Results/ and Figures/ lie.
    pub output: PathBuf,
    pub spec: Spec,
    pub settings: Settings,
    pub graph: Graph,
    pub store: Arc<Store>,
}

impl Project {
    /// Reads the pipeline file, or hspipe's own pipeline where there is none, applies `settings`, expands all.
    pub fn open(args: &args::Args, settings: &args::Settings) -> anyhow::Result<Project> {
        let (root, spec) = match pipeline_file(args)? {
            Some(file) => {
                let reading = || format!("cannot read {}", file.display());
                let text = std::fs::read_to_string(&file).with_context(reading)?;
                (folder_of(&file), Spec::parse(&text, &file.display().to_string())?)
            }
            None => {
                note(args.quiet, args.log_format(), &no_file());
                (PathBuf::from("."), Spec::parse(OWN, OWN_NAME)?)
            }
        };
        let settings = Settings::resolve(&spec, settings.profile.as_deref(), &settings.set)?;
        let graph = Graph::expand(&spec, &settings, &ops::registry(&root)).map_err(|mut error| {
            // Ops resolve trainers when they are given their parameters.
            error.hint = error.hint.or_else(|| nn::libtorch_remedy().map(str::to_string));
            error
        })?;
        let store = Arc::new(open_store(&cache_in(args, &root))?.of_build(crate::BUILD));
        let output = args.output_dir.clone().unwrap_or_else(|| root.clone());
        Ok(Project { root, output, spec, settings, graph, store })
    }

    /// The tasks that the words mean; every task where there are none.
    pub fn select(&self, words: &[String]) -> anyhow::Result<Vec<TaskId>> {
        match words {
            [] => Ok(self.graph.tasks.ids().collect()),
            _ => Ok(self.graph.select(&self.spec, words)?),
        }
    }
}

/// The folder of a pipeline file.
fn folder_of(file: &Path) -> PathBuf {
    let folder = file.parent().filter(|folder| *folder != Path::new(""));
    folder.unwrap_or(Path::new(".")).to_path_buf()
}

/// Whoever is in the wrong folder must see it.
fn no_file() -> String {
    format!(
        "note: there is no {NAME} here or in a folder above, so this is {OWN_NAME}, which studies MNIST and its like; \
         for data of yours: hspipe init --data PATH"
    )
}

/// The file that the words name, or the one here or in a folder above; none where there is none.
fn pipeline_file(args: &args::Args) -> anyhow::Result<Option<PathBuf>> {
    if let Some(file) = &args.pipeline {
        return Ok(Some(file.clone()));
    }
    if Path::new(NAME).exists() {
        return Ok(Some(NAME.into()));
    }
    let here = std::env::current_dir().context("the current folder is gone")?;
    Ok(here.ancestors().map(|folder| folder.join(NAME)).find(|file| file.exists()))
}

/// The cache in a folder, which is made if need be.
///
/// # Errors
/// A link to a disk that is not there; a folder that cannot be made.
pub fn open_store(folder: &Path) -> anyhow::Result<Store> {
    if let Some((link, target)) = link_to_nowhere(folder) {
        let (link, target) = (link.display(), target.display());
        let what = format!(
            "the cache cannot be had: {link} is a link to {target}, which is not there (is the disk mounted?)"
        );
        return Err(Hinted::new(what, "mount it, or name another cache: --cache-dir").into());
    }
    Ok(Store::open(folder)?)
}

/// The cache folder for commands that need no pipeline.
pub fn cache_folder(args: &args::Args) -> PathBuf {
    cache_in(args, &root(args))
}

fn cache_in(args: &args::Args, root: &Path) -> PathBuf {
    args.cache_dir.clone().unwrap_or_else(|| root.join("cache"))
}

/// Where Results/ and Figures/ lie, for commands that need no pipeline.
pub fn output_folder(args: &args::Args) -> PathBuf {
    args.output_dir.clone().unwrap_or_else(|| root(args))
}

/// The folder of the project for commands that need no pipeline: that of the pipeline file if there is one.
pub fn root(args: &args::Args) -> PathBuf {
    let file = pipeline_file(args).ok().flatten().unwrap_or_default();
    file.parent().map(Path::to_path_buf).unwrap_or_default()
}

/// The pipeline file as written, for commands that need no more of it; an empty one where there is none.
///
/// # Errors
/// A file that cannot be read, or has mistakes.
pub fn spec(args: &args::Args) -> anyhow::Result<Spec> {
    let Some(file) = pipeline_file(args)? else { return Ok(Spec::default()) };
    let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(Spec::parse(&text, &file.display().to_string())?)
}

/// The names of the result tables that the pipeline has; none if there is no pipeline file, or one with mistakes.
pub fn results(args: &args::Args) -> Option<Vec<String>> {
    let file = pipeline_file(args).ok()??;
    let spec = Spec::parse(&std::fs::read_to_string(&file).ok()?, &file.display().to_string()).ok()?;
    Some(spec.results.into_iter().map(|result| result.name.text).collect())
}
