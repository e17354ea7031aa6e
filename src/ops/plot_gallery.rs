//! plot_gallery: images and their ranking -> the hardest samples of each class, as pictures (the target `hard`).
//!
//! A picture whose label is probably wrong is framed, and below it stands the class that is suggested in place of the row's.

use std::sync::Arc;

use hspipe_engine::op::{InputDecl, Op, OpError, Outputs, ParamError, Task, one};
use serde::{Deserialize, Serialize};

use super::classes;
use super::datasets::Datasets;
use super::plot::{Drawing, Drawn, figure_table, file_part, unusual};
use crate::figures::{self, Gallery, Levels, Raster, Row, Tile, gallery, legible};
use crate::tables::{Images, Ranking};

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
    form: "pictures of the hardest samples, a row per class",
    drawn: Drawn::all,
};

impl Op for PlotGallery {
    type Params = Params;
    const NAME: &'static str = "plot_gallery";
    /// One more since pictures are named and dark ones are stretched, one since label issues are framed, one since they come
    /// first, and one since nothing may be said of hardness.
    const VERSION: u32 = figures::VERSION + 4;
    const INPUTS: &'static [InputDecl] = &[one("images"), one("ranking"), one("classes")];
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
        let images = Images::read(task.inputs.one("images")?.read()?)?;
        let levels = Levels::of(images.pixels.iter());
        let tiles = Gallery::tiles(drawn.len());
        let mut rows = Vec::with_capacity(drawn.len());
        for class in &drawn {
            let hard = &hard[*class];
            let most = &hard[..hard.len().min(tiles)];
            rows.push(Row {
                name: names[*class].clone(),
                detail: detail(&ranking, hard),
                empty: "no hard samples".into(),
                tiles: most.iter().map(|row| tile(&images, levels, &ranking, &names, *row)).collect(),
            });
        }
        let has_files = ranking.source.iter().flatten().any(|source| !source.is_empty());
        let has_hardness = ranking.hardness.iter().any(Option::is_some);
        let mut notes = captions(&rows, has_hardness, if has_files { "file" } else { "sample_id" });
        if !ranking.hardness.iter().flatten().any(|hardness| *hardness > 0.0) {
            notes.push(
                "No set calls a sample hard: all samples are there, the most suspect label first.".into(),
            );
        }
        if drawn.len() < names.len() {
            notes.push(format!("{} of {} classes: those with most hard samples.", drawn.len(), names.len()));
        }
        notes.extend(levels.note());
        let params = task.params;
        let mut title = "The hardest samples of each class".to_string();
        if legible(&params.dataset) {
            title += &format!(", {}", params.dataset);
        }
        figure_table(&params.file(), gallery(&Gallery { title, notes, rows })?)
    }
}

impl Params {
    /// Such as `Hard/hardest_MNIST`.
    fn file(&self) -> String {
        let Params { dataset, noise_ratio, level } = self;
        format!("Hard/hardest_{}{}", file_part(dataset), unusual(level, *noise_ratio))
    }
}

/// What stands below the pictures.
fn captions(rows: &[Row], has_hardness: bool, called: &str) -> Vec<String> {
    let tiles = || rows.iter().flat_map(|row| &row.tiles);
    let is_unmistaken = |tile: &Tile| tile.label == UNMISTAKEN;
    let none = if tiles().any(is_unmistaken) { format!(" ({UNMISTAKEN}: none does)") } else { String::new() };
    let (and, rest) = match has_hardness {
        true => (",", format!("its hardness, from 0 to 1, and its {called}.")),
        false => (" and", format!("its {called}.")),
    };
    let mistaken = format!("the wrong class that most networks take it for{none}{and} {rest}");
    if tiles().any(|tile| tile.is_marked) {
        vec![
            format!(
                "In a frame: a label that is probably wrong. Below it: the class that is suggested{and} {rest}"
            ),
            format!("Below the others: {mistaken}"),
        ]
    } else {
        vec![format!("Below each: {mistaken}")]
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

fn tile(images: &Images, levels: Levels, ranking: &Ranking, names: &[String], row: usize) -> Tile {
    let at = ranking.sample_id[row] as usize;
    let size = |sides: &[i32]| sides.get(at).copied().unwrap_or(0) as usize;
    let [channels, height, width] =
        [&images.channels, &images.height, &images.width].map(|sides| size(sides));
    let pixels = images.pixels.get(at).map(|pixels| levels.drawn(pixels)).unwrap_or_default();
    let is_marked = is_issue(ranking, row);
    let taken_for = if is_marked { ranking.suggested[row] } else { ranking.predicted[row] };
    let label = taken_for.and_then(|class| names.get(class as usize).cloned());
    Tile {
        raster: Raster { channels, width, height, pixels },
        label: label.unwrap_or_else(|| UNMISTAKEN.into()),
        value: ranking.hardness[row].map(|hardness| format!("{hardness:.2}")).unwrap_or_default(),
        name: called(ranking.source[row].as_deref().unwrap_or_default(), at),
        is_marked,
    }
}

/// What a person finds a sample by: the name of its file, whose folder is the class; its number where it has none, or none
/// that can be drawn.
fn called(source: &str, sample_id: usize) -> String {
    let file = source.rsplit('/').next().unwrap_or_default();
    if legible(file) { file.to_string() } else { format!("#{sample_id}") }
}

#[cfg(test)]
mod tests {
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
    fn ranking(label_issue: [Option<bool>; 3]) -> Ranking {
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
    fn a_label_issue_is_framed_above_the_class_that_is_suggested() {
        let images = Images {
            sample_id: Vec::new(),
            channels: Vec::new(),
            height: Vec::new(),
            width: Vec::new(),
            pixels: std::iter::empty::<Vec<u8>>().collect(),
        };
        let names = ["ant", "bee", "cat"].map(String::from);
        let drawn = |ranking: &Ranking| {
            let tile = |row| tile(&images, Levels::of(std::iter::empty()), ranking, &names, row);
            (0..3).map(tile).map(|tile| (tile.is_marked, tile.label)).collect::<Vec<_>>()
        };
        let asked = ranking([Some(true), Some(false), Some(true)]);
        assert_eq!(drawn(&asked), [(true, "cat".into()), (false, "bee".into()), (true, "cat".into())]);
        assert_eq!(issues_first(&asked, vec![vec![0, 1, 2]]), [[0, 2, 1]]);
        let unasked = ranking([None; 3]);
        assert_eq!(drawn(&unasked), vec![(false, "bee".to_string()); 3]);
        let rows = [0, 1, 2];
        assert_eq!([detail(&asked, &rows), detail(&unasked, &rows)], ["2 label issues", "3 hard"]);
        assert_eq!(detail(&asked, &rows[..2]), "1 label issue");
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
