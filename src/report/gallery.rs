//! Label issues, and the hardest samples of each class, as pictures, or by the features in which they stand out.
//!
//! In: tables of `issues`, `rank` and `load`. Out: the label issues of each dataset, and a row of samples for each class.
//! Must not know what makes a sample hard, nor how labels are called wrong: see `hardest` and `label_issues`.

use std::cmp::Reverse;
use std::collections::HashMap;

use maud::{Markup, html};

use super::dataset::{Dataset, Datasets};
use super::hardest::{Hardest, Sample, hardest};
use super::parts::{called, command, counted, face};
use super::{Scope, Section, label_issues};
use crate::telling::Said;

/// Samples of a class.
const MOST: usize = 12;
/// Classes of a case: of more, those with the most hard samples.
const MOST_CLASSES: usize = 24;
/// With more cases than these, they are closed when the page is opened.
const OPEN: usize = 4;

pub fn section(scope: &Scope) -> anyhow::Result<Option<Section>> {
    let mut datasets = Datasets::default();
    let parts = [issues(scope, &mut datasets)?, by_class(scope, &mut datasets)?];
    let body = html! { @for part in parts.iter().flatten() { (part) } };
    Ok(parts.iter().any(Option::is_some).then(|| Section::new("hardest", "Hardest samples", body)))
}

/// The label issues of each dataset; none if nobody has looked.
fn issues(scope: &Scope, datasets: &mut Datasets) -> anyhow::Result<Option<Markup>> {
    let tasks = scope.about("issues", "scores");
    let mut shown = Vec::new();
    for (task, name) in tasks.iter().copied().zip(scope.labels(&tasks, &[])) {
        let dataset = datasets.of(scope, task)?;
        shown.extend(label_issues::case(scope, task, &name, dataset, tasks.len() <= OPEN)?);
    }
    Ok((!shown.is_empty()).then(|| {
        html! {
            h3 { "Label issues" }
            p {
                "Labels that are probably wrong, the most suspect first. Under each: its label, an arrow, and the class that is "
                "suggested; how probable that is; its file, or else its sample_id."
            }
            @for case in shown { (case) }
        }
    }))
}

/// The hardest samples of each class; how to rank them if nobody has.
fn by_class(scope: &Scope, datasets: &mut Datasets) -> anyhow::Result<Option<Markup>> {
    let tasks = scope.about("rank", "hard");
    let mut shown = Vec::new();
    for (task, name) in tasks.iter().copied().zip(scope.labels(&tasks, &[])) {
        let Some(hardest) = hardest(scope, task, MOST)? else { continue };
        let dataset = datasets.of(scope, task)?;
        let samples = hardest.classes.values().flat_map(|(_, samples)| samples);
        let said = dataset.said(scope, &samples.map(|sample| sample.sample_id).collect::<Vec<_>>())?;
        shown.push(Case { name: &name, dataset, hardest, said }.html(tasks.len() <= OPEN)?);
    }
    if shown.is_empty() {
        let Some(task) = tasks.first() else { return Ok(None) };
        let words = format!("hspipe run {}", scope.graph.stage_of(*task).name);
        return Ok(Some(html! { p { "They are not ranked yet: " (command(&words)) "." } }));
    }
    Ok(Some(html! {
        h3 { "Of each class" }
        p {
            "The first " (MOST) " samples of each class, in the order of the table hardest. Under each: its label, an arrow, and "
            "the wrong class that most networks take it for; how many do; its file, or else its sample_id; and, in percent, the "
            "share of each strategy's sets that call it hard. Where labels are noisy, the label is the clean one."
        }
        @for case in shown { (case) }
    }))
}

struct Case<'a> {
    name: &'a str,
    dataset: &'a Dataset,
    hardest: Hardest,
    /// Of samples that are no pictures.
    said: HashMap<i32, Said>,
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
        let why = match self.hardest.is_any_hard {
            true => ", hard in some set or with an issue",
            false => ", the most suspect label first: no set calls one hard",
        };
        Ok(html! {
            details.case open[is_open] {
                summary { h4 { (self.name) } " " span.quiet { (sets.join(", ")) } }
                @if let Some(note) = self.dataset.note() { p.note { (note) } }
                @for (class, hard, samples) in &classes {
                    h5 {
                        (class) " "
                        span.quiet { (counted(*hard, "sample")) (why) }
                    }
                    ul.samples.wide[!self.said.is_empty()] {
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
        let percent = |share: f64| format!("{:.0}", 100.0 * share);
        Ok(html! {
            figure.sample {
                (face(picture.as_deref(), &alt, self.said.get(&sample.sample_id)))
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
                    p.quiet { (called(sample.source.as_deref(), sample.sample_id)) }
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
