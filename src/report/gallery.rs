//! The hardest samples of each class, as pictures.
//!
//! In: tables of `identify` and `load`. Out: a row of pictures for each class of each dataset. Must not know what makes a
//! sample hard: see `hardest`.

use std::collections::BTreeMap;

use hspipe_engine::graph::TaskId;
use hspipe_engine::value::show;
use maud::{Markup, html};

use super::hardest::{Hardest, Ranking, hardest};
use super::parts::{command, counted, short_name};
use super::picture::{Pixels, data_uri, png};
use super::{Scope, Section};
use crate::tables::{CLASSES, Frame, IMAGES};

/// Samples of a class.
const MOST: usize = 12;

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
    let mut rows = Vec::new();
    for (name, tasks) in &cases {
        rows.push(case(scope, name, tasks)?);
    }
    let body = html! {
        p {
            "Of each class the " (MOST) " samples that most sets call hard: by the mean over the strategies of the share "
            "of their sets that do, ties by sample id. Below each sample stands its label, an arrow, and what the networks "
            "predict most often; then how many of them do, the sample's id, and by strategy the share of sets in percent."
        }
        @for row in rows { (row) }
    };
    Ok(Some(Section::new("hardest", TITLE, body)))
}

/// The finished tasks of `identify` by what else they differ in, such as the dataset, under a name for that.
fn cases(scope: &Scope) -> Vec<(String, Vec<TaskId>)> {
    let tasks = scope.finished("identify");
    let coords = |task: TaskId| -> Vec<(&str, String)> {
        let others = scope.graph.coords(task).filter(|(axis, _)| !COUNTED.contains(axis));
        others.map(|(axis, value)| (axis, show(value))).collect()
    };
    let mut values: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (axis, value) in tasks.iter().flat_map(|task| coords(*task)) {
        let values = values.entry(axis).or_default();
        if !values.contains(&value) {
            values.push(value);
        }
    }
    let name = |task: TaskId| {
        let part = |(axis, value): (&str, String)| match axis {
            "dataset" => Some(short_name(&value).to_string()),
            _ => (values[axis].len() > 1).then(|| format!("{} {value}", axis.replace('_', " "))),
        };
        coords(task).into_iter().filter_map(part).collect::<Vec<_>>().join(", ")
    };
    let mut cases: Vec<(String, Vec<TaskId>)> = Vec::new();
    for task in tasks {
        let name = name(task);
        match cases.iter_mut().find(|(other, _)| *other == name) {
            Some((_, tasks)) => tasks.push(task),
            None => cases.push((name, vec![task])),
        }
    }
    cases
}

fn case(scope: &Scope, name: &str, tasks: &[TaskId]) -> anyhow::Result<Markup> {
    let ranking = hardest(scope, tasks, MOST)?;
    let load = tasks.iter().flat_map(|task| scope.reads(*task, "classes")).next();
    let (mut images, mut names) = (None, Vec::new());
    if let Some(load) = load {
        images = scope.table(load, IMAGES.name)?;
        if let Some(classes) = scope.table(load, CLASSES.name)? {
            names = classes.text("name")?.into_iter().map(String::from).collect();
        }
    }
    let case = Case { name, images, names, ranking };
    case.html()
}

struct Case<'a> {
    name: &'a str,
    images: Option<Frame>,
    /// Of the classes.
    names: Vec<String>,
    ranking: Ranking,
}

impl Case<'_> {
    fn html(&self) -> anyhow::Result<Markup> {
        let mut classes = Vec::new();
        for (class, (hard, samples)) in &self.ranking.classes {
            let mut figures = Vec::new();
            for sample in samples {
                figures.push(self.sample(*class, sample)?);
            }
            classes.push((self.class(*class), *hard, figures));
        }
        let strategies = self.ranking.strategies.iter();
        let sets: Vec<String> =
            strategies.map(|(strategy, sets)| format!("{strategy} {}", counted(*sets, "set"))).collect();
        Ok(html! {
            details.case open {
                summary { h3 { (self.name) } " " span.quiet { (sets.join(", ")) } }
                @for (class, hard, samples) in &classes {
                    h4 {
                        (class) " "
                        span.quiet { (counted(*hard, "sample")) " hard in some set" }
                    }
                    ul.samples {
                        @for sample in samples { li { (sample) } }
                    }
                }
            }
        })
    }

    fn sample(&self, class: i32, sample: &Hardest) -> anyhow::Result<Markup> {
        let label = self.class(class);
        let alt = format!("Sample {} of {}, a {label}", sample.sample_id, self.name);
        let picture = self.picture(sample.sample_id)?;
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
                            b.wrong[prediction.class != class] { (self.class(prediction.class)) }
                        }
                    }
                    @if let Some(prediction) = &sample.prediction {
                        p.quiet { (prediction.votes) " of " (prediction.networks) }
                    }
                    p.quiet { "#" (sample.sample_id) }
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

    fn class(&self, class: i32) -> String {
        let name = usize::try_from(class).ok().and_then(|class| self.names.get(class));
        name.cloned().unwrap_or_else(|| class.to_string())
    }

    fn picture(&self, sample_id: i32) -> anyhow::Result<Option<Vec<u8>>> {
        let Some(images) = &self.images else { return Ok(None) };
        let Some(row) = usize::try_from(sample_id).ok().filter(|row| *row < images.rows()) else {
            return Ok(None);
        };
        let side = |column: &str| -> anyhow::Result<usize> { Ok(images.i32(column)?[row].max(0) as usize) };
        let bytes = images.binary("pixels")?.value(row);
        let pixels =
            Pixels { channels: side("channels")?, height: side("height")?, width: side("width")?, bytes };
        Ok(png(pixels))
    }
}
