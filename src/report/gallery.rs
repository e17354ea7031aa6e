//! The hardest samples of each class, as pictures.
//!
//! In: tables of `rank` and `load`. Out: a row of pictures for each class of each dataset. Must not know what makes a
//! sample hard: see `hardest`.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use hspipe_engine::graph::TaskId;
use maud::{Markup, html};

use super::hardest::{Hardest, Sample, hardest};
use super::parts::{command, counted, data_uri};
use super::{Scope, Section};
use crate::figures::{Levels, Raster};
use crate::tables::{Classes, Images};

/// Samples of a class.
const MOST: usize = 12;
/// Classes of a case: of more, those with the most hard samples.
const MOST_CLASSES: usize = 24;
/// Pixels of the longer side of a picture, about.
const SIDE: usize = 84;
/// With more cases than these, they are closed when the page is opened.
const OPEN: usize = 4;

pub fn section(scope: &Scope) -> anyhow::Result<Option<Section>> {
    const TITLE: &str = "Hardest samples";
    let tasks = scope.about("rank", "hard");
    let mut datasets = HashMap::new();
    let mut shown = Vec::new();
    for (task, name) in tasks.iter().copied().zip(scope.labels(&tasks, &[])) {
        let Some(hardest) = hardest(scope, task, MOST)? else { continue };
        let load = scope.reads(task, "classes").into_iter().next();
        let dataset = match datasets.entry(load) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(Dataset::read(scope, load)?),
        };
        shown.push(Case { name: &name, dataset, hardest }.html(tasks.len() <= OPEN)?);
    }
    if shown.is_empty() {
        let Some(task) = tasks.first() else { return Ok(None) };
        let words = format!("hspipe run {}", scope.graph.stage_of(*task).name);
        let hint = html! { p { "They are not ranked yet: " (command(&words)) "." } };
        return Ok(Some(Section::new("hardest", TITLE, hint)));
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

/// What is known of a dataset.
struct Dataset {
    images: Option<Images>,
    levels: Option<Levels>,
    /// Of the classes.
    names: Vec<String>,
}

impl Dataset {
    fn read(scope: &Scope, load: Option<TaskId>) -> anyhow::Result<Dataset> {
        let mut dataset = Dataset { images: None, levels: None, names: Vec::new() };
        if let Some(load) = load {
            dataset.images = scope.table(load, "images", Images::read)?;
            dataset.levels = dataset.images.as_ref().map(|images| Levels::of(images.pixels.iter()));
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
        // Of another number of channels than grey and colour have, the first is shown.
        let drawn = if channels == 3 { 3 } else { 1 };
        let shown =
            bytes.get(..drawn * height * width).filter(|_| bytes.len() == channels * height * width)?;
        let pixels = self.levels.map_or_else(|| shown.to_vec(), |levels| levels.drawn(shown));
        Raster { channels: drawn, width, height, pixels }.thumbnail(SIDE)
    }
}

struct Case<'a> {
    name: &'a str,
    dataset: &'a Dataset,
    hardest: Hardest,
}

impl Case<'_> {
    fn html(&self, is_open: bool) -> anyhow::Result<Markup> {
        let mut most: Vec<(usize, i32)> =
            self.hardest.classes.iter().map(|(class, (hard, _))| (*hard, *class)).collect();
        most.sort_by_key(|(hard, class)| (Reverse(*hard), *class));
        let left_out = most.split_off(most.len().min(MOST_CLASSES));
        let mut classes = Vec::new();
        for (class, (hard, samples)) in &self.hardest.classes {
            if left_out.contains(&(*hard, *class)) {
                continue;
            }
            let figures: Result<Vec<Markup>, _> =
                samples.iter().map(|sample| self.sample(*class, sample)).collect();
            classes.push((self.dataset.class(*class), *hard, figures?));
        }
        let strategies = self.hardest.strategies.iter();
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

    fn sample(&self, class: i32, sample: &Sample) -> anyhow::Result<Markup> {
        let label = self.dataset.class(class);
        let alt = format!("Sample {} of {}, labelled {label}", sample.sample_id, self.name);
        let picture = self.dataset.picture(sample.sample_id);
        let called = sample.source.clone().unwrap_or_else(|| format!("#{}", sample.sample_id));
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
                        @if let Some(predicted) = sample.predicted {
                            span aria-hidden="true" { " → " }
                            span.unseen { ", predicted as " }
                            b.wrong { (self.dataset.class(predicted)) }
                        }
                    }
                    @if sample.predicted.is_some() {
                        p.quiet { (sample.votes) " of " (sample.networks) }
                    }
                    p.quiet { (called) }
                    ul.shares {
                        @for ((strategy, _), share) in self.hardest.strategies.iter().zip(&sample.shares) {
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
