//! The hardest samples as pictures: a row per class.
//!
//! In: what is shown, and the images. Out: [`Gallery`].

use super::{Shown, detail, is_issue};
use crate::figures::{Gallery, Levels, Raster, Row, Tile};
use crate::tables::Images;

/// What stands where: the mark of a label issue, what is below it, below the others, below each.
const PLACES: [&str; 4] = ["In a frame", "Below it", "Below the others", "Below each"];

pub fn gallery(shown: &Shown, title: String, images: &Images) -> Gallery {
    let levels = Levels::of(images.pixels.iter());
    let tiles = Gallery::tiles(shown.drawn.len());
    let row = |class: &usize| Row {
        name: shown.names[*class].clone(),
        detail: detail(shown.ranking, &shown.hard[*class]),
        empty: "no hard samples".into(),
        tiles: shown.first(*class, tiles).iter().map(|row| tile(shown, images, levels, *row)).collect(),
    };
    let rows = shown.drawn.iter().map(row).collect();
    let mut notes = shown.notes(PLACES);
    notes.extend(levels.note());
    Gallery { title, notes, rows }
}

fn tile(shown: &Shown, images: &Images, levels: Levels, row: usize) -> Tile {
    let at = shown.ranking.sample_id[row] as usize;
    let size = |sides: &[i32]| sides.get(at).copied().unwrap_or(0) as usize;
    let [channels, height, width] =
        [&images.channels, &images.height, &images.width].map(|sides| size(sides));
    let pixels = images.pixels.get(at).map(|pixels| levels.drawn(pixels)).unwrap_or_default();
    Tile {
        raster: Raster { channels, width, height, pixels },
        label: shown.taken_for(row),
        value: shown.hardness(row),
        name: shown.called(row),
        is_marked: is_issue(shown.ranking, row),
    }
}
