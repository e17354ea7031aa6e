//! The hardest samples of each class, as pictures.
//!
//! In: tables of `identify` and `load`. Out: a row of pictures for each class of each dataset. Must not know what makes a
//! sample hard: see `hardest`.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use hspipe_engine::graph::TaskId;
use maud::{Markup, html};

use super::hardest::{Hardest, Ranking, hardest};
use super::parts::{command, counted};
use super::picture::{Pixels, data_uri, png};
use super::{Scope, Section};
use crate::figures::Levels;
use crate::tables::{Classes, Images, Sources};

/// Samples of a class.
const MOST: usize = 12;
/// Classes of a case: of more, those with the most hard samples.
const MOST_CLASSES: usize = 24;
/// With more cases than these, they are closed when the page is opened.
const OPEN: usize = 4;

/// What sets of hard samples are counted over.
const COUNTED: [&str; 3] = ["strategy", "train_ratio", "set"];

pub fn section(scope: &Scope) -> anyhow::Result<Option<Section>> {
    const TITLE: &str = "Hardest samples";
    let is_asked = scope.tasks().any(|task| scope.graph.stage_of(task).op.name() == "identify");
    let cases = cases(scope);
    if cases.is_empty() {
        let hint = html! { p { "There are none yet: " (command("hspipe run identify")) " finds them." } };
        return Ok(is_asked.then(|| Section::new("hardest", TITLE, hint)));
    }
    let mut datasets = HashMap::new();
    let mut shown = Vec::new();
    for (name, tasks) in &cases {
        let ranking = hardest(scope, tasks, MOST)?;
        let load = tasks.iter().flat_map(|task| scope.reads(*task, "classes")).next();
        let dataset = match datasets.entry(load) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(Dataset::read(scope, load)?),
        };
        shown.push(Case { name, dataset, ranking }.html(cases.len() <= OPEN)?);
    }
    let body = html! {
        p {
            "The " (MOST) " samples of each class that most sets call hard, by the mean of the strategies' shares of sets; "
            "of equals, those that the sets place first. Under each: its label, an arrow, and the wrong class that most networks take it for; how many "
            "do; its file, or else its sample_id; and the shares in percent. Where labels are noisy, the label is the clean one."
        }
        @for case in shown { (case) }
    };
    Ok(Some(Section::new("hardest", TITLE, body)))
}

/// The finished tasks of `identify` by what else they differ in, such as the dataset, under a name for that.
fn cases(scope: &Scope) -> Vec<(String, Vec<TaskId>)> {
    let tasks = scope.finished("identify");
    let mut cases: Vec<(String, Vec<TaskId>)> = Vec::new();
    for (task, name) in tasks.iter().copied().zip(scope.labels(&tasks, &COUNTED)) {
        match cases.iter_mut().find(|(other, _)| *other == name) {
            Some((_, tasks)) => tasks.push(task),
            None => cases.push((name, vec![task])),
        }
    }
    cases
}

/// What is known of a dataset.
struct Dataset {
    images: Option<Images>,
    levels: Option<Levels>,
    /// The file of each sample, if they have any.
    files: Vec<String>,
    /// Of the classes.
    names: Vec<String>,
}

impl Dataset {
    fn read(scope: &Scope, load: Option<TaskId>) -> anyhow::Result<Dataset> {
        let mut dataset = Dataset { images: None, levels: None, files: Vec::new(), names: Vec::new() };
        if let Some(load) = load {
            dataset.images = scope.table(load, "images", Images::read)?;
            dataset.levels = dataset.images.as_ref().map(|images| Levels::of(images.pixels.iter()));
            dataset.files = files(scope, load)?;
            if let Some(classes) = scope.table(load, "classes", Classes::read)? {
                dataset.names = classes.name.to_vec();
            }
        }
        Ok(dataset)
    }

    fn class(&self, class: i32) -> String {
        let name = usize::try_from(class).ok().and_then(|class| self.names.get(class));
        name.cloned().unwrap_or_else(|| class.to_string())
    }

    fn picture(&self, sample_id: i32) -> Option<Vec<u8>> {
        let images = self.images.as_ref()?;
        let row = usize::try_from(sample_id).ok()?;
        let side = |sides: &[i32]| Some(*sides.get(row)?.max(&0) as usize);
        let (channels, height, width) =
            (side(&images.channels)?, side(&images.height)?, side(&images.width)?);
        let bytes = images.pixels.get(row)?;
        let bytes = &self.levels.map_or_else(|| bytes.to_vec(), |levels| levels.drawn(bytes));
        png(Pixels { channels, height, width, bytes })
    }

    /// What a person finds a sample by.
    fn called(&self, sample_id: i32) -> String {
        let file = usize::try_from(sample_id).ok().and_then(|sample| self.files.get(sample));
        file.cloned().unwrap_or_else(|| format!("#{sample_id}"))
    }
}

/// The file of each sample of the dataset that `load` reads: from the task of `sources` of the same dataset.
fn files(scope: &Scope, load: TaskId) -> anyhow::Result<Vec<String>> {
    let dataset = scope.coord(load, "dataset");
    let of_same = |task: &TaskId| scope.coord(*task, "dataset") == dataset;
    let Some(task) = scope.finished("sources").into_iter().find(of_same) else { return Ok(Vec::new()) };
    let sources = scope.table(task, "sources", Sources::read)?;
    Ok(sources.map(|sources| sources.source.to_vec()).unwrap_or_default())
}

struct Case<'a> {
    name: &'a str,
    dataset: &'a Dataset,
    ranking: Ranking,
}

impl Case<'_> {
    fn html(&self, is_open: bool) -> anyhow::Result<Markup> {
        let mut most: Vec<(usize, i32)> =
            self.ranking.classes.iter().map(|(class, (hard, _))| (*hard, *class)).collect();
        most.sort_by_key(|(hard, class)| (Reverse(*hard), *class));
        let left_out = most.split_off(most.len().min(MOST_CLASSES));
        let mut classes = Vec::new();
        for (class, (hard, samples)) in &self.ranking.classes {
            if left_out.contains(&(*hard, *class)) {
                continue;
            }
            let figures: Result<Vec<Markup>, _> =
                samples.iter().map(|sample| self.sample(*class, sample)).collect();
            classes.push((self.dataset.class(*class), *hard, figures?));
        }
        let strategies = self.ranking.strategies.iter();
        let sets: Vec<String> =
            strategies.map(|(strategy, sets)| format!("{strategy} {}", counted(*sets, "set"))).collect();
        Ok(html! {
            details.case open[is_open] {
                summary { h3 { (self.name) } " " span.quiet { (sets.join(", ")) } }
                @if let Some(note) = self.dataset.levels.and_then(Levels::note) { p.note { (note) } }
                @for (class, hard, samples) in &classes {
                    h4 {
                        (class) " "
                        span.quiet { (counted(*hard, "sample")) " hard in some set" }
                    }
                    ul.samples {
                        @for sample in samples { li { (sample) } }
                    }
                }
                @if !left_out.is_empty() {
                    p.note { (left_out.len()) " classes more, with fewer hard samples." }
                }
            }
        })
    }

    fn sample(&self, class: i32, sample: &Hardest) -> anyhow::Result<Markup> {
        let label = self.dataset.class(class);
        let alt = format!("Sample {} of {}, labelled {label}", sample.sample_id, self.name);
        let picture = self.dataset.picture(sample.sample_id);
        let percent = |share: f64| format!("{:.0}", 100.0 * share);
        Ok(html! {
            figure.sample {
                @match picture {
                    Some(png) => { img src=(data_uri(&png)) alt=(alt); }
                    None => { span.quiet { "no picture" } }
                }
                figcaption {
                    p.verdict {
                        (label)
                        @if let Some(prediction) = &sample.prediction {
                            span aria-hidden="true" { " → " }
                            span.unseen { ", predicted as " }
                            b.wrong[prediction.class != class] { (self.dataset.class(prediction.class)) }
                        }
                    }
                    @if let Some(prediction) = &sample.prediction {
                        p.quiet { (prediction.votes) " of " (prediction.networks) }
                    }
                    p.quiet { (self.dataset.called(sample.sample_id)) }
                    ul.shares {
                        @for ((strategy, _), share) in self.ranking.strategies.iter().zip(&sample.shares) {
                            li style={ "--share:" (percent(*share)) "%" } {
                                span { (strategy) } " " span { (percent(*share)) span.unseen { " percent" } }
                            }
                        }
                    }
                }
            }
        })
    }
}
