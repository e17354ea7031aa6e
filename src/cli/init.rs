//! init: a pipeline for the user's own data, with no more in it than `hspipe run hard` needs.
//!
//! In: a folder and a path. Out: pipeline.yaml, made of `init.yaml`, and what to do next. Never writes over a file.

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;

use super::args;
use super::error::Hinted;
use super::pipe::{say, tell};
use crate::data;
use crate::views::file::write;

const TEMPLATE: &str = include_str!("init.yaml");
/// Stands in the template for the data.
const PLACEHOLDER: &str = "./my-images";

pub fn init(args: &args::Args, init: &args::Init) -> anyhow::Result<ExitCode> {
    let file = init.folder.join("pipeline.yaml");
    if file.symlink_metadata().is_ok() {
        let hint = "name another folder: hspipe init my-project; or edit that file";
        return Err(Hinted::new(format!("there is a {} already", file.display()), hint).into());
    }
    let folder = resolved(&init.folder)?;
    let found = init.data.as_deref().map(|data| find(data, &folder)).transpose()?;
    let written = found.as_ref().map_or(PLACEHOLDER, |(written, _)| written);
    write(&file, text(written).as_bytes())?;
    tell!("{}\n", file.display());
    if !args.quiet {
        for line in next(&init.folder, found.as_ref()) {
            say!("{line}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The pipeline for the dataset `written`.
fn text(written: &str) -> String {
    // A JSON string is one in YAML too, whatever is in it.
    TEMPLATE.replacen(PLACEHOLDER, &serde_json::Value::from(written).to_string(), 1)
}

/// What the data are, and what to do with them.
fn next(folder: &Path, found: Option<&(String, &str)>) -> Vec<String> {
    let mut lines = Vec::new();
    match found {
        Some((written, kind)) => lines.push(format!("data: {written}, {kind}")),
        None => lines.push(format!("write the path of your data into it: `datasets`, now {PLACEHOLDER}")),
    }
    lines.push("next:".into());
    if folder != Path::new(".") {
        lines.push(format!("  cd {}", folder.display()));
    }
    lines.push("  hspipe run hard".into());
    lines.push("  hspipe export issues --only-label-issues -o issues.csv".into());
    lines
}

/// The dataset as pipeline.yaml in `folder` is to name it, and what kind it is.
fn find(data: &Path, folder: &Path) -> anyhow::Result<(String, &'static str)> {
    let name = data.to_str().ok_or_else(|| {
        Hinted::usage(format!("{} is not UTF-8", data.display()), "give the data a name that is text")
    })?;
    if !data.exists() && data::find(name).is_ok() {
        return Ok((name.to_string(), "a known dataset"));
    }
    let kind = data::kind_at(data)?;
    let place = resolved(data)?;
    if folder.starts_with(&place) {
        let what = format!("{} would lie inside the data, {}", folder.display(), place.display());
        let hint = "Results/ and cache/ must not lie among the samples: give the project a folder of its own";
        return Err(Hinted::usage(what, hint).into());
    }
    let written = relative(&place, folder).unwrap_or(place);
    let written = written.to_str().map(str::to_string);
    Ok((written.context("the path of the data is not UTF-8")?, kind))
}

/// The path without links and without `..`, even if its last parts are still to be made.
fn resolved(path: &Path) -> anyhow::Result<PathBuf> {
    let whole = std::path::absolute(path).with_context(|| format!("cannot resolve {}", path.display()))?;
    let there = whole.ancestors().find_map(|part| Some((part, fs::canonicalize(part).ok()?)));
    let Some((part, place)) = there else { return Ok(whole) };
    let mut place = place;
    for component in whole.strip_prefix(part).unwrap_or(Path::new("")).components() {
        match component {
            Component::ParentDir => _ = place.pop(),
            component => place.push(component),
        }
    }
    Ok(place)
}

/// `to` as seen from the folder `from`, beginning with `./` or `../`; none if they have nothing in common.
fn relative(to: &Path, from: &Path) -> Option<PathBuf> {
    let common = to.components().zip(from.components()).take_while(|(a, b)| a == b).count();
    let is_shared = |part: &Component| matches!(part, Component::Normal(_));
    to.components().take(common).find(is_shared)?;
    let up = from.components().skip(common).map(|_| "..");
    let path: PathBuf = up.chain(["."].into_iter().filter(|_| common == from.components().count())).collect();
    Some(path.join(to.components().skip(common).collect::<PathBuf>()))
}

#[cfg(test)]
mod tests {
    use hspipe_engine::spec::Spec;

    use super::*;

    #[test]
    fn paths_are_as_seen_from_the_project() {
        let seen = |to: &str, from: &str| {
            relative(Path::new(to), Path::new(from)).map(|path| path.display().to_string())
        };
        assert_eq!(seen("/home/me/p/images", "/home/me/p").as_deref(), Some("./images"));
        assert_eq!(seen("/home/me/images", "/home/me/p").as_deref(), Some("../images"));
        assert_eq!(seen("/home/me/a/b.npz", "/home/me/p/q").as_deref(), Some("../../a/b.npz"));
        assert_eq!(seen("/data/images", "/home/me/p"), None);
    }

    #[test]
    fn any_name_of_data_is_good_yaml() {
        for name in ["./my-images", "../a b/#1: \"x\", [y]\\z", "/abs/ä.npz"] {
            let text = text(name);
            let spec = Spec::parse(&text, "pipeline.yaml").unwrap();
            let (_, datasets) = spec.params.iter().find(|(param, _)| param.text == "datasets").unwrap();
            assert_eq!(datasets.value(), serde_json::json!([name]));
        }
    }

    /// What a stage does is the same in both files, so that stages can be copied from the one to the other, and
    /// results with them.
    #[test]
    fn stages_are_those_of_the_whole_pipeline() {
        let whole = include_str!("../../pipeline.yaml");
        let section = |text: &str, name: &str| {
            let (_, rest) = text.split_once(&format!("\n{name}:\n")).unwrap();
            let lines = rest.lines().take_while(|line| line.is_empty() || line.starts_with(' '));
            lines
                .filter(|line| !line.trim_start().starts_with('#'))
                .map(|line| format!("{line}\n"))
                .collect::<String>()
        };
        let (stages, all) = (section(TEMPLATE, "stages"), section(whole, "stages"));
        let blocks: Vec<&str> =
            stages.split("\n\n").map(str::trim_end).filter(|block| !block.is_empty()).collect();
        assert!(blocks.len() > 10);
        for block in blocks {
            assert!(all.contains(&format!("{block}\n")), "pipeline.yaml has another stage:\n{block}");
        }
        for line in section(TEMPLATE, "axes").lines().chain(section(TEMPLATE, "results").lines()) {
            assert!(whole.lines().any(|other| other == line), "pipeline.yaml has no line `{line}`");
        }
    }
}
