//! score: samples that came later, judged by the networks of a past run, which have not learned from them.
//!
//! In: a path, and the finished tasks whose logits the scores of a dataset are of. Out: a row for each sample, the most
//! suspect label first, then those without a label, the least sure first. Trains nothing and stores nothing.

use std::collections::HashSet;
use std::path::Path;
use std::process::ExitCode;

use hspipe_engine::Value;
use hspipe_engine::graph::TaskId;
use hspipe_engine::plan::Plan;
use hspipe_engine::value::show;
use polars::prelude::*;
use serde_json::Map;

use super::args;
use super::error::Hinted;
use super::export::{Place, tasks_of};
use super::pipe::say;
use super::project::Project;
use super::remote::warned;
use crate::data::{Dataset, Reading, Set};
use crate::nn::argmax;
use crate::ops::label_issues;
use crate::tables::{Classes, FeatureNames, Findings, Images, Normalisation, Parts, TableError, Weights};
use crate::unseen::{Judged, Networks};
use crate::views::table;

/// What pipelines call the stage that scores the samples of a dataset.
const STAGE: &str = "scores";

const NO_STAGE: [&str; 2] = [
    "has no stage that scores samples",
    "`hspipe init my-project` writes a pipeline that has one: copy `scores` and what it reads",
];

pub fn score(args: &args::Args, words: &args::Score) -> anyhow::Result<ExitCode> {
    let options = &words.options;
    let mut project = Project::open(args, &options.settings)?;
    let _sharing = project.share(options.remote.remote_url.as_deref(), warned)?;
    let all = tasks_of(&project, "score", NO_STAGE, options.dataset.as_deref())?;
    // A benchmark scores samples too, with labels that are wrong on purpose.
    let is_main = |task: &TaskId| project.graph.stage_of(*task).name == STAGE;
    let main: Vec<TaskId> = all.iter().copied().filter(is_main).collect();
    let tasks = if main.is_empty() { all } else { main };
    let [task] = tasks[..] else {
        let hint =
            "name one dataset, as --dataset NAME, and one value of each other axis, as --set noise_ratio=0";
        return Err(
            Hinted::usage(format!("there are {} rankings, and one is wanted", tasks.len()), hint).into()
        );
    };
    let place = Place::of(options, &project)?;
    let plan = Plan::make(&project.graph, &project.store, &HashSet::new());
    let run = Run { project: &project, plan: &plan };
    let networks = run.networks(task)?;
    let name = words.data.display().to_string();
    let mut reading = run.reading(task)?;
    // A row of few is easily taken for a number of rows, or a category for a number.
    reading.features = reading.features.or_else(|| networks.columns());
    let dataset = Dataset::at_path(name.clone(), &words.data, reading);
    let unseen = dataset.read_unseen(&networks.classes)?;
    let (sets, count) = (unseen.sets.clone(), unseen.labels.len());
    let judged =
        networks.judge(unseen).map_err(|(what, hint)| Hinted::new(format!("{name}: {what}"), hint))?;
    if !args.quiet {
        let labelled = judged.labels.iter().flatten().count();
        say!(
            "{name}: {count} samples, {labelled} with a label, judged by {}",
            match (networks.weights.len(), run.inputs(task, "logits").len()) {
                (all, wanted) if all == wanted => format!("{all} networks"),
                (some, wanted) => format!("{some} of {wanted} networks, as the others are not trained"),
            }
        );
        judged.notices.iter().for_each(|notice| say!("  {notice}"));
    }
    let rows = rows(&networks, &judged, &sets, &dataset.sources()?, &words.data)?;
    place.put(args, &rows.head(Some(options.top.unwrap_or(usize::MAX))))
}

/// A past run.
struct Run<'a> {
    project: &'a Project,
    plan: &'a Plan,
}

impl Run<'_> {
    /// The networks that scores are of, with what they know of their samples.
    fn networks(&self, scores: TaskId) -> anyhow::Result<Networks> {
        let trained = self.inputs(scores, "logits");
        let first = *trained.first().ok_or_else(|| {
            Hinted::new(
                "the scores are of no networks",
                "`scores` needs the input `logits`, as `hspipe init` writes it",
            )
        })?;
        let op = self.project.graph.stage_of(first).op.name();
        if op != "fit" {
            let what = format!(
                "the scores are of networks that `{op}` has, and only those that hspipe has trained can be asked again"
            );
            return Err(
                Hinted::new(what, "train networks on the data: hspipe init my-project --data PATH").into()
            );
        }
        let is_there = |task: &&TaskId| self.plan.states[**task].outputs().is_some();
        let there: Vec<TaskId> = trained.iter().filter(is_there).copied().collect();
        if there.is_empty() {
            let what = "no network has been trained yet with these parameters on these data";
            return Err(
                Hinted::new(what, "hspipe run hard; or have the data of the run changed since?").into()
            );
        }
        let weights = there.iter().map(|task| self.table(*task, "weights", Weights::read));
        let of = |input: &str, name: &str| -> anyhow::Result<Vec<u8>> {
            let task = self.inputs(first, input).first().copied();
            let task = task
                .ok_or_else(|| Hinted::new(format!("the networks have no input `{input}`"), "hspipe init"))?;
            table(&self.project.graph, self.plan, &self.project.store, task, name)
        };
        let classes = Classes::read(of("classes", "classes")?)?;
        let content = Parts::read("images", of("images", "images")?)?;
        let image = if content.has("values") { None } else { Some(shape(content)?) };
        let (features, findings) = self.said(first)?;
        Ok(Networks {
            weights: weights.collect::<anyhow::Result<_>>()?,
            normalisation: Normalisation::read(of("normalisation", "normalisation")?)?,
            classes: classes.name.to_vec(),
            features,
            image,
            findings,
        })
    }

    /// What features are called, and what was said of how the data were read: by `sources` of the same dataset.
    fn said(&self, of: TaskId) -> anyhow::Result<(Vec<String>, Vec<String>)> {
        let dataset = |task: TaskId| {
            let mut coords = self.project.graph.coords(task);
            coords.find(|(axis, _)| *axis == "dataset").map(|(_, value)| show(value))
        };
        let is_so = |task: &TaskId| {
            self.project.graph.stage_of(*task).op.name() == "sources" && dataset(*task) == dataset(of)
        };
        let task = self.project.graph.tasks.ids().find(is_so);
        let task = task.filter(|task| self.plan.states[*task].outputs().is_some()).ok_or_else(|| {
            Hinted::new(
                "what was found in the data of the run is not there",
                "hspipe run hard, whose pipeline has a stage `sources`",
            )
        })?;
        let features = self.table(task, "columns", FeatureNames::read)?.name.to_vec();
        Ok((features, self.table(task, "findings", Findings::read)?.line.to_vec()))
    }

    fn inputs(&self, task: TaskId, name: &str) -> Vec<TaskId> {
        let inputs = self.project.graph.tasks[task].inputs.iter();
        inputs.filter(|input| *input.name == *name).flat_map(|input| input.items.iter().copied()).collect()
    }

    fn table<T>(
        &self,
        task: TaskId,
        name: &str,
        read: fn(Vec<u8>) -> Result<T, TableError>,
    ) -> anyhow::Result<T> {
        Ok(read(table(&self.project.graph, self.plan, &self.project.store, task, name)?)?)
    }

    /// How the data of the run are read: as its map says.
    fn reading(&self, task: TaskId) -> anyhow::Result<Reading> {
        let Some(Value::Object(map)) = self.project.graph.meaning(task, "dataset") else {
            return Ok(Reading::default());
        };
        let said: Map<String, Value> = map
            .iter()
            .filter(|(key, _)| !["name", "path"].contains(&key.as_str()))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        Ok(serde_json::from_value(Value::Object(said))?)
    }
}

/// Channels, height and width of the first image.
fn shape(content: Parts) -> anyhow::Result<[usize; 3]> {
    let mut content = content;
    let first = content.next().transpose()?.map(|part| Images::of(&part)).transpose()?;
    let side = |of: fn(&Images) -> &Vec<i32>| {
        first.as_ref().and_then(|images| of(images).first().copied()).unwrap_or_default() as usize
    };
    Ok([side(|images| &images.channels), side(|images| &images.height), side(|images| &images.width)])
}

/// A row for each sample. `files` are those of samples that have one each, below `folder`.
fn rows(
    networks: &Networks,
    judged: &Judged,
    sets: &[Set],
    files: &[String],
    folder: &Path,
) -> anyhow::Result<DataFrame> {
    let Judged { probabilities, labels, spread, energy, entropy, .. } = judged;
    let tops: Vec<usize> = probabilities.iter().map(|row| argmax(row)).collect();
    let given = |sample: usize| labels[sample].map(|class| probabilities[sample][class]);
    let top = |sample: usize| probabilities[sample][tops[sample]];
    let mut order: Vec<usize> = (0..labels.len()).collect();
    let key = |sample: usize| (labels[sample].is_none(), given(sample).unwrap_or_else(|| top(sample)));
    order.sort_by(|a, b| {
        let (a, b) = (key(*a), key(*b));
        a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
    });
    let issues = issues(labels, probabilities, &order, networks.classes.len());
    let folder = std::fs::canonicalize(folder).or_else(|_| std::path::absolute(folder))?;
    let places: Vec<(Option<&str>, i32)> = sets
        .iter()
        .flat_map(|set| {
            (0..set.samples as i32).map(|row| ((!set.name.is_empty()).then_some(set.name.as_str()), row))
        })
        .collect();
    let each = |of: &dyn Fn(usize) -> Option<f64>| -> Vec<Option<f64>> {
        order.iter().map(|sample| of(*sample)).collect()
    };
    let text = |of: &dyn Fn(usize) -> Option<String>| -> Vec<Option<String>> {
        order.iter().map(|sample| of(*sample)).collect()
    };
    let file = |sample: usize| files.get(sample);
    Ok(df!(
        "rank" => (1..=order.len() as i32).collect::<Vec<_>>(),
        "sample_id" => order.iter().map(|sample| *sample as i32).collect::<Vec<_>>(),
        "filepath" => text(&|sample| Some(folder.join(file(sample)?).display().to_string())),
        "is_label_issue" => order.iter().map(|sample| labels[*sample].map(|_| issues[*sample])).collect::<Vec<_>>(),
        "label_score" => each(&given),
        "given_label" => text(&|sample| Some(networks.classes[labels[sample]?].clone())),
        "predicted_label" => text(&|sample| Some(networks.classes[tops[sample]].clone())),
        "given_probability" => each(&given),
        "predicted_probability" => each(&|sample| Some(top(sample))),
        "probability_std" => each(&|sample| Some(spread[sample])),
        "is_ambiguous" => order.iter().map(|sample| top(*sample) <= 0.5).collect::<Vec<_>>(),
        "entropy" => each(&|sample| Some(entropy[sample])),
        "energy" => each(&|sample| Some(energy[sample])),
        "split" => text(&|sample| places.get(sample)?.0.map(str::to_owned)),
        "row" => order.iter().map(|sample| places.get(*sample).map(|place| place.1)).collect::<Vec<_>>(),
        "source" => text(&|sample| file(sample).cloned()),
    )?)
}

/// Whether the label of each sample is probably wrong, by the confident joint of those that have one.
fn issues(
    labels: &[Option<usize>],
    probabilities: &[Vec<f64>],
    order: &[usize],
    classes: usize,
) -> Vec<bool> {
    let labelled: Vec<usize> = order.iter().copied().filter(|sample| labels[*sample].is_some()).collect();
    let given: Vec<usize> = labelled.iter().filter_map(|sample| labels[*sample]).collect();
    let thought: Vec<Vec<f64>> = labelled.iter().map(|sample| probabilities[*sample].clone()).collect();
    let ranks: Vec<i32> = (1..=labelled.len() as i32).collect();
    let (found, _) = label_issues(&given, &thought, &ranks, classes);
    let mut issues = vec![false; labels.len()];
    labelled.into_iter().zip(found).for_each(|(sample, is_issue)| issues[sample] = is_issue);
    issues
}
