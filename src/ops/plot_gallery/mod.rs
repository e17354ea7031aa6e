//! plot_gallery: samples and their ranking -> the hardest samples of each class (the target `hard`): as pictures, or,
//! where they are none, as lines of the features in which they stand out, or of their texts.
//!
//! A sample whose label is probably wrong is marked, and with it stands the class that is suggested in place of the row's.

mod lines;
mod pictures;

use std::sync::Arc;

use hspipe_engine::op::{InputDecl, Inputs, Op, OpError, Outputs, ParamError, Table, Task, one, optional};
use serde::{Deserialize, Serialize};

use super::classes;
use super::content::Content;
use super::datasets::Datasets;
use super::plot::{Drawing, Drawn, figure_table, file_part, unusual};
use crate::figures::{self, Gallery, gallery, legible, listing};
use crate::tables::{FeatureNames, Normalisation, Ranking, SampleTexts};
use crate::telling::Known;

pub struct PlotGallery {
    pub datasets: Arc<Datasets>,
}

/// The point of the axes that is drawn.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// As the figure calls it, once it is canonical.
    dataset: String,
    noise_ratio: f64,
    level: String,
}

/// Classes that are drawn at most: more would fill more than a page.
const MOST_CLASSES: usize = 30;

/// Stands where no network takes a sample for another class: it is hard since none is sure of it.
const UNMISTAKEN: &str = "–";

pub const DRAWING: Drawing = Drawing {
    op: PlotGallery::NAME,
    form: "the hardest samples, a row per class: pictures, or the features in which they stand out",
    drawn: Drawn::all,
};

impl Op for PlotGallery {
    type Params = Params;
    const NAME: &'static str = "plot_gallery";
    /// One more since pictures are named and dark ones are stretched, one since label issues are framed, one since they come
    /// first, and one since nothing may be said of hardness.
    const VERSION: u32 = figures::VERSION + 4;
    /// The last three are asked for samples that are no pictures.
    const INPUTS: &'static [InputDecl] = &[
        one("images"),
        one("ranking"),
        one("classes"),
        optional("normalisation"),
        optional("columns"),
        optional("texts"),
    ];
    const OUTPUTS: &'static [&'static str] = &["figure"];

    /// A path says nothing but its end: the same data at another path give the same figure.
    fn canonical(&self, params: Params) -> Result<Params, ParamError> {
        Ok(Params { dataset: self.datasets.label(&params.dataset), ..params })
    }

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let ranking = Ranking::read(task.inputs.one("ranking")?.read()?)?;
        let names = classes::drawn(task.inputs)?;
        let hard = issues_first(&ranking, by_class(&ranking.class, names.len()));
        let drawn = most_hard(&hard, MOST_CLASSES);
        let shown = Shown { ranking: &ranking, names: &names, hard: &hard, drawn: &drawn };
        let params = task.params;
        let mut title = "The hardest samples of each class".to_string();
        if legible(&params.dataset) {
            title += &format!(", {}", params.dataset);
        }
        let figure = match Content::read(task.inputs)? {
            Content::Images(images) => gallery(&pictures::gallery(&shown, title, &images))?,
            Content::Features(rows) => listing(&lines::listing(&shown, title, rows, &known(task.inputs)?)?)?,
        };
        figure_table(&params.file(), figure)
    }
}

/// What is drawn, whatever samples are.
struct Shown<'a> {
    ranking: &'a Ranking,
    /// Of classes.
    names: &'a [String],
    /// The rows of the ranking of each class, in their order.
    hard: &'a [Vec<usize>],
    /// The classes that are drawn.
    drawn: &'a [usize],
}

impl Shown<'_> {
    /// The first rows of a class.
    fn first(&self, class: usize, most: usize) -> &[usize] {
        &self.hard[class][..self.hard[class].len().min(most)]
    }

    /// What a sample is taken for: the class that is suggested if its label is probably wrong, else the wrong class that
    /// most networks give.
    fn taken_for(&self, row: usize) -> String {
        let Ranking { suggested, predicted, .. } = self.ranking;
        let class = if is_issue(self.ranking, row) { suggested[row] } else { predicted[row] };
        let name = class.and_then(|class| self.names.get(class as usize).cloned());
        name.unwrap_or_else(|| UNMISTAKEN.into())
    }

    /// Its hardness; empty if there is none.
    fn hardness(&self, row: usize) -> String {
        self.ranking.hardness[row].map(|hardness| format!("{hardness:.2}")).unwrap_or_default()
    }

    /// What it is called.
    fn called(&self, row: usize) -> String {
        called(self.ranking.source[row].as_deref().unwrap_or_default(), self.ranking.sample_id[row])
    }

    /// The notes that any form of the figure has. `places` says where captions are: the mark of a label issue, what
    /// stands with it, with the others, and with each where none is marked.
    fn notes(&self, places: [&str; 4]) -> Vec<String> {
        let Ranking { hardness, source, .. } = self.ranking;
        let has_files = source.iter().flatten().any(|source| !source.is_empty());
        let called = if has_files { "file" } else { "sample_id" };
        let (and, rest) = match hardness.iter().any(Option::is_some) {
            true => (",", format!("its hardness, from 0 to 1, and its {called}")),
            false => (" and", format!("its {called}")),
        };
        let [mark, with_it, with_others, with_all] = places;
        let rows =
            || self.drawn.iter().flat_map(|class| self.first(*class, Gallery::tiles(self.drawn.len())));
        let is_unmistaken = |row: &usize| self.taken_for(*row) == UNMISTAKEN;
        let none =
            if rows().any(is_unmistaken) { format!(" ({UNMISTAKEN}: none does)") } else { String::new() };
        let mistaken = format!("the wrong class that most networks take it for{none}{and} {rest}.");
        let mut notes = match rows().any(|row| is_issue(self.ranking, *row)) {
            true => vec![
                format!(
                    "{mark}: a label that is probably wrong. {with_it}: the class that is suggested{and} {rest}."
                ),
                format!("{with_others}: {mistaken}"),
            ],
            false => vec![format!("{with_all}: {mistaken}")],
        };
        if !hardness.is_empty() && !hardness.iter().flatten().any(|hardness| *hardness > 0.0) {
            notes.push(
                "No set calls a sample hard: all samples are there, the most suspect label first.".into(),
            );
        }
        if self.drawn.len() < self.names.len() {
            let (drawn, all) = (self.drawn.len(), self.names.len());
            notes.push(format!("{drawn} of {all} classes: those with most hard samples."));
        }
        notes
    }
}

/// What is known of samples that are no pictures.
fn known(inputs: &Inputs) -> Result<Known, OpError> {
    let normalisation = inputs.optional("normalisation").ok_or_else(|| {
        let what = "samples that are no pictures are drawn by their features, and nothing says what is usual";
        OpError::new(what)
            .hint("add `normalisation: subset.normalisation` to the inputs of this stage".to_string())
    })?;
    let bytes = |name: &str| inputs.optional(name).map(Table::read).transpose();
    let names = bytes("columns")?.map(FeatureNames::read).transpose()?;
    let texts = bytes("texts")?.map(SampleTexts::read).transpose()?;
    Ok(Known::of(Normalisation::read(normalisation.read()?)?, names, texts))
}

impl Params {
    /// Such as `Hard/hardest_MNIST`.
    fn file(&self) -> String {
        let Params { dataset, noise_ratio, level } = self;
        format!("Hard/hardest_{}{}", file_part(dataset), unusual(level, *noise_ratio))
    }
}

/// What is said of a class beside its name: how many of its labels are probably wrong, or how many samples are hard where
/// nobody has asked for wrong labels.
fn detail(ranking: &Ranking, rows: &[usize]) -> String {
    let is_known = ranking.label_issue.iter().any(Option::is_some);
    match rows.iter().filter(|row| is_issue(ranking, **row)).count() {
        _ if !is_known => format!("{} hard", rows.len()),
        1 => "1 label issue".into(),
        issues => format!("{issues} label issues"),
    }
}

fn is_issue(ranking: &Ranking, row: usize) -> bool {
    ranking.label_issue[row] == Some(true)
}

/// The rows of each class, those whose label is probably wrong before the others.
fn issues_first(ranking: &Ranking, mut classes: Vec<Vec<usize>>) -> Vec<Vec<usize>> {
    classes.iter_mut().for_each(|rows| rows.sort_by_key(|row| !is_issue(ranking, *row)));
    classes
}

/// The rows of the ranking of each class, the hardest first.
fn by_class(ranking: &[i32], classes: usize) -> Vec<Vec<usize>> {
    let mut rows = vec![Vec::new(); classes];
    for (row, class) in ranking.iter().enumerate() {
        if let Some(rows) = rows.get_mut(*class as usize) {
            rows.push(row);
        }
    }
    rows
}

/// So many classes at most, in their order: those with the most hard samples, the first of equals.
fn most_hard(hard: &[Vec<usize>], most: usize) -> Vec<usize> {
    let mut classes: Vec<usize> = (0..hard.len()).collect();
    classes.sort_by_key(|class| std::cmp::Reverse(hard[*class].len()));
    classes.truncate(most);
    classes.sort_unstable();
    classes
}

/// What a person finds a sample by: the name of its file, whose folder is the class; its number where it has none, or none
/// that can be drawn.
fn called(source: &str, sample_id: i32) -> String {
    let file = source.rsplit('/').next().unwrap_or_default();
    if legible(file) { file.to_string() } else { format!("#{sample_id}") }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::tables::Named;

    #[test]
    fn classes_with_most_hard_samples_are_drawn_in_their_order() {
        let hard = by_class(&[2, 0, 2, 3, 3, 0, 2], 5);
        assert_eq!(hard, [vec![1, 5], vec![], vec![0, 2, 6], vec![3, 4], vec![]]);
        assert_eq!(most_hard(&hard, 2), [0, 2]);
        assert_eq!(most_hard(&hard, 9), [0, 1, 2, 3, 4]);
    }

    /// Three samples of class 0: networks take all for class 1 and the issues, if any, suggest class 2.
    pub fn ranking(label_issue: [Option<bool>; 3]) -> Ranking {
        Ranking {
            rank: vec![1, 2, 3],
            position: vec![0, 1, 2],
            sample_id: vec![0, 1, 2],
            class: vec![0; 3],
            class_name: ["ant"; 3].iter().map(|name| name.to_string()).collect(),
            label_issue: label_issue.to_vec(),
            suggested: vec![Some(2); 3],
            suggested_name: vec![None; 3],
            suggested_probability: vec![None; 3],
            strategies: Named(Vec::new()),
            hardness: vec![Some(1.0); 3],
            predicted: vec![Some(1); 3],
            predicted_name: vec![None; 3],
            votes: vec![1; 3],
            networks: vec![1; 3],
            split: vec![None; 3],
            row: vec![None; 3],
            source: vec![None; 3],
        }
    }

    #[test]
    fn a_label_issue_stands_with_the_class_that_is_suggested() {
        let names = ["ant", "bee", "cat"].map(String::from);
        let taken_for = |ranking: &Ranking| {
            let shown = Shown { ranking, names: &names, hard: &[vec![0, 1, 2]], drawn: &[0] };
            ([0, 1, 2].map(|row| shown.taken_for(row)), shown.notes(["a", "b", "c", "d"]).len())
        };
        let asked = ranking([Some(true), Some(false), Some(true)]);
        assert_eq!(
            taken_for(&asked),
            (["cat", "bee", "cat"].map(String::from), 3),
            "and that two classes are left out"
        );
        assert_eq!(issues_first(&asked, vec![vec![0, 1, 2]]), [[0, 2, 1]]);
        let unasked = ranking([None; 3]);
        assert_eq!(taken_for(&unasked), (["bee"; 3].map(String::from), 2));
        let rows = [0, 1, 2];
        assert_eq!([detail(&asked, &rows), detail(&unasked, &rows)], ["2 label issues", "3 hard"]);
        assert_eq!(detail(&asked, &rows[..2]), "1 label issue");
    }

    /// Without a set nothing is said of hardness.
    #[test]
    fn notes_say_what_is_there() {
        let names = ["ant".to_string()];
        let notes = |hardness: Option<f64>| {
            let ranking = Ranking { hardness: vec![hardness; 3], ..ranking([None; 3]) };
            let shown = Shown { ranking: &ranking, names: &names, hard: &[vec![0, 1, 2]], drawn: &[0] };
            shown.notes(["a", "b", "c", "Below each"]).join(" ")
        };
        assert!(notes(Some(0.5)).ends_with("its hardness, from 0 to 1, and its sample_id."));
        for none in [None, Some(0.0)] {
            assert!(notes(none).contains("No set calls a sample hard"), "{}", notes(none));
        }
        assert!(!notes(None).contains("hardness") && notes(Some(0.0)).contains("hardness"));
    }

    #[test]
    fn every_point_has_a_file_of_its_own() {
        let file = |dataset: &str, noise_ratio: f64, level: &str| {
            Params { dataset: dataset.into(), noise_ratio, level: level.into() }.file()
        };
        assert_eq!(file("my data", 0.0, "dataset"), "Hard/hardest_my data");
        assert_eq!(file("MNIST", 0.1, "class"), "Hard/hardest_MNIST_level_class_noise_0.1");
    }

    #[test]
    fn a_picture_is_called_by_its_file_or_its_number() {
        assert_eq!(called("train/cat/17.png", 3), "17.png");
        assert_eq!([called("", 3), called("train/cat/ねこ.png", 3)], ["#3", "#3"]);
    }
}
