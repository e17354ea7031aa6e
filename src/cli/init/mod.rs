//! init: a pipeline for the user's own data, or for trainings of theirs, with no more in it than `hspipe run hard` needs; or
//! hspipe's own, to be changed.
//!
//! In: a folder, paths and how to read what is there. Out: pipeline.yaml, made of `own_data.yaml` or `recorded.yaml`, what
//! the data are, and what to do next. Never writes over a file, and writes none for what cannot be read.

mod recorded;

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use serde_json::Value;

use super::args;
use super::error::Hinted;
use super::pipe::{say, tell};
use super::project::OWN;
use crate::data::{self, Content, Dataset, Reading};
use crate::views::file::write;

const TEMPLATE: &str = include_str!("own_data.yaml");
/// Stands in the template for the data.
const PLACEHOLDER: &str = "./my-images";

pub fn init(args: &args::Args, init: &args::Init) -> anyhow::Result<ExitCode> {
    let file = init.folder.join("pipeline.yaml");
    if let Some(other) = &args.pipeline {
        let what = format!("init writes {}, and --pipeline names a file to be read", file.display());
        let hint = format!("leave --pipeline out, and move the file to {} after that", other.display());
        return Err(Hinted::usage(what, hint).into());
    }
    if file.symlink_metadata().is_ok() {
        let hint = "name another folder: hspipe init my-project; or edit that file";
        return Err(Hinted::new(format!("there is a {} already", file.display()), hint).into());
    }
    let folder = resolved(&init.folder)?;
    let found = init.data.as_deref().map(|data| find(data, &folder, init)).transpose()?;
    if !init.dynamics.is_empty() {
        let recorded = recorded::find(init, &folder, found.as_ref())?;
        return made(args, init, &file, &recorded.text(), recorded.findings());
    }
    match found {
        Some(found) => made(args, init, &file, &text(&found.dataset, found.is_easy), found.findings()),
        None if init.paper => made(args, init, &file, OWN, Vec::new()),
        None => {
            let line = format!("write the path of your data into it: `datasets`, now {PLACEHOLDER}");
            made(args, init, &file, &text(&PLACEHOLDER.into(), false), vec![line])
        }
    }
}

/// Writes a pipeline, says what was found, and what to do next.
fn made(
    args: &args::Args,
    init: &args::Init,
    file: &Path,
    pipeline: &str,
    findings: Vec<String>,
) -> anyhow::Result<ExitCode> {
    write(file, pipeline.as_bytes())?;
    tell!("{}\n", file.display());
    if !args.quiet {
        for line in findings.into_iter().chain(next(init)) {
            say!("{line}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// With fewer samples than this, or with features, small networks soon get every sample right. Then there are no stragglers,
/// and the search for them is in vain.
const FEW: usize = 1000;

/// What is another in a pipeline that searches for no stragglers.
const WITHOUT_SEARCH: [(&str, &str); 3] = [
    ("strategies: [stragglers, aum, self_confidence]", "strategies: [aum, self_confidence]"),
    ("scores: [auto]  ", "scores: [auto, -stragglers]  "),
    ("hard_share: auto  ", "hard_share: 0.05  "),
];

/// The data that the pipeline is to be of.
struct Found {
    /// Whether they are easy to tell apart for networks of this size: few, or features.
    is_easy: bool,
    /// As pipeline.yaml is to name it: a path or a name, or a map.
    dataset: Value,
    /// What was found, in words.
    findings: Vec<String>,
    /// The class of each sample, and what classes are called, of data that were read.
    labels: Option<(Vec<i32>, Vec<String>)>,
    /// The files of the samples, where each has one.
    files: Vec<String>,
}

/// The pipeline for a dataset.
fn text(dataset: &Value, is_easy: bool) -> String {
    let changes = if is_easy { &WITHOUT_SEARCH[..] } else { &[] };
    let template =
        changes.iter().fold(TEMPLATE.to_string(), |text, (usual, changed)| text.replacen(usual, changed, 1));
    // JSON is YAML too, whatever is in it.
    template.replacen(PLACEHOLDER, &dataset.to_string(), 1)
}

impl Found {
    /// What the data are, in lines.
    fn findings(&self) -> Vec<String> {
        let mut lines = described("data", &self.dataset, &self.findings);
        if self.is_easy {
            lines.push("few samples, or features: the pipeline searches for no stragglers, the other strategies take 5 %".into());
        }
        lines
    }
}

/// What was found at a path, or by a map of one.
fn described(what: &str, written: &Value, findings: &[String]) -> Vec<String> {
    let called = written.get("path").unwrap_or(written).as_str().unwrap_or_default();
    let first = findings.iter().take(1).map(|summary| format!("{what}: {called}: {summary}"));
    first.chain(findings.iter().skip(1).map(|notice| format!("  {notice}"))).collect()
}

/// What to do with the pipeline.
fn next(init: &args::Init) -> Vec<String> {
    let folder = &init.folder;
    let mut lines = vec!["next:".to_owned()];
    if *folder != Path::new(".") {
        lines.push(format!("  cd {}", folder.display()));
    }
    let commands: &[&str] = match init.paper {
        true => &["run figure8 --profile quick", "list"],
        false => &["run hard", "export issues --only-label-issues -o issues.csv"],
    };
    lines.extend(commands.iter().map(|command| format!("  hspipe {command}")));
    lines
}

/// Reads the data, so that what is wrong with them is told before anything is written.
fn find(data: &Path, folder: &Path, init: &args::Init) -> anyhow::Result<Found> {
    let name = data.to_str().ok_or_else(|| {
        Hinted::usage(format!("{} is not UTF-8", data.display()), "give the data a name that is text")
    })?;
    if !data.exists() && data::find(name).is_ok() {
        let findings = vec!["a known dataset".to_string()];
        return Ok(Found { is_easy: false, dataset: name.into(), findings, labels: None, files: Vec::new() });
    }
    let reading = Reading {
        image: init.image.clone(),
        label: init.label.clone(),
        resize: init.resize,
        colour: init.colour,
        missing: init.missing,
        ..Reading::default()
    };
    let written = seen_from(folder, data)?;
    let found = Dataset::at_path(name, data, reading.clone());
    let samples = found.read()?;
    let mut map = serde_json::Map::new();
    map.extend(init.name.as_ref().map(|name| ("name".to_string(), name.clone().into())));
    map.insert("path".to_string(), written.clone().into());
    if let Value::Object(said) = serde_json::to_value(&reading)? {
        map.extend(said);
    }
    let dataset = if map.len() == 1 { written.into() } else { Value::Object(map) };
    let is_easy = samples.labels.len() < FEW || matches!(samples.content, Content::Features(_));
    let findings = [samples.summary()].into_iter().chain(samples.notices).collect();
    let labels = samples.labels.iter().map(|label| i32::from(*label)).collect();
    let classes = samples.classes.into_iter().map(|class| class.name).collect();
    Ok(Found { is_easy, dataset, findings, labels: Some((labels, classes)), files: found.sources()? })
}

/// A path as pipeline.yaml in the folder is to name it.
fn seen_from(folder: &Path, data: &Path) -> anyhow::Result<String> {
    let place = resolved(data)?;
    if folder.starts_with(&place) {
        let what = format!("{} would lie inside the data, {}", folder.display(), place.display());
        let hint = "Results/ and cache/ must not lie among the samples: give the project a folder of its own";
        return Err(Hinted::usage(what, hint).into());
    }
    let written = relative(&place, folder).unwrap_or(place);
    Ok(written.to_str().context("the path of the data is not UTF-8")?.to_owned())
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
            let text = text(&name.into(), false);
            let spec = Spec::parse(&text, "pipeline.yaml").unwrap();
            let (_, datasets) = spec.params.iter().find(|(param, _)| param.text == "datasets").unwrap();
            assert_eq!(datasets.value(), serde_json::json!([name]));
        }
    }

    #[test]
    fn a_map_is_one_in_the_pipeline() {
        let cards = serde_json::json!({"name": "cards", "path": "./x", "label": "fine_label"});
        let spec = Spec::parse(&text(&cards, true), "pipeline.yaml").unwrap();
        let (_, datasets) = spec.params.iter().find(|(param, _)| param.text == "datasets").unwrap();
        assert_eq!(datasets.value(), serde_json::json!([cards]));
        let changed = WITHOUT_SEARCH.iter().all(|(usual, _)| TEMPLATE.matches(usual).count() == 1);
        assert!(changed, "the template has other words");
    }

    /// What a stage does is the same in both files, so that stages can be copied from the one to the other, and
    /// results with them.
    #[test]
    fn stages_are_those_of_the_whole_pipeline() {
        let whole = OWN;
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
