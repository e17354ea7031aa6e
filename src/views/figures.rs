//! Pictures out of the store: every finished task's table `figure`, as files below Figures/.
//!
//! A figure that depends on swept parameters is drawn for each of their values. They stand in the files' names, which
//! an op cannot know: `..._learning_rate=0.2.png`.

use std::collections::HashMap;
use std::path::{Component, Path};

use anyhow::{Context, bail};
use hspipe_engine::Value;
use hspipe_engine::graph::{Graph, TaskId};
use hspipe_engine::key::Digest;
use hspipe_engine::plan::Plan;
use hspipe_engine::store::Store;
use hspipe_engine::value::show;

use super::folder::Wanted;
use crate::tables::Figure;

/// The files of all pictures as they are to be in `folder`.
pub fn wanted(folder: &Path, graph: &Graph, plan: &Plan, store: &Store) -> anyhow::Result<Vec<Wanted>> {
    let mut wanted = Vec::new();
    let mut taken: HashMap<String, usize> = HashMap::new();
    for (task, state) in plan.states.with_ids() {
        let outputs = state.outputs().unwrap_or_default();
        let Some(output) = outputs.iter().find(|output| output.table == Figure::SCHEMA.name) else {
            continue;
        };
        // A damaged picture is set aside by reading it, and drawn anew by the next run.
        let bytes =
            store.read(&output.digest).with_context(|| format!("{} cannot be shown", graph.name(task)))?;
        let pictures = Figure::read(bytes)?;
        let suffix = suffix(graph, task);
        for (file, content) in pictures.file.iter().zip(pictures.content.iter()) {
            let file = match file.rsplit_once('.') {
                Some((stem, ending)) => format!("{stem}{suffix}.{ending}"),
                None => format!("{file}{suffix}"),
            };
            // Datasets at two paths may have one name.
            let file = match taken.entry(file.clone()).and_modify(|times| *times += 1).or_insert(1) {
                1 => file,
                times => numbered(&file, *times),
            };
            let file = short(&file);
            let path = Path::new(&file);
            if !path.components().all(|part| matches!(part, Component::Normal(_))) {
                bail!("{} would write outside {}: {file}", graph.name(task), folder.display());
            }
            wanted.push(Wanted::new(folder, file, content.to_vec())?);
        }
    }
    Ok(wanted)
}

/// The most bytes of a file's name: file systems take 255, and a file has a longer one while it is written.
const MOST: usize = 200;

/// `file` with a name that file systems take: one that is too long ends in a hash of it.
fn short(file: &str) -> String {
    let (folder, name) =
        file.rsplit_once('/').map_or(("", file), |(folder, name)| (&file[..folder.len() + 1], name));
    if name.len() <= MOST {
        return file.to_string();
    }
    let ending = name.rfind('.').map_or("", |dot| &name[dot..]);
    let stem = name.strip_suffix(ending).unwrap_or(name);
    // Of the stem, so that the formats of one figure keep one name.
    let hash = Digest::of(stem.as_bytes()).short();
    let room = MOST.saturating_sub(hash.len() + 1 + ending.len());
    let kept: &str = (0..=room).rev().find_map(|end| stem.get(..end)).unwrap_or_default();
    format!("{folder}{kept}-{hash}{ending}")
}

fn numbered(file: &str, number: usize) -> String {
    match file.rsplit_once('.') {
        Some((stem, ending)) => format!("{stem}-{number}.{ending}"),
        None => format!("{file}-{number}"),
    }
}

/// What tells a figure from those at other values of swept parameters; empty where nothing is swept.
fn suffix(graph: &Graph, task: TaskId) -> String {
    let stage = graph.stage_of(task);
    let part = |(name, value): (&str, &Value)| {
        let safe_value = safe(&show(value));
        // Values that differ only in what a file's name cannot hold are counted.
        let same = graph.domain(stage, name).filter(|other| safe(&show(other)) == safe_value);
        match same.take_while(|other| *other != value).count() {
            0 => format!("_{}={safe_value}", safe(name)),
            earlier => format!("_{}={safe_value}-{}", safe(name), earlier + 1),
        }
    };
    graph.swept_coords(task).map(part).collect()
}

/// `text` with a `-` for each run of characters that not every file system takes, and none at its ends.
fn safe(text: &str) -> String {
    let parts = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '_'));
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_too_long_are_cut_and_stay_apart() {
        let long = |last: &str| format!("Hard/hardest_{}{last}", "ü".repeat(120));
        let (one, other) = (short(&long("a.png")), short(&long("b.png")));
        assert!(one.starts_with("Hard/hardest_ü") && one.ends_with(".png") && one.len() <= 5 + MOST, "{one}");
        assert_ne!(one, other);
        assert_eq!(one.strip_suffix(".png"), short(&long("a.svg")).strip_suffix(".svg"));
        assert_eq!(short("Hard/hardest_MNIST.png"), "Hard/hardest_MNIST.png");
    }

    #[test]
    fn values_are_made_safe() {
        let shown =
            [("0.05", "0.05"), ("[20, 20]", "20-20"), ("1/7", "1-7"), ("../x", "..-x"), ("a b", "a-b")];
        for (value, safe_value) in shown {
            assert_eq!(safe(value), safe_value);
        }
    }
}
