//! plot_gallery: images and their ranking -> the hardest samples of each class, as pictures (the target `hard`).

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
    /// One more since pictures are named and dark ones are stretched.
    const VERSION: u32 = figures::VERSION + 1;
    const INPUTS: &'static [InputDecl] = &[one("images"), one("ranking"), one("classes")];
    const OUTPUTS: &'static [&'static str] = &["figure"];

    /// A path says nothing but its end: the same data at another path give the same figure.
    fn canonical(&self, params: Params) -> Result<Params, ParamError> {
        Ok(Params { dataset: self.datasets.label(&params.dataset), ..params })
    }

    fn run(&self, task: &Task<Params>) -> Result<Outputs, OpError> {
        let ranking = Ranking::read(task.inputs.one("ranking")?.read()?)?;
        let names = classes::drawn(task.inputs)?;
        let hard = by_class(&ranking.class, names.len());
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
                detail: format!("{} hard", hard.len()),
                empty: "no hard samples".into(),
                tiles: most.iter().map(|row| tile(&images, levels, &ranking, &names, *row)).collect(),
            });
        }
        let is_unmistaken = |tile: &Tile| tile.label == UNMISTAKEN;
        let none = if rows.iter().flat_map(|row| &row.tiles).any(is_unmistaken) {
            format!(" ({UNMISTAKEN}: none does)")
        } else {
            String::new()
        };
        let mut note = format!(
            "Below each: the wrong class that most networks take it for{none}, its hardness, from 0 to 1, and its {}.",
            if ranking.source.iter().flatten().any(|source| !source.is_empty()) {
                "file"
            } else {
                "sample_id"
            }
        );
        if drawn.len() < names.len() {
            note += &format!(" {} of {} classes: those with most hard samples.", drawn.len(), names.len());
        }
        let notes = [Some(note), levels.note()].into_iter().flatten().collect();
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
    let label = ranking.predicted[row].and_then(|class| names.get(class as usize).cloned());
    Tile {
        raster: Raster { channels, width, height, pixels },
        label: label.unwrap_or_else(|| UNMISTAKEN.into()),
        value: format!("{:.2}", ranking.hardness[row]),
        name: called(ranking.source[row].as_deref().unwrap_or_default(), at),
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

    #[test]
    fn classes_with_most_hard_samples_are_drawn_in_their_order() {
        let hard = by_class(&[2, 0, 2, 3, 3, 0, 2], 5);
        assert_eq!(hard, [vec![1, 5], vec![], vec![0, 2, 6], vec![3, 4], vec![]]);
        assert_eq!(most_hard(&hard, 2), [0, 2]);
        assert_eq!(most_hard(&hard, 9), [0, 1, 2, 3, 4]);
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
