//! Every finished figure, grouped as in Figures/, each with the numbers that it was drawn from.
//!
//! In: tables `figure`. Out: pictures in the page. Must not know how any was drawn.

use anyhow::Context;
use hspipe_engine::Value;
use hspipe_engine::graph::{Id, TaskId};
use hspipe_engine::value::show;
use maud::{Markup, html};

use super::numbers::{Numbers, numbers};
use super::parts::{count, counted, data_uri, id, table};
use super::{Scope, Section, svg};
use crate::{ops, tables};

/// An SVG of more bytes than this has so many lines that a PNG is smaller and no worse to look at.
const LARGE: usize = 1_000_000;

/// A figure of more pixels than this has several panels side by side.
const WIDE: f64 = 400.0;

pub fn section(scope: &Scope) -> anyhow::Result<Option<Section>> {
    let mut figures = Vec::new();
    for task in scope.tasks() {
        if let Some(pictures) = scope.table(task, "figure", tables::Figure::read)? {
            figures.push(Figure::of(scope, task, &pictures)?);
        }
    }
    if figures.is_empty() {
        return Ok(None);
    }
    // In the order of the pipeline within a group.
    figures.sort_by_key(|figure| place(&figure.group));
    let number = figures.len();
    let body = html! {
        @for group in figures.chunk_by(|a, b| a.group == b.group) {
            h3 { (spaced(&group[0].group)) }
            @if let Some(about) = about(scope, &group[0]) {
                p.about { (sentence(&about)) "." }
            }
            div.figures.wide[group.iter().any(|figure| figure.is_wide)] {
                @for figure in group { (figure.html()) }
            }
        }
    };
    Ok(Some(Section::new("figures", "Figures", body).fact("figures", count(number))))
}

struct Figure {
    /// The task's name.
    name: String,
    stage: String,
    /// The folder below Figures/.
    group: String,
    caption: String,
    /// Which of the stage's figures it is.
    coords: String,
    is_wide: bool,
    picture: Markup,
    numbers: Vec<Numbers>,
}

impl Figure {
    fn of(scope: &Scope, task: TaskId, pictures: &tables::Figure) -> anyhow::Result<Figure> {
        let name = scope.graph.name(task);
        let mut files = pictures.file.iter();
        let file = |ending: &str| {
            let place = pictures.file.iter().position(|file| file.ends_with(ending))?;
            pictures.content.get(place)
        };
        let caption = caption(scope, task);
        let alt = format!("{name}: {}. {caption}", form(scope, task));
        let cannot = || format!("{name} cannot be shown");
        let svg = std::str::from_utf8(file(".svg").unwrap_or_default()).with_context(cannot)?;
        let (width, _) = svg::size(svg).unwrap_or_default();
        let picture = match file(".png") {
            Some(png) if svg.len() > LARGE && png.len() < svg.len() => {
                html! { img src=(data_uri(png)) alt=(alt) width=(width); }
            }
            // Places in the graph differ, whatever characters names have.
            _ => svg::inline(svg, &format!("{}-{}-", id(&name), task.index()), &alt).with_context(cannot)?,
        };
        let group = files.next().and_then(|file| Some(file.split_once('/')?.0)).unwrap_or_default();
        Ok(Figure {
            stage: scope.graph.stage_of(task).name.clone(),
            group: group.to_string(),
            caption,
            coords: coords(scope, task),
            is_wide: width > WIDE,
            picture,
            numbers: numbers(scope, task)?,
            name,
        })
    }

    fn html(&self) -> Markup {
        html! {
            figure {
                div.paper { (self.picture) }
                figcaption {
                    b { (self.stage) } " " (self.caption) "."
                    @if !self.coords.is_empty() { span.quiet { (self.coords) } }
                }
                @for numbers in &self.numbers {
                    details {
                        summary { "Numbers: " (numbers.from) }
                        (table(&format!("{}: {}", self.name, numbers.from), &numbers.rows))
                        @if numbers.left_out > 0 {
                            p.note {
                                (counted(numbers.left_out, "row")) " more"
                                @if let Some(result) = &numbers.result { " in " code { (result) } }
                                "."
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What a figure's parameters say of it.
fn caption(scope: &Scope, task: TaskId) -> String {
    const TELLING: [&str; 4] = ["title", "y_label", "metric", "x_label"];
    let params = &scope.graph.tasks[task].params.value;
    let words = TELLING.iter().filter_map(|name| params.get(*name)).map(show).filter(|text| !text.is_empty());
    let words: Vec<String> = words.collect();
    let stage = scope.graph.stage_of(task);
    match (words.as_slice(), &stage.about) {
        ([], Some(about)) => sentence(about),
        ([], None) => sentence(form(scope, task)),
        ([first, others @ ..], _) => {
            let others = others.iter().map(|text| format!("; {}", inside(text)));
            sentence(first) + &others.collect::<String>()
        }
    }
}

/// Such as `dataset MNIST, strategy energy`.
fn coords(scope: &Scope, task: TaskId) -> String {
    let part = |(axis, value): (&str, &Value)| format!("{} {}", axis.replace('_', " "), show(value));
    scope.graph.coords(task).map(part).collect::<Vec<_>>().join(", ")
}

/// `text` as the beginning of a sentence.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// `text` as a part of a sentence: `MNIST` stays as it is.
fn inside(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() => first.to_lowercase().chain(letters).collect(),
        _ => text.to_string(),
    }
}

/// What somebody who does not see a task's figure needs to know of its form.
fn form(scope: &Scope, task: TaskId) -> &'static str {
    ops::drawing(scope.graph.stage_of(task).op.name()).map_or("figure", |drawing| drawing.form)
}

/// `Figure 8` of `Figure8`.
fn spaced(group: &str) -> String {
    match group.strip_prefix("Figure") {
        Some(number) if !number.is_empty() => format!("Figure {number}"),
        _ if group.is_empty() => "Other".to_string(),
        _ => group.to_string(),
    }
}

/// Numbered groups by their numbers, then the others by their names.
fn place(group: &str) -> (u64, String) {
    let number = group.strip_prefix("Figure").and_then(|number| number.parse().ok());
    (number.unwrap_or(u64::MAX), group.to_string())
}

/// What the pipeline says of a group: of the target of its name, else of its first stage.
fn about(scope: &Scope, figure: &Figure) -> Option<String> {
    let target = scope.spec.targets.iter().find(|target| target.name.text == figure.group.to_lowercase());
    let stage = || scope.graph.stage(&figure.stage)?.about.clone();
    let about = target.and_then(|target| target.about.clone()).or_else(stage)?;
    (sentence(&about) != figure.caption).then_some(about)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_stand_in_the_order_of_their_numbers() {
        let mut groups = ["Figure10", "Generalisation", "CIFAR10", "Figure2", ""];
        groups.sort_by_key(|group| place(group));
        assert_eq!(groups, ["Figure2", "Figure10", "", "CIFAR10", "Generalisation"]);
        assert_eq!([sentence("radii"), inside("Share of"), inside("MNIST")], ["Radii", "share of", "MNIST"]);
        assert_eq!(groups.map(spaced), ["Figure 2", "Figure 10", "Other", "CIFAR10", "Generalisation"]);
    }
}
